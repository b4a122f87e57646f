"""Delete a run, wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.runners.choice import runner_of

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.tasks.progress import Teller

__all__ = ["work"]


def work(folder: Path, tell: Teller) -> None:
    """Stop the run after which the folder is named, and remove it; the folder stays."""
    runs, run = folder.parents[2], folder.name
    tell("deleting")
    runner_of(run, runs).delete(run)
    tell.end("deleted")
