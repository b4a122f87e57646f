"""From a study to what its page is made from: only points are held in memory, never trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.metrics.summary import DEFINITIONS
from stockstream.report.formats import plain_number
from stockstream.report.study.findings import Findings, Outside
from stockstream.study.belief.evidence import deflated, luck_of
from stockstream.study.belief.plateau import plateau
from stockstream.study.selection import rank
from stockstream.study.surface import column_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.study.belief.belief import Belief
    from stockstream.study.belief.moments import PointMoments
    from stockstream.study.result import StudyResult

    Floats = NDArray[np.float64]

__all__ = ["PIECES_NAMED", "gather", "ranked", "sampling_flags"]

BEST = 15

PIECES_NAMED = {
    "ticker": "symbol",
    "year": "year",
    "walk_forward": "window",
    "hold_out": "part",
}
"""What a piece of each split is called; the others have one piece."""


def gather(result: StudyResult, select: str) -> Findings:
    """Everything that the page of a study shows.

    Args:
        result: the study with its trials.
        select: what the best points are chosen by.

    Raises:
        UnknownNameError: nothing is called ``select``.
    """
    study = result.study
    metric = select if select in DEFINITIONS else "sharpe"
    points = result.points(tuple(dict.fromkeys(("sharpe", "max_drawdown", metric))))
    best, belief = ranked(result, select, BEST)
    moments = _Moments(*result.excess())
    sharpes = moments.on(points, moments.of.yearly)
    if "sharpe_worst" in points.columns:
        points = points.with_columns(pooled_sharpe=sharpes)
        metric = "pooled_sharpe" if metric == "sharpe" else metric
    chosen = int(best["point"][0]) if len(best) else None
    return Findings(
        name=result.name,
        config=result.config,
        identity=result.identity,
        flags=(*result.flags, *sampling_flags(result)),
        split=str(study.split),
        pieces_named=PIECES_NAMED.get(study.split.kind, ""),
        piece_labels=study.split.labels,
        space=study.space,
        blocks=None if study.split.kind == "cross_validation" else len(study.block_dates) - 1,
        keep_equity=len(study.curve_dates),
        points=points,
        neighbours=_neighbours(points, result.grid, metric),
        sharpes=sharpes,
        metric=metric,
        select=select,
        best=best,
        pieces=_pieces(result, chosen),
        belief=belief,
        outside=_outside(result, points, belief),
        failures=tuple((failure.error, failure.trials) for failure in result.failures),
        paths=result.paths,
        trials=study.trials,
        done=sum(chunk.trials for chunk in study.chunks if result.store.has(chunk)),
        failed=result.failed,
        seconds=result.seconds,
    )


def ranked(result: StudyResult, select: str, most: int) -> tuple[pl.DataFrame, Belief]:
    """The best points with the doubt of each, and how far the first of them can be believed.

    Args:
        result: the study with its trials.
        select: what the points are ranked by.
        most: points at most.

    Returns:
        The points, best first: the columns of ``result.points()``, what they are ranked by,
        ``pooled_sharpe`` where they have several pieces, ``deflated_sharpe`` and ``neighbours``,
        the median Sharpe ratio of the points one step away.

    Raises:
        UnknownNameError: nothing is called ``select``.
    """
    import polars as pl

    moments = _Moments(*result.excess())
    best = rank(result, select)
    if len(moments.number) < result.study.points:
        best = best.filter(pl.col("point").is_in(moments.number))
    best = best.head(most)
    belief = result.significance(int(best["point"][0]) if len(best) else None)
    luck = luck_of(moments.of, belief.own_trials, belief.other_trials)
    rows = moments.rows(best["point"].to_numpy())
    near = np.full(len(moments.number), np.nan) if belief.plateau is None else belief.plateau.median
    several = "sharpe_worst" in best.columns
    doubt = {
        "pooled_sharpe": moments.of.yearly if several else None,
        "deflated_sharpe": [deflated(moments.of, row, luck).deflated_sharpe for row in rows],
        "neighbours": near,
    }
    more = [
        pl.Series(name, values if name == "deflated_sharpe" else np.asarray(values)[rows])
        for name, values in doubt.items()
        if values is not None and name not in best.columns
    ]
    return best.with_columns(more), belief


def sampling_flags(result: StudyResult) -> list[str]:
    """What must be said where there are too many points to judge each of them."""
    number, _ = result.moments()
    if len(number) == result.study.points:
        return []
    of_all = f"{len(number):,} of {result.study.points:,} points"
    return [f"luck is measured on a random sample of {of_all}; the best ones are the best of these"]


class _Moments(NamedTuple):
    """Moments of the returns over cash of the points of these numbers, ascending."""

    number: NDArray[np.int64]
    of: PointMoments

    def rows(self, numbers: NDArray[np.int64]) -> list[int]:
        """The row of each of these points."""
        return [int(row) for row in np.searchsorted(self.number, numbers)]

    def on(self, points: pl.DataFrame, values: Floats) -> Floats:
        """Values of these points on the rows of all, NaN for those that have no moments."""
        numbers = points["point"].to_numpy()
        rows = np.minimum(np.searchsorted(self.number, numbers), len(self.number) - 1)
        return np.where(self.number[rows] == numbers, values[rows], np.nan)


def _neighbours(points: pl.DataFrame, names: Iterable[str], metric: str) -> Floats:
    """Median of the metric over the points one step away, ``[P]``."""
    values = points[metric].cast(float).fill_null(float("nan")).to_numpy()
    columns = {name: points[column_of(points, name)].to_numpy() for name in names}
    return plateau(columns, values).median


def _pieces(result: StudyResult, chosen: int | None) -> pl.DataFrame:
    """The trials of one point, a row for each piece of the data."""
    import polars as pl

    number = pl.col("trial") % result.study.points
    found = (
        result.scan()
        .filter(number == (-1 if chosen is None else chosen))
        .select("trial", *DEFINITIONS, "error", "path")
        .sort("trial")
        .collect()
    )
    return result.described(found)


def _outside(result: StudyResult, points: pl.DataFrame, belief: Belief) -> Outside | None:
    """Train against test pieces; without them the halves of the cross-validation."""
    if {piece.role for piece in result.study.pieces} >= {"train", "test"}:
        both = [_Moments(*result.excess(role)) for role in ("train", "test")]
        inside, outside = (one.on(points, one.of.yearly) for one in both)
        numbers = points["point"].to_list()
        chosen = numbers.index(belief.point) if belief.point in numbers else None
        return Outside(
            inside,
            outside,
            [f"point {number:,}" for number in numbers],
            None if chosen is None else (float(inside[chosen]), float(outside[chosen])),
            "A dot is a point: its train pieces joined against its test pieces joined.",
        )
    pairs = belief.overfitting.pairs
    if not len(pairs):
        return None
    slope = plain_number(belief.overfitting.slope)
    return Outside(
        pairs[:, 0],
        pairs[:, 1],
        ["best of one half of the time"] * len(pairs),
        None,
        "A dot is a half of the time: the point that was best there, and what it did in the other "
        f"half. Slope {slope}; a half takes from the other what it has, so it is below zero for "
        "pure noise too.",
    )
