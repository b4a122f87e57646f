"""A run on a service, followed: its status is noted down for pages, its results are copied here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.runners.choice import runner_of

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.tasks.progress import Teller

__all__ = ["work"]


def work(folder: Path, tell: Teller) -> None:
    """Note the status until the run has ended."""
    runs, run = folder.parents[1], folder.parent.name
    for status in runner_of(run, runs).follow(run):
        tell(status.state, status.done, status.total, status=status.to_dict())
    tell.end()
