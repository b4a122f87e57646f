"""What became of each symbol of a session, over all its batches."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import LakeError
from stockstream.ingest.notes import Failed, Notes
from stockstream.ingest.order import full_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from stockstream.errors import FailureKind
    from stockstream.lake.raw import Batch, RawZone

__all__ = ["PASSING", "Tally"]

PASSING: Final[frozenset[FailureKind]] = frozenset({"transient", "rate_limited"})
"""Failures of the source and not of the symbol: the next run of the session asks again."""


@dataclass(frozen=True)
class Tally:
    """The batches of a session.

    Attributes:
        notes: of each batch on disk, by number.
        missing: batches that are not, with the reason.
    """

    notes: Mapping[int, Notes]
    missing: Mapping[int, str]

    @classmethod
    def read(
        cls, zone: RawZone, session: dt.date, answers: Iterable[Mapping[str, Any]] = ()
    ) -> Tally:
        """From the raw zone, and from the answers of batches that left nothing there.

        Args:
            zone: where the batches are.
            session: whose.
            answers: of :func:`stockstream.ingest.batch.fetch_batch`, or of the step of a state
                machine that caught its error (``{"batchNumber": 3, "error": ...}``).

        Raises:
            LakeError: the raw zone cannot be read.
        """
        told = {batch.number: _notes(zone, batch) for batch in zone.batches(session, session)}
        notes = {number: Notes.of(values) for number, values in told.items() if values}
        missing = {}
        for answer in answers:
            if answer.get("statusCode") != HTTPStatus.OK:
                number = answer.get("metadata", {}).get("batch_number", answer.get("batchNumber"))
                reason = str(answer.get("body") or answer.get("error") or "it gave no answer")
                missing[int(number or 0)] = reason.removeprefix(f"batch {number} failed: ")
        gone = {number: why for number, why in missing.items() if number not in told}
        return cls(notes, gone)

    @property
    def fetched(self) -> list[str]:
        """Symbols that came, in one batch or another."""
        return sorted(name for name, state in self._states().items() if state == "fetched")

    @property
    def skipped(self) -> list[str]:
        """Symbols that were not asked for, because they kept failing."""
        return sorted(name for name, state in self._states().items() if state == "skipped")

    @property
    def failed(self) -> dict[str, Failed]:
        """Symbols that did not come in any batch, and why they did not in the last one."""
        states = sorted(self._states().items())
        return {name: state for name, state in states if isinstance(state, Failed)}

    @property
    def reasons(self) -> dict[str, str]:
        """The same in words."""
        return {name: f"{why.kind}: {why.reason}" for name, why in self.failed.items()}

    @property
    def pending(self) -> list[str]:
        """Symbols that came on another scale and wait for their history."""
        last = set(self.failed)
        return sorted({name for notes in self.notes.values() for name in notes.pending} & last)

    def _states(self) -> dict[str, Failed | str]:
        """Each symbol with what its last batch says; what came once has come."""
        states: dict[str, Failed | str] = {}
        for notes in self.notes.values():
            idle = dict.fromkeys(notes.up_to_date, "up to date")
            idle |= dict.fromkeys(notes.skipped, "skipped")
            for name in (full_name(name, notes.suffix) for name in notes.names):
                if states.get(name) != "fetched":
                    states[name] = notes.failed.get(name) or idle.get(name, "fetched")
        return states


def _notes(zone: RawZone, batch: Batch) -> dict[str, Any]:
    """None of a damaged batch: merging it says what is wrong with it."""
    try:
        return zone.notes(batch)
    except LakeError:
        return {}
