"""The values of one parameter as the steps of an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["MOST_STEPS", "Spacing", "Steps", "steps_of", "written"]

Spacing = Literal["linear", "log", "choice"]

MOST_STEPS = 60
"""Values that an axis shows one by one; numbers beyond that share bins."""

BINS = 40

LONGEST = 24
"""Characters of a label."""

EVEN = 0.35
"""Largest spread of the ratios of a log range over their mean: whole numbers are rounded."""

LOG_SPAN = 8.0
"""A log axis is worth it where the largest value is so many times the smallest."""


@dataclass(frozen=True, slots=True)
class Steps:
    """An axis.

    Attributes:
        name: of the parameter.
        values: one for each step; the middle of a bin where values share bins.
        labels: what is written for each step, no two equal.
        spacing: how the steps follow each other: ``choice`` has no order.
        edges: of the bins, one more than there are steps; None where each step is one value.
        left_out: choices beyond :data:`MOST_STEPS`, which have no step.
    """

    name: str
    values: tuple[Any, ...]
    labels: tuple[str, ...]
    spacing: Spacing
    edges: tuple[float, ...] | None = None
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.values)

    @property
    def ordered(self) -> bool:
        """Whether a step has a step before and after it."""
        return self.spacing != "choice"

    def shown(self, place: int) -> str:
        """What is written for a step; ``other`` for a choice that has none."""
        return self.labels[place] if place >= 0 else "other"

    def places(self, column: pl.Series) -> NDArray[np.int64]:
        """The step of each value of a column; -1 for a value that has none."""
        if self.spacing == "choice":
            known = {_key(value): place for place, value in enumerate(self.values)}
            known |= {written(value): place for place, value in enumerate(self.values)}
            found = [known.get(_key(value), -1) for value in column.to_list()]
            return np.array(found, dtype=np.int64)
        numbers = _numbers(column)
        if self.edges is not None:
            inner = np.searchsorted(np.array(self.edges[1:-1]), numbers, side="right")
            return np.where(np.isfinite(numbers), inner, -1).astype(np.int64)
        steps = np.array(self.values, dtype=np.float64)
        near = np.minimum(np.searchsorted(steps, numbers), len(steps) - 1)
        return np.where(steps[near] == numbers, near, -1).astype(np.int64)


def steps_of(name: str, column: pl.Series, given: Sequence[Any] = ()) -> Steps:
    """The axis of a parameter.

    Numbers stand in their order, and share bins where they are many. Choices, booleans and lists
    stand in the order in which they were given.

    Args:
        name: of the parameter.
        column: its value in each point.
        given: its values in the grid; empty takes those of the column.
    """
    if not column.dtype.is_numeric():
        distinct = dict.fromkeys(_key(value) for value in given or column.to_list())
        return _choices(name, tuple(distinct))
    numbers = np.unique(np.array(given, dtype=np.float64) if given else _numbers(column))
    numbers = numbers[np.isfinite(numbers)]
    spacing: Spacing = "log" if _is_log(numbers) else "linear"
    if len(numbers) > MOST_STEPS:
        return _bins(name, numbers, spacing)
    whole = bool(np.all(numbers == np.round(numbers))) and column.dtype.is_integer()
    values = tuple(int(number) if whole else float(number) for number in numbers)
    return Steps(name, values, _labels(values), spacing)


def written(value: Any) -> str:
    """A value as people read it: ``0.1``, ``true``, ``a, b``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int):
        return f"{value}"
    if isinstance(value, tuple | list):
        return ", ".join(written(one) for one in value) or "none"
    return "none" if value is None else str(value)


def _choices(name: str, distinct: tuple[Any, ...]) -> Steps:
    values = distinct[:MOST_STEPS]
    left_out = len(distinct) - len(values)
    return Steps(name, values, _labels(values), "choice", left_out=left_out)


def _bins(name: str, numbers: Floats, spacing: Spacing) -> Steps:
    low, high = float(numbers[0]), float(numbers[-1])
    log = spacing == "log"
    edges = np.geomspace(low, high, BINS + 1) if log else np.linspace(low, high, BINS + 1)
    middles = np.sqrt(edges[1:] * edges[:-1]) if log else (edges[1:] + edges[:-1]) / 2.0
    labels = _labels(tuple(float(f"{middle:.4g}") for middle in middles))
    return Steps(name, tuple(middles.tolist()), labels, spacing, tuple(edges.tolist()))


def _labels(values: tuple[Any, ...]) -> tuple[str, ...]:
    """Texts for values, each short and its own: floats that look alike are written in full."""
    texts = [_cut(_brief(value)) for value in values]
    if len(set(texts)) < len(texts):
        texts = [_cut(repr(value)) for value in values]
    seen: dict[str, int] = {}
    for place, text in enumerate(texts):
        seen[text] = seen.get(text, 0) + 1
        if seen[text] > 1:
            texts[place] = f"{text} #{seen[text]}"
    return tuple(texts)


def _brief(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else written(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\u2026"


def _is_log(numbers: Floats) -> bool:
    """Whether ascending numbers are spaced more evenly by their logarithms."""
    if len(numbers) < 3 or numbers[0] <= 0.0 or numbers[-1] < LOG_SPAN * numbers[0]:
        return False
    gaps, ratios = np.diff(numbers), np.diff(np.log(numbers))
    uneven = float(ratios.std() / ratios.mean())
    return uneven < min(EVEN, float(gaps.std() / gaps.mean()))


def _numbers(column: pl.Series) -> Floats:
    numbers: Floats = column.cast(float).fill_null(float("nan")).to_numpy()
    return numbers


def _key(value: Any) -> Any:
    """A value that can be looked up: lists become tuples."""
    return tuple(_key(one) for one in value) if isinstance(value, tuple | list) else value
