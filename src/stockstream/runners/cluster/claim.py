"""Which driver is at an attempt, and how it left: two small files of the run.

``drivers/<attempt>.json`` names the process that has the attempt: the first to write it has it.
``drivers/<attempt>.left.json`` is its last word.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from stockstream.errors import DataError
from stockstream.lake.location import Location
from stockstream.runners.service import Look
from stockstream.study.runs.file_store import writing
from stockstream.study.runs.ledger.liveness import Process

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from stockstream.study.runs.bucket_store import BucketStore

__all__ = ["Claim"]

T = TypeVar("T")

DRIVERS: Final = "drivers"
SUFFIX: Final = ".json"


class Claim(NamedTuple):
    """The two files of one attempt.

    Attributes:
        place: of the run.
        attempt: "1", "2" and so on.
    """

    place: Location
    attempt: str

    @classmethod
    def on(cls, store: BucketStore, attempt: int | str) -> Self:
        """The claim on an attempt at a run."""
        return cls(store.place, str(attempt))

    @classmethod
    def of(cls, identity: str) -> Self:
        """The claim whose :attr:`identity` this is.

        Raises:
            DataError: it is none.
        """
        place, _, name = identity.rpartition(f"/{DRIVERS}/")
        if not place or not name.endswith(SUFFIX):
            raise DataError(f"{identity[:200]!r} names no driver: resume the run")
        return cls(Location.of(place), name.removesuffix(SUFFIX))

    @property
    def identity(self) -> str:
        """Path or URL of the file that names the driver."""
        return self.place.path(self._file)

    def take(self, driver: Process) -> bool:
        """Take the attempt for a driver; returns whether nobody had it.

        Raises:
            DataError: it cannot be written.
        """
        with writing(self.place):
            return self.place.create(self._file, json.dumps(driver._asdict()).encode())

    def driver(self) -> Process | None:
        """The driver that has the attempt.

        Raises:
            DataError: the file cannot be read.
        """
        return self._read(self._file, Process)

    def leave(self, look: Look) -> None:
        """Say how the driver left; the first word counts.

        Raises:
            DataError: it cannot be written.
        """
        with writing(self.place):
            self.place.create(self._left, json.dumps(look._asdict()).encode())

    def last_word(self) -> Look | None:
        """How the driver left; None if it did not say.

        Raises:
            DataError: the file cannot be read.
        """
        return self._read(self._left, Look)

    @property
    def _file(self) -> str:
        return f"{DRIVERS}/{self.attempt}{SUFFIX}"

    @property
    def _left(self) -> str:
        return f"{DRIVERS}/{self.attempt}.left{SUFFIX}"

    def _read(self, file: str, kind: Callable[..., T]) -> T | None:
        try:
            return kind(**json.loads(self.place.read(file)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"cannot read {self.place.path(file)}: {error}") from error
