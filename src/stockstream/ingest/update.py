"""The daily run: from the list of an exchange to a lake that is up to date.

The steps are functions of their own, so that a state machine in the cloud can call them one by one:
:func:`~stockstream.ingest.day_plan.plan_day`, :func:`~stockstream.ingest.batch.fetch_batch` for
each batch, and :func:`~stockstream.ingest.finish.finish`. What a step has done is a file or a
commit. So a run that was killed is completed by the next one, and a run that finds nothing to do
writes nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from stockstream.errors import ConfigError, LakeError
from stockstream.ingest.compact import compact
from stockstream.ingest.day_plan import plan_day
from stockstream.ingest.finish import finish
from stockstream.ingest.lock import only_run
from stockstream.ingest.run_batches import fetch_batches
from stockstream.ingest.run_record import RunRecord
from stockstream.ingest.run_summary import UpdateSummary
from stockstream.ingest.tally import Tally
from stockstream.lake.admission import SIMULATED
from stockstream.lake.location import Location
from stockstream.lake.raw import RawZone
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar
from stockstream.market.markets import MARKETS
from stockstream.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stockstream.ingest.pacing import Pacing
    from stockstream.ingest.symbol_file import SymbolFile
    from stockstream.ingest.symbols import ListSource, ListUpdate
    from stockstream.market.markets import MarketFacts
    from stockstream.providers.base import Provider

    Progress = Callable[[int, int, int, str], None]

__all__ = ["open_or_create", "session_to_run", "update"]

FEW = 4
"""Batches of whole histories that are in memory at the same time: 100 symbols of ten years are a
quarter of a million rows. At one request in 200 ms a source is asked as often as with ten."""


def session_to_run(
    settings: Settings, asked: dt.date | None = None, now: dt.datetime | None = None
) -> dt.date:
    """The as-of session of a run: the one asked for, or the newest one.

    Args:
        settings: market, and how long after the close bars count as final.
        asked: a session whose bars are final; the newest such session by default.
        now: with its time zone; the present by default.

    Raises:
        ConfigError: the market does not trade on that day, or the day is not over.
    """
    calendar = get_calendar(MARKETS[settings.symbols.market].calendar)
    lag = dt.timedelta(minutes=settings.fetch.lag_minutes)
    newest = calendar.as_of(now or dt.datetime.now(dt.UTC), lag)
    if asked is None:
        return newest
    if asked > newest:
        raise ConfigError(
            f"the bars of {asked} are not final; the newest session whose bars are is {newest}"
        )
    if not calendar.is_session(asked):
        nearest = calendar.previous_session(asked)
        raise ConfigError(f"{asked} is no session of {calendar.name}; the one before is {nearest}")
    return asked


def update(
    place: str | Path | Location,
    provider: Provider,
    lists: ListSource | SymbolFile,
    *,
    settings: Settings | None = None,
    session: dt.date | None = None,
    again: bool = False,
    pacing: Pacing | None = None,
    progress: Progress | None = None,
) -> UpdateSummary:
    """Bring a lake up to date with a session.

    Args:
        place: the lake; it is made if there is none.
        provider: where bars come from.
        lists: where the symbols come from.
        settings: of lists, fetching and quality.
        session: the as-of session; by default the newest one whose bars are final.
        again: fetch the session once more, though it is complete: a second pass for sources that
            correct the newest bars in the hours after the close.
        pacing: of the requests; by default as the settings say.
        progress: see :func:`stockstream.ingest.run_batches.fetch_batches`.

    Raises:
        FetchError: there is no list, neither today's nor one from before.
        ConfigError: the provider lacks an option or a key, or see :func:`session_to_run`.
        LakeError: the lake cannot be read or written, or another run works on it.
    """
    settings = settings or Settings()
    session = session_to_run(settings, session)
    began, location = time.monotonic(), Location.of(place)
    market = MARKETS[settings.symbols.market]
    with only_run(location):
        lake = open_or_create(location, market, simulated=provider.name == SIMULATED)
        record = RunRecord.next(lake, session)
        plan = plan_day(record, lists, settings)
        if plan.done and not again:
            return _nothing_to_do(lake, session, plan.listed)
        _merge_leftovers(record, settings)
        answers = fetch_batches(
            lake,
            provider,
            plan.batches if again else [*plan.batches, *plan.retry],
            session,
            suffix=market.suffix,
            settings=settings.fetch,
            at_once=_at_once(lake, plan.listed.result["symbols"], settings),
            again=again,
            pacing=pacing,
            progress=progress,
        )
        summary = finish(lake, session, answers, plan.listed, settings)
    return replace(summary, seconds=round(time.monotonic() - began, 3))


def open_or_create(place: Location, market: MarketFacts, *, simulated: bool) -> Lake:
    """The lake at a place; an empty one is made if there is none.

    Raises:
        LakeError: it cannot be read, or the place cannot be written to.
    """
    if not Lake.exists(place):
        try:
            return Lake.create(place, calendar=market.calendar, simulated=simulated)
        except LakeError:
            if not Lake.exists(place):  # nobody else made it meanwhile
                raise
    return Lake.open(place)


def _at_once(lake: Lake, listed: Sequence[str], settings: Settings) -> int:
    """Most batches at the same time; fewer while most symbols come with ten years of bars."""
    usual = settings.fetch.batches_at_once
    return min(usual, FEW) if len(lake.symbols()) < len(listed) / 2 else usual


def _merge_leftovers(record: RunRecord, settings: Settings) -> None:
    """What was fetched for earlier sessions by runs that were killed need not be fetched again."""
    left = [batch for batch in record.unmerged() if batch.session < record.session]
    if left:
        compact(record.lake, left, record.session, settings.quality)


def _nothing_to_do(lake: Lake, session: dt.date, listed: ListUpdate) -> UpdateSummary:
    version = lake.version()
    return UpdateSummary.of_batches(
        session,
        Tally.read(RawZone(lake.location), session),
        listed,
        run="",
        state="nothing to do",
        version_before=version,
        version_after=version,
        lake=str(lake.location),
    )
