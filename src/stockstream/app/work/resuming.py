"""Resume a run, wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.app.tasks.start import start
from stockstream.runners.choice import runner_of
from stockstream.runners.cloud_record import CloudRecord

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.tasks.progress import Teller

__all__ = ["work"]


def work(folder: Path, tell: Teller) -> None:
    """Resume the run of the folder."""
    runs, run = folder.parents[1], folder.parent.name
    state = runner_of(run, runs).resume(run).state
    if CloudRecord.read(folder.parent) is not None:
        start(folder, "watch", again=True)  # who watched it stopped when it had ended
    tell.end(state)
