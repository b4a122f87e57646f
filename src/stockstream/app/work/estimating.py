"""What a request would take, on this machine and elsewhere."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from stockstream.app.work.planning import planned
from stockstream.runners.own_machines import own_times
from stockstream.runners.prices import PRICES, Work, cloud_costs
from stockstream.study.estimate import estimate

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.tasks.progress import Teller

__all__ = ["work"]


def work(folder: Path, tell: Teller) -> None:
    """Run a little of the study, and reckon."""
    tell("planning")
    study, lake = planned(folder)
    tell("running a little of it")
    found = estimate(study, lake, workers=os.cpu_count() or 1)
    amount = Work(found.core_seconds, found.memory, found.chunks)
    tell.end(
        trials=study.trials,
        points=study.points,
        pieces=len(study.pieces),
        chunks=found.chunks,
        seconds=found.seconds,
        memory=found.memory,
        workers=found.workers,
        own=[asdict(one) for one in own_times(amount, found.workers)],
        costs=[asdict(one) for region in PRICES for one in cloud_costs(amount, region)],
    )
