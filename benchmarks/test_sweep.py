"""Sweeps: trials a second, whole public call, and what sharing the work is worth.

Asserted are ratios within one run: against the same backtests run one by one, and of ten times the
trials against ten times the time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.backtest.compiled import run_compiled
from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.result import measure
from stockstream.jit import part_of
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.study.grid import parse_grids
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from stockstream.market.panel import Panel
    from stockstream.study.splits import Split


class Served:
    """A panel behind the interface of a lake, so that no file is read."""

    def __init__(self, panel: Panel) -> None:
        self.served = panel

    def symbols(self) -> list[str]:
        return list(self.served.symbols)

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        return list(symbols)

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        del symbols, start, end, warmup
        return self.served


def config_of(*grid: str) -> BacktestConfig:
    return BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date="2010-01-01",
        end_date="2020-01-01",
        initial_capital=1e6,
        param_grid=parse_grids(grid),
        costs=Costs(commission_bps=10),
        fractional=True,
    )


W1 = config_of("fast_period=5:44:40", "slow_period=50:194:25")
SMALL = config_of("fast_period=5:41:10", "slow_period=50,194")


@pytest.mark.parametrize(("symbols", "split"), [(1, None), (5, "ticker"), (25, None)])
def test_a_thousand_combinations(
    benchmark: Any, panel_of_size: Callable[[int], Panel], symbols: int, split: Split | None
) -> None:
    source = Served(panel_of_size(symbols))
    rounds = 3 if symbols == 1 else 1
    result = benchmark.pedantic(
        run_sweep, (W1, source), {"split": split}, rounds=rounds, warmup_rounds=1
    )
    seconds = benchmark.stats.stats.min
    trials, bars = len(result.trials) / seconds, result.symbol_bars / seconds / 1e6
    benchmark.extra_info.update(trials_per_second=trials, million_symbol_bars_per_second=bars)
    print(f"{symbols} symbols, {split}: {trials:,.0f} trials/s, {bars:.1f} M symbol-bars/s")


def test_a_trial_costs_less_than_a_backtest_of_its_own(
    benchmark: Any, panel_of_size: Callable[[int], Panel]
) -> None:
    """Indicators and the market's arrays are shared; alone, each backtest makes them again."""
    panel = panel_of_size(1)
    plans = [MovingAverageCrossover(**values).plan() for values in points_of(W1)]

    def one_by_one() -> float:
        began = time.perf_counter()
        with part_of(panel.symbol_bars * len(plans)):
            for plan in plans:
                measure(run_compiled(plan, panel, W1), W1)
        return time.perf_counter() - began

    benchmark.pedantic(run_sweep, (W1, Served(panel)), rounds=3, warmup_rounds=1)
    ratio = min(one_by_one() for _ in range(3)) / benchmark.stats.stats.min
    benchmark.extra_info["times_faster"] = ratio
    assert ratio > 1.0


def test_ten_times_the_trials_take_ten_times_the_time(
    benchmark: Any, panel_of_size: Callable[[int], Panel]
) -> None:
    one, ten = Served(panel_of_size(1)), Served(panel_of_size(10))
    benchmark.pedantic(run_sweep, (SMALL, ten), {"split": "ticker"}, rounds=5, warmup_rounds=1)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        with part_of(10**9):  # or the small one would be interpreted
            run_sweep(SMALL, one, split="ticker")
        seconds.append(time.perf_counter() - began)
    assert benchmark.stats.stats.min < 12.0 * min(seconds)


def points_of(config: BacktestConfig) -> list[dict[str, Any]]:
    fast, slow = config.param_grid.values()
    return [{"fast_period": f, "slow_period": s} for f in fast for s in slow]
