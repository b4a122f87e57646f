"""What is wrong with a lake, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Problem", "Severity", "VerifyReport"]

Severity: TypeAlias = Literal["error", "warning"]


class Problem(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        severity: ``error``: data is lost or wrong; ``warning``: all data is there.
        kind: one word for programs.
        place: file or folder, below the lake.
        detail: what is wrong.
        advice: what to do.
    """

    severity: Severity
    kind: str
    place: str
    detail: str
    advice: str


@dataclass(frozen=True)
class VerifyReport:
    """What a verification found.

    Attributes:
        address: of the lake.
        scope: which versions were read: ``latest`` or ``all``.
        files, rows, size: data files that were read, their rows and bytes.
        raw_batches: files of the raw zone that were read.
        problems: the worst first.
    """

    address: str
    scope: Literal["latest", "all"]
    files: int
    rows: int
    size: int
    raw_batches: int
    problems: Sequence[Problem]

    @property
    def is_sound(self) -> bool:
        """Whether no data is lost or wrong."""
        return all(problem.severity != "error" for problem in self.problems)

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        problems = [problem._asdict() for problem in self.problems]
        return {"sound": self.is_sound, **vars(self), "problems": problems}
