"""How far a run is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

__all__ = ["ENDED", "FailedChunk", "RunState", "RunStatus"]

RunState: TypeAlias = Literal["running", "done", "partial", "cancelled", "stopped", "unreachable"]
"""``done``: every chunk is there. ``partial``: every chunk is there or was given up. ``cancelled``:
somebody asked for that. ``stopped``: something is missing and nobody works on it, as after a crash.
These can be resumed, all but ``done``. ``unreachable``: the service that it runs on does not
answer, so nobody knows whether it goes on; what is there is counted."""

ENDED: frozenset[RunState] = frozenset({"done", "partial", "cancelled", "stopped"})


class FailedChunk(NamedTuple):
    """A chunk that was given up.

    Attributes:
        number: of the chunk.
        trials: how many it has.
        error: why, and which trial with which parameters it was.
    """

    number: int
    trials: int
    error: str


@dataclass(frozen=True)
class RunStatus:
    """How far a run is.

    Attributes:
        run: its name.
        state: see :data:`RunState`.
        strategy: registered name, or ``path.py:Class``.
        done: trials that need not run again: they have, or their chunk was given up.
        failed: those of them that gave an error in place of numbers.
        total: trials of the study.
        chunks_done, chunks_total: the same in chunks.
        workers: numbers of the processes that work on it on this machine, and of others' that do.
        rate: trials a second of all workers together, of late; None while nobody works.
        seconds_left: None where nobody can know.
        created: when it was started, in seconds since 1970.
        error: why the last worker stopped, if it was no trial's fault, or what a run that goes on
            waits for, or why a service does not answer; empty otherwise.
        failures: chunks that were given up.
    """

    run: str
    state: RunState
    strategy: str
    done: int
    failed: int
    total: int
    chunks_done: int
    chunks_total: int
    workers: tuple[int, ...]
    rate: float | None
    seconds_left: float | None
    created: float
    error: str
    failures: tuple[FailedChunk, ...]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens unless somebody asks."""
        return self.state in ENDED

    def to_dict(self) -> dict[str, Any]:
        """The status as JSON values."""
        document = asdict(self)
        document["failures"] = [failure._asdict() for failure in self.failures]
        return document
