"""Answers of jobs: small JSON files beside the lake, for those who cannot read Parquet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stockstream.lake.location import Location
from stockstream.runners.jobs.names import answer_file
from stockstream.study.runs.file_store import reading, writing

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answers"]


class Answers:
    """The answers beside a lake.

    Args:
        lake: folder or URL.
    """

    def __init__(self, lake: str) -> None:
        self.place = Location.of(lake)

    def read(self, key: str) -> dict[str, Any] | None:
        """The answer that a job has left; None if there is none, empty if it cannot be read.

        Raises:
            DataError: the place does not answer.
        """
        with reading(self.place):
            try:
                found = json.loads(self.place.read(answer_file(key)))
            except FileNotFoundError:
                return None
            except ValueError:
                return {}
        return found if isinstance(found, dict) else {}

    def write(self, key: str, answer: Mapping[str, Any]) -> None:
        """Leave an answer in place of the one that may be there, whole or not at all.

        Raises:
            DataError: it cannot be written.
        """
        with writing(self.place):
            self.place.replace(answer_file(key), _encoded(answer))

    def write_first(self, key: str, answer: Mapping[str, Any]) -> bool:
        """Leave an answer unless there is one; gives whether it was left.

        Raises:
            DataError: it cannot be written.
        """
        with writing(self.place):
            return self.place.create(answer_file(key), _encoded(answer))


def _encoded(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer, indent=1, allow_nan=False).encode()
