"""What an import of factors did, in numbers and names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.providers.base import Failure

__all__ = ["FactorSummary"]


@dataclass(frozen=True)
class FactorSummary:
    """What went into the lake and what did not.

    Every value read was added, was there already, was rejected, or is noted as repeated.

    Attributes:
        values: values read.
        empty: places of a table that give no value.
        added, unchanged: values, compared with what the lake had.
        rejected: values that stayed out, by rule.
        noted: values that are odd and went in, by note.
        examples: for each rule and note one value, in words.
        unknown: symbols that the lake does not have.
        names: factors of the values that were accepted.
        symbols: number of their symbols.
        first, last: their first and last date.
        failures: sources and columns that gave nothing, with the reason.
        lake: where it is.
    """

    values: int
    empty: int
    added: int
    unchanged: int
    rejected: dict[str, int]
    noted: dict[str, int]
    examples: dict[str, str]
    unknown: tuple[str, ...]
    names: tuple[str, ...]
    symbols: int
    first: dt.date | None
    last: dt.date | None
    failures: tuple[Failure, ...]
    lake: str

    @property
    def is_partial(self) -> bool:
        """Whether something stayed out."""
        return bool(self.failures or self.rejected)

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        values = asdict(self)
        values["first"] = self.first and self.first.isoformat()
        values["last"] = self.last and self.last.isoformat()
        values["failures"] = [failure._asdict() for failure in self.failures]
        return values
