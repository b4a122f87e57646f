"""What a rule strategy decides, for every bar at once or for one bar at a time.

Both forms give the same codes and weights, so the broker cannot tell who walked the bars.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT, TARGET
from stockstream.strategy.evaluate import Stream, evaluate
from stockstream.strategy.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from stockstream.market.panel import Panel
    from stockstream.strategy.evaluate import Memo
    from stockstream.strategy.orders import Bracket
    from stockstream.strategy.signals import Rules

__all__ = ["BarDecider", "Decisions", "decide_all"]

BLOCK_ROWS = 1 << 15
"""Rows evaluated at a time: intermediate columns of this length stay in the processor's cache."""

_BITS = {
    "enter_long": ENTER_LONG,
    "exit_long": EXIT_LONG,
    "enter_short": ENTER_SHORT,
    "exit_short": EXIT_SHORT,
}
_ENTRIES = ENTER_LONG | ENTER_SHORT


@dataclass(frozen=True)
class Decisions:
    """Decisions by bar: those of bar t are rows ``start[t]:start[t + 1]``, symbols ascending.

    Attributes:
        start: ``[T + 1]``.
        symbol, code, weight: one row for each symbol and bar at which something may happen.
        bracket: exits of every position opened.
    """

    start: NDArray[np.int64]
    symbol: NDArray[np.int64]
    code: NDArray[np.int64]
    weight: NDArray[np.float64]
    bracket: Bracket

    @classmethod
    def at_rows(
        cls,
        panel: Panel,
        rows: NDArray[np.int64],
        code: NDArray[np.int64],
        weight: NDArray[np.float64],
        bracket: Bracket,
    ) -> Decisions:
        """Decisions at some rows of a panel, given in the order of its rows."""
        # rows are sorted by symbol, then bar: a stable sort by bar leaves symbols ascending
        order = np.argsort(panel.bar[rows], kind="stable")
        rows = rows[order]
        start = np.searchsorted(panel.bar[rows], np.arange(panel.sessions + 1))
        return cls(start, panel.row_symbol[rows], code[order], weight[order], bracket)

    def columns(self, *, lists: bool) -> tuple[Any, Any, Any, Any]:
        """The arrays, as lists for the interpreter."""
        arrays = (self.start, self.symbol, self.code, self.weight)
        if lists:
            return tuple(array.tolist() for array in arrays)
        return arrays


def decide_all(rules: Rules, panel: Panel, memo: Memo | None = None) -> Decisions:
    """Evaluate rules over a whole panel.

    Args:
        rules: signals or weights.
        panel: what they look at.
        memo: indicators shared between calls over the same panel.
    """
    if memo is not None:
        blocks = [_decide_block(rules, panel, 0, len(panel.symbols), memo)]
    else:
        blocks = [_decide_block(rules, panel, *block, None) for block in _blocks(panel)]
    row, code, weight = (np.concatenate(column) for column in zip(*blocks, strict=True))
    return Decisions.at_rows(panel, row, code, weight, rules.bracket)


def _blocks(panel: Panel) -> Iterator[tuple[int, int]]:
    """Ranges of symbols with about ``BLOCK_ROWS`` rows each."""
    first = 0
    while first < len(panel.symbols):
        stop = int(np.searchsorted(panel.offsets, panel.offsets[first] + BLOCK_ROWS))
        stop = min(max(stop, first + 1), len(panel.symbols))
        yield first, stop
        first = stop


def _decide_block(
    rules: Rules, panel: Panel, first: int, stop: int, memo: Memo | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows of symbols ``first:stop`` where something may happen, with codes and weights."""
    offsets = panel.offsets[first : stop + 1]
    rows = slice(int(offsets[0]), int(offsets[-1]))
    bar = panel.bar[rows]
    named = rules.expressions()
    given = {name: column[rows] for name, column in panel.signal_columns().items()}
    values = evaluate(list(named.values()), given, offsets - offsets[0], memo)
    columns: dict[str, Any] = dict(zip(named, values, strict=True))
    if isinstance(rules, Signals):
        code = _signal_codes(columns, len(bar))
        found = np.flatnonzero(code if panel.first == 0 else code * (bar >= panel.first))
        default = np.full(len(found), 1.0 / len(panel.symbols))
        weight = columns["weight"][found] if "weight" in columns else default
        return found + rows.start, code[found].astype(np.int64), weight
    due = (bar >= panel.first) & ((bar - panel.first) % rules.every == 0)
    found = np.flatnonzero(due & np.isfinite(columns["target"]))
    return found + rows.start, np.full(len(found), TARGET), columns["target"][found]


def _signal_codes(columns: dict[str, Any], rows: int) -> NDArray[np.uint8]:
    """Codes of signals, row by row; an entry without a usable weight is none."""
    code = np.zeros(rows, np.uint8)
    for name, bit in _BITS.items():
        if name in columns:
            code |= columns[name].view(np.uint8) * np.uint8(bit)
    weight = columns.get("weight")
    if weight is not None:
        usable = np.isfinite(weight) & (weight > 0.0)
        code = np.where(usable, code, code & np.uint8(~_ENTRIES & 0xFF))
    return code


class BarDecider:
    """The same decisions one bar at a time, from streaming expressions.

    Args:
        rules: signals or weights.
        panel: only its shape is read here; values come bar by bar.
    """

    def __init__(self, rules: Rules, panel: Panel) -> None:
        named = rules.expressions()
        self._names = list(named)
        self._streams = [Stream(named.values()) for _ in panel.symbols]
        self._first = panel.first
        self._every = 1 if isinstance(rules, Signals) else rules.every
        self._default_weight = 1.0 / len(panel.symbols)

    def update(self, t: int, symbol: int, data: Mapping[str, float]) -> tuple[int, float]:
        """Take a bar of one symbol; give its code (0: nothing) and weight."""
        values = dict(zip(self._names, self._streams[symbol].update(data), strict=True))
        if t < self._first:
            return 0, 0.0
        if "target" in values:
            due = (t - self._first) % self._every == 0 and np.isfinite(values["target"])
            return (TARGET, float(values["target"])) if due else (0, 0.0)
        code = sum(bit for name, bit in _BITS.items() if values.get(name))
        weight = float(values.get("weight", self._default_weight))
        if not (np.isfinite(weight) and weight > 0.0):
            code &= ~_ENTRIES
        return code, weight
