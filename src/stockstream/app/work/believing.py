"""Measure how far the points of a study can be believed: seconds where there are many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.app.state.measured import keep_belief
from stockstream.app.state.results import stamp_of, study_at

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.tasks.progress import Teller

__all__ = ["work"]


def work(folder: Path, tell: Teller) -> None:
    """Judge the best point of the study of the folder."""
    runs, run = folder.parents[1], folder.parent.name
    stamp = stamp_of(runs, run)
    tell("measuring how much of it is luck")
    belief = study_at(runs, run).significance()
    keep_belief(folder, stamp, belief)
    tell.end("measured", stamp=stamp)
