"""The exchange's directory of companies, as the file that the Markit endpoint serves."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from stockstream.testing.source_server.exchanges import ASX
from stockstream.testing.source_server.wire import CSV, Reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockstream.testing.source_server.market import Clock, Market, Share

__all__ = ["HEADER", "directory"]

HEADER: Final = '"ASX code","Company name","GICs industry group","Listing date","Market Cap"'


def directory(market: Market, clock: Clock) -> Reply:
    """The list of the day: the newest one given, else the symbols that trade."""
    days = [day for day in market.lists if day <= clock.day]
    if days:
        return Reply(market.lists[max(days)], content_type=CSV)
    listed = (
        share
        for share in market.shares.values()
        if share.exchange is ASX and share.known(clock) and clock.now < share.delisted
    )
    return Reply("\n".join([HEADER, *_lines(listed), ""]).encode(), content_type=CSV)


def _lines(shares: Iterable[Share]) -> Iterable[str]:
    for share in shares:
        code = share.symbol.removesuffix(ASX.suffix)
        first = dt.datetime.fromtimestamp(int(share.stamps[0]), ASX.zone)
        yield f'"{code}","{code} LIMITED","Materials","{first:%d/%m/%Y}","--"'
