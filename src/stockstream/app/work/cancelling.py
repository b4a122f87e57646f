"""Cancel a run, wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.runners.choice import runner_of

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.tasks.progress import Teller

__all__ = ["work"]


def work(folder: Path, tell: Teller) -> None:
    """Cancel the run of the folder."""
    runs, run = folder.parents[1], folder.parent.name
    tell.end(runner_of(run, runs).cancel(run).state)
