"""Combinatorial purged cross-validation: many records out of sample from one history.

The method is that of Lopez de Prado (2018), "Advances in financial machine learning", chapters 7
and 12. The sessions are cut into ``N`` groups. Every choice of ``k`` of them is a split: points are
chosen on the other groups and measured on these. There are ``C(N, k)`` splits, and each group is
tested in ``phi = k / N * C(N, k) = C(N - 1, k - 1)`` of them, so that the test groups make ``phi``
whole paths through the data.

Everything comes from one backtest per point over all sessions, whose returns were summed by blocks
that end where a group, a purge or an embargo does. A return is an observation that reaches back
over what the strategy looked at; ``purge`` sessions on both sides of a test group, and ``embargo``
more after it, are left out of training (sections 7.4.1 and 7.4.2). A position that is held over the
edge of a group is held in the next one: a path joins returns, it does not trade at the edges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.backtest.result import json_ready
from stockstream.errors import ConfigError, DataError, StockstreamError
from stockstream.jit import part_of
from stockstream.metrics.decay import rank_correlation
from stockstream.metrics.drawdown import max_drawdown, wealth
from stockstream.metrics.returns import (
    FLAT,
    annualised_return,
    per_bar,
    sharpe,
    total_return,
    volatility,
)
from stockstream.study.cutting.splits import group_edges
from stockstream.study.reuse import panel_of
from stockstream.study.validation.consolidation import as_columns, run_again
from stockstream.study.validation.decay import decay_of, share_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.backtest.run import Source
    from stockstream.study.belief.moments import PointMoments
    from stockstream.study.cutting.splits import Split
    from stockstream.study.result import StudyResult
    from stockstream.study.validation.decay import Decay

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "CombinatorialSplit",
    "CrossValidation",
    "Path",
    "cross_validate",
    "path_table",
    "paths_of",
    "splits_of",
]

AT_ONCE = 4_000_000
"""Ratios (splits x points) that are in memory at once."""


def splits_of(groups: int, test_groups: int) -> tuple[tuple[int, ...], ...]:
    """The test groups of each split, from 0, in the order of the book: C(N, k) of them."""
    return tuple(combinations(range(groups), test_groups))


def paths_of(groups: int, test_groups: int) -> int:
    """Number of paths, ``phi = k / N * C(N, k)``."""
    return math.comb(groups - 1, test_groups - 1)


def path_table(groups: int, test_groups: int) -> Ints:
    """``[phi, N]``: the split (from 0) from which each path has each group.

    Path *j* takes every group from the *j*-th split in which it is tested (figures 12.1 and 12.2).
    """
    tested = splits_of(groups, test_groups)
    columns = [[s for s, chosen in enumerate(tested) if group in chosen] for group in range(groups)]
    return np.array(columns, np.int64).T


class CombinatorialSplit(NamedTuple):
    """One split.

    Attributes:
        groups: that are tested, from 1.
        point: chosen on the others; None if no point has a Sharpe ratio there.
        parameters: of the point.
        train: its Sharpe ratio per year on the groups that are not tested, purged.
        test: the same on the tested ones.
        correlation: Spearman's rank correlation of train and test over all points.
        beaten: share of the other points that did worse in the test.
    """

    groups: tuple[int, ...]
    point: int | None
    parameters: dict[str, Any]
    train: float
    test: float
    correlation: float
    beaten: float


@dataclass(frozen=True, eq=False)
class Path:
    """One way through all sessions, each group out of sample.

    Attributes:
        number: from 1.
        splits: that each group is from, numbers from 1.
        points: that traded in each group; None is none.
        returns: ``[T]``, of each session.
        sharpe, total_return, annualised_return, volatility, max_drawdown: of the returns, as
            :mod:`stockstream.metrics` has them.
    """

    number: int
    splits: tuple[int, ...]
    points: tuple[int | None, ...]
    returns: Floats = field(repr=False)
    sharpe: float
    total_return: float
    annualised_return: float
    volatility: float
    max_drawdown: float

    def summary(self) -> dict[str, Any]:
        """Its measures, and from where it has its groups."""
        names = ("sharpe", "total_return", "annualised_return", "volatility", "max_drawdown")
        measures = {name: getattr(self, name) for name in names}
        return {
            "path": self.number,
            **json_ready(measures),
            "splits": list(self.splits),
            "points": list(self.points),
        }


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """A combinatorial purged cross-validation.

    Attributes:
        study: name of the study.
        split: how the data was cut.
        dates: ``datetime64[D] [T]``, the sessions.
        edges: ``[N + 1]``: group *g* (from 0) has the sessions ``edges[g]:edges[g + 1]``.
        splits: C(N, k) of them.
        paths: phi of them.
        decay: training against test over the splits.
        overfit: share of the splits whose choice did worse than the median point in the test: the
            probability of backtest overfitting on these splits.
    """

    study: str
    split: str
    dates: NDArray[np.datetime64] = field(repr=False)
    edges: tuple[int, ...]
    splits: tuple[CombinatorialSplit, ...] = field(repr=False)
    paths: tuple[Path, ...] = field(repr=False)
    decay: Decay
    overfit: float

    @property
    def sharpes(self) -> Floats:
        """``[phi]``: Sharpe ratio per year of each path."""
        return np.array([path.sharpe for path in self.paths])

    def frame(self) -> pl.DataFrame:
        """A row a split: groups, point, parameters, Sharpe ratio in training and test."""
        import polars as pl

        rows = [
            {
                "split": number,
                "groups": list(one.groups),
                "point": one.point,
                **as_columns(one.parameters, ("split", "groups", "point")),
                **json_ready({"train_sharpe": one.train, "test_sharpe": one.test}),
                **json_ready({"correlation": one.correlation, "beaten": one.beaten}),
            }
            for number, one in enumerate(self.splits, start=1)
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def paths_frame(self) -> pl.DataFrame:
        """A row a path: its measures, and from where it has its groups."""
        import polars as pl

        return pl.DataFrame([path.summary() for path in self.paths], infer_schema_length=None)

    def curves(self) -> pl.DataFrame:
        """``date``, and a column for each path: what 1 became at each close."""
        import polars as pl

        grown = {f"path_{path.number}": wealth(path.returns)[1:] for path in self.paths}
        return pl.DataFrame({"date": self.dates, **grown})

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, without the curves."""
        known = self.sharpes[np.isfinite(self.sharpes)]
        spread = {
            "mean": float(known.mean()) if len(known) else math.nan,
            "deviation": float(known.std(ddof=1)) if len(known) > 1 else math.nan,
            "lowest": float(known.min()) if len(known) else math.nan,
            "below_zero": float((known < 0.0).mean()) if len(known) else math.nan,
        }
        return {
            "study": self.study,
            "split": self.split,
            "edges": list(self.edges),
            "sharpe_of_paths": json_ready(spread),
            "overfit": self.overfit if math.isfinite(self.overfit) else None,
            "decay": self.decay.to_dict(),
            "paths": [path.summary() for path in self.paths],
            "splits": self.frame().to_dicts(),
        }


def cross_validate(result: StudyResult, lake: Source) -> CrossValidation:
    """Choose by the Sharpe ratio on the training blocks of each split, and join the tests to paths.

    Args:
        result: of a study whose split is ``cross_validation(...)``.
        lake: with the data of the study: the chosen points are run again for their exact returns.

    Raises:
        ConfigError: the study is split another way.
        DataError: the study is not complete, or the lake has other data.
    """
    study, split = result.study, result.study.split
    if split.kind != "cross_validation":
        raise ConfigError(
            f"study {study.name} is split by {split}, and cross-validation needs its own groups: "
            "sweep with split='cross_validation(groups=10,test=2)'"
        )
    points, moments = result.moments()
    if moments.bars == 0:
        raise DataError(f"no trial of study {study.name} ran: there is nothing to cross-validate")
    cash = per_bar(study.config.risk_free, study.config.periods_per_year)
    splits = tuple(_splits(result, points, moments.over(cash)))
    with part_of(panel_of(study, lake).symbol_bars):
        dates, returns = _returns(result, lake, {one.point for one in splits})
    edges = tuple(group_edges(len(dates), split.groups))
    return CrossValidation(
        study=study.name,
        split=str(split),
        dates=dates,
        edges=edges,
        splits=splits,
        paths=tuple(_paths(result, splits, edges, returns)),
        decay=decay_of(
            "sharpe",
            [one.train for one in splits],
            [one.test for one in splits],
            [one.correlation for one in splits],
            [one.beaten for one in splits],
        ),
        overfit=_overfit(splits),
    )


def blocks_trained(split: Split, bounds: Ints, tested: Sequence[int]) -> NDArray[np.bool_]:
    """``[B]``: the blocks that are trained on while some groups are tested.

    Args:
        split: a cross-validation.
        bounds: ``[B + 1]``, sessions at which blocks begin: where groups, purges and embargoes do.
        tested: groups, from 0.
    """
    edges = group_edges(int(bounds[-1]), split.groups)
    kept = np.ones(len(bounds) - 1, np.bool_)
    for group in tested:
        lost_from = edges[group] - split.purge
        lost_until = edges[group + 1] + split.purge + split.embargo
        kept &= (bounds[1:] <= lost_from) | (bounds[:-1] >= lost_until)
    return kept


def blocks_tested(split: Split, bounds: Ints, tested: Sequence[int]) -> NDArray[np.bool_]:
    """``[B]``: the blocks of the tested groups; arguments as for :func:`blocks_trained`."""
    edges = group_edges(int(bounds[-1]), split.groups)
    spans = [(edges[group], edges[group + 1]) for group in tested]
    inside = [(bounds[:-1] >= first) & (bounds[1:] <= stop) for first, stop in spans]
    tests: NDArray[np.bool_] = np.any(inside, axis=0)
    return tests


def _splits(
    result: StudyResult, points: Ints, moments: PointMoments
) -> Iterator[CombinatorialSplit]:
    split = result.study.split
    bounds = np.concatenate(([0], np.cumsum(moments.counts))).astype(np.int64)
    tested = splits_of(split.groups, split.test_groups)
    size = max(1, AT_ONCE // max(len(points), 1))
    for first in range(0, len(tested), size):
        part = tested[first : first + size]
        train = _ratios(moments, np.array([blocks_trained(split, bounds, one) for one in part]))
        test = _ratios(moments, np.array([blocks_tested(split, bounds, one) for one in part]))
        for groups, before, after in zip(part, train, test, strict=True):
            place = int(np.nanargmax(before)) if np.isfinite(before).any() else None
            point = None if place is None else int(points[place])
            yield CombinatorialSplit(
                groups=tuple(group + 1 for group in groups),
                point=point,
                parameters={} if point is None else result.study.parameters(point),
                train=math.nan if place is None else float(before[place]),
                test=math.nan if place is None else float(after[place]),
                correlation=rank_correlation(before, after),
                beaten=math.nan if place is None else share_below(after, float(after[place])),
            )


def _ratios(moments: PointMoments, masks: NDArray[np.bool_]) -> Floats:
    """``[splits, P]``: Sharpe ratio per year of every point over some of the blocks."""
    chosen = masks.astype(np.float64)
    counts = (chosen @ moments.counts)[:, None]
    mean = (chosen @ moments.sums.T) / counts
    with np.errstate(invalid="ignore"):
        variance = (chosen @ moments.squares.T - counts * mean * mean) / (counts - 1.0)
        deviation = np.sqrt(np.maximum(variance, 0.0))
    ratio = np.full(mean.shape, np.nan)
    np.divide(mean, deviation, out=ratio, where=deviation > FLAT)
    return ratio * math.sqrt(moments.periods)


def _returns(
    result: StudyResult, lake: Source, points: set[int | None]
) -> tuple[NDArray[np.datetime64], dict[int | None, Floats]]:
    """The sessions, and the return in each of them of every chosen point and of no point."""
    panel = panel_of(result.study, lake)
    dates = panel.dates[panel.first :]
    returns: dict[int | None, Floats] = {None: np.zeros(len(dates))}
    chosen = sorted(point for point in points if point is not None)
    for point, found in zip(chosen, run_again(result.study, lake, chosen), strict=True):
        if isinstance(found, StockstreamError):
            raise DataError(f"point {point} ran in the study and not again: {found}") from found
        returns[point] = found.returns
    return dates, returns


def _paths(
    result: StudyResult,
    splits: Sequence[CombinatorialSplit],
    edges: Sequence[int],
    returns: dict[int | None, Floats],
) -> Iterator[Path]:
    study = result.study
    periods = study.config.periods_per_year
    cash = per_bar(study.config.risk_free, periods)
    table = path_table(study.split.groups, study.split.test_groups)
    for number, row in enumerate(table.tolist(), start=1):
        points = tuple(splits[s].point for s in row)
        spans = zip(points, edges[:-1], edges[1:], strict=True)
        joined = np.concatenate([returns[point][first:stop] for point, first, stop in spans])
        yield Path(
            number=number,
            splits=tuple(s + 1 for s in row),
            points=points,
            returns=joined,
            sharpe=sharpe(joined, cash, periods),
            total_return=total_return(joined),
            annualised_return=annualised_return(joined, periods),
            volatility=volatility(joined, periods),
            max_drawdown=max_drawdown(wealth(joined)),
        )


def _overfit(splits: Sequence[CombinatorialSplit]) -> float:
    ranks = [one.beaten for one in splits if math.isfinite(one.beaten)]
    return sum(rank < 0.5 for rank in ranks) / len(ranks) if ranks else math.nan
