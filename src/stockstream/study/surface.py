"""A metric over the parameters of a study: heat maps, slices, marginals.

Everything here is a pure function of the points (a row each) and the values that their parameters
took. A point that was refused, failed or was never sampled leaves a NaN, never a zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.study.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.study.steps import Steps

    Floats: TypeAlias = NDArray[np.float64]
    Places: TypeAlias = NDArray[np.int64]

__all__ = [
    "QUANTILES",
    "Lattice",
    "Marginal",
    "Surface",
    "column_of",
    "grouped_quantiles",
    "heat_map",
    "lattice_of",
]

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the points that share a value: the worst, the quartiles and the best."""


@dataclass(frozen=True, slots=True)
class Surface:
    """A metric over two parameters.

    Attributes:
        x: steps of the parameter along the columns.
        y: steps of the parameter along the rows.
        values: ``[Y, X]``, NaN where there is no point with a value.
        points: how many points stand behind each cell, ``[Y, X]``.
        fixed: the other parameters that were held, with their values; those that are in neither
            were taken together, each cell being the median of its points.
    """

    x: Steps
    y: Steps
    values: Floats
    points: Places
    fixed: Mapping[str, Any]

    @property
    def rule(self) -> str:
        """What a cell shows where it has several points: ``median``, or empty if none has."""
        return "median" if self.points.max(initial=0) > 1 else ""

    def frame(self) -> pl.DataFrame:
        """A row for each step of ``y``, a column for each of ``x``, null without a value."""
        import polars as pl

        label = pl.Series(self.y.name, self.y.labels)
        clash = self.y.name in self.x.labels
        columns = [
            pl.Series(f"{self.x.name}={text}" if clash else text, column).fill_nan(None)
            for text, column in zip(self.x.labels, self.values.T.copy(), strict=True)
        ]
        return pl.DataFrame([label, *columns])


@dataclass(frozen=True, slots=True)
class Marginal:
    """How a metric is spread over the points that share a value of one parameter.

    Attributes:
        steps: of the parameter, ``S`` of them.
        quantiles: ``[S, 5]`` at :data:`QUANTILES`, NaN where no point has a value.
        points: with a value, ``[S]``.
        through: the metric along the parameter with all others held at one point, ``[S]``; NaN
            where there is no such point.
    """

    steps: Steps
    quantiles: Floats
    points: Places
    through: Floats


@dataclass(frozen=True, slots=True)
class Lattice:
    """Points by the place of their value on the axis of each parameter.

    Attributes:
        axes: one for each parameter that has more than one value, in the order of the grid.
        places: ``[P, len(axes)]``; -1 for a value that its axis leaves out.
    """

    axes: tuple[Steps, ...]
    places: Places

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters."""
        return tuple(axis.name for axis in self.axes)

    def axis(self, name: str) -> int:
        """Which axis has this name.

        Raises:
            UnknownNameError: none.
        """
        if name not in self.names:
            raise UnknownNameError("parameter with several values", name, self.names)
        return self.names.index(name)

    def surface(self, values: Floats, x: str, y: str, at: int | None = None) -> Surface:
        """A metric over two parameters.

        Args:
            values: the metric of each point ``[P]``, NaN where it has none.
            x: parameter along the columns.
            y: parameter along the rows.
            at: a point; the other parameters are held at its values. None takes the median over
                all of their values.

        Raises:
            UnknownNameError: no such parameter.
            ConfigError: ``x`` and ``y`` are the same.
        """
        across, up = self.axis(x), self.axis(y)
        if across == up:
            raise ConfigError(f"a heat map needs two parameters, and {x} was given for both")
        kept = self._beside(at, (across, up)) & np.isfinite(values)
        kept &= (self.places[:, across] >= 0) & (self.places[:, up] >= 0)
        columns, rows = self.axes[across], self.axes[up]
        size = len(rows) * len(columns)
        cell = self.places[kept, up] * len(columns) + self.places[kept, across]
        shape = len(rows), len(columns)
        return Surface(
            x=columns,
            y=rows,
            values=grouped_quantiles(cell, values[kept], size, (0.5,))[:, 0].reshape(shape),
            points=np.bincount(cell, minlength=size).reshape(shape),
            fixed=self._held(at, (across, up)),
        )

    def marginal(self, values: Floats, name: str, at: int | None = None) -> Marginal:
        """The spread of a metric at each value of a parameter, and its slice through a point.

        Args:
            values: the metric of each point ``[P]``, NaN where it has none.
            name: the parameter.
            at: the point; without one there is no slice.

        Raises:
            UnknownNameError: no such parameter.
        """
        place = self.axis(name)
        steps, along = self.axes[place], self.places[:, place]
        known = np.isfinite(values) & (along >= 0)
        through = np.full(len(steps), np.nan)
        if at is not None:
            line = known & self._beside(at, (place,))
            cells, found = along[line], values[line]
            through = grouped_quantiles(cells, found, len(steps), (0.5,))[:, 0]
        return Marginal(
            steps=steps,
            quantiles=grouped_quantiles(along[known], values[known], len(steps), QUANTILES),
            points=np.bincount(along[known], minlength=len(steps)),
            through=through,
        )

    def filled(self, x: str, y: str, at: int) -> float:
        """Share of the cells of a heat map through a point that have a point of their own."""
        across, up = self.axis(x), self.axis(y)
        kept = self._beside(at, (across, up))
        pairs = np.unique(self.places[kept][:, [across, up]], axis=0)
        return len(pairs) / (len(self.axes[across]) * len(self.axes[up]))

    def _beside(self, at: int | None, free: tuple[int, ...]) -> NDArray[np.bool_]:
        """Which points equal a point in all but the free parameters."""
        held = [place for place in range(len(self.axes)) if place not in free]
        if at is None or not held:
            return np.ones(len(self.places), dtype=bool)
        same: NDArray[np.bool_] = (self.places[:, held] == self.places[at, held]).all(axis=1)
        return same

    def _held(self, at: int | None, free: tuple[int, ...]) -> dict[str, Any]:
        if at is None:
            return {}
        return {
            axis.name: axis.shown(int(self.places[at, place]))
            for place, axis in enumerate(self.axes)
            if place not in free
        }


def lattice_of(points: pl.DataFrame, axes: Mapping[str, Sequence[Any]]) -> Lattice:
    """The points by their places.

    Args:
        points: a row each, a column for each parameter; one that is called like another column is
            ``parameter_<name>``.
        axes: the parameters with their values, in the order of the grid; a parameter whose values
            are empty (a search found them) takes those of the points.
    """
    columns = {name: points[column_of(points, name)] for name in axes}
    steps = [steps_of(name, columns[name], values) for name, values in axes.items()]
    several = [one for one in steps if len(one) > 1]
    places = [one.places(columns[one.name]) for one in several]
    return Lattice(
        axes=tuple(several),
        places=np.stack(places, axis=1) if places else np.empty((len(points), 0), np.int64),
    )


def column_of(points: pl.DataFrame, name: str) -> str:
    """The column of a parameter: its name, or ``parameter_<name>`` if a number is called that."""
    return f"parameter_{name}" if f"parameter_{name}" in points.columns else name


def heat_map(
    points: pl.DataFrame,
    axes: Mapping[str, Sequence[Any]],
    x: str,
    y: str,
    metric: str,
    *,
    at: int | None = None,
) -> Surface:
    """A metric over two parameters, from the points of a study.

    Args:
        points: a row each, with a column for each parameter and for the metric.
        axes: the parameters with their values, in the order of the grid.
        x: parameter along the columns.
        y: parameter along the rows.
        metric: its column.
        at: row of the point at which the other parameters are held; None takes the median over
            them.

    Raises:
        UnknownNameError: no such parameter or metric.
        ConfigError: ``x`` and ``y`` are the same, or the metric is no number.
    """
    measured = [name for name, dtype in points.schema.items() if dtype.is_numeric()]
    if metric not in measured:
        raise UnknownNameError("metric", metric, [name for name in measured if name not in axes])
    values = points[metric].cast(float).fill_null(float("nan")).to_numpy()
    return lattice_of(points, axes).surface(values, x, y, at)


def grouped_quantiles(
    cells: Places, values: Floats, size: int, quantiles: Sequence[float]
) -> Floats:
    """Quantiles of the values in each cell, linear between two (type 7 of Hyndman and Fan 1996).

    Args:
        cells: the cell of each value ``[n]``, from 0 to ``size - 1``.
        values: finite, ``[n]``.
        size: number of cells.
        quantiles: from 0 to 1.

    Returns:
        ``[size, len(quantiles)]``, NaN for a cell without values.
    """
    ordered = values[np.lexsort((values, cells))]
    counts = np.bincount(cells, minlength=size)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    found = np.full((size, len(quantiles)), np.nan)
    held = counts > 0
    for place, quantile in enumerate(quantiles):
        exact = quantile * (counts[held] - 1)
        low = np.floor(exact).astype(np.int64)
        high = np.minimum(low + 1, counts[held] - 1)
        below, above = ordered[starts[held] + low], ordered[starts[held] + high]
        found[held, place] = below + (above - below) * (exact - low)
    return found
