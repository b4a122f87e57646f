"""The event engine with Python for each symbol and bar: beside pybroker, and beside a bare loop.

The workload is W3: 50 symbols x 2,520 bars, one account, averages of 10 and 50, 0.95 / 50 of equity
in whole shares, next open, 10 bps. pybroker runs in its own environment, which
``python -m parity --install-only`` makes.
"""

from __future__ import annotations

import math
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.event import run_event
from stockstream.backtest.verify import check_free_form
from stockstream.market.panel import PRICE_FIELDS
from stockstream.strategy.orders import Action
from stockstream.strategy.strategy import Strategy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parity.environments import cache_folder, is_installed, speed_of_pybroker

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    import polars as pl

    from stockstream.market.panel import Panel
    from stockstream.strategy.portfolio import Portfolio

SYMBOLS, FAST, SLOW = 50, 10, 50
WEIGHT, FEE, CAPITAL = 0.95 / SYMBOLS, 1e-3, 1e6
CONFIG = BacktestConfig(
    strategy_class="Callback",
    start_date="2010-01-01",
    end_date="2020-01-01",
    initial_capital=CAPITAL,
    costs=Costs(commission_bps=10),
)


class Callback(Strategy):
    """Averages from ``prepare``, a decision for each symbol and bar."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.up: dict[str, bool] = {}

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        fast, slow = (pl.col("close").rolling_mean(n) for n in (FAST, SLOW))
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
        return Action.target_weight(WEIGHT if up else 0.0)


def bare_loop(panel: Panel) -> float:
    """The least that a call for each symbol and bar can cost: dicts, calls, and sums of money."""
    columns: dict[str, Any] = {name: panel.matrix(name) for name in PRICE_FIELDS}
    close = columns["close"]
    total = np.vstack((np.zeros((1, SYMBOLS)), np.cumsum(close, axis=0)))
    for name, n in (("fast", FAST), ("slow", SLOW)):
        columns[name] = np.full(close.shape, math.nan)
        columns[name][n - 1 :] = (total[n:] - total[:-n]) / n
    strategy, cash, equity = Callback(), CAPITAL, CAPITAL
    shares, orders = [0.0] * SYMBOLS, list[tuple[int, float]]()
    for t in range(panel.sessions):
        today = {name: column[t].tolist() for name, column in columns.items()}
        for s, quantity in orders:
            value = (quantity - shares[s]) * today["open"][s]
            cash -= value + abs(value) * FEE
            shares[s] = quantity
        equity = cash + float(np.dot(shares, close[t]))
        orders = []
        for s, values in enumerate(zip(*today.values(), strict=True)):
            data = dict(zip(today, values, strict=True))
            action = strategy.on_data(None, panel.symbols[s], data, None)  # type: ignore[arg-type]
            if action is not None:
                orders.append((s, action.value * equity // data["close"]))
        orders.sort(key=lambda order: order[1])
    return equity


def best(run: Callable[[], object], rounds: int) -> float:
    """Seconds of CPU of the quickest of some runs."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return min(times)


@pytest.fixture
def panel(panel_of_size: Callable[[int], Panel]) -> Panel:
    return panel_of_size(SYMBOLS)


def test_a_callback_for_each_symbol_and_bar(benchmark: Any, panel: Panel) -> None:
    """The target is 0.8 M symbol-bars a second, with compiled kernels between the calls."""
    run = partial(run_event, Callback(), panel, CONFIG, compile_kernels=True)
    # or the time of the loop would say nothing
    assert float(run().days["equity"][-1]) == pytest.approx(bare_loop(panel), rel=1e-3)
    benchmark.pedantic(run, rounds=10, warmup_rounds=3)
    seconds, least = best(run, 15), best(lambda: bare_loop(panel), 5)
    interpreted = best(partial(run, compile_kernels=False), 5)
    rate = panel.symbol_bars / seconds
    benchmark.extra_info["symbol_bars_per_cpu_second"] = round(rate)
    print(f"\nevent engine: {rate / 1e6:.2f} M symbol-bars per CPU second", end=", ")
    print(f"{panel.symbol_bars / interpreted / 1e6:.2f} M without compiling", end=", ")
    print(f"{seconds / least:.2f} times a bare loop")
    assert seconds / least < 1.2


def test_ten_times_pybroker(benchmark: Any, panel: Panel) -> None:
    if not is_installed("pybroker"):
        pytest.skip(f"no pybroker in {cache_folder()} (python -m parity --install-only)")
    bars: dict[str, Any] = {name: panel.matrix(name) for name in PRICE_FIELDS}
    theirs = speed_of_pybroker(bars, FAST, SLOW, WEIGHT)
    run = partial(run_event, Callback(), panel, CONFIG, compile_kernels=True)
    benchmark.pedantic(run, rounds=5, warmup_rounds=2)
    seconds = best(run, 7)
    benchmark.extra_info["times_pybroker"] = round(theirs / seconds, 1)
    print(f"\nevent engine: {theirs / seconds:.1f} times pybroker ({theirs:.2f} s of CPU)")
    assert theirs / seconds >= 10.0


def test_the_search_for_look_ahead_costs_less_than_a_fifth_of_the_run(
    benchmark: Any, panel: Panel
) -> None:
    run = partial(run_event, Callback(), panel, CONFIG)
    check = partial(check_free_form, Callback(), panel, CONFIG)
    assert check().passed
    benchmark.pedantic(check, rounds=5, warmup_rounds=2)
    share = best(check, 7) / best(run, 7)
    benchmark.extra_info["share_of_the_run"] = round(share, 3)
    print(f"\nsearch for look-ahead: {share:.1%} of the run")
    assert share < 0.2
