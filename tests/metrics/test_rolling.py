"""Rolling measures: each is the plain one of its window."""

from __future__ import annotations

import numpy as np
import pytest

from stockstream.metrics import relative, returns, rolling

SERIES = np.random.default_rng(5).normal(0.001, 0.01, 300)
MARKET = 0.6 * SERIES + np.random.default_rng(6).normal(0.0, 0.008, 300)


@pytest.fixture(autouse=True)
def _flat_stretch() -> None:
    SERIES[100:170] = 0.0


@pytest.mark.parametrize("window", [2, 63, 300])
def test_each_value_is_the_measure_of_its_window(window: int) -> None:
    ratios = rolling.rolling_sharpe(SERIES, window, risk_free=1e-4)
    deviations = rolling.rolling_volatility(SERIES, window, periods=52)
    betas = rolling.rolling_beta(SERIES, MARKET, window)
    for found in (ratios, deviations, betas):
        assert np.isnan(found[: window - 1]).all()
        assert len(found) == 300
    for t in sorted({window - 1, 80, 120, 162, 299}):
        if t < window - 1:
            continue
        own, other = (series[t + 1 - window : t + 1] for series in (SERIES, MARKET))
        expected = returns.sharpe(own, 1e-4)
        assert ratios[t] == pytest.approx(expected, rel=1e-9, nan_ok=True)
        assert deviations[t] == pytest.approx(returns.volatility(own, 52), rel=1e-9)
        assert betas[t] == pytest.approx(relative.beta(own, other), rel=1e-9, abs=1e-12)


def test_a_flat_window_has_no_ratio() -> None:
    assert np.isnan(rolling.rolling_sharpe(SERIES, 63)[165])
    assert np.isnan(rolling.rolling_beta(MARKET, SERIES, 63)[165])


def test_too_few_returns_give_nothing() -> None:
    assert np.isnan(rolling.rolling_sharpe(SERIES, 301)).all()
    assert rolling.rolling_volatility(np.empty(0), 5).tolist() == []


def test_a_window_of_one_bar_is_refused() -> None:
    with pytest.raises(ValueError, match="a window of 1 bars measures nothing"):
        rolling.rolling_sharpe(SERIES, 1)
