"""The symbols of a day: the first step of the daily run, and what the others work from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol

import polars as pl

from stockstream.errors import ConfigError, FetchError
from stockstream.ingest.day_lists import DayLists
from stockstream.ingest.health import HealthEvent
from stockstream.ingest.symbol_file import SymbolFile
from stockstream.ingest.universe import record_lists
from stockstream.lake.store import Lake
from stockstream.market.listings import (
    LISTING_SCHEMA,
    day_changes,
    demand_credible,
    next_day_list,
    read_listing,
    suspected_consolidations,
)
from stockstream.market.markets import MARKETS
from stockstream.settings import Settings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from stockstream.lake.location import Location
    from stockstream.providers.directory import Download
    from stockstream.settings import ListSettings

__all__ = ["ListSource", "ListUpdate", "plan_batches", "update_symbols"]

SMALL: Final = 100
"""Most symbols of a batch when their number decides its size."""

_SHOWN: Final = 20


class ListSource(Protocol):
    """What can download a list, such as :class:`stockstream.providers.directory.DirectorySource`.

    Attributes:
        name: short and stable; it is stored with every row of the universe.
    """

    @property
    def name(self) -> str: ...

    def download(self) -> Download: ...


@dataclass(frozen=True)
class ListUpdate:
    """What came of a day's list.

    Attributes:
        result: the documented answer: ``statusCode``, ``symbols``, ``symbolBatches``, ``metadata``.
        events: for the health table. Whether a list was refused, and which of its rows were not
            read, is told only by the call that downloaded it.
    """

    result: dict[str, Any]
    events: tuple[HealthEvent, ...]


def update_symbols(
    place: Lake | str | Path | Location,
    session: dt.date,
    source: ListSource | SymbolFile,
    settings: Settings | None = None,
    told: Callable[[Sequence[HealthEvent]], None] | None = None,
) -> ListUpdate:
    """Make the symbol list of a session, or read it if it is there.

    A list that cannot be downloaded, read or believed leaves the one of the day before in place. A
    symbol that an accepted list lacks stays until it was absent on ``symbols.removal_days`` days. A
    symbol file is taken as it is. If there is a lake at the place, its universe follows.

    Args:
        place: a lake, or the folder or URL below which ``symbols/SESSION-symbols.csv`` is written.
        session: the as-of session.
        source: where the list comes from.
        settings: of the lists and the batches.
        told: gets what only a download can tell before the list is written, so that a run that is
            killed in between tells it again.

    Raises:
        FetchError: the list was refused, and there is none before it to go on with.
        LakeError: the place cannot be read or written.
        ConfigError: the setting of the batches cannot be used.
    """
    settings = settings or Settings()
    location = place.location if isinstance(place, Lake) else place
    lists = DayLists(location)
    before = lists.before(session)
    events: list[HealthEvent] = []
    if session not in lists.sessions():
        rows, events = _next_list(source, before, session, settings.symbols)
        if told is not None:
            told(events)
        lists.create(session, rows)
    today = lists.read(session)
    changes = day_changes(before, today)
    if not isinstance(source, SymbolFile):
        events += _tell(today, changes, settings.symbols.removal_days)
    if Lake.exists(lists.location):
        lake = place if isinstance(place, Lake) else Lake(lists.location)
        record_lists(lake, lists, session, suffix=_suffix(source, settings), source=source.name)
    batches = plan_batches(
        today["symbol"].to_list(), settings.fetch.batch_size, settings.fetch.batches_at_once
    )
    result = {
        "statusCode": 200,
        "symbols": today["symbol"].to_list(),
        "symbolBatches": batches,
        "metadata": {
            "total_symbols": len(today),
            "num_batches": len(batches),
            "s3_key": lists.name(session),
            "changes": changes,
        },
    }
    return ListUpdate(result, tuple(events))


def plan_batches(
    symbols: Sequence[str], size: int = 100, at_once: int = 10
) -> list[dict[str, Any]]:
    """Split symbols into batches, numbered from 0.

    Args:
        symbols: in the order wanted.
        size: symbols of a batch, the last one may have fewer. 0 lets the number of symbols decide:
            as few batches as hold at most 100 each; and where they are more than can be fetched at
            once, as many more as fill the last round too. Their sizes then differ by at most one.
        at_once: batches that are fetched at the same time.

    Returns:
        ``{"symbols": [...], "batchNumber": n}`` for each.

    Raises:
        ConfigError: a size is below 0, or no batch may be fetched.
    """
    if size < 0 or at_once < 1:
        raise ConfigError(
            f"batches of {size} symbols, {at_once} at once, cannot be made; "
            "give a size of 0 (dynamic) or more, and at least one at once"
        )
    total = len(symbols)
    if size:
        cuts = [*range(0, total, size), total]
    else:
        count = -(-total // SMALL)
        if count > at_once:
            count = -(-count // at_once) * at_once
        cuts = [total * i // count for i in range(count + 1)] if count else [0]
    return [
        {"symbols": list(symbols[start:stop]), "batchNumber": number}
        for number, (start, stop) in enumerate(pairwise(cuts))
    ]


def _next_list(
    source: ListSource | SymbolFile,
    before: pl.DataFrame | None,
    session: dt.date,
    settings: ListSettings,
) -> tuple[pl.DataFrame, list[HealthEvent]]:
    """The list of a session from what the source has, and what is to be told about that."""
    if isinstance(source, SymbolFile):
        symbols = sorted({symbol.upper() for symbol in source.symbols})
        listing = pl.concat(
            [LISTING_SCHEMA.to_frame(), pl.DataFrame({"symbol": symbols})], how="diagonal"
        )
        return next_day_list(before, listing, session, removal_days=1), []
    try:
        found = read_listing(*source.download())
        if before is not None:
            demand_credible(before, found, settings.shrink_limit)
    except FetchError as error:
        if before is None:
            raise
        detail = f"{error}; the list of the day before stays"
        return before, [HealthEvent("warning", "list_refused", source.name, 1, detail)]
    rows = next_day_list(before, found.rows, session, settings.removal_days)
    events = []
    if found.skipped:
        shown = _shown(repr(line) for line in found.skipped)
        events.append(
            HealthEvent("warning", "list_row_skipped", source.name, len(found.skipped), shown)
        )
    return rows, events


def _tell(
    today: pl.DataFrame, changes: dict[str, list[Any]], removal_days: int
) -> list[HealthEvent]:
    """What a day's list and its changes give reason to look at."""
    events = []
    pending = today.filter(pl.col("missed") > 0).select("symbol", "missed").rows()
    if pending:
        shown = _shown(f"{symbol} ({missed} of {removal_days} days)" for symbol, missed in pending)
        events.append(HealthEvent("info", "removal_pending", "", len(pending), shown))
    if removed := changes["removed"]:
        events.append(HealthEvent("info", "removed", "", len(removed), _shown(removed)))
    new = {*changes["added"], *(symbol for _, symbol in changes["renamed"])}
    events += [
        HealthEvent("warning", "suspected_consolidation", symbol, 1, f"it replaces {symbol[:3]}")
        for symbol in suspected_consolidations(today)
        if symbol in new
    ]
    return events


def _suffix(source: ListSource | SymbolFile, settings: Settings) -> str:
    market = source.market if isinstance(source, SymbolFile) else settings.symbols.market
    return MARKETS[market].suffix


def _shown(texts: Iterable[str]) -> str:
    listed = list(texts)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
