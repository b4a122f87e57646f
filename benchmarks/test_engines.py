"""Engines: symbol-bars a second, and how they stand to a plain loop over the same work.

``make bench`` prints the times; the rates are in the ``extra_info`` of ``--benchmark-json`` and in
the lines this file prints. What is asserted are ratios within one run: a shared machine can halve
a time, but hardly a ratio.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.compiled import run_compiled
from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.event import run_event
from stockstream.backtest.result import measure
from stockstream.strategy.orders import Action, Bracket
from stockstream.strategy.rule import RuleStrategy
from stockstream.strategy.signals import Signals
from stockstream.strategy.strategy import Strategy
from stockstream.strategy.technical import sma

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    import polars as pl

    from stockstream.market.panel import Panel
    from stockstream.strategy.expression import Bars
    from stockstream.strategy.portfolio import Portfolio

CONFIG = BacktestConfig(
    strategy_class="Crossover",
    start_date="2010-01-01",
    end_date="2020-01-01",
    initial_capital=1e6,
    costs=Costs(commission_bps=10),
)


class Rules(RuleStrategy):
    def rules(self, bars: Bars) -> Signals:
        fast, slow = sma(bars.close, 10), sma(bars.close, 50)
        return Signals(enter_long=fast.crosses_above(slow), exit_long=fast.crosses_below(slow))


class Guarded(RuleStrategy):
    """The same, every position watched by all that a bracket has."""

    def rules(self, bars: Bars) -> Signals:
        fast, slow = sma(bars.close, 10), sma(bars.close, 50)
        return Signals(
            enter_long=fast.crosses_above(slow),
            exit_long=fast.crosses_below(slow),
            bracket=Bracket(stop_loss=0.05, take_profit=0.15, trailing_stop=0.1, cooldown=5),
        )


class Callback(Strategy):
    """The same, decided in Python for each symbol and bar."""

    symbols: int = 50

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.up: dict[str, bool] = {}

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        fast, slow = (pl.col("close").rolling_mean(n) for n in (10, 50))
        return bars.with_columns(fast=fast, slow=slow)

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        slow = data["slow"]
        if math.isnan(slow):
            return None
        up, was = data["fast"] > slow, self.up.get(symbol)
        self.up[symbol] = up
        if was is None or up == was:
            return None
        return Action.target_weight(1.0 / self.symbols if up else 0.0)


def plain_loop(panel: Panel) -> float:
    """What anybody would write first: NumPy rows, one Python loop over the sessions."""
    close, opens = panel.matrix("close"), panel.matrix("open")
    total = np.vstack((np.zeros((1, close.shape[1])), np.cumsum(close, axis=0)))
    up = np.zeros(close.shape, bool)
    up[49:] = (total[50:] - total[:-50]) / 50 < (total[50:] - total[40:-10]) / 10
    cash, shares, equity = 1e6, np.zeros(close.shape[1]), 1e6
    for t in range(51, len(close)):
        changed = np.flatnonzero(up[t - 1] != up[t - 2])
        wanted = np.where(up[t - 1, changed], equity / close.shape[1] // close[t - 1, changed], 0.0)
        traded = wanted - shares[changed]
        cash -= float(
            (traded * opens[t, changed] + np.abs(traded) * opens[t, changed] * 1e-3).sum()
        )
        shares[changed] = wanted
        equity = cash + float(shares @ close[t])
    return equity


def best(run: Callable[[], object], rounds: int = 7) -> float:
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def rate(benchmark: Any, panel: Panel, seconds: float) -> float:
    found = panel.symbol_bars / seconds
    benchmark.extra_info["symbol_bars_per_cpu_second"] = round(found)
    print(f"\n{len(panel.symbols)} symbols: {found / 1e6:.2f} M symbol-bars per CPU second")
    return found


@pytest.mark.parametrize("strategy", [Rules, Guarded])
@pytest.mark.parametrize(("symbols", "ratio"), [(50, 3.0), (500, 1.5), (2000, 1.0)])
def test_compiled_portfolio_engine(
    benchmark: Any,
    panel_of_size: Callable[[int], Panel],
    symbols: int,
    ratio: float,
    strategy: type[RuleStrategy],
) -> None:
    """The loop handles a row of symbols at once, so it gains on wide panels; we do far more."""
    panel, rules = panel_of_size(symbols), strategy().plan()

    def run() -> object:
        return measure(run_compiled(rules, panel, CONFIG, compile_kernels=True), CONFIG)

    run()
    benchmark.pedantic(run, rounds=10, warmup_rounds=3)
    seconds = best(run)
    print(f"\n{strategy.__name__}", end="")
    rate(benchmark, panel, seconds)
    assert best(lambda: plain_loop(panel), 2) / seconds > ratio


def test_event_engine_with_a_callback_for_each_symbol(
    benchmark: Any, panel_of_size: Callable[[int], Panel]
) -> None:
    panel = panel_of_size(50)

    def run() -> object:
        return run_event(Callback(symbols=50), panel, CONFIG)

    run()
    benchmark.pedantic(run, rounds=10, warmup_rounds=3)
    seconds = best(run)
    rate(benchmark, panel, seconds)
    # a Python call for each symbol and bar may cost no more than this many plain loops over rows
    assert seconds / best(lambda: plain_loop(panel), 2) < 12.0
