"""What this machine knows of a run elsewhere: ``cloud.json`` in the folder of the run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.errors import DataError
from stockstream.market.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["CLOUD", "Attempt", "CloudRecord"]

CLOUD: Final = "cloud.json"

STACK: Final = ("prefix", "region")
"""What the first records had in place of ``where``."""


class Attempt(NamedTuple):
    """One execution, job or DAG run.

    Attributes:
        attempt: its number, from 1.
        id: what the service calls it; empty if nothing was missing.
        cancelled: whether somebody stopped it from here.
    """

    attempt: int
    id: str
    cancelled: bool = False


@dataclass(frozen=True)
class CloudRecord:
    """Where a run is, and what was started for it.

    Attributes:
        runner: kind of the service.
        lake: folder or URL.
        where: which service of its kind, see :attr:`stockstream.runners.service.Service.where`.
        attempts: started or joined from here, in their order.
    """

    runner: str
    lake: str
    where: dict[str, str] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()

    @property
    def last(self) -> Attempt | None:
        """The attempt that counts."""
        return self.attempts[-1] if self.attempts else None

    def with_attempt(self, attempt: Attempt) -> CloudRecord:
        """The record with an attempt more, or with another word on the one of its number."""
        others = [one for one in self.attempts if one.attempt != attempt.attempt]
        return replace(self, attempts=(*others, attempt))

    def with_cancelled(self) -> CloudRecord:
        """The record with the word that somebody has stopped the attempt that counts."""
        return self.with_attempt(self.last._replace(cancelled=True)) if self.last else self

    def is_on(self, kind: str, where: Mapping[str, str]) -> bool:
        """Whether the run is with this service."""
        return (self.runner, self.where) == (kind, dict(where))

    def write(self, folder: Path) -> None:
        """Write it into the folder of the run.

        Raises:
            DataError: it cannot be written.
        """
        document = {**asdict(self), "attempts": [one._asdict() for one in self.attempts]}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with whole_file(folder / CLOUD) as fresh:
                fresh.write_text(json.dumps(document, indent=1), encoding="utf-8")
        except OSError as error:
            raise DataError(f"cannot write to {folder}: {error.strerror or error}") from error

    @classmethod
    def read(cls, folder: Path) -> CloudRecord | None:
        """What is in the folder of a run; None if it is with this machine.

        Raises:
            DataError: it cannot be read.
        """
        file = folder / CLOUD
        try:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            attempts = tuple(Attempt(**one) for one in found.pop("attempts"))
            former = {name: found.pop(name) for name in STACK if name in found}
            return cls(**{"where": former, **found}, attempts=attempts)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"cannot read {file}: {error}; remove it, and give the sweep again to find its run"
            ) from error
