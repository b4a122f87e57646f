"""What a point is chosen by. The best Sharpe ratio of many is the worst reason of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from stockstream.errors import UnknownNameError
from stockstream.metrics.summary import DEFINITIONS, LESS_IS_BETTER
from stockstream.study.belief.evidence import deflated_of_all, luck_of
from stockstream.study.belief.plateau import plateau
from stockstream.study.pooling import of_role

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from stockstream.study.belief.moments import Floats
    from stockstream.study.result import StudyResult

__all__ = ["SELECTORS", "Selector", "demand_selector", "rank"]

JOINED = {
    "total_return": "of all pieces together: last equity over initial capital, minus 1",
    "trades": "trades in all pieces together",
}
"""Metrics that are more than a median where there are several pieces."""

Source = Literal["moments", "joined", "median", "mean", "worst"]


@dataclass(frozen=True, slots=True)
class Selector:
    """A way to order points.

    Attributes:
        name: as it is asked for, and the column of the ranking.
        meaning: in one line.
        source: ``moments`` of the joined returns, ``joined`` pieces, or what a metric is over them.
        metric: that it is made of; empty for those from moments.
    """

    name: str
    meaning: str
    source: Source
    metric: str = ""

    @property
    def ascending(self) -> bool:
        """Whether the lowest value is the best."""
        return self.metric in LESS_IS_BETTER


def _selectors() -> dict[str, Selector]:
    joined = {
        "deflated_sharpe": "probability of a true Sharpe ratio above what luck shows in so many "
        "trials",
        "plateau": "the smaller one of the point's Sharpe ratio and the median of its neighbours'",
        "pooled_sharpe": "Sharpe ratio per year of the returns of all pieces together",
    }
    found = [Selector(name, meaning, "moments") for name, meaning in joined.items()]
    for name, meaning in DEFINITIONS.items():
        median = Selector(name, f"median over the pieces: {meaning}", "median", name)
        found += [
            Selector(name, JOINED[name], "joined", name) if name in JOINED else median,
            Selector(f"mean_{name}", f"mean over the pieces: {meaning}", "mean", name),
            Selector(f"worst_{name}", f"in the worst piece: {meaning}", "worst", name),
        ]
    return {selector.name: selector for selector in found}


SELECTORS: dict[str, Selector] = _selectors()
"""Every way to order points, by name. A metric's own name is its median over the pieces."""


def demand_selector(name: str) -> Selector:
    """The selector of this name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in SELECTORS:
        hint = "a metric alone is its median over the pieces; mean_ and worst_ stand before it"
        raise UnknownNameError("way to select", name, SELECTORS, hint)
    return SELECTORS[name]


def rank(
    result: StudyResult, by: str = "deflated_sharpe", count: int | None = None
) -> pl.DataFrame:
    """The points of a study, best first; equals stay in the order of the grid.

    Points for which the value is undefined are left out.

    Args:
        result: of the study.
        by: a name of :data:`SELECTORS`.
        count: at most so many; None takes all.

    Returns:
        The columns of ``result.points()`` and the value, under the selector's name.

    Raises:
        UnknownNameError: there is no such selector.
    """
    import polars as pl

    selector = demand_selector(by)
    frame = result.points()
    ranked = (
        frame.with_columns(_values(result, selector, frame).alias(selector.name))
        .filter(pl.col(selector.name).is_not_null())
        .sort(selector.name, descending=not selector.ascending, maintain_order=True)
    )
    return ranked if count is None else ranked.head(count)


def _values(result: StudyResult, selector: Selector, frame: pl.DataFrame) -> pl.Series:
    """The value of each row of the points; null where it is undefined."""
    import polars as pl

    if selector.source == "moments":
        values = _from_moments(result, selector.name, frame)
        return pl.Series(selector.name, values, nan_to_null=True)
    if selector.source == "joined":
        return frame[selector.metric]
    metric = pl.col(selector.metric)
    worst = metric.max() if selector.ascending else metric.min()
    value = {"median": metric.median(), "mean": metric.mean(), "worst": worst}[selector.source]
    found = (
        of_role(result.scan(), result.study, result.role)
        .group_by("point")
        .agg(value=value)
        .collect()
    )
    return frame.select("point").join(found, on="point", how="left", maintain_order="left")["value"]


def _from_moments(result: StudyResult, name: str, frame: pl.DataFrame) -> Floats:
    points, excess = result.excess()
    if name == "deflated_sharpe":
        ran = int((frame["pieces"] > 0).sum())
        luck = luck_of(excess, max(ran, int(excess.ran.sum())), result.other_trials)
        values = deflated_of_all(excess, luck)
    else:
        values = excess.yearly
    # a chunk may be missing yet, and of very many points a sample has moments
    wanted = frame["point"].to_numpy()
    place = np.minimum(np.searchsorted(points, wanted), len(points) - 1)
    found = np.where(points[place] == wanted, values[place], np.nan)
    return found if name != "plateau" else plateau(_parameters(result, frame), found).score


def _parameters(result: StudyResult, frame: pl.DataFrame) -> dict[str, NDArray[np.generic]]:
    columns = (name if name in frame.columns else f"parameter_{name}" for name in result.grid)
    return {name: frame[name].to_numpy() for name in columns}
