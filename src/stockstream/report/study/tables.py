"""The tables of a study: the best points, the pieces of the chosen one, failures and paths."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from stockstream.report.formats import DASH, chance, count, percent, plain_number
from stockstream.report.metric_rows import labelled, shown
from stockstream.report.study.view import Records
from stockstream.report.view import Cell, Row, Table, tone_of
from stockstream.study.steps import written
from stockstream.study.surface import column_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from stockstream.report.study.findings import Findings

__all__ = [
    "best_points",
    "failure_table",
    "metric_label",
    "path_table",
    "piece_table",
    "point_columns",
    "shown_number",
]

PIECES = 200
FAILURES = 12

LONGEST = 60
"""Characters of a parameter's value that are shown."""

FORMS: dict[str, Callable[[float], str]] = {
    "gained": partial(percent, digits=0),
    "deflated_sharpe": chance,
    **dict.fromkeys(("pieces", "failed", "trades", "open_trades", "max_drawdown_length"), count),
    **dict.fromkeys(("pooled_sharpe", "plateau", "neighbours"), plain_number),
}
"""How numbers of points are written that the tear sheet does not have, or has as whole numbers."""

LABELS = {
    "deflated_sharpe": "Deflated",
    "pooled_sharpe": "Sharpe",
    "plateau": "Plateau",
    "neighbours": "Neighbours",
    "gained": "Gained",
    "total_return": "Return",
    "max_drawdown": "Drawdown",
    "sharpe_worst": "Worst Sharpe",
    "annualised_return": "Per year",
}
"""Heads of columns; other metrics have those of the tear sheet."""

OF_POINTS = (
    *("pooled_sharpe", "sharpe", "deflated_sharpe", "neighbours", "sharpe_worst"),
    *("total_return", "max_drawdown", "gained", "trades"),
)
"""Numbers of the best points, in the order of the table."""

OF_PIECES = ("total_return", "sharpe", "max_drawdown", "win_rate", "profit_factor", "trades")

PATHS = {
    "sparse": "jumps from event to event; one symbol, rules, market orders",
    "broker": "rules over all symbols, one bar after the other",
    "event": "code that decides bar by bar",
    "none": "refused before it ran",
}


def metric_label(name: str) -> str:
    """A column of the points as people read it."""
    return LABELS.get(name, labelled(name))


def point_columns(frame: pl.DataFrame, select: str) -> dict[str, str]:
    """The numbers of a table of points with their heads, what they are ranked by among them."""
    several = "pooled_sharpe" in frame.columns
    names = [name for name in OF_POINTS if name in frame.columns and (several or name != "gained")]
    if select not in names:
        names.insert(0, select)
    heads = {name: metric_label(name) for name in names}
    if several and "sharpe" in heads:
        heads["sharpe"] = "Median Sharpe"
    return heads


def shown_number(name: str, value: Any) -> str:
    """A number of a point as the tear sheet writes it; an en dash where there is none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return DASH
    plain = name.removesuffix("_worst").removesuffix("_best")
    form = FORMS.get(plain)
    return shown(plain, float(value)) if form is None else form(float(value))


def best_points(findings: Findings) -> Records:
    """The best points, best first: their parameters, what they are chosen by, the doubt."""
    numbers = point_columns(findings.best, findings.select)
    names = [column_of(findings.best, name) for name in findings.axes]
    rows = tuple(
        Row(
            (
                *(_value(row[name]) for name in names),
                *(_number(name, row[name]) for name in numbers),
            ),
            f"{rank}",
        )
        for rank, row in enumerate(findings.best.iter_rows(named=True), start=1)
    )
    heads = ("", *names, *numbers.values())
    return Records(Table(heads, rows), len(findings.points))


def piece_table(findings: Findings, labels: Sequence[str]) -> Records | None:
    """Every piece of the chosen point, the best and the worst where there are many.

    Args:
        findings: of the study.
        labels: columns that name a piece.
    """
    if not labels or not len(findings.pieces):
        return None
    columns = [name for name in OF_PIECES if name in findings.pieces.columns]
    frame = findings.pieces
    if len(frame) > PIECES:
        order = frame.sort("total_return", descending=True, nulls_last=True)
        frame = _ends(order, PIECES // 2)
    rows = tuple(
        Row(
            (
                *(Cell(written(row[name]), "text") for name in labels),
                *(_number(name, row[name]) for name in columns),
                Cell(row.get("error") or "", "text"),
            )
        )
        for row in frame.iter_rows(named=True)
    )
    heads = [metric_label(name) for name in columns]
    if frame["error"].null_count() == len(frame):
        rows = tuple(Row(row.cells[:-1]) for row in rows)
    else:
        heads.append("Error")
    named = [name.capitalize() for name in labels]
    return Records(Table((*named, *heads), rows), len(findings.pieces))


def failure_table(findings: Findings) -> Table | None:
    """Why trials failed; None if none did."""
    if not findings.failed:
        return None
    rows = tuple(
        Row((Cell(count(trials)),), reason) for reason, trials in findings.failures[:FAILURES]
    )
    more = len(findings.failures) - len(rows)
    note = f"{count(more)} more reasons, {count(len(findings.failures))} in all." if more else ""
    return Table(("Reason", "Trials"), rows, note)


def path_table(findings: Findings) -> Table:
    """Which engine ran how many trials, and why not a faster one."""
    rows = []
    for path, trials in findings.paths.items():
        name, _, why = path.partition(": ")
        said = f"{PATHS.get(name, '')}{f' (not a faster one: {why})' if why else ''}"
        rows.append(Row((Cell(count(trials)), Cell(said, "text")), name))
    return Table(("Path", "Trials", "What it does"), tuple(rows))


def _ends(frame: pl.DataFrame, each: int) -> pl.DataFrame:
    import polars as pl

    return pl.concat([frame.head(each), frame.tail(each)])


def _value(value: Any) -> Cell:
    text = written(value)
    return Cell(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\u2026")


def _number(name: str, value: Any) -> Cell:
    coloured = name in {"total_return", "annualised_return"} and value is not None
    return Cell(shown_number(name, value), tone_of(float(value)) if coloured else "")
