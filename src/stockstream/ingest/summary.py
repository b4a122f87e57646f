"""What an import or a fetch did, in numbers and names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.providers.base import Failure

__all__ = ["ImportSummary"]


@dataclass(frozen=True)
class ImportSummary:
    """What went into the lake and what did not.

    Every row read is among the bars that were added, updated or left unchanged, in quarantine, or
    counted as a repeated row in the findings.

    Attributes:
        rows: rows read.
        added, updated, unchanged: bars, compared with what the lake had.
        quarantined: rejected rows by rule, most frequent first.
        findings: what was noted about rows that were kept, by rule.
        symbols: symbols with a bar that was accepted.
        first, last: sessions of the first and last of those bars.
        actions_added: corporate actions that the lake did not have.
        failures: files or symbols that gave nothing, with the reason.
        version_before, version_after: data versions of the lake.
        calendar: sessions the bars were checked against, and why.
        basis: whether prices are as traded or split-adjusted, and why.
        lake: where the lake is.
    """

    rows: int
    added: int
    updated: int
    unchanged: int
    quarantined: dict[str, int]
    findings: dict[str, int]
    symbols: int
    first: dt.date | None
    last: dt.date | None
    actions_added: int
    failures: tuple[Failure, ...]
    version_before: str
    version_after: str
    calendar: str
    basis: str
    lake: str

    @property
    def is_partial(self) -> bool:
        """Whether a file or symbol gave nothing."""
        return bool(self.failures)

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        values = asdict(self)
        values["first"] = self.first and self.first.isoformat()
        values["last"] = self.last and self.last.isoformat()
        values["failures"] = [failure._asdict() for failure in self.failures]
        return values
