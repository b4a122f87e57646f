"""The values of each session of a panel in ascending order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Order", "Sessions", "in_order"]

BLOCK_VALUES = 1 << 16
"""Values put in order at a time: what is made of them stays in the processor's cache."""


class Sessions(NamedTuple):
    """Where the rows of a panel stand.

    Attributes:
        bar: ``[N]``, the session of each row.
        place: ``[N]``, the session times the number of symbols, plus the symbol.
        length: number of sessions, T.
        symbols: number of symbols, S.
    """

    bar: Ints
    place: Ints
    length: int
    symbols: int

    def only(self, kept: Bools, rows: Ints) -> Sessions:
        """Where some rows stand among some sessions.

        Args:
            kept: ``[T]``, the sessions.
            rows: the rows of these sessions, ascending.
        """
        number = np.cumsum(kept) - 1
        bar = number[self.bar[rows]]
        place = self.place[rows] + (bar - self.bar[rows]) * self.symbols
        return Sessions(bar, place, int(np.count_nonzero(kept)), self.symbols)


class Order:
    """The values of some sessions in ascending order, the later symbol first among equal ones.

    Args:
        values: ``[t, S]``; infinity where a symbol has no value.

    Attributes:
        steps: ``[S]``, 0, 1, 2 ...
        known: ``[t, 1]``, how many values there are.
        order: ``[t, S]``, the symbols by their values; those without one come last.
        values: ``[t, S]``, their values.
    """

    def __init__(self, values: Floats) -> None:
        self.steps = np.arange(values.shape[1])
        self.known = np.count_nonzero(values < np.inf, axis=1)[:, None]
        self.order = np.argsort(values, axis=1)
        self.values = np.take_along_axis(values, self.order, axis=1)
        self._tied = self._same(self.values).any(axis=1)
        if self._tied.any():
            self._break_ties(values)

    def _break_ties(self, values: Floats) -> None:
        """Put the later symbol first among equal values; a stable sort takes five times as long."""
        order, last = self.order[self._tied], len(self.steps) - 1
        run = np.zeros_like(order)
        np.cumsum(~self._same(self.values[self._tied]), axis=1, out=run[:, 1:])
        key = np.sort(run * (last + 1) + (last - order), axis=1)
        self.order[self._tied] = last - key % (last + 1)
        self.values[self._tied] = np.take_along_axis(values, self.order, axis=1)[self._tied]

    def runs(self) -> tuple[Ints, Ints]:
        """``[t, S]``: the first and the last place of the values that are equal to each."""
        low = np.broadcast_to(self.steps, self.order.shape).copy()
        high = low.copy()
        if self._tied.any():
            same = self._same(self.values[self._tied])
            begins, ends = low[self._tied], high[self._tied]
            begins[:, 1:][same] = 0
            ends[:, :-1][same] = len(self.steps)
            low[self._tied] = np.maximum.accumulate(begins, axis=1)
            high[self._tied] = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
        return low, high

    @staticmethod
    def _same(values: Floats) -> Bools:
        """Which values, from the second of each session on, are the same as the one before."""
        return np.asarray((values[:, 1:] == values[:, :-1]) & (values[:, 1:] < np.inf))


def in_order(
    x: Floats, sessions: Sessions, compute: Callable[[Order], NDArray[Any]], missing: float
) -> Floats:
    """``[N]``: what ``compute`` gives, ``[t, S]`` in ascending order, for the sessions in turn.

    Rows without a finite value get ``missing``.
    """
    # infinity stands for no value: argsort is several times as slow where it meets a NaN
    dense = np.full((sessions.length, sessions.symbols), np.inf)
    dense.ravel()[sessions.place] = np.where(np.isfinite(x), x, np.inf)
    step = max(BLOCK_VALUES // max(sessions.symbols, 1), 1)
    for start in range(0, sessions.length, step):
        block = dense[start : start + step]
        order = Order(block)
        found = np.where(order.steps < order.known, compute(order), missing)
        np.put_along_axis(block, order.order, found, axis=1)
    return dense.ravel().take(sessions.place)
