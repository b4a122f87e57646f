"""Rolling statistics against sums made afresh for each window, over long series far from zero."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.indicators import compute

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    MakeBars: TypeAlias = Callable[..., dict[str, Floats]]

LENGTH = 10_000
KINDS = ("walk", "offset", "outlier", "collapse", "ticks", "calm", "huge", "small")


def _windows(values: Floats, period: int) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(values, period)


def _series(kind: str, make_bars: MakeBars, length: int = LENGTH) -> Floats:
    if kind == "offset":  # a mean a billion times the deviation
        return 1e9 + make_bars("walk", length)["close"] / 50.0
    return make_bars(kind, length)["close"]


def _centred(values: Floats, period: int) -> Floats:
    """Deviations from the mean of each window, from a value of it first: no digits are lost."""
    windows = _windows(values, period)
    near = windows - windows[:, -1:]
    return np.asarray(near - near.mean(axis=1, keepdims=True))


def _skew(d: Floats, n: int) -> Floats:
    shape = (d**3).mean(axis=1) / (d**2).mean(axis=1) ** 1.5
    return np.asarray(math.sqrt(n * (n - 1.0)) / (n - 2.0) * shape)


def _kurtosis(d: Floats, n: int) -> Floats:
    excess = (d**4).mean(axis=1) / (d**2).mean(axis=1) ** 2 - 3.0
    return np.asarray((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess + 6.0))


@pytest.mark.parametrize("period", [4, 20, 252])
@pytest.mark.parametrize("kind", KINDS)
def test_moments_do_not_drift(kind: str, period: int, make_bars: MakeBars) -> None:
    values = _series(kind, make_bars)
    deviations = _centred(values, period)
    spread = (deviations**2).mean(axis=1)
    # what is left of a deviation when the value itself was rounded
    grain = np.abs(_windows(values, period)).max(axis=1) * 2e-16
    clear = spread > (grain * 1e4) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = {
            "variance": spread,
            "skew": _skew(deviations, period),
            "kurtosis": _kurtosis(deviations, period),
            "zscore": deviations[:, -1] / np.sqrt(spread),
        }
    for name, known in expected.items():
        (found,) = compute(name, [values], [0, LENGTH], (period,))
        ours = found[period - 1 :][clear]
        unit = 1.0 + np.abs(known[clear]) if name != "variance" else known[clear]
        assert np.max(np.abs(ours - known[clear]) / unit) < 1e-11, name


@pytest.mark.parametrize("period", [3, 20, 252])
@pytest.mark.parametrize("kind", KINDS)
def test_pairs_do_not_drift(kind: str, period: int, make_bars: MakeBars) -> None:
    x = _series(kind, make_bars)
    y = _series(kind, make_bars) * 3.0 + np.random.default_rng(4).normal(0.0, 1.0, LENGTH)
    dx, dy = _centred(x, period), _centred(y, period)
    xx, yy, product = (dx * dx).sum(axis=1), (dy * dy).sum(axis=1), (dx * dy).sum(axis=1)
    (covariance,) = compute("covariance", [x, y], [0, LENGTH], (period,))
    unit = np.sqrt(xx * yy) / period
    assert np.max(np.abs(covariance[period - 1 :] - product / period) / (unit + 1e-30)) < 1e-11
    (correlation,) = compute("correlation", [x, y], [0, LENGTH], (period,))
    moved = (xx > 0.0) & (yy > 0.0)
    known = (product[moved] / np.sqrt(xx[moved])) / np.sqrt(yy[moved])
    assert np.max(np.abs(correlation[period - 1 :][moved] - known)) < 1e-11


@pytest.mark.parametrize("kind", ["ticks", "rising", "outlier"])
@pytest.mark.parametrize("period", [2, 20])
def test_beta_is_the_slope_of_each_window(kind: str, period: int, make_bars: MakeBars) -> None:
    bars = make_bars(kind, 2000)
    x, y = bars["close"], bars["high"]
    dx = _centred(np.diff(x) / x[:-1], period)
    dy = _centred(np.diff(y) / y[:-1], period)
    moved = (dy * dy).sum(axis=1)
    (found,) = compute("beta", [x, y], [0, 2000], (period,))
    known = (dx * dy).sum(axis=1) / moved
    assert np.max(np.abs(found[period:] - known) / (1.0 + np.abs(known))) < 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_a_sum_is_that_of_its_window_alone(kind: str, make_bars: MakeBars) -> None:
    values = _series(kind, make_bars, 2000)
    for period in (1, 2, 20, 252):
        (found,) = compute("rolling_sum", [values], [0, 2000], (period,))
        exact = np.array([math.fsum(window) for window in _windows(values, period).tolist()])
        assert np.max(np.abs(found[period - 1 :] / exact - 1.0)) < period * 1.2e-16


def test_a_value_that_left_the_window_leaves_nothing() -> None:
    values = np.concatenate((np.full(7, 1e300), np.full(60, 0.1)))
    (sums,) = compute("rolling_sum", [values], [0, 67], (5,))
    assert np.max(np.abs(sums[11:] - 0.5)) < 1e-15
    lively = np.concatenate((np.full(7, 1e60), np.arange(60.0) % 7))
    for name in ("skew", "kurtosis", "zscore"):
        (found,) = compute(name, [lively], [0, 67], (6,))
        (fresh,) = compute(name, [lively[7:]], [0, 60], (6,))
        np.testing.assert_allclose(found[7 + 11 :], fresh[11:], rtol=1e-9, atol=1e-12)


def test_equal_values_have_no_moments() -> None:
    still = np.concatenate((np.arange(30.0), np.full(40, 0.1)))
    for name in ("skew", "kurtosis", "zscore"):
        (found,) = compute(name, [still], [0, 70], (10,))
        assert np.isnan(found[39:]).all()
        assert np.isfinite(found[9:39]).all()
    assert np.all(compute("variance", [still], [0, 70], (10,))[0][39:] == 0.0)
    assert np.all(compute("covariance", [still, still], [0, 70], (10,))[0][39:] == 0.0)


@pytest.mark.parametrize("period", [1, 2, 9, 100])
@pytest.mark.parametrize("kind", ["walk", "ticks", "outlier", "rising", "constant"])
def test_order_statistics_equal_a_sort(kind: str, period: int, make_bars: MakeBars) -> None:
    values = _series(kind, make_bars, 1500)
    windows = _windows(values, period)
    median = compute("median", [values], [0, 1500], (period,))[0][period - 1 :]
    np.testing.assert_allclose(median, np.median(windows, axis=1), rtol=1e-15)
    for q in (0.0, 0.05, 0.5, 0.9, 1.0):
        found = compute("quantile", [values], [0, 1500], (period, q))[0][period - 1 :]
        np.testing.assert_allclose(found, np.quantile(windows, q, axis=1), rtol=1e-14)
    rank = compute("percent_rank", [values], [0, 1500], (period,))[0][period:]
    lower = (windows[:-1] < values[period:, None]).sum(axis=1)
    np.testing.assert_allclose(rank, 100.0 * lower / period, rtol=1e-15)


def test_money_flow_of_a_collapse_is_that_of_its_window(make_bars: MakeBars) -> None:
    bars = make_bars("collapse", 700)
    fields = [bars[name] for name in ("high", "low", "close", "volume")]
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3.0
    money = (typical * bars["volume"])[1:]
    rose = np.diff(typical) > 0.0
    for period in (2, 14):
        up = _windows(np.where(rose, money, 0.0), period).sum(axis=1)
        known = 100.0 * up / _windows(money, period).sum(axis=1)
        found = compute("mfi", fields, [0, 700], (period,))[0][period:]
        np.testing.assert_allclose(found, known, rtol=1e-13)


def test_skewness_equals_exact_fractions() -> None:
    values = 1e6 + np.round(np.random.default_rng(6).normal(0.0, 1.0, 40), 3)
    (found,) = compute("skew", [values], [0, 40], (12,))
    for t in range(11, 40):
        window = [Fraction(x) for x in values[t - 11 : t + 1].tolist()]
        mean = sum(window) / 12
        second = float(sum((x - mean) ** 2 for x in window) / 12)
        third = float(sum((x - mean) ** 3 for x in window) / 12)
        known = math.sqrt(12 * 11) / 10 * third / second**1.5
        assert found[t] == pytest.approx(known, rel=1e-12, abs=1e-12)
