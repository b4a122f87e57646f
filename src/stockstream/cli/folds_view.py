"""What choices made after the end: folds of a walk-forward, paths of a cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from stockstream.cli.console import heading, say, show_table
from stockstream.cli.figures import count, percent, plain
from stockstream.report.study.tables import metric_label, shown_number
from stockstream.study.steps import written
from stockstream.study.validation.cross_validation import CrossValidation, cross_validate
from stockstream.study.validation.walk_forward import WalkForward, walk_forward

if TYPE_CHECKING:
    from stockstream.backtest.run import Source
    from stockstream.study.result import StudyResult
    from stockstream.study.validation.walk_forward import Fold

__all__ = ["OutOfSample", "out_of_sample", "show_out_of_sample"]

OutOfSample: TypeAlias = WalkForward | CrossValidation

SHOWN_FOLDS = 30
OF_ACCOUNT = ("total_return", "annualised_return", "sharpe", "max_drawdown", "trades")
OF_PATHS = ("total_return", "annualised_return", "sharpe", "max_drawdown")


def out_of_sample(result: StudyResult, lake: Source, select: str) -> OutOfSample | None:
    """Choose in the training parts of a split, and trade in its test parts; None if it has none.

    Args:
        result: of the study.
        lake: where its bars are.
        select: what points are chosen by in a walk-forward.

    Raises:
        DataError: the study is not complete.
    """
    kind = result.study.split.kind
    if kind == "cross_validation":
        return cross_validate(result, lake)
    return walk_forward(result, lake, select) if kind in {"walk_forward", "hold_out"} else None


def show_out_of_sample(found: OutOfSample) -> None:
    """Print how the choices did on what they had not seen."""
    if isinstance(found, WalkForward):
        _show_walk(found)
    else:
        _show_paths(found)


def _show_walk(found: WalkForward) -> None:
    label = metric_label(found.select).lower()
    heading(f"Out of sample: chosen by {label} in training, traded after it")
    names = list(found.folds[0].parameters) if found.folds else []
    varied = [one.parameter for one in found.stability if one.parameter in names]
    rows = [_fold_row(fold, varied, found.metric) for fold in found.folds[:SHOWN_FOLDS]]
    metric = metric_label(found.metric).lower()
    heads = ["test window", *varied, f"{metric} before", f"{metric} after", "return", "beat"]
    show_table(heads, rows)
    if len(found.folds) > SHOWN_FOLDS:
        say(f"and {count(len(found.folds) - SHOWN_FOLDS, 'other fold')}")
    measured = found.metrics.as_dict()
    say()
    say(f"{count(len(found.folds), 'fold')} joined: {_in_words(measured)}")


def _fold_row(fold: Fold, varied: list[str], metric: str) -> list[str]:
    window = f"{fold.window.test_start} to {fold.window.test_end}"
    if fold.point is None:
        return [window, *("-" for _ in varied), "-", "-", "-", "-"]
    after = fold.test.as_dict()
    return [
        window,
        *(written(fold.parameters[name]) for name in varied),
        _shown(metric, fold.train.get(metric)),
        _shown(metric, after[metric]),
        _shown("total_return", after["total_return"]),
        "-" if fold.beaten != fold.beaten else percent(fold.beaten, 0),
    ]


def _in_words(measured: dict[str, float]) -> str:
    words = (f"{metric_label(name).lower()} {_shown(name, measured[name])}" for name in OF_ACCOUNT)
    return ", ".join(words)


def _show_paths(found: CrossValidation) -> None:
    heading(
        f"Out of sample: {count(len(found.paths), 'path')} from {count(len(found.splits), 'split')}"
    )
    rows = [
        [str(path.number), *(_shown(name, getattr(path, name)) for name in OF_PATHS)]
        for path in found.paths[:SHOWN_FOLDS]
    ]
    show_table(["path", *(metric_label(name).lower() for name in OF_PATHS)], rows)
    if len(found.paths) > SHOWN_FOLDS:
        say(f"and {count(len(found.paths) - SHOWN_FOLDS, 'other path')}")
    say()
    if found.overfit == found.overfit:
        say(f"the choice did worse than the median point in {percent(found.overfit, 0)} of them")


def _shown(name: str, value: float | None) -> str:
    return plain(shown_number(name, value))
