"""How records lie in memory: lists of objects for the interpreter, arrays for compiled code."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from stockstream.backtest.broker.records import (
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
    array: Any = np.zeros(rows, kind.dtype())
    return array  # type: ignore[no-any-return]


class _Rows(list[R]):
    """Records that come into being when they are first asked for, one after the other."""

    def __init__(self, kind: type[R]) -> None:
        super().__init__()
        self.kind = kind

    def __getitem__(self, i: Any) -> Any:
        if i == len(self):
            self.append(self.kind())
        return super().__getitem__(i)


class _Bars:
    """Bars for the interpreter: few are looked at, so they are made when they are."""

    __slots__ = ("_close", "_high", "_low", "_open")

    def __init__(self, cells: NDArray[np.float64]) -> None:
        self._open, self._high, self._low, self._close = cells.T.tolist()

    def __getitem__(self, i: int) -> Bar:
        # Bar(...) would be a call into Python for each
        return tuple.__new__(Bar, (self._open[i], self._high[i], self._low[i], self._close[i]))


def market_of(panel: Panel, *, lists: bool) -> Market:
    """The panel as the broker reads it."""
    columns = panel.actions
    start: Any = np.searchsorted(columns.bar, np.arange(panel.sessions + 1))
    actions: Any
    bars: Any
    if lists:
        rows = zip(*(getattr(columns, name).tolist() for name in Action._fields), strict=True)
        bars, actions, start = _Bars(panel.cells), list(map(Action._make, rows)), start.tolist()
    else:
        quotes: list[Any] = [(name, "f8") for name in Bar._fields]
        bars = panel.cells.view(np.dtype(quotes)).reshape(-1)
        fields: list[Any] = [("symbol", "i8"), ("kind", "i8"), ("value", "f8")]
        actions = np.empty(len(columns.bar), np.dtype(fields))
        for name in Action._fields:
            actions[name] = getattr(columns, name)
    first_delisting = int(panel.delisted.min(initial=panel.sessions))
    return Market(len(panel.symbols), bars, actions, start, first_delisting)


def new_book(panel: Panel, capital: float, *, lists: bool) -> Book:
    """An account with nothing but cash."""
    symbols = len(panel.symbols)
    account: Any = table(Account, 1, lists=lists)
    holdings: Any = table(Holding, symbols, lists=lists)
    if lists:
        account[0].cash = account[0].equity = capital
        for holding, bar in zip(holdings, panel.delisted.tolist(), strict=True):
            holding.delisted = bar
        return Book(account, holdings, [0] * symbols, [0] * symbols)
    account["cash"] = account["equity"] = capital
    holdings["delisted"] = panel.delisted
    return Book(account, holdings, np.zeros(symbols, np.int64), np.zeros(symbols, np.int64))


def new_log(panel: Panel, *, lists: bool, fills: int = 128) -> Log:
    """An empty log: a growing one for the interpreter, else with room for so many fills."""
    days = table(Day, panel.sessions, lists=lists)
    if lists:
        return Log(1 << 62, _Rows(FillRow), _Rows(TradeRow), days)
    capacity = fills + 2 * FILLS_MARGIN * len(panel.symbols)
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
