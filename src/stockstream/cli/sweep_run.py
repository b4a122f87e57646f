"""A planned sweep, run: here, or by workers that go on without this process."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stockstream.cli.console import command, note, warn
from stockstream.cli.figures import count
from stockstream.errors import CloudError, StrategyError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stockstream.backtest.config import BacktestConfig
    from stockstream.lake.store import Lake
    from stockstream.runners.cloud import CloudRunner
    from stockstream.runners.local import LocalRunner
    from stockstream.study.result import StudyResult
    from stockstream.study.study import Study

__all__ = [
    "away_runner",
    "here_runner",
    "is_whole",
    "next_commands",
    "run_away",
    "run_here",
    "search_here",
]


def here_runner(lake: Lake, runs: Path, workers: int | None) -> LocalRunner:
    """What runs detached studies on this machine."""
    from stockstream.runners.local import LocalRunner

    return LocalRunner(runs, str(lake.location), workers)


def away_runner(name: str, lake: Lake, runs: Path, workers: int | None) -> CloudRunner | None:
    """What runs studies on a service, once it is known that it takes them.

    Args:
        name: of the service; None is given for ``local``.
        lake: which the service must be able to read.
        runs: the folder of runs.
        workers: how many work side by side.

    Raises:
        ConfigError: the service cannot reach the lake, or is not there.
        CloudError: the service does not answer, or refused.
    """
    if name == "local":
        return None
    from stockstream.runners.choice import cloud_runner

    runner = cloud_runner(name, runs, str(lake.location), at_once=workers)
    runner.ready()
    return runner


def is_whole(result: StudyResult) -> bool:
    """Whether every chunk of a study has been run, so that none was given up."""
    return all(map(result.store.has, result.study.chunks))


def run_away(study: Study, runner: CloudRunner) -> StudyResult:
    """Run a study on a service and watch it; nobody who watches is needed.

    Args:
        study: what to run.
        runner: of the service.

    Raises:
        CloudError: it was cancelled or stopped before its end.
        StrategyError: every trial failed.
        KeyboardInterrupt: the user has seen enough; how to go on has been said.
    """
    from stockstream.cli.progress import watch

    began = time.perf_counter()
    name = runner.submit(study)
    try:
        status = watch(runner, name, f"{name} by {runner.kind}")
    except KeyboardInterrupt:
        words = ", ".join(f"`{line}`" for line in next_commands(name, runner.runs))
        note(f"{name} goes on by {runner.kind}: {words}")
        raise
    for failure in status.failures:
        warn(f"chunk {failure.number} ({count(failure.trials, 'trial')}): {failure.error}")
    if status.state not in {"done", "partial"}:
        again = command(_words("resume", name, runner.runs))
        raise CloudError(
            f"{name} was {status.state} at {status.done:,} of {count(status.total, 'trial')}"
            f"{': ' if status.error else ''}{status.error}; `{again}` goes on"
        )
    if status.failed == status.total and status.failures:
        raise StrategyError(f"every trial failed; the first: {status.failures[0].error}")
    return _ended(replace(runner.result(name), study=study), began)


def run_here(study: Study, lake: Lake, runs: Path, workers: int | None) -> StudyResult:
    """Run what the folder of a study does not have yet; stopped half way, it can be resumed.

    Args:
        study: what to run.
        lake: where the bars are.
        runs: the folder of runs.
        workers: threads; as many as there are processors by default.

    Raises:
        StrategyError: every trial failed.
        DataError: the folder of runs cannot be written to.
        KeyboardInterrupt: the user stopped it; how to go on has been said.
    """
    from stockstream.cli.progress import progress
    from stockstream.study.sweep import run_study

    began = time.perf_counter()
    runner, threads = here_runner(lake, runs, workers), workers or os.cpu_count() or 1
    with runner.attending(study, threads) as store:
        try:
            with progress("sweep", "trials") as update:
                run_study(study, lake, store, workers=threads, progress=update)
        except KeyboardInterrupt:
            done = sum(chunk.trials for chunk in store.done())
            note(
                f"stopped: {done:,} of {count(study.trials, 'trial')} are kept; go on with "
                f"`{command(_words('resume', study.name, runs))}`, or give the same sweep again"
            )
            raise
    return _ended(replace(runner.result(study.name), study=study), began)


def _ended(kept: StudyResult, began: float) -> StudyResult:
    result = replace(kept, seconds=time.perf_counter() - began)
    if result.failed == result.study.trials:
        raise StrategyError(f"every trial failed; the first: {result.failures[0].error}")
    return result


def search_here(
    config: BacktestConfig,
    lake: Lake,
    runs: Path,
    *,
    points: int,
    select: str,
    workers: int | None,
    settings: Mapping[str, Any],
) -> StudyResult:
    """Let Optuna choose points of a grid; stopped half way, the same command goes on.

    Args:
        config: with a grid.
        lake: where the bars are.
        runs: the folder of runs.
        points: to try.
        select: what points are ranked by; where that holds them against each other, so that none
            has a value alone, the search is for the Sharpe ratio of all its pieces.
        workers: threads; as many as there are processors by default.
        settings: of the study.

    Raises:
        ConfigError: Optuna is not installed, or the grid does not fit the strategy.
        KeyboardInterrupt: the user stopped it; how to go on has been said.
    """
    from stockstream.cli.progress import progress
    from stockstream.study.search import RELATIVE, search

    metric = "pooled_sharpe" if select in RELATIVE else select
    note(f"{points:,} of them, chosen by Optuna for {metric}")
    try:
        with progress("search", "combinations") as update:
            return search(
                config,
                lake,
                trials=points,
                metric=metric,
                runs=runs,
                workers=workers,
                progress=update,
                **settings,
            )
    except KeyboardInterrupt:
        note("stopped: what was tried is kept; the same command goes on from there")
        raise


def next_commands(run: str, runs: Path) -> list[str]:
    """What to type about a run."""
    return [command(_words(word, run, runs)) for word in ("follow", "show", "cancel")]


def _words(word: str, run: str, runs: Path) -> str:
    from stockstream.cli.options import runs_place

    elsewhere = "" if str(runs) == runs_place(None) else f" --runs {runs}"
    return f"runs {word} {run}{elsewhere}"
