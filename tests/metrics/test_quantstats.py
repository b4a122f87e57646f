"""What people know from quantstats: its formulas written down again, and every difference said."""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stockstream.metrics import drawdown, relative, returns, shape, tails, trades

RANDOM = np.random.default_rng(11)
SERIES = np.concatenate(([0.0], RANDOM.normal(0.0006, 0.011, 1259)))
MARKET = np.concatenate(([0.0], 0.5 * SERIES[1:] + RANDOM.normal(0.0002, 0.008, 1259)))
NAMED = pd.Series(SERIES, pd.bdate_range("2018-01-01", periods=1260))
HELD = pd.Series(MARKET, NAMED.index)


@pytest.fixture(scope="module")
def empyrical() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports
        return importlib.import_module("empyrical")


@pytest.mark.slow
@pytest.mark.parametrize("bars", [2, 21, 250, 1260])
@pytest.mark.parametrize("level", [0.95, 0.99, 0.8])
def test_tails_equal_empyrical(empyrical: Any, bars: int, level: float) -> None:
    series, cutoff = SERIES[:bars], round(1.0 - level, 12)
    assert tails.value_at_risk(series, level) == pytest.approx(
        empyrical.value_at_risk(series, cutoff), rel=1e-12
    )
    assert tails.conditional_value_at_risk(series, level) == pytest.approx(
        empyrical.conditional_value_at_risk(series, cutoff), rel=1e-12
    )


def test_against_a_benchmark_equals_empyrical(empyrical: Any) -> None:
    found = {
        "beta": relative.beta(SERIES, MARKET),
        "alpha": relative.alpha(SERIES, MARKET, 1e-4),
        "up_capture": relative.capture(SERIES, MARKET, up=True),
        "down_capture": relative.capture(SERIES, MARKET, up=False),
        # per bar there, per year here
        "excess_sharpe": relative.information_ratio(SERIES, MARKET) / math.sqrt(252),
    }
    expected = {
        "beta": empyrical.beta(SERIES, MARKET),
        "alpha": empyrical.alpha(SERIES, MARKET, risk_free=1e-4),
        "up_capture": empyrical.up_capture(NAMED, HELD),
        "down_capture": empyrical.down_capture(NAMED, HELD),
        "excess_sharpe": empyrical.excess_sharpe(SERIES, MARKET),
    }
    assert found == pytest.approx(expected, rel=1e-9)
    assert relative.tracking_error(SERIES, MARKET) == pytest.approx(
        (NAMED - HELD).std() * math.sqrt(252), rel=1e-12
    )
    assert relative.correlation(SERIES, MARKET) == pytest.approx(NAMED.corr(HELD), rel=1e-12)


def test_equal_to_the_formulas_of_quantstats() -> None:
    gains, losses = NAMED[NAMED > 0], NAMED[NAMED < 0]
    factor = gains.sum() / abs(losses.sum())
    tail = abs(NAMED.quantile(0.95) / NAMED.quantile(0.05))
    assert shape.gain_to_pain(SERIES) == pytest.approx(NAMED.sum() / abs(losses.sum()))
    assert shape.omega(SERIES) == pytest.approx(factor)
    assert shape.tail_ratio(SERIES) == pytest.approx(tail)
    assert shape.common_sense_ratio(SERIES) == pytest.approx(factor * tail)
    assert returns.volatility(SERIES) == pytest.approx(NAMED.std(ddof=1) * math.sqrt(252))
    skew, kurtosis = shape.skew_and_kurtosis(SERIES)
    count = len(SERIES)
    unbiased = skew * math.sqrt(count * (count - 1)) / (count - 2)
    assert unbiased == pytest.approx(NAMED.skew())
    excess = (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * (kurtosis - 3) + 6)
    assert excess == pytest.approx(NAMED.kurt())


def test_different_from_quantstats_as_stated() -> None:
    curve = (1.0 + NAMED).cumprod()
    falls = curve / curve.cummax() - 1.0
    theirs = math.sqrt((falls**2).sum() / (len(falls) - 1))
    ours = drawdown.ulcer_index(curve.to_numpy())
    assert ours == pytest.approx(theirs * math.sqrt((len(falls) - 1) / len(falls)), rel=1e-12)
    # the total return, not the sum of the returns
    deepest = drawdown.max_drawdown(curve.to_numpy())
    gained = returns.total_return(SERIES)
    assert drawdown.recovery_factor(gained, deepest) == pytest.approx(gained / abs(falls.min()))
    assert drawdown.ulcer_performance_index(0.1, ours) == pytest.approx(0.1 / ours)


def test_undefined_is_nan_and_never_infinite() -> None:
    none, one, flat = np.empty(0), np.array([0.01]), np.zeros(30)
    for series in (none, one, flat):
        values = [
            tails.value_at_risk(none),
            tails.conditional_value_at_risk(none),
            relative.beta(series, series),
            relative.alpha(series, series),
            relative.correlation(series, series),
            relative.information_ratio(series, series),
            relative.capture(flat, flat, up=True),
            relative.treynor(0.1, 0.0),
            shape.gain_to_pain(series),
            shape.common_sense_ratio(series),
            drawdown.ulcer_index(none),
            drawdown.ulcer_performance_index(0.1, 0.0),
            drawdown.recovery_factor(0.1, 0.0),
            trades.expectancy(none),
            trades.payoff_ratio(one, one),
            trades.system_quality(series[:1]),
            trades.kelly(one, one),
        ]
        assert all(math.isnan(value) for value in values)


def test_both_series_must_be_of_the_same_bars() -> None:
    with pytest.raises(ValueError, match="there are 1260 returns and 10 of the benchmark"):
        relative.beta(SERIES, MARKET[:10])


def test_runs() -> None:
    happened = np.array([True, True, False, True, True, True, False])
    assert shape.longest_run(happened) == 3
    assert shape.longest_run(~happened) == 1
    assert shape.longest_run(happened[:0]) == 0
