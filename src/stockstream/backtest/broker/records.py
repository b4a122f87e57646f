"""The broker's state: a few small records.

Each record is declared once, as a class with typed fields. The interpreter works on lists of its
instances, compiled code on NumPy arrays of the same fields: ``book.holdings[s].quantity`` is the
same source for both (see ``stockstream.jit``).
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column: TypeAlias = list[float] | NDArray[np.float64]
    Codes: TypeAlias = list[int] | NDArray[np.int64]

# when market orders fill, and when they are sized
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

# the parts of a bar in which orders fill
AT_OPEN: Final = 0
IN_RANGE: Final = 1
AT_CLOSE: Final = 2

NAN: Final = math.nan
NEVER: Final = 1 << 60
"""A bar that never comes."""
OUT_OF_REACH: Final = 1e300
"""A price that is never reached."""
UNKNOWN: Final = -1e300
"""A value that nobody has worked out; adding to it leaves it unknown."""

DUST: Final = 1e-9
"""Share of the equity, or of the volume, below which what is left of it is what rounding left."""

CACHE_LINE: Final = 64

FILLS_MARGIN: Final = 11
"""Rows a symbol may need in one bar: cash in lieu; a close and an open at the open, inside the bar
and at the close; two brackets; a delisting; and its open trade at the end."""


class Record:
    """Base of the records: whole numbers and floats, all of them zero at first.

    ``__slots__`` is in the order of memory: what every bar touches stands together, first.
    ``whole_lines`` pads the record, so that each one starts with a line of the processor's cache.
    """

    __slots__ = ()
    zeros: ClassVar[tuple[tuple[str, float], ...]] = ()
    whole_lines: ClassVar[bool] = False

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
        if cls.whole_lines:
            names, kinds = zip(*fields, strict=True)
            size = -(-8 * len(fields) // CACHE_LINE) * CACHE_LINE
            return np.dtype({"names": names, "formats": kinds, "itemsize": size})
        return np.dtype(fields)


class Account(Record):
    """The one account: money first, counters after."""

    __slots__ = (
        "cash",
        "equity",
        "invested",
        "held",
        "working",
        "priced",
        "deadline",
        "part",
        "fills",
        "trades",
        "shorts",
        "worth",
        "gross",
        "commission",
        "slippage",
        "borrow",
        "financing",
        "dividends",
        "traded",
        "unaffordable",
        "below_parcel",
        "cooled_off",
        "unpriced",
        "margin_calls",
    )
    cash: float
    equity: float
    invested: float  # sum of |position value|
    held: int  # slots with a position
    working: int  # slots with a working order
    priced: int  # of these, with a limit or a stop
    deadline: int  # no position has to leave on time before this bar's close
    part: int  # of the bar that orders fill in: AT_OPEN, IN_RANGE or AT_CLOSE
    fills: int
    trades: int
    shorts: int  # positions that are short
    worth: float  # equity and sum of |position value| at the prices of this part of the bar;
    gross: float  # UNKNOWN while nobody has asked for them
    commission: float
    slippage: float
    borrow: float
    financing: float
    dividends: float
    traded: float  # sum of |fill value|
    unaffordable: int  # entries dropped because the money or the margin bought no share
    below_parcel: int  # entries dropped because they were worth less than the smallest parcel
    cooled_off: int  # entries dropped during a cooldown
    unpriced: int  # orders dropped: no price to size them at
    margin_calls: int  # closes at which positions were ordered cut


class Ticket(NamedTuple):
    """What the orders of one strategy have in common. A zero exit means: not asked for."""

    size_kind: int = TO_WEIGHT
    day: int = 0
    stop_loss: float = 0.0
    take_profit: float = 0.0
    trailing_stop: float = 0.0
    max_bars: int = 0
    cooldown: int = 0


class Order(NamedTuple):
    """An order as it is given. ``value``: SHARES to trade (signed), or what to hold after it."""

    kind: int
    value: float
    limit: float  # NaN: none
    stop: float  # NaN: none
    day: int  # 1: lapses after the first bar in which it worked


class Holding(Record):
    """All the state of one slot: its position, its round trip, its bracket, its order.

    A slot is a symbol in the hands of one strategy. The first eight fields are what every bar
    reads: one line of the processor's cache.
    """

    whole_lines = True
    __slots__ = (
        "quantity",
        "last",
        "floor",
        "ceiling",
        "column",
        "highest",
        "lowest",
        "delisted",
        "entry",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "order_kind",
        "order_value",
        "blocked_until",
        "sleeve",
        "order_price",
        "order_priced",
        "order_limit",
        "order_stop",
        "order_reason",
        "order_day",
        "slot",
        "lived_from",
        "entry_bar",
        "opened_quantity",
        "opened_value",
        "closed_value",
        "fees",
        "income",
        "max_bars",
        "cooldown",
        "order_stop_loss",
        "order_take_profit",
        "order_trailing_stop",
        "order_max_bars",
        "order_cooldown",
        "volume_bar",
        "volume_used",
    )
    quantity: float
    last: float  # last close, on today's share basis
    floor: float  # a bar between floor and ceiling changes nothing but the mark: it makes no new
    ceiling: float  # worst or best price since the entry and meets no bracket
    column: int  # of the market: the symbol
    highest: float  # since entry
    lowest: float
    delisted: int  # bar at whose open what is still held is closed at the last close
    entry: float  # average price of the shares held
    stop_loss: float
    take_profit: float
    trailing_stop: float
    order_kind: int
    order_value: float
    blocked_until: int  # first bar whose close may decide an entry again
    sleeve: int  # whose it is
    order_price: float  # at which it fills in this part of the bar; NaN: it does not
    order_priced: int  # 1 if it names a limit or a stop
    order_limit: float  # NaN: none
    order_stop: float  # NaN: none, or passed already
    order_reason: int
    order_day: int
    slot: int  # place in `Book.held`
    lived_from: int  # first bar whose whole range the position has seen
    entry_bar: int
    opened_quantity: float  # of this round trip, on today's share basis
    opened_value: float
    closed_value: float
    fees: float
    income: float  # dividends received less borrow paid
    max_bars: int
    cooldown: int
    order_stop_loss: float
    order_take_profit: float
    order_trailing_stop: float
    order_max_bars: int
    order_cooldown: int
    volume_bar: int  # in the first slot of a symbol: the bar of which `volume_used` shares are gone
    volume_used: float


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
    """One fill: signed quantity, price after slippage, what it cost; ``symbol`` is the slot."""

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
    """One round trip from flat to flat; quantity and prices on its last day's share basis.

    ``symbol`` is the slot.
    """

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
    sleeves: int  # strategies; slot k * symbols + s is symbol s in the hands of strategy k
    bars: list[Bar]  # row after row of [T, S]
    volumes: Column  # the same rows; empty where no term asks for them
    actions: list[Action]  # by bar
    action_start: Codes  # [T + 1]: those of bar t are actions[action_start[t]:action_start[t + 1]]


class Book(NamedTuple):
    """Everything that changes as bars go by."""

    account: list[Account]  # of one
    holdings: list[Holding]  # [K * S]
    held: Codes  # [K * S]: slots with a position, in no order
    working: Codes  # [K * S]: slots with a working order, ascending


class Log(NamedTuple):
    """What happened."""

    capacity: int  # fills that surely fit
    fills: list[FillRow]
    trades: list[TradeRow]
    days: list[Day]  # [T]
