"""Many batches at once: they share one budget, and what befalls one the others do not notice."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from stockstream.ingest.batch import fetch_batch, location_of, pacing_of
from stockstream.ingest.health import HealthEvent
from stockstream.ingest.notes import Failed, Notes
from stockstream.ingest.order import full_name
from stockstream.ingest.pacing import Stopped
from stockstream.ingest.resume import renumber, resume
from stockstream.ingest.stored import Stored
from stockstream.lake.raw import RawZone
from stockstream.settings import FetchSettings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from stockstream.ingest.pacing import Pacing
    from stockstream.lake.location import Location
    from stockstream.lake.store import Lake
    from stockstream.providers.base import Provider

__all__ = ["fetch_batches"]

LOOK_UP = 0.2
"""Seconds after which the main thread looks up: not every system wakes it for an interrupt."""

_LOG = logging.getLogger(__name__)
_NOT_FETCHED = Failed("transient", "its batch failed", 0)


def fetch_batches(
    place: Lake | Location | str | Path,
    provider: Provider,
    batches: Sequence[Mapping[str, Any]],
    session: dt.date,
    *,
    suffix: str = "",
    settings: FetchSettings | None = None,
    at_once: int | None = None,
    again: bool = False,
    pacing: Pacing | None = None,
    health: Callable[[HealthEvent], None] | None = None,
    progress: Callable[[int, int, int, str], None] | None = None,
) -> list[dict[str, Any]]:
    """Fetch batches, some at the same time. Those that are there already are not fetched again.

    A batch that fails (a full disk, a bug) is an answer with its error, and the others go on. When
    the run is stopped, batches that are done stay done.

    Args:
        place: the lake, or where it is or will be; the raw zone is there too.
        provider: the source; it is asked from several threads.
        batches: each with ``symbols`` and ``batchNumber``.
        session: the as-of session.
        suffix: makes bare codes full, such as ``".AX"``.
        settings: overlap, attempts and so on.
        at_once: most batches at the same time; by default what the settings say.
        again: a second pass over the session: fetch everything once more, into new batches.
        pacing: shared by all batches.
        health: gets what happened; called from one thread at a time.
        progress: called from one thread at a time with the number of symbols done, of all symbols,
            the batch, and the symbol or the line that says how the batch ended.

    Returns:
        The answer of each batch, see :func:`stockstream.ingest.batch.fetch_batch`, in order;
        ``statusCode`` is 500 for a batch that failed.

    Raises:
        KeyboardInterrupt: the run was interrupted.
        LakeError: the raw zone cannot be read.
    """
    settings = settings or FetchSettings()
    fit = renumber(place, session, batches) if again else resume(place, session, batches, suffix)
    run = _Run(
        location_of(place),
        provider,
        session,
        suffix,
        settings,
        again=again,
        pacing=pacing or pacing_of(provider, settings),
        health=health,
        progress=progress,
        total=sum(len(batch["symbols"]) for batch in fit),
    )
    stored = run.read_stored(fit)
    with ThreadPoolExecutor(at_once or settings.batches_at_once) as pool:
        try:
            futures = [pool.submit(run.fetch, batch, stored) for batch in fit]
            left = set(futures)
            while left:
                done, left = wait(left, LOOK_UP, FIRST_EXCEPTION)
                for future in done:
                    future.result()
            return [future.result() for future in futures]
        except BaseException:
            run.pacing.clock.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@dataclass(eq=False)
class _Run:
    """What the batches of a run share; ``done`` counts symbols."""

    place: Location
    provider: Provider
    session: dt.date
    suffix: str
    settings: FetchSettings
    again: bool
    pacing: Pacing
    health: Callable[[HealthEvent], None] | None
    progress: Callable[[int, int, int, str], None] | None
    total: int
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read_stored(self, batches: Sequence[Mapping[str, Any]]) -> Stored | None:
        """Read once what all batches must know; None if every batch is there already."""
        zone = RawZone(self.place)
        there = {batch.number for batch in zone.batches(self.session, self.session)}
        symbols = [
            full_name(name, self.suffix)
            for batch in batches
            if batch["batchNumber"] not in there
            for name in batch["symbols"]
        ]
        return Stored.read(self.place, symbols, self.session, self.settings) if symbols else None

    def fetch(self, batch: Mapping[str, Any], stored: Stored | None) -> dict[str, Any]:
        """Fetch a batch; whatever goes wrong with it is an answer."""
        names, number = list(batch["symbols"]), int(batch["batchNumber"])
        left = len(names)

        def settled(symbol: str) -> None:
            nonlocal left
            left -= 1
            self._tell(1, number, symbol)

        try:
            answer = fetch_batch(
                self.place,
                self.provider,
                names,
                number,
                self.session,
                suffix=self.suffix,
                settings=self.settings,
                again=self.again,
                pacing=self.pacing,
                stored=stored,
                health=self._note,
                settled=settled,
            )
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - the other batches go on
            _LOG.debug("batch %d failed", number, exc_info=error)
            answer = _failed(names, number, error)
        if answer["statusCode"] != HTTPStatus.OK:
            file = f"{self.session}-batch-{number}"
            self._note(HealthEvent("error", "batch_failed", file, 1, answer["body"]))
        self._tell(left, number, answer["body"])
        return answer

    def _note(self, event: HealthEvent) -> None:
        if self.health:
            with self.lock:
                self.health(event)

    def _tell(self, symbols: int, number: int, event: str) -> None:
        with self.lock:
            self.done += symbols
            if self.progress:
                self.progress(self.done, self.total, number, event)


def _failed(names: list[str], number: int, error: Exception) -> dict[str, Any]:
    notes = Notes("", "", names, failed=dict.fromkeys(names, _NOT_FETCHED))
    return {
        "statusCode": int(HTTPStatus.INTERNAL_SERVER_ERROR),
        "body": f"batch {number} failed: {type(error).__name__}: {error}",
        "metadata": notes.metadata(number, None),
    }
