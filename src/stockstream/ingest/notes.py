"""What a batch remembers beside its rows: who was asked for, who came, who did not, and why.

The notes are kept in the footer of the batch's file. So whoever finds the file knows everything
that the run knew that wrote it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stockstream.ingest.health import HealthEvent
from stockstream.ingest.order import full_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stockstream.errors import FailureKind

__all__ = ["RETRYABLE", "Failed", "Notes"]

RETRYABLE: Final[frozenset[FailureKind]] = frozenset({"transient", "rate_limited", "malformed"})
"""Failures after which the same question may have another answer on the same day."""

WHOLE: Final = "its whole history was fetched"
WAITS: Final = "it came on another scale and its whole history did not come; nothing is merged"


@dataclass(frozen=True)
class Failed:
    """Why a symbol did not come.

    Attributes:
        kind: what happened at the last attempt.
        reason: the same for people.
        attempts: how often it was asked for; 0 if the source was given up before.
    """

    kind: FailureKind
    reason: str
    attempts: int = 1


@dataclass(frozen=True)
class Notes:
    """What became of the symbols of a batch; all but ``names`` in full.

    Attributes:
        provider: who was asked.
        suffix: what makes a name a full one.
        names: the symbols as they were given.
        up_to_date: the lake had all their sessions.
        skipped: not asked for, because they failed on many runs before.
        failed: did not come.
        recovered: came, after these failures.
        incomplete: came, or a file of the source did not, and what the source said about it.
        corrected: stored closes differ from those that came.
        refetched: came with their whole history, and the ratio of stored to new prices if there is
            one.
        pending: failed, because they came on another scale and their history did not come.
        foreign: dated in another time zone than their exchange's.
        requests: how often the source was asked.
        seconds: how long that took.
    """

    provider: str
    suffix: str
    names: Sequence[str]
    up_to_date: Sequence[str] = ()
    skipped: Sequence[str] = ()
    failed: Mapping[str, Failed] = field(default_factory=dict)
    recovered: Mapping[str, Sequence[FailureKind]] = field(default_factory=dict)
    incomplete: Mapping[str, str] = field(default_factory=dict)
    corrected: Sequence[str] = ()
    refetched: Mapping[str, float | None] = field(default_factory=dict)
    pending: Sequence[str] = ()
    foreign: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0.0

    @property
    def symbols(self) -> list[str]:
        """The names in full, each once."""
        return list(dict.fromkeys(full_name(name, self.suffix) for name in self.names))

    @property
    def fetched(self) -> list[str]:
        """The symbols that came."""
        others = {*self.failed, *self.up_to_date, *self.skipped}
        return [symbol for symbol in self.symbols if symbol not in others]

    @property
    def settled(self) -> bool:
        """Whether it is a result: not every symbol that was asked for failed in a passing way."""
        asked = len(self.symbols) - len(self.up_to_date) - len(self.skipped)
        again = sum(1 for failed in self.failed.values() if failed.kind in RETRYABLE)
        return not asked or again < asked

    def metadata(self, number: int, key: str | None) -> dict[str, Any]:
        """The documented description of a batch.

        Args:
            number: of the batch.
            key: name of its file; None if none was written.
        """
        failed = [name for name in self.names if full_name(name, self.suffix) in self.failed]
        return {
            "batch_number": number,
            "symbols_processed": len(self.symbols),
            "symbols_fetched": len(self.fetched),
            "symbols_failed": failed,
            "execution_time": round(self.seconds, 3),
            "s3_key": key,
        }

    def told(self) -> str:
        """The same in one line."""
        counts = {
            "failed": len(self.failed),
            "skipped": len(self.skipped),
            "up to date": len(self.up_to_date),
        }
        rest = "".join(f", {count} {what}" for what, count in counts.items() if count)
        return f"{len(self.fetched)} of {len(self.symbols)} symbols fetched{rest}"

    def events(self) -> list[HealthEvent]:
        """The same for the health table."""
        return list(self._events())

    def _events(self) -> Iterator[HealthEvent]:
        for name, why in self.failed.items():
            detail = f"{why.kind}: {why.reason}"
            yield HealthEvent("warning", "symbol_failed", name, why.attempts, detail)
        for name, met in self.recovered.items():
            yield HealthEvent("info", "symbol_recovered", name, len(met), f"after {', '.join(met)}")
        for name, reason in self.incomplete.items():
            yield HealthEvent("warning", "symbol_incomplete", name, 1, reason)
        for name in self.skipped:
            yield HealthEvent("info", "symbol_skipped", name)
        for name in self.corrected:
            yield HealthEvent("info", "corrected", name)
        for name, ratio in self.refetched.items():
            if ratio is None:
                yield HealthEvent("warning", "no_common_day", name, 1, WHOLE)
            else:
                told = f"the stored prices were {ratio:.9g} times the new ones; {WHOLE}"
                yield HealthEvent("warning", "restated", name, 1, told)
        for name in self.pending:
            yield HealthEvent("warning", "restatement_pending", name, 1, WAITS)
        for name, detail in self.foreign.items():
            yield HealthEvent("warning", "foreign_time_zone", name, 1, detail)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Notes:
        """From :meth:`as_dict`, through JSON."""
        failed = {name: Failed(**why) for name, why in values["failed"].items()}
        return cls(**{**values, "failed": failed})
