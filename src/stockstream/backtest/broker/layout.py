"""How records lie in memory: lists of objects for the interpreter, arrays for compiled code."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from stockstream.backtest.broker.records import (
    CACHE_LINE,
    FILLS_MARGIN,
    Account,
    Action,
    Bar,
    Book,
    Day,
    FillRow,
    Holding,
    Log,
    Market,
    Record,
    TradeRow,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.market.panel import Panel

__all__ = ["grown", "market_of", "new_book", "new_log", "rows_of"]

R = TypeVar("R", bound=Record)


def table(kind: type[R], rows: int, *, lists: bool) -> list[R]:
    """Records at zero: a list for the interpreter, a structured array for compiled code."""
    if lists:
        return [kind() for _ in range(rows)]
    size = rows * kind.dtype().itemsize
    memory = np.zeros(size + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    array: Any = memory[start : start + size].view(kind.dtype())
    return array  # type: ignore[no-any-return]


class _Rows(list[R]):
    """Records that come into being when they are first asked for, one after the other."""

    def __init__(self, kind: type[R]) -> None:
        super().__init__()
        self.kind = kind

    def __getitem__(self, i: Any) -> Any:
        if i == len(self):
            self.append(self.kind.__new__(self.kind))  # who asks writes every field
        return super().__getitem__(i)


class _Bars:
    """Bars for the interpreter: few are looked at, so they are made when they are."""

    __slots__ = ("_close", "_high", "_low", "_open")

    def __init__(self, cells: NDArray[np.float64]) -> None:
        self._open, self._high, self._low, self._close = cells.T.tolist()

    def __getitem__(self, i: int) -> Bar:
        # Bar(...) would be a call into Python for each
        return tuple.__new__(Bar, (self._open[i], self._high[i], self._low[i], self._close[i]))


def market_of(panel: Panel, *, lists: bool, sleeves: int = 1, volumes: bool = False) -> Market:
    """The panel as the broker reads it.

    Args:
        panel: what is traded.
        lists: for the interpreter; otherwise for compiled code.
        sleeves: strategies that trade it.
        volumes: whether fills have to know the volume of their bar.
    """
    columns = panel.actions
    start: Any = np.searchsorted(columns.bar, np.arange(panel.sessions + 1))
    volume: Any = np.nan_to_num(panel.matrix("volume").reshape(-1)) if volumes else np.empty(0)
    actions: Any
    bars: Any
    if lists:
        rows = zip(*(getattr(columns, name).tolist() for name in Action._fields), strict=True)
        bars, actions = _Bars(panel.cells), list(map(Action._make, rows))
        start, volume = start.tolist(), volume.tolist()
    else:
        quotes: list[Any] = [(name, "f8") for name in Bar._fields]
        bars = panel.cells.view(np.dtype(quotes)).reshape(-1)
        fields: list[Any] = [("symbol", "i8"), ("kind", "i8"), ("value", "f8")]
        actions = np.empty(len(columns.bar), np.dtype(fields))
        for name in Action._fields:
            actions[name] = getattr(columns, name)
    return Market(len(panel.symbols), sleeves, bars, volume, actions, start)


def new_book(panel: Panel, capital: float, *, lists: bool, sleeves: int = 1) -> Book:
    """An account with nothing but cash, and a slot for each symbol in each sleeve."""
    symbols = len(panel.symbols)
    slots = symbols * sleeves
    account: Any = table(Account, 1, lists=lists)
    holdings: Any = table(Holding, slots, lists=lists)
    if lists:
        account[0].cash = account[0].equity = capital
        gone = panel.delisted.tolist()
        for slot, holding in enumerate(holdings):
            holding.sleeve, holding.column = divmod(slot, symbols)
            holding.delisted = gone[holding.column]
        return Book(account, holdings, [0] * slots, [0] * slots)
    account["cash"] = account["equity"] = capital
    holdings["sleeve"], holdings["column"] = np.divmod(np.arange(slots), symbols)
    holdings["delisted"] = np.tile(panel.delisted, sleeves)
    return Book(account, holdings, np.zeros(slots, np.int64), np.zeros(slots, np.int64))


def new_log(panel: Panel, *, lists: bool, sleeves: int = 1, fills: int = 128) -> Log:
    """An empty log: a growing one for the interpreter, else with room for so many fills."""
    days = table(Day, panel.sessions, lists=lists)
    if lists:
        return Log(1 << 62, _Rows(FillRow), _Rows(TradeRow), days)
    capacity = fills + 2 * FILLS_MARGIN * len(panel.symbols) * sleeves
    fills_made = table(FillRow, capacity, lists=False)
    return Log(capacity, fills_made, table(TradeRow, capacity, lists=False), days)


def grown(log: Log) -> Log:
    """The same log with twice the room."""
    fills, trades = (_doubled(rows) for rows in (log.fills, log.trades))
    return log._replace(capacity=2 * log.capacity, fills=fills, trades=trades)


def _doubled(rows: Any) -> Any:
    return np.concatenate((rows, np.zeros_like(rows)))


def rows_of(kind: type[R], rows: Any, count: int) -> NDArray[Any]:
    """The first ``count`` records as a structured array."""
    if isinstance(rows, list):
        first, *others = (name for name, _ in kind.zeros)
        values = map(attrgetter(first, *others), rows[:count])
        return np.array(list(values), kind.dtype())
    return np.asarray(rows[:count])
