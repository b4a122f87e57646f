"""The broker's state: a few small records.

Each record is declared once, as a class with typed fields. The interpreter works on lists of its
instances, compiled code on NumPy arrays of the same fields: ``book.holdings[s].quantity`` is the
same source for both (see ``stockstream.jit``).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig

    Column: TypeAlias = list[float] | NDArray[np.float64]
    Codes: TypeAlias = list[int] | NDArray[np.int64]

# when a market order fills, and when it is sized
NEXT_OPEN: Final = 0
NEXT_CLOSE: Final = 1
SAME_CLOSE: Final = 2
AT_ORDER: Final = 0
AT_FILL: Final = 1

# what a working order's value means
NO_ORDER: Final = 0
SHARES: Final = 1  # signed shares to trade
TO_WEIGHT: Final = 2  # share of equity to hold
TO_VALUE: Final = 3  # value to hold
TO_QUANTITY: Final = 4  # shares to hold; becomes SHARES when placed

FILLS_MARGIN: Final = 7
"""Rows a symbol may need in one bar: cash in lieu, close, open, bracket, delisting, re-open; and
its open trade at the end."""


class Record:
    """Base of the records: whole numbers and floats, all of them zero at first.

    ``__slots__`` is in the order of memory: what every bar touches stands together, first.
    """

    __slots__ = ()
    zeros: ClassVar[tuple[tuple[str, float], ...]] = ()

    def __init_subclass__(cls) -> None:
        start: dict[str, float] = {"int": 0, "float": 0.0}
        names: tuple[str, ...] = cls.__slots__
        cls.zeros = tuple((name, start[cls.__annotations__[name]]) for name in names)

    def __init__(self) -> None:
        for name, zero in self.zeros:
            setattr(self, name, zero)

    @classmethod
    @cache
    def dtype(cls) -> np.dtype[Any]:
        """The same fields as a NumPy structured type, 8 bytes each."""
        fields: list[Any] = [(name, type(zero)) for name, zero in cls.zeros]
        return np.dtype(fields)


class Account(Record):
    """The one account: money first, counters after."""

    __slots__ = (
        "cash",
        "equity",
        "invested",
        "commission",
        "slippage",
        "borrow",
        "dividends",
        "traded",
        "held",
        "watched",
        "working",
        "fills",
        "trades",
        "unaffordable",
        "cooled_off",
        "unpriced",
    )
    cash: float
    equity: float
    invested: float  # sum of |position value|
    commission: float
    slippage: float
    borrow: float
    dividends: float
    traded: float  # sum of |fill value|
    held: int  # symbols with a position
    watched: int  # of these, with exits of their own
    working: int  # symbols with a working order
    fills: int
    trades: int
    unaffordable: int  # entries dropped because the money bought no share
    cooled_off: int  # entries dropped during a cooldown
    unpriced: int  # orders dropped: no price to size them at


class Exits(NamedTuple):
    """Exits that watch a position, and the wait after a stop. Zero means: not asked for."""

    stop_loss: float = 0.0
    take_profit: float = 0.0
    trailing_stop: float = 0.0
    max_bars: int = 0
    cooldown: int = 0


class Holding(Record):
    """All the state of one symbol: its position, its round trip, its bracket, its order."""

    __slots__ = (
        "quantity",
        "entry",
        "last",
        "highest",
        "lowest",
        "entry_bar",
        "watched",
        "slot",
        "delisted",
        "blocked_until",
        "opened_quantity",
        "opened_value",
        "closed_value",
        "fees",
        "income",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "max_bars",
        "cooldown",
        "order_kind",
        "order_reason",
        "order_value",
        "order_stop_loss",
        "order_take_profit",
        "order_trailing_stop",
        "order_max_bars",
        "order_cooldown",
    )
    quantity: float
    entry: float  # average price of the shares held
    last: float  # last close, on today's share basis
    highest: float  # since entry
    lowest: float
    entry_bar: int
    watched: int  # 1 if the position has exits of its own
    slot: int  # place in `Book.held`
    delisted: int  # bar at whose open what is still held is closed at the last close
    blocked_until: int  # first bar whose close may decide an entry again
    opened_quantity: float  # of this round trip, on today's share basis
    opened_value: float
    closed_value: float
    fees: float
    income: float  # dividends received less borrow paid
    stop_loss: float
    take_profit: float
    trailing_stop: float
    max_bars: int
    cooldown: int
    order_kind: int
    order_reason: int
    order_value: float
    order_stop_loss: float
    order_take_profit: float
    order_trailing_stop: float
    order_max_bars: int
    order_cooldown: int


class Day(Record):
    """The account at one close."""

    __slots__ = (
        "equity",
        "cash",
        "invested",
    )
    equity: float
    cash: float
    invested: float


class FillRow(Record):
    """One fill: signed quantity, price after slippage, what it cost."""

    __slots__ = (
        "bar",
        "symbol",
        "reason",
        "quantity",
        "price",
        "commission",
        "slippage",
    )
    bar: int
    symbol: int
    reason: int
    quantity: float
    price: float
    commission: float
    slippage: float


class TradeRow(Record):
    """One round trip from flat to flat; quantity and prices on its last day's share basis."""

    __slots__ = (
        "symbol",
        "entry_bar",
        "exit_bar",
        "reason",
        "quantity",
        "entry_price",
        "exit_price",
        "fees",
        "income",
        "pnl",
        "lowest",
        "highest",
    )
    symbol: int
    entry_bar: int
    exit_bar: int
    reason: int
    quantity: float
    entry_price: float
    exit_price: float
    fees: float
    income: float
    pnl: float
    lowest: float
    highest: float


class Bar(NamedTuple):
    """One cell of the market. All NaN: no bar."""

    open: float
    high: float
    low: float
    close: float


class Action(NamedTuple):
    """A corporate action: kind 0 is a split (new shares for one), 1 a dividend (cash a share)."""

    symbol: int
    kind: int
    value: float


class Market(NamedTuple):
    """What a run trades in, given once."""

    symbols: int
    bars: list[Bar]  # row after row of [T, S]
    actions: list[Action]  # by bar
    action_start: Codes  # [T + 1]: those of bar t are actions[action_start[t]:action_start[t + 1]]
    first_delisting: int


class Terms(NamedTuple):
    """What trading costs and how orders work."""

    commission_rate: float  # of the fill's value
    commission_per_share: float
    commission_minimum: float  # per fill
    slippage_rate: float  # of the price, always against you
    borrow_rate: float  # of the short value, per session
    lot: float  # smallest number of shares; 0.0 for fractional shares
    fill: int  # NEXT_OPEN, NEXT_CLOSE or SAME_CLOSE
    size_at: int  # AT_ORDER or AT_FILL

    @classmethod
    def of(cls, config: BacktestConfig) -> Terms:
        """The terms that a configuration asks for."""
        costs = config.costs
        return cls(
            commission_rate=costs.commission_bps / 1e4,
            commission_per_share=costs.commission_per_share,
            commission_minimum=costs.commission_minimum,
            slippage_rate=costs.slippage_bps / 1e4,
            borrow_rate=costs.borrow_bps / 1e4 / config.periods_per_year,
            lot=0.0 if config.fractional else 1.0,
            fill={"next_open": NEXT_OPEN, "next_close": NEXT_CLOSE}.get(config.fill, SAME_CLOSE),
            size_at=AT_FILL if config.size_at == "fill" else AT_ORDER,
        )


class Book(NamedTuple):
    """Everything that changes as bars go by."""

    account: list[Account]  # of one
    holdings: list[Holding]  # [S]
    held: Codes  # [S]: symbols with a position, in no order
    working: Codes  # [S]: symbols with a working order, ascending


class Log(NamedTuple):
    """What happened."""

    capacity: int  # fills that surely fit
    fills: list[FillRow]
    trades: list[TradeRow]
    days: list[Day]  # [T]
