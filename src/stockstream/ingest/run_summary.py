"""What a daily run did, in numbers and names."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from stockstream.ingest.tally import PASSING

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.ingest.symbols import ListUpdate
    from stockstream.ingest.tally import Tally

__all__ = ["State", "UpdateSummary"]

State = Literal["complete", "partial", "failed", "nothing to do"]


@dataclass(frozen=True)
class UpdateSummary:
    """What a daily run did.

    Attributes:
        session: the newest session whose bars are final: the one the run is about.
        run: which run of that session; ``""`` if there was nothing to do.
        state: ``partial`` if symbols or batches are missing that should be there; ``failed`` if no
            batch came.
        total_symbols: symbols on the list.
        symbols_expected: symbols that should have come: those that did, and of the list those that
            are missing as ``state`` understands it or in no batch on disk.
        symbols_fetched: symbols that were asked for and gave bars, or had none to give.
        symbols_failed: symbols that gave nothing, with the reason.
        symbols_skipped: symbols that kept failing and were not asked this time.
        batches_processed: batches on disk.
        batches_failed: numbers of the batches that are not, with the reason.
        added, updated, unchanged: bars, compared with what the lake had.
        actions_added: corporate actions that the lake did not have.
        quarantined: rejected rows by rule.
        findings: what was noted about rows that were kept, by rule.
        pending: symbols whose prices were restated and wait to be fetched in full.
        delisted: symbols that were found to be delisted.
        changes: of the list: added, removed, renamed, reclassified.
        notices: anything else that a person should know, such as why a list was refused.
        seconds: how long it took.
        version_before, version_after: data versions of the lake.
        lake: where the lake is.
    """

    session: dt.date
    run: str
    state: State
    total_symbols: int
    symbols_expected: int = 0
    symbols_fetched: int = 0
    symbols_failed: dict[str, str] = field(default_factory=dict)
    symbols_skipped: tuple[str, ...] = ()
    batches_processed: int = 0
    batches_failed: dict[int, str] = field(default_factory=dict)
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    actions_added: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    delisted: tuple[str, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    seconds: float = 0.0
    version_before: str = ""
    version_after: str = ""
    lake: str = ""

    @classmethod
    def of_batches(
        cls, session: dt.date, tally: Tally, listed: ListUpdate, **rest: Any
    ) -> UpdateSummary:
        """What the batches of a session say.

        Args:
            session: whose.
            tally: of the batches.
            listed: the list of the session.
            rest: fields that the batches do not know.
        """
        return cls(
            session,
            total_symbols=len(listed.result["symbols"]),
            symbols_fetched=len(tally.fetched),
            symbols_failed=tally.reasons,
            symbols_skipped=tuple(tally.skipped),
            batches_processed=len(tally.notes),
            batches_failed=dict(tally.missing),
            **rest,
        )

    @property
    def counters(self) -> dict[str, int]:
        """The four that monitoring watches."""
        return {
            "SymbolsFetched": self.symbols_fetched,
            "SymbolsFailed": len(self.symbols_failed),
            "BatchesProcessed": self.batches_processed,
            "BatchesFailed": len(self.batches_failed),
        }

    @property
    def may_come(self) -> bool:
        """Whether another run of the session asks for something that is missing."""
        kinds = {reason.partition(": ")[0] for reason in self.symbols_failed.values()}
        return bool(self.batches_failed) or not kinds.isdisjoint(PASSING)

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        values = asdict(self)
        return {**self.counters, **values, "session": self.session.isoformat()}
