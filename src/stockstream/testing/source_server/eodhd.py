"""EODHD's JSON: bars as traded, dividends, splits, and the list of an exchange's symbols."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Final

from stockstream.testing.source_server.exchanges import EXCHANGES
from stockstream.testing.source_server.market import CLOSE, VOLUME
from stockstream.testing.source_server.wire import TEXT, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stockstream.testing.source_server.market import Clock, Event, Market, Share

__all__ = ["NOT_FOUND", "REPORTS", "UNAUTHENTICATED", "exchange_symbols", "report", "symbol_of"]

NOT_FOUND: Final = Reply(b"Ticker Not Found.", 404, TEXT)
UNAUTHENTICATED: Final = Reply(b"Unauthenticated", 401, TEXT)
PRICES: Final = ("open", "high", "low", "close")
COUNTRIES: Final = {exchange.country: exchange for exchange in EXCHANGES}


def symbol_of(code: str) -> str:
    """``BHP.AU`` as Yahoo writes it: ``BHP.AX``."""
    name, _, country = code.rpartition(".")
    exchange = COUNTRIES.get(country)
    return name + exchange.suffix if exchange else code


def report(kind: str, share: Share, clock: Clock, query: Mapping[str, str]) -> Reply:
    """Rows of one of :data:`REPORTS` from day to day, both included; none after the clock.

    Bars come once their session is over. Prices are as traded, but volumes are split-adjusted as of
    the clock.
    """
    if query.get("fmt") != "json":
        return Reply(b"this server speaks fmt=json only", 422, TEXT)
    first, last = query.get("from", "0000"), query.get("to", "9999")
    rows = (row for row in REPORTS[kind](share, clock) if first <= row["date"] <= last)
    return _json(rows)


def exchange_symbols(country: str, market: Market, clock: Clock) -> Reply:
    """The symbols of ``AU`` or ``US`` that trade at the clock's time."""
    exchange = COUNTRIES.get(country)
    if exchange is None:
        return Reply(b"Exchange Not Found.", 404, TEXT)
    listed = (
        share
        for share in market.shares.values()
        if share.exchange is exchange and share.known(clock) and clock.now < share.delisted
    )
    return _json(
        {
            "Code": share.symbol.removesuffix(exchange.suffix),
            "Name": share.symbol,
            "Country": exchange.country,
            "Exchange": exchange.country,
            "Currency": exchange.currency,
            "Type": "Common Stock",
            "Isin": None,
        }
        for share in listed
    )


def _bars(share: Share, clock: Clock) -> Iterable[dict[str, Any]]:
    """Adjusted closes and volumes are as the clock has it: later events are not known."""
    final = share.known(clock) - share.in_progress(clock)
    bars, seen = share.raw(0, final), share.window(0, final, clock)
    adjusted = seen.values[CLOSE] * seen.money
    volumes = seen.values[VOLUME]
    for stamp, row, close, volume in zip(
        bars.stamps, bars.values.T, adjusted, volumes, strict=True
    ):
        prices = dict(zip(PRICES, map(_number, row), strict=False))
        yield {
            "date": _day(share, stamp),
            **prices,
            "adjusted_close": _number(close),
            "volume": None if volume != volume else round(volume),  # noqa: PLR0124 - NaN
        }


def _dividends(share: Share, clock: Clock) -> Iterable[dict[str, Any]]:
    for event in _happened(share, clock, "dividend"):
        yield {
            "date": _day(share, event.stamp),
            "declarationDate": None,
            "recordDate": None,
            "paymentDate": None,
            "period": None,
            "value": _number(share.paid(event, clock)),
            "unadjustedValue": _number(event.value),
            "currency": share.exchange.currency,
        }


def _splits(share: Share, clock: Clock) -> Iterable[dict[str, Any]]:
    for event in _happened(share, clock, "split"):
        new, old = event.ratio
        yield {"date": _day(share, event.stamp), "split": f"{new:.6f}/{old:.6f}"}


REPORTS: Final[Mapping[str, Callable[[Share, Clock], Iterable[dict[str, Any]]]]] = {
    "eod": _bars,
    "div": _dividends,
    "splits": _splits,
}


def _happened(share: Share, clock: Clock, kind: str) -> Iterable[Event]:
    return (event for event in share.events if event.kind == kind and event.stamp <= clock.now)


def _day(share: Share, stamp: int) -> str:
    return str(dt.datetime.fromtimestamp(int(stamp), share.exchange.zone).date())


def _number(value: float) -> float | None:
    """Rounded, as it comes from a database."""
    return None if value != value else round(float(value), 6)  # noqa: PLR0124 - NaN


def _json(rows: Iterable[dict[str, Any]]) -> Reply:
    return Reply(json.dumps(list(rows)).encode())
