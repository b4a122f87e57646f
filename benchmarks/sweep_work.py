"""The workloads of the sweep benchmarks, and a process of its own for what is measured in one.

``python benchmarks/sweep_work.py '{"work": "W1", "symbols": 1}'`` prints one line of JSON: trials,
bars, seconds, CPU seconds and peak memory. What another benchmark held before does not count there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.market.panel import Panel
from stockstream.study.estimate import peak_memory
from stockstream.study.plan import plan_study
from stockstream.study.result import StudyResult
from stockstream.study.runs.store import FolderStore, MemoryStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from stockstream.backtest.run import Source

__all__ = ["WORKS", "Measured", "Served", "alone", "config_of", "market", "rsi_grid", "run"]

SESSIONS = 2520
GUARDED = f"{Path(__file__).with_name('guarded_crossover.py')}:GuardedCrossover"
CROSSOVER = "MovingAverageCrossover"

WORKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # the grid of the peers' benchmark: 40 x 25 averages
    "W1": (CROSSOVER, ("fast_period=5:44:40", "slow_period=50:194:25")),
    "W1 x 10": (CROSSOVER, ("fast_period=5:44:40", "slow_period=50:299:250")),
    "MeanReversion": (
        "MeanReversionStrategy",
        ("lookback_period=10:49:40", "entry_threshold=1.5:2.7:25"),
    ),
    "Momentum": ("MomentumStrategy", ("momentum_period=5:44:40", "signal_threshold=0.01:0.13:25")),
    "RSI": ("RSIMeanReversion", ("period=5:44:40", "oversold=20:44:25")),
    "Guarded": (GUARDED, ("fast_period=5:44:40", "slow_period=50:194:25")),
}
"""What is swept: a strategy and its grid."""


def rsi_grid(trials: int) -> tuple[str, ...]:
    """A grid of so many points, a power of ten from a thousand on, in the same ranges always."""
    low = 10 ** (round(np.log10(trials / 10)) // 2)
    return ("period=5:14:10", f"oversold=20:40:{low}", f"overbought=60:80:{trials // 10 // low}")


class Served:
    """A panel behind the interface of a lake, so that no file is read."""

    def __init__(self, panel: Panel) -> None:
        self.served = panel

    def symbols(self) -> list[str]:
        """Every symbol."""
        return list(self.served.symbols)

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        """The same symbols."""
        return list(symbols)

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        """The panel, whatever is asked for."""
        del symbols, start, end, warmup, columns
        return self.served


class Measured(NamedTuple):
    """What a sweep took.

    Attributes:
        trials: that ran.
        bars: trials times bars.
        seconds, cpu: wall and CPU time, of all threads.
        memory: MB that the process held at most; 0 if it was not a process of its own.
        others: CPU seconds that other processes took meanwhile.
        mean_return: of the trials, to compare answers.
    """

    trials: int
    bars: int
    seconds: float
    cpu: float
    memory: float
    others: float
    mean_return: float

    @property
    def rate(self) -> float:
        """Millions of bars a CPU second."""
        return self.bars / self.cpu / 1e6


def config_of(work: str | tuple[str, tuple[str, ...]]) -> BacktestConfig:
    """All cash in and out, at the next open, 10 basis points: what the peers' benchmark does."""
    from stockstream.study.grid import parse_grid_text

    strategy, grid = WORKS[work] if isinstance(work, str) else work
    return BacktestConfig(
        strategy_class=strategy,
        start_date="2010-01-01",
        end_date="2020-01-01",
        initial_capital=1e6,
        param_grid=parse_grid_text("; ".join(grid)),
        costs=Costs(commission_bps=10),
        fractional=True,
        size_at="fill",
    )


@cache
def market(symbols: int, seed: int = 7) -> Panel:
    """Symbols x 2,520 daily bars with regimes, so that averages cross: the peers' own recipe."""
    random = np.random.default_rng(seed)
    shape = (SESSIONS, symbols)
    regime = random.normal(0.0, 6e-4, (SESSIONS // 60 + 1, symbols))
    drift = 2e-4 + np.repeat(regime, 60, axis=0)[:SESSIONS]
    close = 50.0 * np.exp(np.cumsum(drift + random.normal(0.0, 0.015, shape), axis=0))
    before = np.vstack((np.full((1, symbols), 50.0), close[:-1]))
    opens = before * np.exp(random.normal(0.0, 0.004, shape))
    high = np.maximum(opens, close) * np.exp(np.abs(random.normal(0.0, 0.006, shape)))
    low = np.minimum(opens, close) * np.exp(-np.abs(random.normal(0.0, 0.006, shape)))
    prices = [np.ascontiguousarray(np.round(x, 4).T).ravel() for x in (opens, high, low, close)]
    return Panel(
        symbols=tuple(f"S{i:04d}" for i in range(symbols)),
        dates=np.datetime64("2010-01-01") + np.arange(SESSIONS).astype("timedelta64[D]"),
        offsets=np.arange(symbols + 1) * SESSIONS,
        bar=np.tile(np.arange(SESSIONS), symbols),
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=np.full(symbols * SESSIONS, 1e6),
    )


def run(
    config: BacktestConfig, lake: Source, *, workers: int = 1, folder: Path | None = None
) -> Measured:
    """The whole of a sweep, from the configuration to the frame of its trials.

    Args:
        config: with a grid.
        lake: where the bars are.
        workers: threads.
        folder: where the trials are kept in files and only scanned, in place of a frame in memory.
    """
    before, began, cpu = _busy(), time.perf_counter(), time.process_time()
    split = "ticker" if len(lake.symbols()) > 1 else None
    study = plan_study(config, lake, split=split)
    store = MemoryStore() if folder is None else FolderStore.create(folder, study)
    run_study(study, lake, store, workers=workers)
    result = StudyResult(study, store)
    found = result.frame().lazy() if folder is None else result.scan()
    mean: Any = found.select(pl.col("total_return").mean()).collect(engine="streaming").item()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    others = _busy() - before - used
    bars = study.trials * SESSIONS
    return Measured(study.trials, bars, seconds, used, 0.0, others, mean)


def alone(**asked: Any) -> Measured:
    """:func:`run` in a process of its own, after a first run that loads everything.

    Args:
        asked: ``work`` (a name of :data:`WORKS`) or ``trials`` (of :func:`rsi_grid`); ``symbols``;
            ``workers``; ``files``: keep the trials in files.
    """
    command = [sys.executable, __file__, json.dumps(asked)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _main(asked: Mapping[str, Any]) -> None:
    work: Any = asked.get("work") or ("RSIMeanReversion", rsi_grid(asked["trials"]))
    workers = asked.get("workers", 1)
    run(config_of(work if isinstance(work, str) else (work[0], rsi_grid(1000))), Served(market(1)))
    lake = Served(market(asked.get("symbols", 1)))
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        place = Path(folder) if asked.get("files") else None
        found = run(config_of(work), lake, workers=workers, folder=place)
    print(json.dumps(found._replace(memory=peak_memory() / 1e6)._asdict()))


def _busy() -> float:
    """CPU seconds that this machine has worked since it started; 0 where nobody counts them."""
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return 0.0
    user, nice, system, _idle, _wait, *rest = map(int, fields)
    return (user + nice + system + sum(rest[:2])) / 100.0


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
