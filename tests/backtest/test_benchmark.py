"""What a result is held against."""

from __future__ import annotations

import numpy as np
import pytest

from stockstream.backtest.benchmark import buy_and_hold, equal_weight, hold_index, index_symbol
from stockstream.backtest.run import run_on_panel
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.testing.play import config_of, panel_of

STRATEGY = MovingAverageCrossover(fast_period=2, slow_period=3)


def test_buy_and_hold_buys_each_symbol_at_its_first_bar() -> None:
    panel = panel_of({"A": [10.0, 10.0, 12.0, 15.0], "B": [None, 20.0, 20.0, 10.0]})
    held = buy_and_hold(panel, config_of())
    assert held.name == "buy and hold 2 symbols equally"
    # half in each: A from the second bar on, B from the third
    assert held.equity.tolist() == pytest.approx([10_000, 10_000, 11_000, 5_000 * 1.5 + 2_500])


def test_equal_weight_is_set_again_each_month() -> None:
    sessions = 70  # from 1 January: February begins at 31, March at 60
    rising = [10.0 if t < 20 else 20.0 for t in range(sessions)]
    panel = panel_of({"A": rising, "B": [10.0] * sessions})
    found = equal_weight(panel, config_of())
    assert found.name == "2 symbols at equal weights, set monthly"
    assert found.equity[30] == pytest.approx(15_000)
    later = [*rising[:40], *[40.0] * 30]
    again = equal_weight(panel_of({"A": later, "B": [10.0] * sessions}), config_of())
    # half of 15,000 was in A when it doubled, not two thirds
    assert again.equity[-1] == pytest.approx(15_000 + 7_500)
    assert buy_and_hold(panel_of({"A": later, "B": [10.0] * sessions}), config_of()).equity[
        -1
    ] == pytest.approx(25_000)


def test_an_index_is_held_on_the_sessions_of_the_run() -> None:
    panel = panel_of({"A": [10.0] * 6}, first=1)
    index = panel_of({"I": [100.0, 100.0, None, 110.0, 120.0, None]})
    held = hold_index(index, panel, config_of())
    assert held.name == "buy and hold I"
    assert held.equity.tolist() == pytest.approx([10_000, 10_000, 11_000, 12_000, 12_000])


def test_an_index_that_begins_later_is_cash_before() -> None:
    panel = panel_of({"A": [10.0] * 4})
    index = panel_of({"I": [None, None, 100.0, 100.0]}).window(2, 4, 2)
    assert hold_index(index, panel, config_of()).equity.tolist() == [10_000.0] * 4


def test_a_benchmark_costs_nothing_and_borrows_nothing() -> None:
    panel = panel_of({"A": [10.0, 11.0, 12.0]})
    dear = config_of(
        costs={"commission_bps": 100}, margin={"leverage": 2}, market_rules={"lot": 99}
    )
    assert np.array_equal(buy_and_hold(panel, dear).equity, buy_and_hold(panel, config_of()).equity)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (None, "buy and hold A"),
        ("buy_and_hold", "buy and hold A"),
        ("equal_weight", "all in A, set monthly"),
        ("none", None),
    ],
)
def test_the_configuration_says_which(asked: str | None, name: str | None) -> None:
    panel = panel_of({"A": [10.0, 11.0, 12.0]})
    config = config_of(benchmark=asked)
    assert index_symbol(config) is None
    benchmark = run_on_panel(STRATEGY, panel, config).benchmark
    assert (benchmark and benchmark.name) == name


def test_any_other_name_is_a_symbol() -> None:
    assert index_symbol(config_of(benchmark="XJO")) == "XJO"
