"""Yahoo's v8 chart endpoint: the body for one symbol."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np

from stockstream.testing.source_server.market import CLOSE, VOLUME
from stockstream.testing.source_server.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stockstream.testing.source_server.market import Clock, Event, Share

__all__ = ["NOT_FOUND", "NULL", "chart"]

DAY: Final = 86_400
RANGES: Final = {
    "1d": 1,
    "5d": 7,
    "1mo": 31,
    "3mo": 92,
    "6mo": 183,
    "1y": 366,
    "2y": 731,
    "5y": 1_827,
    "10y": 3_653,
    "max": 36_525,
}
"""What the endpoint understands as a range, in days. (Yahoo counts some of them in sessions.)"""

QUOTE: Final = ("open", "high", "low", "close", "volume")
META: Final = (
    '{{"currency":"{currency}","symbol":"{symbol}","exchangeName":"{exchange}",'
    '"fullExchangeName":"{exchange}","instrumentType":"EQUITY","firstTradeDate":{first},'
    '"regularMarketTime":{time},"hasPrePostMarketData":false,"gmtoffset":{offset},'
    '"timezone":"{timezone}","exchangeTimezoneName":"{zone}","regularMarketPrice":{price},'
    '"priceHint":2,"currentTradingPeriod":{{{periods}}},"dataGranularity":"1d","range":"{range}",'
    '"validRanges":["1d","5d","1mo","3mo","6mo","1y","2y","5y","10y","max"]}}'
)
PERIOD: Final = '"{}":{{"timezone":"{}","start":{},"end":{},"gmtoffset":{}}}'
"""JSON is written with templates: building objects for it takes three times as long."""


def _refused(code: str, description: str, status: int) -> Reply:
    """The endpoint's own way to say no."""
    error = {"code": code, "description": description}
    return Reply(json.dumps({"chart": {"result": None, "error": error}}).encode(), status)


NOT_FOUND: Final = _refused("Not Found", "No data found, symbol may be delisted", 404)
NULL: Final = Reply(b'{"chart":{"result":null,"error":null}}')
NO_BARS: Final = '"indicators":{"quote":[{}],"adjclose":[{}]}'


def chart(share: Share, clock: Clock, query: Mapping[str, str]) -> Reply:
    """What Yahoo would say about a symbol at the clock's time.

    A bar in progress also comes where the window ends after the last whole session but before the
    clock, as it does from Yahoo.
    """
    if query.get("interval", "1d") != "1d":
        return _refused("Unprocessable Entity", "this server has daily bars only", 422)
    try:
        start, end = _window(clock, query)
    except (KeyError, ValueError):
        return _refused("Bad Request", "Invalid input - period1, period2 or range", 400)
    if start >= end:
        return _refused("Bad Request", "Invalid input - start date cannot be after end date", 400)
    known = share.known(clock)
    low, high = share.stamps.searchsorted((start, end))
    live = share.in_progress(clock) and (known == 1 or end > share.stamps[known - 2])
    high = known if live else min(int(high), known)
    parts = [_meta(share, clock, known, query), *_content(share, clock, min(int(low), high), high)]
    events = _events(share, clock, start, end, query.get("events", ""))
    if events:
        parts.insert(-1, events)
    return Reply(('{"chart":{"result":[{' + ",".join(parts) + '}],"error":null}}').encode())


def _window(clock: Clock, query: Mapping[str, str]) -> tuple[int, int]:
    if "range" in query:
        return clock.now - RANGES[query["range"]] * DAY, clock.now + 1
    return int(query.get("period1", 0)), int(query.get("period2", clock.now + 1))


def _content(share: Share, clock: Clock, low: int, high: int) -> tuple[str, ...]:
    if low == high:
        return (NO_BARS,)
    bars = share.window(low, high, clock)
    prices = _single(bars.values[:VOLUME])
    volumes = [None if volume != volume else round(volume) for volume in bars.values[VOLUME]]  # noqa: PLR0124 - NaN
    columns = [*(_json(column) for column in prices), _list(volumes)]
    quote = ",".join(f'"{name}":{text}' for name, text in zip(QUOTE, columns, strict=True))
    adjusted = _json(_single(bars.values[CLOSE] * bars.money))
    return (
        f'"timestamp":{bars.stamps.tolist()}',
        f'"indicators":{{"quote":[{{{quote}}}],"adjclose":[{{"adjclose":{adjusted}}}]}}',
    )


def _meta(share: Share, clock: Clock, known: int, query: Mapping[str, str]) -> str:
    session, exchange = clock.sessions[share.exchange.name], share.exchange
    price, time = "null", 0
    if known:
        last = share.window(known - 1, known, clock)
        (price,) = _json(_single(last.values[CLOSE])).strip("[]").split(",")
        length = session.closes - session.opens
        time = clock.now if last.live else int(last.stamps[0]) + length
    hours = (session.pre, session.opens, session.closes, session.post)
    return '"meta":' + META.format(
        currency=exchange.currency,
        symbol=share.symbol,
        exchange=exchange.name,
        first=share.stamps[0],
        time=time,
        offset=session.offset,
        timezone=session.timezone,
        zone=exchange.calendar.timezone,
        price=price,
        periods=",".join(
            PERIOD.format(name, session.timezone, start, end, session.offset)
            for name, start, end in zip(("pre", "regular", "post"), hours, hours[1:], strict=False)
        ),
        range=query.get("range", ""),
    )


def _events(share: Share, clock: Clock, start: int, end: int, wanted: str) -> str:
    """The events of the window, if they were asked for; empty where there are none."""
    happened = [event for event in share.events if start <= event.stamp < min(end, clock.now + 1)]
    dividends = {
        str(event.stamp): {"amount": share.paid(event, clock), "date": event.stamp}
        for event in happened
        if event.kind == "dividend" and "div" in wanted
    }
    splits = {
        str(event.stamp): _split(event)
        for event in happened
        if event.kind == "split" and "split" in wanted
    }
    both = {"dividends": dividends, "splits": splits}
    given = {name: events for name, events in both.items() if events}
    return f'"events":{json.dumps(given)}' if given else ""


def _split(event: Event) -> dict[str, int | str]:
    new, old = event.ratio
    return {
        "date": event.stamp,
        "numerator": new,
        "denominator": old,
        "splitRatio": f"{new}:{old}",
    }


def _single(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Yahoo keeps prices in single precision and writes them in double."""
    return values.astype(np.float32).astype(np.float64)


def _json(values: NDArray[np.float64]) -> str:
    return _list(values.tolist())


def _list(values: list[float | None]) -> str:
    """Python's own text of a list of numbers is JSON but for what is missing."""
    return str(values).replace("nan", "null").replace("None", "null")
