"""One batch: ask a source for some symbols and leave what came in the raw zone.

The batch's file is its checkpoint. If it is there the batch is done, whatever became of its
symbols, and the answer is read from it. A batch of which nothing came because the source did not
work is not written: the next run does it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from stockstream.errors import LakeError
from stockstream.ingest.collecting import Collector
from stockstream.ingest.notes import Failed, Notes
from stockstream.ingest.order import Order
from stockstream.ingest.pacing import Clock, Pacing
from stockstream.ingest.stored import Stored
from stockstream.lake.location import Location
from stockstream.lake.raw import RawZone
from stockstream.lake.store import Lake
from stockstream.settings import FetchSettings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars as pl

    from stockstream.ingest.health import HealthEvent
    from stockstream.lake.raw import Batch
    from stockstream.providers.base import Provider

__all__ = ["fetch_batch", "location_of", "pacing_of"]


def fetch_batch(
    place: Lake | Location | str | Path,
    provider: Provider,
    symbols: Sequence[str],
    number: int,
    session: dt.date,
    *,
    suffix: str = "",
    settings: FetchSettings | None = None,
    again: bool = False,
    pacing: Pacing | None = None,
    stored: Stored | None = None,
    health: Callable[[HealthEvent], None] | None = None,
    settled: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Fetch one batch, unless it is there already.

    Symbols that the lake has are asked for from their last stored sessions on, new ones as far back
    as the settings say. A symbol whose stored prices turn out to be on another scale is asked for
    again, in full. One that fails is tried again while the others go on; none of them can fail the
    batch.

    Args:
        place: the lake, or where it is or will be; the raw zone is there too.
        provider: the source.
        symbols: bare codes or full ones.
        number: of the batch, 0 and up.
        session: the as-of session.
        suffix: makes bare codes full, such as ``".AX"``.
        settings: overlap, attempts and so on.
        again: ask for symbols of which the lake has this session as well.
        pacing: shared with the other batches of the run.
        stored: what the lake has, if someone has read it already.
        health: gets what happened, also when the batch was there already.
        settled: called with each symbol that came, is given up or is not asked for.

    Returns:
        ``statusCode`` (200, or 503 if nothing was written because the source did not work),
        ``body`` and ``metadata`` as documented; ``symbols_failed`` has the names as given.

    Raises:
        ConfigError: the provider lacks an option or a key.
        LakeError: the lake cannot be read or written, or the batch is there with other symbols.
        Stopped: the run was told to stop.
    """
    zone, settings = RawZone(location_of(place)), settings or FetchSettings()
    order = Order(tuple(dict.fromkeys(symbols)), number, session, suffix, again)
    done = _find(zone, order)
    if done is None:
        stored = stored or Stored.read(zone.location, order.symbols, session, settings)
        pacing = pacing or pacing_of(provider, settings)
        collector = Collector(provider, settings, pacing, stored, settled or _nobody)
        done = _keep(zone, order, *collector.collect(order))
    if health is not None:
        for event in done.notes.events():
            health(event)
    return done.answer(number)


def location_of(place: Lake | Location | str | Path) -> Location:
    """Where a lake is."""
    return place.location if isinstance(place, Lake) else Location.of(place)


def pacing_of(
    provider: Provider, settings: FetchSettings, *, sharers: int = 1, limit: float | None = None
) -> Pacing:
    """How a source is asked: as often as was set, else as it bears.

    Args:
        provider: the source.
        settings: rate and patience.
        sharers: how many processes share the rate.
        limit: seconds from now after which nothing is asked any more; None: no limit.
    """
    rate = provider.pace.per_second if settings.rate is None else settings.rate
    share = None if rate is None else rate / sharers
    return Pacing.of(share, Clock(limit), patience=settings.patience)


@dataclass(frozen=True)
class _Done:
    """A batch of which everything is known; ``name`` is None if it was not written."""

    notes: Notes
    name: str | None

    def answer(self, number: int) -> dict[str, Any]:
        status, told = HTTPStatus.OK, self.notes.told()
        if self.name is None:
            last = list(self.notes.failed.values())[-1]
            status = HTTPStatus.SERVICE_UNAVAILABLE
            told = f"nothing was written: {told}; {last.reason}"
        metadata = self.notes.metadata(number, self.name)
        return {"statusCode": int(status), "body": told, "metadata": metadata}


def _find(zone: RawZone, order: Order) -> _Done | None:
    """The batch, if it is there.

    Raises:
        LakeError: it is there with other symbols.
    """
    batch = zone.find(order.session, order.number)
    if batch is None:
        return None
    told = zone.notes(batch)
    notes = Notes.of(told) if told else _guessed(zone, batch, order)
    if set(notes.symbols) != set(order.symbols):
        raise LakeError(
            f"{batch.file.name} was made of other symbols than it is asked for now, because the "
            "batches of this session were cut in another way; give the symbols numbers from "
            f"{zone.next_number(order.session)} on"
        )
    return _Done(notes, batch.file.name)


def _guessed(zone: RawZone, batch: Batch, order: Order) -> Notes:
    """Notes of a file that has none, such as one made by hand."""
    there = set(zone.read([batch]).rows["symbol"])
    absent = Failed("empty", "the batch has no row of it", 0)
    failed = {symbol: absent for symbol in order.symbols if symbol not in there}
    return Notes("", order.suffix, order.names, failed=failed)


def _keep(zone: RawZone, order: Order, notes: Notes, rows: pl.DataFrame) -> _Done:
    """Write the batch, unless nothing came; another writer may have been faster.

    Raises:
        LakeError: it cannot be written.
    """
    if not notes.settled:
        return _Done(notes, None)
    try:
        name = zone.write_batch(order.session, order.number, rows, notes=notes.as_dict())
    except LakeError:
        done = _find(zone, order)
        if done is None:
            raise
        return done
    return _Done(notes, name)


def _nobody(symbol: str) -> None:
    """Nobody listens."""
