"""What a session asks for: one plan for a run on one machine and for a state machine's steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stockstream.ingest.delist import removed_lately
from stockstream.ingest.resume import resume, retry_failed
from stockstream.ingest.symbols import update_symbols
from stockstream.ingest.tally import PASSING
from stockstream.lake.raw import RawZone
from stockstream.market.markets import MARKETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.ingest.run_record import RunRecord
    from stockstream.ingest.symbol_file import SymbolFile
    from stockstream.ingest.symbols import ListSource, ListUpdate
    from stockstream.settings import Settings

__all__ = ["DayPlan", "plan_day"]

MOST = 100
"""Symbols of a batch of those that failed, where no size is set."""


@dataclass(frozen=True)
class DayPlan:
    """The batches of a session, each with ``symbols`` and ``batchNumber``.

    Attributes:
        listed: the list of the session.
        batches: of the list, and one of symbols that left it not long ago.
        retry: of symbols that failed in passing and did not come since.
        missing: what is still to be fetched of both, fitted to the batches that are there.
        done: whether a run came to its end and nothing is missing.
    """

    listed: ListUpdate
    batches: Sequence[Mapping[str, Any]]
    retry: Sequence[Mapping[str, Any]]
    missing: Sequence[Mapping[str, Any]]
    done: bool


def plan_day(record: RunRecord, lists: ListSource | SymbolFile, settings: Settings) -> DayPlan:
    """Make the list of a session and plan its batches; doing it again changes nothing.

    Args:
        record: of the run; it has the lake and the session.
        lists: where the symbols come from.
        settings: of the list and the batches.

    Raises:
        FetchError: there is no list, neither today's nor one from before.
        ConfigError: the setting of the batches cannot be used.
        LakeError: the lake cannot be read or written.
    """
    lake, session = record.lake, record.session
    listed = update_symbols(lake, session, lists, settings, told=record.tell)
    batches = list(listed.result["symbolBatches"])
    if watched := removed_lately(lake, session):
        batches.append({"symbols": watched, "batchNumber": len(batches)})
    size = settings.fetch.batch_size or MOST
    retry = retry_failed(lake, session, size, planned=len(batches), kinds=PASSING)
    fit = resume(lake, session, batches, MARKETS[settings.symbols.market].suffix)
    there = {batch.number for batch in RawZone(lake.location).batches(session, session)}
    missing = [batch for batch in (*fit, *retry) if batch["batchNumber"] not in there]
    return DayPlan(listed, batches, retry, missing, record.ended and not missing)
