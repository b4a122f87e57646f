"""The second layer: everything at once, each the measure of its module."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from stockstream.metrics import drawdown, relative, returns, shape, tails, trades
from stockstream.metrics.statistics import (
    STATISTICS,
    BenchmarkStatistics,
    ReturnStatistics,
    Statistics,
    TradeStatistics,
    describe_benchmark,
    describe_returns,
    describe_trades,
)
from stockstream.metrics.summary import DEFINITIONS

DAYS = np.datetime64("2019-01-01") + np.arange(900).astype("timedelta64[D]")
RANDOM = np.random.default_rng(4)
EQUITY = 1e5 * np.cumprod(np.append(1.0, 1 + RANDOM.normal(0.0004, 0.01, 899)))
HELD = 1e5 * np.cumprod(np.append(1.0, 1 + RANDOM.normal(0.0002, 0.01, 899)))
SERIES, MARKET = returns.simple_returns(EQUITY), returns.simple_returns(HELD)

PNL = np.array([100.0, -50.0, 20.0, -10.0, -30.0, 80.0])
MADE = PNL / 1000.0
BARS = np.array([3, 10, 4, 8, 20, 1])
MAE = np.array([-0.01, -0.08, 0.0, -0.03, -0.05, -0.02])
MFE = np.array([0.12, 0.01, 0.03, 0.0, 0.02, 0.09])


def test_every_statistic_has_a_definition_of_one_line_and_a_name_of_its_own() -> None:
    groups = (ReturnStatistics, BenchmarkStatistics, TradeStatistics)
    names = [one.name for group in groups for one in fields(group)]
    assert names == list(STATISTICS)
    assert not set(STATISTICS) & set(DEFINITIONS)
    assert all(text and "\n" not in text for text in STATISTICS.values())


def test_of_returns() -> None:
    found = describe_returns(DAYS, EQUITY, risk_free=0.02)
    cash = returns.per_bar(0.02)
    falls = drawdown.deepest_drawdowns(EQUITY, None)
    assert found.value_at_risk == tails.value_at_risk(SERIES)
    assert found.conditional_value_at_risk < found.value_at_risk < 0.0
    assert found.downside_deviation == returns.downside_deviation(SERIES, cash)
    assert found.ulcer_index == drawdown.ulcer_index(EQUITY)
    yearly = returns.annualised_return(SERIES)
    assert found.ulcer_performance_index == pytest.approx((yearly - 0.02) / found.ulcer_index)
    assert found.recovery_factor == pytest.approx(
        returns.total_return(SERIES) / -drawdown.max_drawdown(EQUITY)
    )
    assert found.average_drawdown == pytest.approx(np.mean([fall.depth for fall in falls]))
    assert found.average_drawdown_length == pytest.approx(np.mean([f.length for f in falls]))
    assert found.common_sense_ratio == found.omega * found.tail_ratio
    assert (found.skew, found.kurtosis) == shape.skew_and_kurtosis(SERIES)
    assert (found.best_day, found.worst_day) == (SERIES.max(), SERIES.min())
    assert found.worst_month < 0.0 < found.best_month
    assert found.positive_days == (SERIES > 0).mean()
    assert 0.0 < found.positive_months < 1.0
    assert found.longest_losing_days == shape.longest_run(SERIES < 0)


def test_of_a_benchmark() -> None:
    found = describe_benchmark(DAYS, EQUITY, HELD, risk_free=0.02)
    cash = returns.per_bar(0.02)
    assert found.benchmark_total_return == pytest.approx(HELD[-1] / HELD[0] - 1.0)
    assert found.benchmark_max_drawdown == drawdown.max_drawdown(HELD)
    assert found.beta == relative.beta(SERIES, MARKET)
    assert found.alpha == relative.alpha(SERIES, MARKET, cash)
    assert found.r_squared == found.correlation**2
    assert found.excess_return == pytest.approx(
        returns.annualised_return(SERIES) - returns.annualised_return(MARKET)
    )
    assert 0.0 < found.months_ahead < 1.0


def test_a_benchmark_held_against_itself() -> None:
    found = describe_benchmark(DAYS, EQUITY, EQUITY)
    assert found.beta == found.correlation == pytest.approx(1.0)
    assert found.alpha == pytest.approx(0.0, abs=1e-12)
    assert found.up_capture == found.down_capture == 1.0
    assert found.tracking_error == found.excess_return == 0.0
    assert math.isnan(found.information_ratio)


def test_of_trades() -> None:
    found = describe_trades(PNL, MADE, BARS, MAE, MFE)
    assert found.expectancy == pytest.approx(110 / 6)
    assert found.expectancy_return == pytest.approx(0.11 / 6)
    assert found.payoff_ratio == pytest.approx((0.2 / 3) / 0.03)
    assert found.system_quality == pytest.approx(math.sqrt(6) * PNL.mean() / PNL.std(ddof=1))
    assert found.kelly == pytest.approx(0.5 - 0.5 / found.payoff_ratio)
    assert (found.longest_winning_streak, found.longest_losing_streak) == (1, 2)
    assert (found.average_bars, found.median_bars, found.longest_bars) == (46 / 6, 6.0, 20.0)
    assert (found.average_bars_winning, found.average_bars_losing) == (8 / 3, 38 / 3)
    assert found.worst_mae_of_winners == -0.02
    assert found.edge_ratio == pytest.approx(MFE.mean() / -MAE.mean())


def test_holding_times() -> None:
    counts = trades.holding_counts(np.array([0, 1, 5, 6, 20, 21, 252, 253, 4000]))
    assert counts.tolist() == [1, 1, 1, 1, 1, 1, 0, 1, 2]
    assert trades.holding_counts(np.empty(0)).sum() == 0


def test_the_interval_of_a_win_rate_is_wilsons() -> None:
    assert trades.win_rate_interval(15, 50) == pytest.approx((0.1910, 0.4375), abs=1e-4)
    assert trades.win_rate_interval(0, 4)[0] == 0.0
    assert trades.win_rate_interval(4, 4)[1] == pytest.approx(1.0)
    assert all(math.isnan(bound) for bound in trades.win_rate_interval(0, 0))


@pytest.mark.parametrize("bars", [0, 1, 2])
def test_short_runs_are_never_infinite(bars: int) -> None:
    none = np.empty(0)
    found = Statistics(
        describe_returns(DAYS[:bars], EQUITY[:bars]),
        describe_trades(none, none, none, none, none),
        describe_benchmark(DAYS[:bars], EQUITY[:bars], HELD[:bars]),
    )
    values: dict[str, Any] = found.as_dict()
    assert list(values) == list(STATISTICS)
    assert {type(value) for value in values.values()} == {float, int}
    assert not any(math.isinf(value) for value in values.values())


def test_without_a_benchmark_its_measures_are_left_out() -> None:
    none = np.empty(0)
    found = Statistics(
        describe_returns(DAYS, EQUITY), describe_trades(none, none, none, none, none)
    )
    assert not {one.name for one in fields(BenchmarkStatistics)} & set(found.as_dict())
