"""Measure how robust a kept backtest is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stockstream.app.place import Place
from stockstream.app.state.measured import keep_robustness
from stockstream.app.state.results import backtest_at, homes_of, study_at
from stockstream.report.robustness import measure_robustness
from stockstream.study.runs.pinned import PinnedLake
from stockstream.study.validation.walk_forward import walk_forward

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stockstream.app.tasks.progress import Teller
    from stockstream.backtest.result import BacktestResult
    from stockstream.study.validation.walk_forward import WalkForward

__all__ = ["work"]

WINDOWS: Final = ("walk_forward", "hold_out")


def work(folder: Path, tell: Teller) -> None:
    """Measure the run of the folder."""
    runs, run = folder.parents[1], folder.parent.name
    result = backtest_at(runs, run)
    lake = Place.of_settings().open()
    found = measure_robustness(result, run, lake, tell, _walk(result, runs))
    keep_robustness(folder, found)
    tell.end("measured")


def _walk(result: BacktestResult, runs: Path) -> Callable[[], WalkForward] | None:
    """The walk-forward of the newest complete study that the run is a point of."""
    for home in homes_of(result, runs):
        if home.split.startswith(WINDOWS):
            study = study_at(runs, home.study)
            if all(study.store.has(chunk) for chunk in study.study.chunks):
                lake = PinnedLake(Place.of_settings().open(), study.identity)
                return partial(walk_forward, study, lake)
    return None
