"""The steps of the daily run: what ``stockstream update`` does, in pieces.

What a step has done is a file or a commit of the lake, so each may be called again, late or twice:
a list and a batch that are there are read, and a session that was told of is told the same again.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from stockstream.ingest.steps import answers

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from stockstream.ingest.run_summary import UpdateSummary
    from stockstream.lake.store import Lake
    from stockstream.market.markets import MarketFacts
    from stockstream.settings import Settings

    Event = Mapping[str, Any]

__all__ = ["aggregate", "compact", "fetch", "symbols"]

SPARE: Final = 10.0
"""Seconds that are kept, beside one request's, to write what has come."""


def symbols(event: Event) -> dict[str, Any]:
    """Make the list of a session and say what is to be fetched.

    Args:
        event: ``{}``, or ``{"date": "2025-12-26"}`` for another session than the newest one.

    Returns:
        The documented answer. ``symbolBatches`` are those that `stockstream update` would ask the
        source for: none that is there already, and more for symbols that left the list lately or
        failed in passing before. ``metadata`` has the ``date`` of the session, too, and
        ``notices`` such as why a list was refused.

    Raises:
        ConfigError: the event or a setting cannot be used.
        FetchError: there is no list, neither today's nor one from before.
        LakeError: the lake cannot be read or written.
    """
    from stockstream.ingest.day_plan import plan_day
    from stockstream.ingest.run_record import RunRecord
    from stockstream.ingest.sources import list_source
    from stockstream.ingest.update import open_or_create
    from stockstream.lake.location import Location

    settings, session = _begin(event, needed=False)
    simulated = settings.fetch.provider == "simulated"
    lake = open_or_create(Location.of(settings.lake), _market(settings), simulated=simulated)
    plan = plan_day(RunRecord.next(lake, session), list_source(settings)[1], settings)
    metadata = {
        **plan.listed.result["metadata"],
        "num_batches": len(plan.missing),
        "date": session.isoformat(),
        "notices": _refusals(lake, session),
    }
    answer = {**plan.listed.result, "symbolBatches": list(plan.missing), "metadata": metadata}
    return answers.within_limit(answer, f"{metadata['total_symbols']:,} symbols")


def fetch(event: Event, seconds: float | None = None) -> dict[str, Any]:
    """Ask the source for one batch and leave what came in the raw zone.

    It stops asking before its time is up, and writes what it has; the rest fails in passing.

    Args:
        event: ``{"symbols": [...], "batchNumber": 0, "date": "2025-12-26"}``.
        seconds: that it may take; None: as many as it needs.

    Returns:
        The documented answer.

    Raises:
        ConfigError: the event or a setting cannot be used.
        TransientError: nothing came, because the source does not work.
        LakeError: the lake cannot be read or written, or the batch is there with other symbols.
    """
    from stockstream.errors import TransientError
    from stockstream.ingest.batch import fetch_batch, pacing_of
    from stockstream.ingest.sources import opened

    settings, session = _begin(event)
    names, number = answers.batch_of(event)
    asking, suffix = settings.fetch, _market(settings).suffix
    with opened(settings) as source:
        limit = None if seconds is None else seconds - asking.timeout - SPARE
        pacing = pacing_of(source, asking, sharers=asking.batches_at_once, limit=limit)
        answer = fetch_batch(
            *(settings.lake, source, names, number, session),
            suffix=suffix,
            settings=asking,
            pacing=pacing,
        )
    if answer["statusCode"] != HTTPStatus.OK:
        raise TransientError(answer["body"])
    return answer


def compact(
    event: Event, count: Callable[[UpdateSummary], None] = lambda _: None
) -> dict[str, Any]:
    """Merge the batches of a session into the tables and record the run.

    Args:
        event: ``{"date": "2025-12-26", "batchResults": [...]}``.
        count: is told of a run, once: only its record in the lake knows whether it was.

    Returns:
        The summary of the run; the session's last one if nothing has come since.

    Raises:
        ConfigError: the event or a setting cannot be used.
        LakeError: the lake cannot be read or written.
    """
    from stockstream.ingest.finish import finish, told_before
    from stockstream.ingest.sources import list_source
    from stockstream.ingest.symbols import update_symbols
    from stockstream.lake.store import Lake

    settings, session = _begin(event)
    results = answers.results_of(event)
    lake = Lake.open(settings.lake)
    listed = update_symbols(lake, session, list_source(settings)[1], settings)
    summary = told_before(lake, session, results, listed)
    if summary is None:
        summary = finish(lake, session, results, listed, settings)
        count(summary)
    return answers.summarised(summary)


def aggregate(event: Event) -> dict[str, Any]:
    """What became of the run, out of everything the steps have said.

    Args:
        event: the data of the state machine; see
            :func:`stockstream.ingest.steps.answers.aggregated`.

    Raises:
        ConfigError: the event is something else.
    """
    return {"statusCode": int(HTTPStatus.OK), "summary": answers.aggregated(event)}


def _begin(event: Event, *, needed: bool = True) -> tuple[Settings, dt.date]:
    """The settings, with the log as loud as they say, and the session of an event."""
    import logging

    from stockstream.ingest.update import session_to_run
    from stockstream.settings import load_settings

    asked = answers.day_of(event, needed=needed)
    settings = load_settings()
    logging.getLogger("stockstream").setLevel(settings.log_level)
    return settings, session_to_run(settings, asked)


def _market(settings: Settings) -> MarketFacts:
    from stockstream.market.markets import MARKETS

    return MARKETS[settings.symbols.market]


def _refusals(lake: Lake, session: dt.date) -> list[str]:
    """Why lists of a session were refused: only the call that downloaded one has met it."""
    rows = lake.health(session, session).rows(named=True)
    told = [f"{row['kind']}: {row['detail']}" for row in rows if row["kind"] == "list_refused"]
    return answers.shortened(told)
