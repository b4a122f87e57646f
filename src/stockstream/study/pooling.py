"""From trials to points: what the pieces of a point say together.

Where the pieces follow each other in time their returns are joined: the account of one year is the
capital of the next. Where they lie side by side, as symbols do, they are equal parts of one
portfolio. Sharpe ratios are never averaged.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from stockstream.study.belief.moments import PointMoments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.study.study import Study

    Floats = NDArray[np.float64]

__all__ = ["MOST_POINTS", "judged_role", "of_role", "point_frame", "point_moments"]

SUMS = ("sums", "squares", "cubes", "fourths")

MOST_POINTS = 200_000
"""Points whose moments are held in memory at once: half a gigabyte."""


def judged_role(study: Study) -> str:
    """The role of the pieces that points are judged by.

    A hold-out is judged by what is not held out. The test windows of a walk-forward follow each
    other, and every point ran in all of them, so they are the points' record over that time.
    """
    roles = {piece.role for piece in study.pieces}
    if roles == {"all"}:
        return "all"
    return "train" if study.split.kind == "hold_out" else "test"


def of_role(trials: pl.LazyFrame, study: Study, role: str) -> pl.LazyFrame:
    """The trials on pieces of one role, with the column ``point``."""
    import polars as pl

    number = pl.col("trial")
    counted = [i for i, piece in enumerate(study.pieces) if piece.role == role]
    if len(counted) < len(study.pieces):
        trials = trials.filter((number // study.points).is_in(counted))
    return trials.with_columns(point=number % study.points)


def point_frame(
    trials: pl.LazyFrame, study: Study, metrics: Sequence[str], role: str
) -> pl.DataFrame:
    """A row for each point, over its pieces of one role.

    Args:
        trials: of the study.
        study: whose trials they are.
        metrics: each gives ``NAME``, the median over the pieces, and where there are several
            pieces also ``NAME_worst`` and ``NAME_best`` (the lowest and the highest).
        role: of the pieces.

    Returns:
        ``point``; ``pieces`` that ran; ``failed``; ``total_return`` of the joined accounts;
        ``gained``, the share of pieces that did; ``trades``; the metrics.
    """
    import polars as pl

    several = sum(piece.role == role for piece in study.pieces) > 1
    growth = pl.col("total_return") + 1.0
    joined = growth.mean() if side_by_side(study) else growth.product()
    spread = [
        column
        for name in metrics
        if name != "total_return"
        for column in _spread(name, several=several)
    ]
    ran = pl.col("error").is_null()
    return (
        of_role(trials, study, role)
        .group_by("point")
        .agg(
            pieces=ran.sum().cast(pl.Int64),
            failed=(~ran).sum().cast(pl.Int64),
            total_return=pl.when(ran.any()).then(joined - 1.0),
            gained=(pl.col("total_return") > 0.0).mean(),
            trades=pl.col("trades").sum(),
            **dict(spread),
        )
        .sort("point")
        .collect()
    )


def side_by_side(study: Study) -> bool:
    """Whether the pieces are parts of one portfolio, not of one time."""
    return study.split.kind == "ticker"


def point_moments(
    frames: Iterable[pl.DataFrame], study: Study, role: str, *, most: int = MOST_POINTS
) -> tuple[NDArray[np.int64], PointMoments]:
    """The moments of the points' joined returns, block by block.

    Of pieces side by side a return is what an equal part of the capital in each of them made in a
    block: between bars nothing is known of how they moved together.

    Args:
        frames: the chunks of the study.
        study: whose they are.
        role: of the pieces that count.
        most: points at most; of more, a seeded sample is taken.

    Returns:
        The points, ascending, and their moments: NaN where no piece of a point ran.
    """
    chosen = _chosen(study, most)
    place = np.full(study.points, -1)
    place[chosen] = np.arange(len(chosen))
    pool = _Pool(len(chosen), study)
    counted = np.array([piece.role == role for piece in study.pieces])
    for frame in frames:
        piece, point = np.divmod(frame["trial"].to_numpy(), study.points)
        ran = frame["error"].is_null().to_numpy()
        kept = np.flatnonzero(counted[piece] & (place[point] >= 0) & ran)
        pool.add(piece[kept], place[point[kept]], frame[kept])
    return chosen, pool.moments()


class _Pool:
    """Sums over the pieces of each point."""

    def __init__(self, points: int, study: Study) -> None:
        self.study, self.apart = study, side_by_side(study)
        blocks, days = len(study.block_dates) - 1, len(study.curve_dates)
        self.sums, self.squares = np.zeros((points, blocks)), np.zeros((points, blocks))
        self.cubes, self.fourths = np.zeros(points), np.zeros(points)
        self.bars = np.zeros((points, blocks), np.int64)
        self.pieces = np.zeros(points, np.int64)
        self.curve = np.full((points, days), 0.0 if self.apart else 1.0) if days else None

    def add(self, piece: NDArray[np.int64], rows: NDArray[np.int64], frame: pl.DataFrame) -> None:
        """Add trials, in the order of their numbers: within a piece no row stands twice."""
        values = {name: frame[name].to_numpy() for name in (*SUMS, "bars")}
        curve = None if self.curve is None else frame["equity"].to_numpy().astype(np.float64)
        bounds = np.flatnonzero(np.diff(piece, prepend=-1, append=-1)).tolist()
        for part in (slice(first, stop) for first, stop in pairwise(bounds)):
            at = rows[part]
            self.pieces[at] += 1
            for name, added in values.items():
                getattr(self, name)[at] += added[part]
            if self.curve is not None and curve is not None:
                self.curve[at] = _joined(self.curve[at], curve[part], apart=self.apart)

    def moments(self) -> PointMoments:
        ran = np.where(self.pieces > 0, 1.0, np.nan)
        if not self.apart:
            return PointMoments(
                counts=self.bars.max(axis=0, initial=0).astype(np.float64),
                sums=self.sums * ran[:, None],
                squares=self.squares * ran[:, None],
                cubes=self.cubes * ran,
                fourths=self.fourths * ran,
                periods=self.study.config.periods_per_year,
                curve=self.curve,
            )
        share = ran / np.maximum(self.pieces, 1)
        made = self.sums * share[:, None]
        square = made * made
        return PointMoments(
            counts=np.ones(made.shape[1]),
            sums=made,
            squares=square,
            cubes=(square * made).sum(axis=1),
            fourths=(square * square).sum(axis=1),
            periods=made.shape[1] / _years(self.study),
            curve=None if self.curve is None else self.curve * share[:, None],
        )


def _joined(before: Floats, added: Floats, *, apart: bool) -> Floats:
    return before + added if apart else before * added


def _years(study: Study) -> float:
    return max((study.block_dates[-1] - study.block_dates[0]).days, 1) / 365.25


def _chosen(study: Study, most: int) -> NDArray[np.int64]:
    if study.points <= most:
        return np.arange(study.points)
    random = np.random.default_rng(study.config.seed)
    return np.sort(random.choice(study.points, most, replace=False))


def _spread(name: str, *, several: bool) -> list[tuple[str, pl.Expr]]:
    import polars as pl

    value = pl.col(name)
    if not several:
        return [(name, value.first())]
    return [(name, value.median()), (f"{name}_worst", value.min()), (f"{name}_best", value.max())]
