"""Walk-forward analysis: choose on what was known, then trade what came after.

In each fold the parameters are chosen by the training window alone and traded in the test window
that follows. The test windows, joined, are a record that no choice has seen (Pardo 2008, "The
evaluation and optimization of trading strategies", chapters 11 and 12). A hold-out is the same with
one fold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.backtest.result import json_ready
from stockstream.errors import ConfigError, DataError, StockstreamError
from stockstream.jit import part_of
from stockstream.metrics.decay import rank_correlation
from stockstream.metrics.returns import per_bar
from stockstream.metrics.summary import DEFINITIONS
from stockstream.study.belief.evidence import deflated_of_all, luck_of
from stockstream.study.belief.moments import PointMoments
from stockstream.study.belief.plateau import plateau
from stockstream.study.cutting.splits import Window, folds_of
from stockstream.study.reuse import panel_of
from stockstream.study.selection import demand_selector
from stockstream.study.validation.accounts import Account, chained
from stockstream.study.validation.consolidation import account_frame, as_columns, run_again
from stockstream.study.validation.decay import decay_of, share_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.backtest.run import Source
    from stockstream.metrics.summary import Metrics
    from stockstream.study.result import StudyResult
    from stockstream.study.selection import Selector
    from stockstream.study.validation.decay import Decay

    Floats = NDArray[np.float64]
    Dates = NDArray[np.datetime64]

__all__ = ["Fold", "Stability", "WalkForward", "walk_forward"]


THIN = 0.5
"""Share of the usual sessions for each day of training below which a fold is flagged."""

_COLUMNS = (*Window._fields, "fold", "point", "beaten", "error")


@dataclass(frozen=True)
class Fold:
    """A training window, what was chosen in it, and how that did afterwards.

    Attributes:
        window: its days; ``window.partial`` where the data ends before the test window would.
        train_sessions: of the data in the training window.
        test_sessions: of the data in the test window.
        point: that was chosen; None if no point has a value in training: then nothing is held.
        parameters: of the point.
        train: metrics of the point in training, name -> number, NaN where undefined.
        test: its metrics in the test window.
        correlation: Spearman's rank correlation of training and test over all points.
        beaten: share of the other points that did worse in the test window.
        error: why the point could not run in the test window; then nothing is held.
    """

    window: Window
    train_sessions: int
    test_sessions: int
    point: int | None
    parameters: dict[str, Any]
    train: dict[str, float]
    test: Metrics
    correlation: float
    beaten: float
    error: str = ""


class Stability(NamedTuple):
    """How a parameter wandered from fold to fold.

    Attributes:
        parameter: of the grid.
        values: chosen, a value for each fold with a choice.
        distinct: different ones among them.
        changes: folds that chose another value than the fold before.
    """

    parameter: str
    values: tuple[Any, ...]
    distinct: int
    changes: int


@dataclass(frozen=True, eq=False)
class WalkForward:
    """A walk-forward analysis.

    Attributes:
        study: name of the study.
        split: how the data was cut.
        select: by what points were chosen in training.
        metric: that training and test are compared by.
        folds: in their order.
        account: the test windows joined: what choosing this way would have made.
        metrics: of that account.
        efficiency: its annualised return over the mean one of the chosen points in training
            (walk-forward efficiency of Pardo); NaN where training made nothing.
        decay: training against test.
        stability: of each parameter of the grid.
        flags: what a reader must know of the folds.
    """

    study: str
    split: str
    select: str
    metric: str
    folds: tuple[Fold, ...]
    account: Account = field(repr=False)
    metrics: Metrics
    efficiency: float
    decay: Decay
    stability: tuple[Stability, ...]
    flags: tuple[str, ...] = ()

    def frame(self) -> pl.DataFrame:
        """A row a fold: its days, the parameters, the metric in training and test."""
        import polars as pl

        rows = [
            {
                "fold": fold.window.number,
                **fold.window._asdict(),
                "train_sessions": fold.train_sessions,
                "test_sessions": fold.test_sessions,
                "point": fold.point,
                **as_columns(fold.parameters, _COLUMNS),
                f"train_{self.metric}": fold.train.get(self.metric, math.nan),
                f"test_{self.metric}": float(getattr(fold.test, self.metric)),
                "test_return": fold.test.total_return,
                "test_trades": fold.test.trades,
                "beaten": fold.beaten,
                "error": fold.error or None,
            }
            for fold in self.folds
        ]
        frame = pl.DataFrame(
            [json_ready(row) for row in rows],
            schema_overrides={"error": pl.String, "point": pl.Int64},
            infer_schema_length=None,
        )
        return frame.drop("number")

    def curve(self) -> pl.DataFrame:
        """A row a session of the test windows: date, equity, invested, return, drawdown."""
        return account_frame(self.account)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, without the curve: fractions, null where undefined."""
        return {
            "study": self.study,
            "split": self.split,
            "select": self.select,
            "metrics": json_ready(self.metrics.as_dict()),
            "efficiency": self.efficiency if math.isfinite(self.efficiency) else None,
            "decay": self.decay.to_dict(),
            "stability": [one._asdict() for one in self.stability],
            "folds": [_fold_document(fold) for fold in self.folds],
            "flags": list(self.flags),
        }


def walk_forward(result: StudyResult, lake: Source, select: str = "sharpe") -> WalkForward:
    """Choose in each training window, and trade the choice in the test window after it.

    Args:
        result: of a study whose split is ``walk_forward(...)`` or ``hold_out(...)``.
        lake: with the data of the study: the chosen trials are run again for their exact curves.
        select: a name of :data:`stockstream.study.selection.SELECTORS`, computed within the
            training window alone. Equals go to the first point of the grid.

    Raises:
        ConfigError: the study is split another way.
        UnknownNameError: no such way to select.
        DataError: the study is not complete, or the lake has other data.
    """
    study = result.study
    if study.split.kind not in {"walk_forward", "hold_out"}:
        raise ConfigError(
            f"study {study.name} is split by {study.split}, and a walk-forward needs training and "
            "test windows: sweep with split='walk_forward(train=3y,test=1y)' or 'hold_out(0.3)'"
        )
    selector = demand_selector(select)
    metric = selector.metric or "sharpe"
    panel = panel_of(study, lake)
    with part_of(panel.symbol_bars):
        made = [
            _fold(result, lake, selector, metric, window, panel.dates)
            for window in _windows(result, panel.dates[panel.first :])
        ]
    folds = tuple(fold for fold, _ in made)
    account = chained([account for _, account in made])
    metrics = account.metrics(study.config)
    return WalkForward(
        study=study.name,
        split=str(study.split),
        select=select,
        metric=metric,
        folds=folds,
        account=account,
        metrics=metrics,
        efficiency=_efficiency(metrics.annualised_return, folds),
        decay=decay_of(
            metric,
            [fold.train.get(metric, math.nan) for fold in folds],
            [float(getattr(fold.test, metric)) for fold in folds],
            [fold.correlation for fold in folds],
            [fold.beaten for fold in folds],
        ),
        stability=tuple(_stability(name, folds) for name in result.grid),
        flags=tuple(_flags(folds)),
    )


def _windows(result: StudyResult, dates: Dates) -> list[Window]:
    study = result.study
    if study.split.kind == "walk_forward":
        return folds_of(study.split, dates, study.config.start_date, study.config.end_date)
    train, test = study.pieces
    return [Window(1, train.start, train.end, test.start, test.end, partial=False)]


def _fold(
    result: StudyResult,
    lake: Source,
    selector: Selector,
    metric: str,
    window: Window,
    dates: Dates,
) -> tuple[Fold, Account]:
    study = result.study
    pieces = 2 * (window.number - 1), 2 * (window.number - 1) + 1  # as pieces_of has them
    train, test = (_trials_of(result, piece, metric, selector) for piece in pieces)
    values = [trials[metric].cast(float).fill_null(math.nan).to_numpy() for trials in (train, test)]
    point = _choose(result, selector, train)
    account, error = None, ""
    if point is not None:
        [found] = run_again(study, lake, [pieces[1] * study.points + point])
        if isinstance(found, StockstreamError):
            error = str(found)
        else:
            account = Account.of(found)
    tested = _between(dates, window.test_start, window.test_end)
    account = account or Account.idle(study.config.initial_capital, tested)
    fold = Fold(
        window=window,
        train_sessions=len(_between(dates, window.train_start, window.train_end)),
        test_sessions=len(tested),
        point=point,
        parameters={} if point is None else study.parameters(point),
        train={} if point is None else _metrics_of(result, pieces[0] * study.points + point),
        test=account.metrics(study.config),
        correlation=rank_correlation(*values),
        beaten=math.nan if point is None else share_below(values[1], float(values[1][point])),
        error=error,
    )
    return fold, account


def _trials_of(result: StudyResult, piece: int, metric: str, selector: Selector) -> pl.DataFrame:
    """The trials of one piece, point after point."""
    import polars as pl

    points = result.study.points
    number = pl.col("trial")
    sums = ["sums", "squares", "cubes", "fourths", "bars"]
    wanted = sums if selector.name == "deflated_sharpe" else []
    found = (
        result.scan()
        .filter(number >= piece * points, number < (piece + 1) * points)
        .select("trial", metric, *wanted)
        .sort("trial")
        .collect()
    )
    if len(found) < points:
        raise DataError(
            f"study {result.name} has {len(found):,} of the {points:,} trials of its piece "
            f"{piece}: resume it first"
        )
    return found


def _choose(result: StudyResult, selector: Selector, train: pl.DataFrame) -> int | None:
    """The best point of a training window; None where none has a value."""
    metric = selector.metric or "sharpe"
    values: Floats = train[metric].cast(float).fill_null(math.nan).to_numpy()
    if selector.name == "plateau":
        columns = result.study.space.columns(0, result.study.points)
        values = plateau(columns, values).score
    elif selector.name == "deflated_sharpe":
        values = _deflated(result, train)
    if not np.isfinite(values).any():
        return None
    return int(np.nanargmin(values) if selector.ascending else np.nanargmax(values))


def _deflated(result: StudyResult, train: pl.DataFrame) -> Floats:
    """Deflated Sharpe ratio of each point, over the blocks that the window has a part in."""
    config = result.config
    counts = train["bars"].to_numpy().max(axis=0)
    there = counts > 0
    moments = PointMoments(
        counts=counts[there].astype(np.float64),
        sums=train["sums"].to_numpy()[:, there],
        squares=train["squares"].to_numpy()[:, there],
        cubes=train["cubes"].to_numpy(),
        fourths=train["fourths"].to_numpy(),
        periods=config.periods_per_year,
    )
    excess = moments.over(per_bar(config.risk_free, config.periods_per_year))
    luck = luck_of(excess, int(excess.ran.sum()), result.other_trials)
    return deflated_of_all(excess, luck)


def _metrics_of(result: StudyResult, trial: int) -> dict[str, float]:
    import polars as pl

    row = result.scan().filter(pl.col("trial") == trial).select(*DEFINITIONS).collect()
    return {name: math.nan if row[name][0] is None else row[name][0] for name in DEFINITIONS}


def _between(dates: Dates, first: object, last: object) -> Dates:
    return dates[(dates >= np.datetime64(str(first))) & (dates <= np.datetime64(str(last)))]


def _efficiency(made: float, folds: Sequence[Fold]) -> float:
    trained = [fold.train["annualised_return"] for fold in folds if fold.train]
    known = [value for value in trained if math.isfinite(value)]
    before = math.fsum(known) / len(known) if known else math.nan
    return made / before if before > 0.0 else math.nan


def _flags(folds: Sequence[Fold]) -> Iterator[str]:
    """Folds with less in them than their days promise, and those in which nothing was held."""
    spans = [(fold.window.train_end - fold.window.train_start).days + 1 for fold in folds]
    density = [fold.train_sessions / span for fold, span in zip(folds, spans, strict=True)]
    usual = float(np.median(density))
    for fold, span, dense in zip(folds, spans, density, strict=True):
        number, window = fold.window.number, fold.window
        if dense < THIN * usual:
            yield f"fold {number} trains on {fold.train_sessions:,} sessions in {span:,} days"
        if window.partial:
            yield f"fold {number} is partial: the data ends on {window.test_end}"
        if fold.point is None:
            yield f"fold {number} holds nothing: no point has a value in training"
        if fold.error:
            yield f"fold {number} holds nothing: {fold.error}"


def _stability(name: str, folds: Sequence[Fold]) -> Stability:
    values = tuple(fold.parameters[name] for fold in folds if fold.point is not None)
    changes = sum(one != other for one, other in pairwise(values))
    return Stability(name, values, len({repr(value) for value in values}), changes)


def _fold_document(fold: Fold) -> dict[str, Any]:
    days = {name: str(day) for name, day in fold.window._asdict().items() if "_" in name}
    return {
        "fold": fold.window.number,
        **days,
        "partial": fold.window.partial,
        "train_sessions": fold.train_sessions,
        "test_sessions": fold.test_sessions,
        "point": fold.point,
        "parameters": fold.parameters,
        "train": json_ready(fold.train),
        "test": json_ready(fold.test.as_dict()),
        "correlation": fold.correlation if math.isfinite(fold.correlation) else None,
        "beaten": fold.beaten if math.isfinite(fold.beaten) else None,
        "error": fold.error,
    }
