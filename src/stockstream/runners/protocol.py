"""What every runner can do, wherever its work is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.study.result import StudyResult
    from stockstream.study.runs.run_status import RunStatus
    from stockstream.study.study import Study

__all__ = ["Runner"]


class Runner(Protocol):
    """Runs studies and keeps what they gave.

    A run is named after its study, so that the same study is the same run: submitting it twice
    joins it. All calls raise :class:`stockstream.errors.NoDataError` for a run that does not exist
    and :class:`stockstream.errors.ConfigError` for what is no name of one.
    """

    def submit(self, study: Study) -> str:
        """Start a study, or join the run of it that there is; returns its name at once."""

    def study(self, run: str) -> Study:
        """What a run is about."""

    def status(self, run: str) -> RunStatus:
        """How far a run is."""

    def follow(self, run: str) -> Iterator[RunStatus]:
        """How far a run is, again and again until it has ended."""

    def cancel(self, run: str) -> RunStatus:
        """Stop a run. What is done stays, and :meth:`resume` goes on from there."""

    def resume(self, run: str) -> RunStatus:
        """Run what is missing of a run, and again what was given up."""

    def result(self, run: str) -> StudyResult:
        """What a run has given so far."""

    def delete(self, run: str) -> None:
        """Stop a run and remove all that it gave."""
