"""What a rule strategy decides, for every bar at once or session by session.

Both forms give the same codes, sizes and prices, so the broker cannot tell who walked the bars.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.backtest.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT, TARGET
from stockstream.strategy.crosssection_order import Sessions
from stockstream.strategy.evaluate import Spare, across_in_blocks, evaluate
from stockstream.strategy.orders import SizeIn, Ticket
from stockstream.strategy.schedule import due_sessions
from stockstream.strategy.signals import Signals
from stockstream.strategy.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from stockstream.market.panel import Panel
    from stockstream.strategy.evaluate import Memo
    from stockstream.strategy.signals import Rules

    Bools: TypeAlias = NDArray[np.bool_]
    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

__all__ = ["BarDecider", "Decisions", "SymbolDecision", "common_ticket", "decide_all"]

BLOCK_ROWS = 1 << 18
"""Rows evaluated at a time: two megabytes for each column in between, so that some stay in the
processor's cache, and calling a kernel costs nothing beside running it."""

SHORT_AXIS = 1 << 16
"""Sessions that numbers of 16 bits can count: 250 years."""

NO_PRICES = np.empty(0)
PLAIN_TICKET = Ticket()

_BITS = {
    "enter_long": ENTER_LONG,
    "exit_long": EXIT_LONG,
    "enter_short": ENTER_SHORT,
    "exit_short": EXIT_SHORT,
}
_ENTRIES = ENTER_LONG | ENTER_SHORT
_SIZES = ("weight", "value", "quantity")
_PRICES = ("limit", "stop")


@dataclass(frozen=True)
class Decisions:
    """Decisions by bar: those of bar t are rows ``start[t]:start[t + 1]``, symbols ascending.

    Attributes:
        start: ``[T + 1]``.
        symbol, code, size: one row for each symbol and bar at which something may happen; what
            the size is counted in is on the ticket, and a ``TARGET`` is a weight.
        limit, stop: prices of entries as traded, one for each row; empty where no row has one.
        ticket: what all orders have in common.
    """

    start: Ints
    symbol: Ints
    code: Ints
    size: Floats
    limit: Floats
    stop: Floats
    ticket: Ticket

    @classmethod
    def at_rows(
        cls,
        panel: Panel,
        rows: Ints,
        code: Ints,
        size: Floats,
        ticket: Ticket = PLAIN_TICKET,
        *,
        limit: Floats = NO_PRICES,
        stop: Floats = NO_PRICES,
    ) -> Decisions:
        """Decisions at some rows of a panel, given in the order of its rows."""
        # rows are sorted by symbol, then bar: a stable sort by bar leaves symbols ascending; of
        # numbers of 16 bits it is a counting sort, which takes a tenth of the time
        bar = panel.bar[rows]
        small = panel.sessions < SHORT_AXIS
        order = np.argsort(bar.astype(np.uint16) if small else bar, kind="stable")
        rows = rows[order]
        start = np.searchsorted(bar[order], np.arange(panel.sessions + 1))
        limit, stop = (prices[order] if len(prices) else prices for prices in (limit, stop))
        return cls(start, panel.row_symbol[rows], code[order], size[order], limit, stop, ticket)

    def delayed(self, panel: Panel) -> Decisions:
        """The same decisions, each made one bar of its symbol later; those of last bars are lost.

        Args:
            panel: over which they were made.
        """
        bars = np.repeat(np.arange(panel.sessions), np.diff(self.start))
        places = panel.row_symbol * panel.sessions + panel.bar
        rows = np.searchsorted(places, self.symbol * panel.sessions + bars) + 1
        there = np.flatnonzero(np.append(panel.row_symbol, -1)[rows] == self.symbol)
        there = there[np.argsort(rows[there])]
        limit, stop = (kept[there] if len(kept) else kept for kept in (self.limit, self.stop))
        return Decisions.at_rows(
            panel,
            rows[there],
            self.code[there],
            self.size[there],
            self.ticket,
            limit=limit,
            stop=stop,
        )

    def scaled(self, share: float) -> Decisions:
        """The same decisions for a share of the equity: weights times it."""
        weighs = (self.code >= TARGET) | (self.ticket.size_in is SizeIn.WEIGHT)
        return replace(self, size=np.where(weighs, self.size * share, self.size))


class SymbolDecision(NamedTuple):
    """What is decided on one symbol; prices are as traded, NaN where there is none."""

    symbol: int
    code: int
    size: float
    limit: float
    stop: float


class _Found(NamedTuple):
    """Rows where something may happen."""

    row: Ints
    code: Ints
    size: Floats
    limit: Floats
    stop: Floats


class _Memory(threading.local):
    """What blocks are evaluated in, kept by each thread: two megabytes for each indicator."""

    def __init__(self) -> None:
        self.spare = Spare()


_memory = _Memory()


def decide_all(rules: Rules, panel: Panel, memo: Memo | None = None) -> Decisions:
    """Evaluate rules over a whole panel.

    Args:
        rules: signals or weights.
        panel: what they look at.
        memo: what calls over the same panel share.

    Raises:
        DataError: the panel lacks a column that the rules read.
    """
    columns = {**panel.signal_columns(), **{name: panel.column(name) for name in rules.columns()}}
    blocks = _blocks(panel)
    if memo is None and len(blocks) > 1:
        found = _in_blocks(rules, panel, columns, blocks)
    else:
        named = rules.expressions()
        roots = list(named.values())
        spare = _memory.spare if memo is None else None
        values = evaluate(roots, columns, panel.offsets, memo, _sessions(panel), spare)
        given = dict(zip(named, values, strict=True))
        found = _found(rules, panel, slice(0, len(panel.bar)), due_of(rules, panel), given)
    ticket = common_ticket(rules)
    return Decisions.at_rows(
        panel, found.row, found.code, found.size, ticket, limit=found.limit, stop=found.stop
    )


def _in_blocks(
    rules: Rules, panel: Panel, columns: Mapping[str, Floats], blocks: Sequence[tuple[int, int]]
) -> _Found:
    """What rules decide, evaluated a few symbols at a time; cross-sections come first."""
    named, due = rules.expressions(), due_of(rules, panel)
    roots = list(named.values())
    across = across_in_blocks(roots, columns, panel.offsets, blocks, _sessions(panel), due)
    pieces = []
    for first, stop in blocks:
        rows = slice(int(panel.offsets[first]), int(panel.offsets[stop]))
        given = {name: column[rows] for name, column in columns.items()}
        known = {node: column[rows] for node, column in across.items()}
        bounds = panel.offsets[first : stop + 1] - rows.start
        values = evaluate(roots, given, bounds, known, spare=_memory.spare)
        pieces.append(_found(rules, panel, rows, due, dict(zip(named, values, strict=True))))
    return _Found(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))


def _sessions(panel: Panel) -> Sessions:
    return Sessions(panel.bar, panel.place, panel.sessions, len(panel.symbols))


def common_ticket(rules: Rules) -> Ticket:
    """What the orders of some rules have in common."""
    if isinstance(rules, Signals):
        return Ticket(rules.size_in, rules.day, rules.bracket)
    return Ticket(bracket=rules.bracket)


def due_of(rules: Rules, panel: Panel) -> Bools:
    """``[T]``: the sessions of a panel at whose close rules decide."""
    if isinstance(rules, Signals):
        return np.arange(panel.sessions) >= panel.first
    return due_sessions(rules.every, rules.offset, panel.dates, panel.first, panel.symbols)


def _blocks(panel: Panel) -> list[tuple[int, int]]:
    """Ranges of symbols with about ``BLOCK_ROWS`` rows each."""
    blocks, first = [], 0
    while first < len(panel.symbols):
        stop = int(np.searchsorted(panel.offsets, panel.offsets[first] + BLOCK_ROWS))
        stop = min(max(stop, first + 1), len(panel.symbols))
        blocks.append((first, stop))
        first = stop
    return blocks


def _found(rules: Rules, panel: Panel, rows: slice, due: Bools, columns: dict[str, Any]) -> _Found:
    """Where something may happen among some rows of a panel.

    Args:
        rules: signals or weights.
        panel: whose rows they are.
        rows: which of them.
        due: ``[T]``, the sessions at whose close the rules decide.
        columns: the values of the rules' expressions at the rows.
    """
    bar = panel.bar[rows]
    if not isinstance(rules, Signals):
        at = np.flatnonzero(due[bar] & np.isfinite(columns["target"]))
        code = np.full(len(at), TARGET)
        return _Found(at + rows.start, code, columns["target"][at], NO_PRICES, NO_PRICES)
    codes = _signal_codes(columns, len(bar))
    at = np.flatnonzero(codes != 0)
    at = at[due[bar[at]]]
    code = codes[at].astype(np.int64)
    size = np.full(len(at), 1.0 / len(panel.symbols))
    for name in _SIZES:
        if name in columns:
            size = columns[name][at]
    factor = 1.0 if panel.split_factor is None else panel.split_factor[rows][at]
    limit, stop = (_as_traded(columns, name, at, code, factor) for name in _PRICES)
    return _Found(at + rows.start, code, size, limit, stop)


def _as_traded(
    columns: dict[str, Any], name: str, at: Ints, code: Ints, factor: Floats | float
) -> Floats:
    """Prices of the entries among some rows as traded, NaN at the others; none if none are asked.

    Signals see prices on the share basis of the first bar: those as traded times the factor.
    """
    if name not in columns:
        return NO_PRICES
    return np.where(code & _ENTRIES != 0, columns[name][at] / factor, np.nan)


def _signal_codes(columns: dict[str, Any], rows: int) -> NDArray[np.uint8]:
    """Codes of signals, row by row; an entry without a usable size or price is none."""
    code = np.zeros(rows, np.uint8)
    for name, bit in _BITS.items():
        if name in columns:
            code |= columns[name].view(np.uint8) * np.uint8(bit)
    for name in (*_SIZES, *_PRICES):
        if name in columns:
            usable = np.isfinite(columns[name]) & (columns[name] > 0.0)
            code = np.where(usable, code, code & np.uint8(~_ENTRIES & 0xFF))
    return code


class BarDecider:
    """The same decisions session by session, from streaming expressions.

    Args:
        rules: signals or weights.
        panel: only its shape, calendar and splits are read here; values come session by session.
    """

    def __init__(self, rules: Rules, panel: Panel) -> None:
        named = rules.expressions()
        self._names, self._stream = list(named), Stream(named.values(), len(panel.symbols))
        self._due: list[bool] = due_of(rules, panel).tolist()
        self._default = 1.0 / len(panel.symbols)
        self._factor = panel.split_factor
        self._row: list[int] = panel.offsets[:-1].tolist()

    def update(
        self, t: int, bars: Sequence[tuple[int, Mapping[str, float]]]
    ) -> list[SymbolDecision]:
        """Take the bars of a session and decide.

        Args:
            t: the session; each one is given, in turn.
            bars: the symbols with a bar, ascending, each with its data.

        Returns:
            The symbols for which something may happen, ascending.
        """
        symbols = [symbol for symbol, _ in bars]
        columns = self._stream.update(symbols, [data for _, data in bars])
        made = []
        for symbol, *values in zip(symbols, *columns, strict=True):
            row = self._row[symbol]
            self._row[symbol] += 1
            if self._due[t]:
                made.append(self._decide(symbol, row, dict(zip(self._names, values, strict=True))))
        return [decision for decision in made if decision.code]

    def _decide(self, symbol: int, row: int, values: dict[str, Any]) -> SymbolDecision:
        if "target" in values:
            code = TARGET if math.isfinite(values["target"]) else 0
            return SymbolDecision(symbol, code, values["target"], math.nan, math.nan)
        code = sum(bit for name, bit in _BITS.items() if values.get(name))
        numbers = [values[name] for name in (*_SIZES, *_PRICES) if name in values]
        if not all(math.isfinite(x) and x > 0.0 for x in numbers):
            code &= ~_ENTRIES
        size = next((values[name] for name in _SIZES if name in values), self._default)
        factor = 1.0 if self._factor is None else float(self._factor[row])
        enters = code & _ENTRIES
        limit, stop = (
            values[name] / factor if enters and name in values else math.nan for name in _PRICES
        )
        return SymbolDecision(symbol, code, size, limit, stop)
