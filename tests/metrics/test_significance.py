"""The error of a Sharpe ratio, against the published example and against simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.metrics.returns import sharpe
from stockstream.metrics.significance import estimate_sharpe, probability_above, sharpe_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

MONTHLY = 1.59 / math.sqrt(12)


def test_the_example_of_bailey_and_lopez_de_prado() -> None:
    """24 monthly returns, Sharpe ratio 1.59 a year: 0.982 if normal, 0.913 as they were."""
    normal = sharpe_error(MONTHLY, 24)
    skewed = sharpe_error(MONTHLY, 24, skew=-2.448, kurtosis=10.164)
    assert probability_above(MONTHLY, 0.0, normal) == pytest.approx(0.982, abs=5e-4)
    assert probability_above(MONTHLY, 0.0, skewed) == pytest.approx(0.913, abs=1e-3)


def test_for_normal_returns_the_error_is_that_of_lo() -> None:
    assert sharpe_error(0.1, 101) == pytest.approx(math.sqrt((1.0 + 0.1**2 / 2.0) / 100.0))


def test_the_error_is_the_spread_of_repeated_samples() -> None:
    samples = np.random.default_rng(11).normal(0.05, 1.0, (2000, 250))
    ratios = np.array([sharpe(sample, 0.0, 1.0) for sample in samples])
    assert ratios.std() == pytest.approx(sharpe_error(0.05, 250), rel=0.05)


def test_an_estimate_holds_together() -> None:
    returns = np.random.default_rng(3).normal(0.0005, 0.01, 1250)
    found = estimate_sharpe(returns, benchmark=0.5)
    assert found.sharpe == pytest.approx(sharpe(returns))
    assert found.high - found.low == pytest.approx(2 * 1.959964 * found.error)
    assert (found.high + found.low) / 2 == pytest.approx(found.sharpe)
    assert found.probability == pytest.approx(
        probability_above(found.sharpe, 0.5, found.error), rel=1e-12
    )
    assert estimate_sharpe(returns, benchmark=found.sharpe).probability == pytest.approx(0.5)


@pytest.mark.parametrize("returns", [np.empty(0), np.array([0.01]), np.zeros(50)])
def test_what_has_no_ratio_has_no_error(returns: Floats) -> None:
    found = estimate_sharpe(returns)
    for value in (found.sharpe, found.error, found.low, found.high, found.probability):
        assert math.isnan(value)
