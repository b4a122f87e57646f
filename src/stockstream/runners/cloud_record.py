"""What this machine knows of a run in the cloud: ``cloud.json`` in the folder of the run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.errors import DataError
from stockstream.market.whole_file import whole_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CLOUD", "Attempt", "CloudRecord"]

CLOUD: Final = "cloud.json"


class Attempt(NamedTuple):
    """One execution, or one job.

    Attributes:
        attempt: its number, from 1.
        id: ARN of the execution, or id of the job; empty if nothing was missing.
        cancelled: whether somebody stopped it from here.
    """

    attempt: int
    id: str
    cancelled: bool = False


@dataclass(frozen=True)
class CloudRecord:
    """Where a run is, and what was started for it.

    Attributes:
        runner: ``step-functions`` or ``aws-batch``.
        lake: URL of the bucket.
        prefix: of the stack.
        region: of the stack.
        attempts: started or joined from here, in their order.
    """

    runner: str
    lake: str
    prefix: str
    region: str
    attempts: tuple[Attempt, ...] = ()

    @property
    def last(self) -> Attempt | None:
        """The attempt that counts."""
        return self.attempts[-1] if self.attempts else None

    def with_attempt(self, attempt: Attempt) -> CloudRecord:
        """The record with an attempt more, or with another word on the one of its number."""
        others = [one for one in self.attempts if one.attempt != attempt.attempt]
        return replace(self, attempts=(*others, attempt))

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
        """What is in the folder of a run; None if it does not run in the cloud.

        Raises:
            DataError: it cannot be read.
        """
        file = folder / CLOUD
        try:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            attempts = tuple(Attempt(**one) for one in found.pop("attempts"))
            return cls(**found, attempts=attempts)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"cannot read {file}: {error}; remove it, and give the sweep again to find its run"
            ) from error
