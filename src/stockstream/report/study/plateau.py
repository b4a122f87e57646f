"""Where a point stands among its neighbours: the map beside a single backtest."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from stockstream.report import charts
from stockstream.study.belief.plateau import plateau
from stockstream.study.surface import column_of, lattice_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from stockstream.study.result import StudyResult

__all__ = ["pairs_of", "plateau_map"]


def pairs_of(result: StudyResult) -> list[tuple[str, str]]:
    """Pairs of parameters with more than one value each: (across, up)."""
    several = [name for name, values in result.grid.items() if len(values) != 1]
    return [(x, y) for y, x in combinations(several, 2)]


def plateau_map(result: StudyResult, point: int, x: str, y: str) -> go.Figure | None:
    """Median Sharpe ratio of the neighbours over two parameters, a point marked with a star.

    All other parameters are held at the point. A plateau is a patch of one colour; a spike is
    nowhere to be seen, because its neighbours do not have its number.

    Args:
        result: of the study.
        point: its number.
        x: parameter along the columns.
        y: parameter along the rows.

    Returns:
        None where no point has neighbours with a number.

    Raises:
        UnknownNameError: no such parameter.
    """
    points = result.points(("sharpe",))
    number = points["point"].to_numpy()
    row = int(np.searchsorted(number, point))
    if row >= len(number) or number[row] != point:
        return None
    columns = {name: points[column_of(points, name)].to_numpy() for name in result.grid}
    values = points["sharpe"].cast(float).fill_null(float("nan")).to_numpy()
    lattice = lattice_of(points, result.grid)
    surface = lattice.surface(plateau(columns, values).median, x, y, row)
    if not np.isfinite(surface.values).any():
        return None
    places = lattice.places[row]
    across, up = int(places[lattice.axis(x)]), int(places[lattice.axis(y)])
    shown = across >= 0 and up >= 0
    return charts.parameter_heat_map(
        x,
        surface.x.labels,
        y,
        surface.y.labels,
        surface.values,
        metric="Sharpe",
        chosen=(surface.x.labels[across], surface.y.labels[up]) if shown else None,
    )
