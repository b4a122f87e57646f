"""Whole processes: how long until a person sees something.

The issue's budgets are wall times on an idle machine (``--help`` 0.4 s, a first backtest with no
kernel cache 2 s); they are printed. What is asserted is how much our own code adds to what the
interpreter and the libraries take to start, measured in the same run.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "stockstream"]
LIBRARIES = [sys.executable, "-c", "import typer, rich.table, pydantic, numpy, polars, deltalake"]


def seconds(command: list[str], env: dict[str, str] | None = None, rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=env)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred simulated symbols over ten years."""
    folder = tmp_path_factory.mktemp("lake") / "lake"
    shelf = Lake.create(folder, calendar="XASX", simulated=True)
    fetch(SimulatedProvider(), [], dt.date(2015, 1, 1), dt.date(2024, 12, 31), shelf)
    return folder


def test_help(benchmark: Any) -> None:
    command = [*COMMAND, "--help"]
    benchmark.pedantic(lambda: subprocess.run(command, check=True, capture_output=True), rounds=5)
    ours, bare = seconds(command), seconds([sys.executable, "-c", "import typer, rich.table"])
    print(f"\n--help {ours:.2f} s, the libraries it needs {bare:.2f} s")
    assert ours < 2.5 * bare


def test_first_backtest_without_any_kernel_cache(
    benchmark: Any, lake: Path, tmp_path: Path
) -> None:
    symbol = Lake.open(lake).symbols()[0]
    env = {**os.environ, "STOCKSTREAM_CACHE": str(tmp_path / "empty")}
    options = "--strategy MovingAverageCrossover --start-date 2015-01-01 --end-date 2024-12-31"
    command = [*COMMAND, "backtest", *options.split(), "--symbols", symbol, "--lake", str(lake)]
    command += ["--runs", str(tmp_path / "runs")]
    run = lambda: subprocess.run(command, check=True, capture_output=True, env=env)  # noqa: E731
    benchmark.pedantic(run, rounds=5)
    ours, libraries = seconds(command, env), seconds(LIBRARIES)
    print(f"\nfirst backtest {ours:.2f} s, its libraries {libraries:.2f} s")
    assert not (tmp_path / "empty").exists()
    assert ours < 3.0 * libraries
