"""Against sums made afresh for each window: what rounding and drift leave."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.indicators import compute

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    MakeBars: TypeAlias = Callable[..., dict[str, Floats]]

LENGTH = 3000


def _windows(values: Floats, period: int) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(values, period)


def _exact_std(window: list[float]) -> float:
    mean = math.fsum(window) / len(window)
    return math.sqrt(math.fsum((x - mean) ** 2 for x in window) / len(window))


@pytest.mark.parametrize("period", [2, 20, 252])
@pytest.mark.parametrize("kind", ["walk", "calm", "ticks", "collapse", "outlier", "huge", "small"])
def test_std_is_exact_where_the_textbook_sum_of_squares_fails(
    kind: str, period: int, make_bars: MakeBars
) -> None:
    close = make_bars(kind, LENGTH)["close"]
    (ours,) = compute("std", [close], [0, LENGTH], (period,))
    exact = [_exact_std(window) for window in _windows(close, period).tolist()]
    rounding = 1e-15 * np.abs(_windows(close, period)).max(axis=1)
    assert np.all(np.abs(ours[period - 1 :] - exact) <= 1e-9 * np.array(exact) + rounding)


def test_std_of_equal_values_is_zero_and_never_nan(make_bars: MakeBars) -> None:
    close = make_bars("still at the end", LENGTH)["close"]
    (ours,) = compute("std", [close], [0, LENGTH], (20,))
    assert np.all(ours[19:] >= 0.0)
    assert np.all(ours[LENGTH // 2 + 20 :] == 0.0)
    assert np.all(compute("std", [np.full(100, 0.1)], [0, 100], (20,))[0][19:] == 0.0)


def test_wma_does_not_drift(make_bars: MakeBars) -> None:
    close = make_bars("outlier", LENGTH)["close"]
    (ours,) = compute("wma", [close], [0, LENGTH], (20,))
    exact = _windows(close, 20) @ np.arange(1.0, 21.0) / 210.0
    np.testing.assert_allclose(ours[LENGTH // 3 + 60 :], exact[LENGTH // 3 + 41 :], rtol=1e-13)


def test_rolling_mean_drifts_no_more_than_documented(make_bars: MakeBars) -> None:
    close = make_bars("outlier", LENGTH)["close"]
    (ours,) = compute("sma", [close], [0, LENGTH], (20,))
    after = slice(LENGTH // 3 + 20, None)
    exact = _windows(close, 20).mean(axis=1)[LENGTH // 3 + 1 :]
    ratio = 1e6 / exact.min()
    assert np.max(np.abs(ours[after] / exact - 1.0)) < 10 * ratio * 1e-16


def test_highest_and_lowest_equal_a_search(make_bars: MakeBars) -> None:
    for kind in ("walk", "ticks", "rising"):
        close = make_bars(kind, 500)["close"]
        for period in (1, 2, 7, 60):
            windows = _windows(close, period)
            (high,) = compute("highest", [close], [0, 500], (period,))
            (low,) = compute("lowest", [close], [0, 500], (period,))
            assert np.array_equal(high[period - 1 :], windows.max(axis=1))
            assert np.array_equal(low[period - 1 :], windows.min(axis=1))


def test_vwap_is_the_rolling_weighted_typical_price(make_bars: MakeBars) -> None:
    bars = make_bars("walk", 500)
    fields = [bars[name] for name in ("high", "low", "close", "volume")]
    (ours,) = compute("vwap", fields, [0, 500], (20,))
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3.0
    money = _windows(typical * bars["volume"], 20).sum(axis=1)
    expected = money / _windows(bars["volume"], 20).sum(axis=1)
    assert np.isnan(ours[:19]).all()
    np.testing.assert_allclose(ours[19:], expected, rtol=1e-12)


def test_vwap_of_a_window_without_volume_is_nan_and_leaves_no_rest(make_bars: MakeBars) -> None:
    price = make_bars("walk", 40)["close"]
    volume = np.where(np.arange(40) < 8, 0.1, 0.0)  # tenths do not cancel to zero exactly
    volume[30:] = 7.0
    (ours,) = compute("vwap", [price, price, price, volume], [0, 40], (5,))
    assert np.isnan(ours[12:30]).all()
    assert ours[30] == pytest.approx(price[30], rel=1e-15)


def test_a_rising_series_has_rsi_100_and_a_falling_one_0() -> None:
    up = np.linspace(1.0, 2.0, 60)
    assert np.all(compute("rsi", [up], [0, 60])[0][14:] == 100.0)
    assert np.all(compute("rsi", [up[::-1].copy()], [0, 60])[0][14:] == 0.0)


def _exact(values: Floats, period: int) -> Floats:
    return np.array([math.fsum(window) for window in _windows(values, period).tolist()])


@pytest.mark.parametrize("period", [2, 14, 50])
@pytest.mark.parametrize("kind", ["walk", "outlier", "collapse", "ticks"])
def test_rolling_sums_forget_an_outlier(kind: str, period: int, make_bars: MakeBars) -> None:
    close = make_bars(kind, LENGTH)["close"]
    change = np.diff(close)
    moved = _exact(np.abs(change), period)
    still = moved == 0.0
    safe = np.where(still, 1.0, moved)
    after = slice(LENGTH // 3 + 2 * period, None)  # the ring has come round without it
    (chande,) = compute("cmou", [close], [0, LENGTH], (period,))
    expected = np.where(still, 0.0, 100.0 * _exact(change, period) / safe)
    np.testing.assert_allclose(chande[period:][after], expected[after], rtol=1e-9, atol=1e-9)
    (ratio,) = compute("efficiency_ratio", [close], [0, LENGTH], (period,))
    expected = np.where(still, 1.0, np.abs(close[period:] - close[:-period]) / safe)
    np.testing.assert_allclose(ratio[period:][after], expected[after], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("period", [2, 14, 50])
@pytest.mark.parametrize("kind", ["walk", "calm", "collapse", "outlier", "huge", "small"])
def test_the_regression_line_is_that_of_least_squares(
    kind: str, period: int, make_bars: MakeBars
) -> None:
    close = make_bars(kind, LENGTH)["close"]
    value, slope, intercept, angle = compute("linreg", [close], [0, LENGTH], (period,))
    place = np.arange(period) - (period - 1) / 2.0
    windows = _windows(close, period)
    middle = windows - windows.mean(axis=1, keepdims=True)
    exact = middle @ place / (place @ place)
    rise = exact * (period - 1) / 2.0
    after = slice(LENGTH // 3 + 2 * period, None) if kind == "outlier" else slice(None)
    rounding = 1e-14 * np.abs(windows).max(axis=1)
    for mine, expected in (
        (slope, exact),
        (value, windows.mean(axis=1) + rise),
        (intercept, windows.mean(axis=1) - rise),
    ):
        assert np.all((np.abs(mine[period - 1 :] - expected) <= 20 * rounding)[after])
    np.testing.assert_allclose(angle, np.degrees(np.arctan(slope)), rtol=1e-14)


def test_aroon_equals_a_search(make_bars: MakeBars) -> None:
    bars = make_bars("ticks", 500)
    for period in (2, 7, 60):
        up, down = compute(
            "aroon", [bars["high"].round(), bars["low"].round()], [0, 500], (period,)
        )
        for column, found, pick in (("high", up, np.argmax), ("low", down, np.argmin)):
            backwards = _windows(bars[column].round(), period + 1)[:, ::-1]
            expected = 100.0 * (period - pick(backwards, axis=1)) / period
            np.testing.assert_array_equal(found[period:], expected)


def test_a_price_that_stands_still_has_no_momentum(make_bars: MakeBars) -> None:
    close = make_bars("still at the end", LENGTH)["close"]
    after = slice(LENGTH // 2 + 60, None)
    for name in ("mom", "roc", "cmou", "vhf", "stochrsi"):
        for found in compute(name, [close], [0, LENGTH]):
            assert np.all(np.abs(found[after]) < 1e-9), name
