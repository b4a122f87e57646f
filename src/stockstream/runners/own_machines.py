"""How long a piece of work takes on machines that one has: an Airflow's workers, a cluster.

They cost the same whether they work or not, so there is no price, only the time. What starting
takes was measured on two shared cores; see ``benchmarks/test_airflow.py`` and
``benchmarks/test_cluster.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from stockstream.runners.prices import items_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.runners.prices import Work

__all__ = ["STARTS", "OwnTime", "Start", "own_times"]


class Start(NamedTuple):
    """What starting takes.

    Attributes:
        once: seconds before the first item is begun, and after the last.
        each: seconds of one worker for each item.
    """

    once: float
    each: float


STARTS: Final[Mapping[str, Start]] = {
    "airflow": Start(once=5.0, each=2.0),
    "cluster": Start(once=12.0, each=0.004),
}
"""Airflow starts an interpreter for each task, and four tasks around them one after the other: 2 s
until the first item, 2.5 s after the last, 1.1 to 2.0 s each; twice as much on a machine that is
busy. A cluster is started once."""


@dataclass(frozen=True)
class OwnTime:
    """How long it takes.

    Attributes:
        runner: ``airflow`` or ``cluster``.
        workers: that work side by side.
        jobs: tasks that are started.
        seconds: from the start to the end.
    """

    runner: str
    workers: int
    jobs: int
    seconds: float


def own_times(work: Work, workers: int) -> tuple[OwnTime, ...]:
    """How long work takes on an Airflow, in its own workers, and on a Ray cluster.

    Args:
        work: what is to be done.
        workers: that there are, each as fast as a core of this machine.
    """
    jobs = items_of(work.files, workers)
    turns = math.ceil(jobs / workers)
    return tuple(
        OwnTime(
            *(runner, workers, jobs),
            start.once + turns * (start.each + work.core_seconds / jobs),
        )
        for runner, start in STARTS.items()
    )
