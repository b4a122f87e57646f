"""A market as the server holds it: arrays for each symbol, ready to be cut at the clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from stockstream.market.bars import KEY, PRICES
from stockstream.testing.source_server.exchanges import ASX, exchange_of
from stockstream.testing.source_server.frames import as_traded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stockstream.testing.source_server.exchanges import Exchange, Session
    from stockstream.testing.source_server.frames import MarketFrames

__all__ = ["Clock", "Event", "Market", "Share", "Window", "load_market"]

AFTER_THE_CLOSE: Final = dt.time(18)
NEVER: Final = 2**62
AT_ONCE: Final = 250
"""How many symbols are made ready at once: it bounds the memory for what lies between."""
COLUMNS: Final = (*PRICES, "volume", "shares", "money")
OPEN, HIGH, LOW, CLOSE, VOLUME, SHARES, MONEY = range(len(COLUMNS))


class Clock(NamedTuple):
    """The server's time.

    Attributes:
        now: UTC seconds.
        day: date on the clock of the market's home exchange.
        sessions: by the name of each exchange, its session of that time.
    """

    now: int
    day: dt.date
    sessions: Mapping[str, Session]


class Event(NamedTuple):
    """A split or dividend.

    Attributes:
        stamp: UTC seconds of the open of its day.
        kind: ``"split"`` or ``"dividend"``.
        value: new shares for one old share, or the cash as it was paid.
        bar: index of the bar at which it works; may be beyond the last.
    """

    stamp: int
    kind: str
    value: float
    bar: int

    @property
    def ratio(self) -> tuple[int, int]:
        """A split as new shares for old shares."""
        return Fraction(self.value).limit_denominator(10_000).as_integer_ratio()


class Window(NamedTuple):
    """Bars of one symbol as they look at one time.

    Attributes:
        stamps: ``int64 [N]``, UTC seconds of the open; of the clock for a bar in progress.
        values: ``float64 [5, N]``, open, high, low, close and volume.
        money: ``float64 [N]``, what the close is multiplied with for the adjusted close.
        live: whether the last bar is in progress.
    """

    stamps: NDArray[np.int64]
    values: NDArray[np.float64]
    money: NDArray[np.float64]
    live: bool


@dataclass(frozen=True, eq=False)
class Share:
    """One symbol.

    Attributes:
        symbol: as Yahoo writes it.
        exchange: where it is listed.
        stamps: ``int64 [N]``, UTC seconds of the open of each bar's day, ascending.
        table: ``float64 [7, N]``: open, high, low, close and volume as traded, and the columns
            ``shares`` and ``money`` of :func:`~stockstream.testing.source_server.frames.as_traded`.
        events: splits and dividends, by stamp.
        delisted: from when on nobody knows the symbol.
    """

    symbol: str
    exchange: Exchange
    stamps: NDArray[np.int64]
    table: NDArray[np.float64]
    events: tuple[Event, ...]
    delisted: int

    def known(self, clock: Clock) -> int:
        """How many bars have begun."""
        return int(self.stamps.searchsorted(clock.now, "right"))

    def in_progress(self, clock: Clock) -> bool:
        """Whether the last of them is still being traded."""
        known, session = self.known(clock), clock.sessions[self.exchange.name]
        return bool(
            known and clock.now < session.closes and self.stamps[known - 1] == session.opens
        )

    def raw(self, low: int, high: int) -> Window:
        """Bars as traded; the money factors hold up to the symbol's last bar."""
        table = self.table[:, low:high]
        return Window(self.stamps[low:high], table[:SHARES], table[MONEY], live=False)

    def window(self, low: int, high: int, clock: Clock) -> Window:
        """Bars as Yahoo shows them at the clock, split-adjusted by what had happened by then."""
        if high <= low:
            return self.raw(0, 0)
        last = self.known(clock) - 1
        table = self.table[:, low:high]
        since = table[SHARES] / self.table[SHARES, last]
        values = np.empty((5, high - low))
        np.divide(table[:VOLUME], since, out=values[:VOLUME])
        np.multiply(table[VOLUME], since, out=values[VOLUME])
        stamps, money = self.stamps[low:high], table[MONEY] / self.table[MONEY, last]
        live = high - 1 == last and self.in_progress(clock)
        if live:
            stamps = np.append(stamps[:-1], clock.now)
            values[:, -1] = _so_far(values[:, -1], clock.sessions[self.exchange.name], clock.now)
        return Window(stamps, values, money, live)

    def paid(self, event: Event, clock: Clock) -> float:
        """A dividend for one share of the clock's time."""
        last = self.known(clock) - 1
        if event.bar > last:
            return event.value
        return float(event.value * self.table[SHARES, last] / self.table[SHARES, event.bar])


@dataclass(frozen=True, eq=False)
class Market:
    """Every symbol, and the directory of the exchange.

    Attributes:
        shares: by symbol.
        lists: bodies of the directory by the day from which each is served.
        home: the exchange on whose clock the server's day is told.
    """

    shares: Mapping[str, Share]
    lists: Mapping[dt.date, bytes]
    home: Exchange

    @property
    def last_day(self) -> dt.date:
        """Day of the newest bar; without one, any session will do."""
        stamps = [int(share.stamps[-1]) for share in self.shares.values()]
        if not stamps:
            return dt.date(2000, 1, 4)
        return dt.datetime.fromtimestamp(max(stamps), self.home.zone).date()

    def clock(self, day: dt.date, time: dt.time | None = None) -> Clock:
        """The time when the home exchange's clock shows this; without a time, after the close.

        Raises:
            ConfigError: the day is outside the table of an exchange's sessions.
        """
        now = self.home.stamp(day, time or AFTER_THE_CLOSE)
        exchanges = {self.home, *(share.exchange for share in self.shares.values())}
        return Clock(now, day, {exchange.name: exchange.session(now) for exchange in exchanges})


def load_market(frames: MarketFrames | None) -> Market:
    """Make the arrays; None is a market without symbols.

    Raises:
        DataError: see :func:`~stockstream.testing.source_server.frames.as_traded`.
    """
    if frames is None:
        return Market({}, {}, ASX)
    symbols = frames.bars["symbol"].unique(maintain_order=True)
    shares: dict[str, Share] = {}
    for start in range(0, len(symbols), AT_ONCE):
        some = pl.col("symbol").is_in(symbols[start : start + AT_ONCE].implode())
        shares |= _shares(
            frames._replace(bars=frames.bars.filter(some), actions=frames.actions.filter(some))
        )
    home = next((share.exchange for share in shares.values()), ASX)
    return Market(shares, frames.lists, home)


def _shares(frames: MarketFrames) -> dict[str, Share]:
    bars, actions = as_traded(frames)
    events = actions.filter(pl.col("kind") != "delisting").partition_by("symbol", as_dict=True)
    gone = dict(actions.filter(pl.col("kind") == "delisting").select(KEY).iter_rows())
    return {
        symbol: _share(symbol, rows, events.get((symbol,)), gone.get(symbol))
        for (symbol,), rows in bars.partition_by("symbol", as_dict=True).items()
    }


def _share(
    symbol: str, bars: pl.DataFrame, events: pl.DataFrame | None, gone: dt.date | None
) -> Share:
    exchange = exchange_of(symbol)
    stamps = exchange.stamps(bars["date"].to_numpy())
    table = bars.select(pl.col(COLUMNS).cast(pl.Float64)).to_numpy().T
    rows = events.select("date", "kind", "value").rows() if events is not None else ()
    placed = ((exchange.stamp(day, exchange.opens), kind, value) for day, kind, value in rows)
    return Share(
        symbol,
        exchange,
        stamps,
        np.ascontiguousarray(table),
        tuple(Event(*event, bar=int(stamps.searchsorted(event[0]))) for event in placed),
        exchange.stamp(gone, exchange.opens) if gone else NEVER,
    )


def _so_far(bar: NDArray[np.float64], session: Session, now: int) -> NDArray[np.float64]:
    """A bar in progress: it has gone from its open towards its close as far as its session has."""
    passed = (now - session.opens) / (session.closes - session.opens)
    first, last = bar[OPEN], bar[OPEN] + (bar[CLOSE] - bar[OPEN]) * passed
    volume = np.floor(bar[VOLUME] * passed)
    return np.array([first, max(first, last), min(first, last), last, volume])
