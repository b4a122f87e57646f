"""A small lake and a sweep on it, for the tests of sweeps in the cloud."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider
from stockstream.study.plan import plan_study
from stockstream.study.result import StudyResult
from stockstream.study.runs.store import MemoryStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.study.study import Study

__all__ = ["EVENT", "local_digest", "make_lake", "plan_event"]

EVENT: dict[str, Any] = {
    "config": {
        "strategy_class": "MovingAverageCrossover",
        "start_date": "2019-06-03",
        "end_date": "2020-12-31",
        "param_grid": {"fast_period": "3:12:10", "slow_period": [10, 20, 30, 40]},
    },
    "split": "ticker",
    "where": ["fast_period < slow_period"],
    "blocks": 4,
}
"""37 points on 3 symbols."""


def make_lake(place: str | Path) -> None:
    """Three simulated companies over two years."""
    fetch(SimulatedProvider(companies=3), (), dt.date(2019, 1, 1), dt.date(2020, 12, 31), place)


def plan_event(lake: str | Path, **options: Any) -> Study:
    """The study of :data:`EVENT`, planned as a laptop does."""
    from stockstream.backtest.config import BacktestConfig

    given = {name: value for name, value in EVENT.items() if name != "config"}
    return plan_study(BacktestConfig(**EVENT["config"]), Lake.open(lake), **{**given, **options})


def local_digest(study: Study, lake: str | Path) -> str:
    """Digest of what this machine makes of a study."""
    kept = MemoryStore()
    run_study(study, Lake.open(lake), kept, workers=1)
    return StudyResult(study, kept).digest
