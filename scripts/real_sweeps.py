"""Sweeps on real markets, with the numbers that they took.

``python scripts/real_sweeps.py market`` sweeps 1,000 crossovers of averages over every share of the
ASX from 2019 to 2023, each alone, with the workers of ``stockstream sweep --detach``. It does so
twice: once undisturbed, once with every worker killed by SIGKILL in the middle, twice. Both must
leave the same bytes.

``book`` sweeps 2,000 long-short portfolios of 200 shares that share their cash. There are no real
figures of debt beside these prices: they are drawn, the same for the same seed.

``walk`` walks Momentum forward over 20 years of 40 shares: what was best in five years is traded in
the next one.

The data lies beside the checkout, in ``../shared/data`` (``STOCKSTREAM_SHARED_DATA``).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.ingest.factors.importer import import_factors
from stockstream.ingest.importer import import_files
from stockstream.lake.store import Lake
from stockstream.market.simulated import SimulatedMarket, simulate_fundamentals
from stockstream.runners.local import LocalRunner
from stockstream.study.estimate import peak_memory
from stockstream.study.grid import parse_grid_text
from stockstream.study.plan import plan_study
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_sweep
from stockstream.study.validation.walk_forward import walk_forward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockstream.study.result import StudyResult
    from stockstream.study.runs.run_status import RunStatus
    from stockstream.study.study import Study

ROOT = Path(__file__).resolve().parents[1]
MARKET, YAHOO = "asx_market_2019_2023.parquet", "asx_yahoo_1988_2016.parquet"
LONGEST = 3600.0  # seconds that a run may take
POLL = 0.02


@dataclass(frozen=True)
class Frame:
    """A table as a source of factors."""

    name: str
    table: pl.DataFrame

    def read(self) -> pl.DataFrame:
        """The table."""
        return self.table


def make_lake(file: Path, place: Path, symbols: int | None = None) -> Lake:
    """The bars of a file in a new lake, those with the most of them if not all are wanted."""
    bars = pl.read_parquet(file)
    if symbols is not None:
        longest = bars.group_by("symbol").len().sort("len", "symbol", descending=[True, False])
        bars = bars.filter(pl.col("symbol").is_in(longest["symbol"].head(symbols).implode()))
    chosen = place / "chosen.parquet"
    place.mkdir(parents=True, exist_ok=True)
    bars.write_parquet(chosen)
    lake = Lake.create(place / "lake", calendar="XASX")
    import_files([chosen], lake)
    return lake


def wait(runner: LocalRunner, name: str, until: Callable[[RunStatus], bool]) -> RunStatus:
    """The status of a run, once it is as it should be.

    Raises:
        RuntimeError: it stopped by itself, or took an hour.
    """
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        status = runner.status(name)
        if until(status):
            return status
        if status.has_ended:
            break
        time.sleep(POLL)
    raise RuntimeError(f"run {name} is not as it should be: {runner.status(name)}")


def run_out(runner: LocalRunner, study: Study, kills: int = 0) -> float:
    """Run a study to its end; kill every worker so many times on the way and resume it each time.

    Returns:
        Seconds from the submission to the end.
    """
    began = time.perf_counter()
    name = runner.submit(study)
    for kill in range(1, kills + 1):
        status = wait(runner, name, partial(_is_past, kill / (kills + 1)))
        for pid in status.workers:
            os.kill(pid, signal.SIGKILL)
        stopped = wait(runner, name, lambda now: now.state != "running")
        print(
            f"  kill -9 of {len(status.workers)} workers at {status.done:,} of {status.total:,} "
            f"trials: {stopped.state}, {stopped.done:,} safe"
        )
        runner.resume(name)
    wait(runner, name, lambda now: now.state == "done")
    return time.perf_counter() - began


def _is_past(share: float, status: RunStatus) -> bool:
    return status.state == "running" and status.done >= share * status.total


def market(data: Path, work: Path, combinations: int, symbols: int | None, kills: int) -> bool:
    """1,000 crossovers x every share, killed and resumed; whether nothing was lost."""
    lake = make_lake(data / MARKET, work, symbols)
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date="2019-01-01",
        end_date="2023-12-31",
        param_grid=parse_grid_text(f"fast_period=5:44:40; slow_period=50:{_last(combinations)}"),
        costs=Costs(commission_bps=10),
    )
    # of few symbols a chunk is one, so that there is something left to kill
    study = plan_study(config, lake, split="ticker", chunk_seconds=0.5 if symbols is None else 4e-3)
    _say(study)
    digests = []
    for label, times in (("undisturbed", 0), (f"killed {kills} times", kills)):
        runs = work / label.replace(" ", "-")
        runner = LocalRunner(runs, str(lake.location))
        seconds = run_out(runner, study, times)
        store = FolderStore.open(runs / study.name)
        digests.append(runner.result(study.name).digest)
        failed = store.scan().select(pl.col("error").count()).collect().item()
        print(
            f"{label}: {study.trials:,} trials in {seconds:.1f} s "
            f"({study.trials / seconds:,.0f}/s), {failed:,} failed, digest {digests[-1][:16]}"
        )
    same = digests[0] == digests[1]
    print("the same bytes" if same else "DIFFERENT bytes")
    return same


def _last(combinations: int) -> str:
    """The end of a range of slow averages that makes so many combinations with 40 fast ones."""
    slow = max(2, combinations // 40)
    return f"{50 + 6 * (slow - 1)}:{slow}"


def book(data: Path, work: Path, combinations: int, symbols: int | None, kills: int) -> bool:
    """Long-short portfolios with one account; whether every trial ran."""
    del kills
    lake = make_lake(data / MARKET, work, symbols or 200)
    bars = lake.bars()
    drawn = simulate_fundamentals(SimulatedMarket(bars, lake.actions(), pl.DataFrame()))
    import_factors([Frame("drawn", drawn)], lake)
    fast = max(1, combinations // 100)
    config = BacktestConfig(
        strategy_class="LongShortEquityStrategy",
        start_date="2019-07-01",
        end_date="2023-12-31",
        initial_capital=1e6,
        param_grid={
            "rebalance_period": (7, 14, 21, 28, 35),
            "take_profit_pct": _spread(0.05, 0.01, fast),
            "stop_loss_pct": (0.03, 0.05, 0.08, 0.1),
            "cooldown_period": (0, 5, 10, 15, 20),
        },
        costs=Costs(commission_bps=10, borrow_bps=300),
    )
    return _timed(config, lake, None).failed == 0


def walk(data: Path, work: Path, combinations: int, symbols: int | None, kills: int) -> bool:
    """Momentum walked forward over 20 years; whether every fold was traded."""
    del kills
    lake = make_lake(data / YAHOO, work, symbols)
    periods = max(2, combinations // 10)
    config = BacktestConfig(
        strategy_class="MomentumStrategy",
        start_date="1996-01-01",
        end_date="2015-12-31",
        universe=tuple(name for name in lake.symbols() if name.endswith(".AX")),
        param_grid={
            "momentum_period": tuple(10 * n for n in range(1, periods + 1)),
            "signal_threshold": _spread(0.02, 0.02, 10),
        },
        costs=Costs(commission_bps=10),
    )
    result = _timed(config, lake, "walk_forward(train=5y,test=1y)")
    found = walk_forward(result, lake, "pooled_sharpe")
    for fold in found.folds:
        chosen = ", ".join(f"{name}={fold.parameters[name]}" for name in config.param_grid)
        print(
            f"  {fold.window.test_start:%Y}: {chosen}: Sharpe {fold.train['sharpe']:.2f} before, "
            f"{fold.test.sharpe:.2f} after, {fold.test.total_return:+.1%}"
        )
    measured = found.metrics
    print(
        f"{len(found.folds)} folds joined: {measured.total_return:+.1%}, "
        f"{measured.annualised_return:+.1%} a year, Sharpe {measured.sharpe:.2f}, "
        f"drawdown {measured.max_drawdown:.1%}"
    )
    return result.failed == 0 and all(fold.point is not None for fold in found.folds)


def _spread(low: float, step: float, count: int) -> tuple[float, ...]:
    return tuple(round(low + step * n, 6) for n in range(count))


def _timed(config: BacktestConfig, lake: Lake, split: str | None) -> StudyResult:
    began = time.perf_counter()
    result = run_sweep(config, lake, split=split)
    seconds = time.perf_counter() - began
    study = result.study
    _say(study)
    print(
        f"{study.trials:,} trials in {seconds:.1f} s ({study.trials / seconds:,.0f}/s), "
        f"{result.failed:,} failed, {peak_memory() / 1e6:.0f} MB at most, paths {result.paths}"
    )
    return result


def _say(study: Study) -> None:
    print(
        f"{study.config.strategy_class}: {study.points:,} points x {len(study.pieces):,} pieces = "
        f"{study.trials:,} trials in {len(study.chunks):,} chunks"
    )


SWEEPS = {"market": (market, 1000), "book": (book, 2000), "walk": (walk, 250)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of them; 1 if something was lost."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", choices=SWEEPS)
    parser.add_argument("--combinations", type=int, help="of parameters, about")
    parser.add_argument("--symbols", type=int, help="those with the most bars; all by default")
    parser.add_argument("--kills", type=int, default=2, help="of all workers, of 'market'")
    given = parser.parse_args(arguments)
    shared = ROOT.parent / "shared" / "data"
    data = Path(os.environ.get("STOCKSTREAM_SHARED_DATA", shared))
    run, combinations = SWEEPS[given.sweep]
    with TemporaryDirectory(prefix="sweeps-") as work:
        good = run(data, Path(work), given.combinations or combinations, given.symbols, given.kills)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
