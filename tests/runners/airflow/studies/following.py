"""Following runs, and what this machine knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.runners.cloud_record import CloudRecord

if TYPE_CHECKING:
    from stockstream.runners.cloud import CloudRunner
    from stockstream.runners.cloud_record import Attempt
    from stockstream.study.runs.run_status import RunStatus

__all__ = ["attempts", "ended"]


def ended(runner: CloudRunner, run: str) -> RunStatus:
    """Follow a run to its end."""
    *_, last = runner.follow(run)
    return last


def attempts(runner: CloudRunner, run: str) -> list[Attempt]:
    """The attempts that are known here."""
    record = CloudRecord.read(runner.runs / run)
    assert record is not None
    return list(record.attempts)
