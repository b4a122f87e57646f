"""What TA-Lib lacks, against the published formulas in plain NumPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl
import pytest
import talib

from stockstream.errors import ConfigError, DataError
from stockstream.indicators import INDICATORS, Beta, Correlation, compute

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Bars: TypeAlias = dict[str, Floats]
    MakeBars: TypeAlias = Callable[..., Bars]

LENGTH = 400


def _windows(values: Floats, period: int) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(values, period)


def _headed(values: Floats) -> Floats:
    return np.concatenate((np.full(LENGTH - len(values), np.nan), values))


def _percent_b(b: Bars, n: int, width: float) -> Floats:
    upper, _, lower = talib.BBANDS(b["close"], n, width, width)
    return np.asarray((b["close"] - lower) / (upper - lower))


def _bandwidth(b: Bars, n: int, width: float) -> Floats:
    upper, middle, lower = talib.BBANDS(b["close"], n, width, width)
    return np.asarray(100.0 * (upper - lower) / middle)


def _ulcer(b: Bars, n: int) -> Floats:
    """StockCharts, "Ulcer Index": percent drawdown, squared average, root."""
    top = _windows(b["close"], n).max(axis=1)
    drawdown = 100.0 * (b["close"][n - 1 :] - top) / top
    return _headed(np.sqrt((_windows(drawdown, n) ** 2).mean(axis=1)))


def _choppiness(b: Bars, n: int) -> Floats:
    """TradingView, "Choppiness Index"."""
    moved = _windows(talib.TRANGE(b["high"], b["low"], b["close"])[1:], n).sum(axis=1)
    width = _windows(b["high"][1:], n).max(axis=1) - _windows(b["low"][1:], n).min(axis=1)
    return _headed(100.0 * np.log10(moved / width) / math.log10(n))


def _chandelier(b: Bars, n: int, multiple: float) -> tuple[Floats, Floats]:
    """StockCharts, "Chandelier Exit"."""
    distance = multiple * talib.ATR(b["high"], b["low"], b["close"], n)
    return talib.MAX(b["high"], n) - distance, talib.MIN(b["low"], n) + distance


def _atr_stop(b: Bars, n: int, multiple: float) -> Floats:
    """Vervoort's trailing stop, TASC June 2009, as the four cases of its published formula."""
    close = b["close"]
    loss = multiple * talib.ATR(b["high"], b["low"], close, n)
    stop = np.full(LENGTH, np.nan)
    stop[n] = close[n] - loss[n]
    for t in range(n + 1, LENGTH):
        before = stop[t - 1]
        if close[t] > before and close[t - 1] > before:
            stop[t] = max(before, close[t] - loss[t])
        elif close[t] < before and close[t - 1] < before:
            stop[t] = min(before, close[t] + loss[t])
        else:
            stop[t] = close[t] - loss[t] if close[t] > before else close[t] + loss[t]
    return stop


def _parkinson(b: Bars, n: int, sessions: float) -> Floats:
    squares = _windows(np.log(b["high"] / b["low"]) ** 2, n).sum(axis=1)
    return _headed(np.sqrt(squares / (4.0 * n * math.log(2.0)) * sessions))


def _garman_klass(b: Bars, n: int, sessions: float) -> Floats:
    wide = 0.5 * np.log(b["high"] / b["low"]) ** 2
    body = (2.0 * math.log(2.0) - 1.0) * np.log(b["close"] / b["open"]) ** 2
    return _headed(np.sqrt(_windows(wide - body, n).mean(axis=1) * sessions))


def _rogers_satchell_bars(b: Bars) -> Floats:
    up = np.log(b["high"] / b["close"]) * np.log(b["high"] / b["open"])
    return np.asarray(up + np.log(b["low"] / b["close"]) * np.log(b["low"] / b["open"]))


def _rogers_satchell(b: Bars, n: int, sessions: float) -> Floats:
    return _headed(np.sqrt(_windows(_rogers_satchell_bars(b), n).mean(axis=1) * sessions))


def _yang_zhang(b: Bars, n: int, sessions: float) -> Floats:
    """Yang and Zhang (2000), equations 7 to 10."""
    gap = _windows(np.log(b["open"][1:] / b["close"][:-1]), n).var(axis=1, ddof=1)
    body = _windows(np.log(b["close"] / b["open"])[1:], n).var(axis=1, ddof=1)
    inside = _windows(_rogers_satchell_bars(b)[1:], n).mean(axis=1)
    k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0))
    return _headed(np.sqrt((gap + k * body + (1.0 - k) * inside) * sessions))


def _historical(b: Bars, n: int, sessions: float) -> Floats:
    returns = _windows(np.diff(np.log(b["close"])), n)
    return _headed(returns.std(axis=1, ddof=1) * math.sqrt(sessions))


def _ease(b: Bars, n: int, scale: float) -> Floats:
    """StockCharts, "Ease of Movement": distance moved over box ratio."""
    distance = np.diff((b["high"] + b["low"]) / 2.0)
    box = (b["volume"] / scale)[1:] / (b["high"] - b["low"])[1:]
    return _headed(_windows(distance / box, n).mean(axis=1))


def _autocorrelation(b: Bars, n: int, shift: int) -> Floats:
    late, early = _windows(b["close"][shift:], n), _windows(b["close"][:-shift], n)
    pairs = zip(late, early, strict=True)
    return _headed(np.array([np.corrcoef(x, y)[0, 1] for x, y in pairs]))


def _hurst(b: Bars, n: int) -> Floats:
    lags = 2 ** np.arange(int(math.log2(n // 4)) + 1)
    found = []
    for window in _windows(b["close"], n):
        spreads = [np.var(window[lag:] - window[:-lag]) for lag in lags]
        found.append(0.5 * np.polyfit(np.log(lags), np.log(spreads), 1)[0])
    return _headed(np.array(found))


def _adjusted(b: Bars, n: int, moment: str) -> Floats:
    """Polars' own rolling skewness and kurtosis, with its correction for bias."""
    series = pl.Series(b["close"])
    if moment == "skew":
        return series.rolling_skew(n, bias=False).to_numpy()
    return series.rolling_kurtosis(n, fisher=True, bias=False).to_numpy()


FORMULA: dict[str, Callable[..., Any]] = {
    "percent_b": _percent_b,
    "bandwidth": _bandwidth,
    "ulcer_index": _ulcer,
    "choppiness": _choppiness,
    "chandelier": _chandelier,
    "atr_stop": _atr_stop,
    "parkinson": _parkinson,
    "garman_klass": _garman_klass,
    "rogers_satchell": _rogers_satchell,
    "yang_zhang": _yang_zhang,
    "historical_volatility": _historical,
    "drawdown": lambda b, n: _headed(b["close"][n - 1 :] / _windows(b["close"], n).max(1) - 1.0),
    "ease_of_movement": _ease,
    "dollar_volume": lambda b, n: _headed(_windows(b["close"] * b["volume"], n).mean(axis=1)),
    "zscore": lambda b, n: (b["close"] - talib.SMA(b["close"], n)) / talib.STDDEV(b["close"], n),
    "skew": lambda b, n: _adjusted(b, n, "skew"),
    "kurtosis": lambda b, n: _adjusted(b, n, "kurtosis"),
    "median": lambda b, n: _headed(np.median(_windows(b["close"], n), axis=1)),
    "quantile": lambda b, n, q: _headed(np.quantile(_windows(b["close"], n), q, axis=1)),
    "covariance": lambda b, n: _headed(
        np.array(
            [
                np.cov(x, y, ddof=0)[0, 1]
                for x, y in zip(_windows(b["x"], n), _windows(b["y"], n), strict=True)
            ]
        )
    ),
    "autocorrelation": _autocorrelation,
    "hurst": _hurst,
}

PARAMETERS: dict[str, tuple[tuple[int | float, ...], ...]] = {
    **dict.fromkeys(("percent_b", "bandwidth"), ((20, 2.0), (5, 1.5))),
    **dict.fromkeys(("chandelier", "atr_stop"), ((22, 3.0), (5, 1.0))),
    **dict.fromkeys(("parkinson", "garman_klass", "rogers_satchell"), ((20, 252.0), (1, 1.0))),
    **dict.fromkeys(("yang_zhang", "historical_volatility"), ((20, 252.0), (3, 1.0))),
    "ease_of_movement": ((14, 1e8), (1, 1e4)),
    "quantile": ((20, 0.5), (20, 0.0), (7, 1.0), (9, 0.37)),
    "autocorrelation": ((20, 1), (10, 5)),
    "hurst": ((100,), (16,), (64,)),
}


def _cases() -> list[tuple[str, tuple[int | float, ...]]]:
    return [
        (name, params) for name in FORMULA for params in PARAMETERS.get(name, ((5,), (20,), (50,)))
    ]


@pytest.mark.parametrize("kind", ["walk", "ticks", "calm"])
@pytest.mark.parametrize(("name", "params"), _cases())
def test_equals_its_formula(
    name: str, params: tuple[float, ...], kind: str, make_bars: MakeBars
) -> None:
    bars = make_bars(kind, LENGTH)
    bars["volume"] = np.maximum(bars["volume"], 1.0)
    ours = compute(name, [bars[field] for field in INDICATORS[name].inputs], [0, LENGTH], params)
    expected = FORMULA[name](bars, *params)
    for mine, known in zip(
        ours, expected if isinstance(expected, tuple) else (expected,), strict=True
    ):
        same_head = np.isnan(mine) == np.isnan(known)
        still = np.isnan(mine) & (np.abs(known) < 1e-6)  # where all values are equal
        assert np.all(same_head | still)
        shown = ~np.isnan(mine)
        np.testing.assert_allclose(mine[shown], known[shown], rtol=1e-9, atol=1e-9)


@pytest.mark.shared
def test_chartschool_bands_have_these_widths_and_places(shared_data: Path) -> None:
    table = pl.read_csv(shared_data / "gold" / "chartschool_bbands.csv")
    close = table["Close"].cast(pl.Float64).to_numpy()
    (place,) = compute("percent_b", [close], [0, len(close)], (20, 2.0))
    (width,) = compute("bandwidth", [close], [0, len(close)], (20, 2.0))
    shown = table["PercentageBand"].cast(pl.Float64).to_numpy()
    np.testing.assert_allclose(place, shown, atol=1.1e-6)
    shown = table["WidthBand"].cast(pl.Float64).to_numpy()
    np.testing.assert_allclose(width, shown, atol=1.1e-6)


@pytest.mark.shared
def test_skender_reference_points(shared_data: Path) -> None:
    """Stock.Indicators (Dave Skender), tests of Chop and Chandelier on the same quotes of SPY."""
    quotes = pl.read_csv(shared_data / "gold" / "skender_quotes_default.csv")
    fields = [quotes[name].cast(pl.Float64).to_numpy() for name in ("high", "low", "close")]
    (choppiness,) = compute("choppiness", fields, [0, 502], (14,))
    assert np.isnan(choppiness[13])
    assert np.round(choppiness[[14, 249, 501]], 4).tolist() == [69.9967, 41.8499, 38.6526]
    long, short = compute("chandelier", fields, [0, 502], (22, 3.0))
    assert np.round(long[[492, 501]], 4).tolist() == [259.048, 256.586]
    assert np.round(short[501], 4) == 246.424


def test_spreadsheets_give_these_skewness_and_kurtosis() -> None:
    """The examples on Microsoft's pages of SKEW and KURT."""
    values = np.array([3.0, 4, 5, 2, 3, 4, 5, 6, 4, 7])
    assert compute("skew", [values], [0, 10], (10,))[0][-1] == pytest.approx(0.359543071, abs=1e-9)
    kurtosis = compute("kurtosis", [values], [0, 10], (10,))[0][-1]
    assert kurtosis == pytest.approx(-0.151799637, abs=1e-9)


def test_spreadsheets_give_these_quantiles_and_correlation() -> None:
    """The examples on Microsoft's pages of PERCENTILE.INC, CORREL and COVARIANCE.P."""
    few = np.array([1.0, 3, 2, 4])
    assert compute("quantile", [few], [0, 4], (4, 0.3))[0][-1] == pytest.approx(1.9)
    x, y = np.array([3.0, 2, 4, 5, 6]), np.array([9.0, 7, 12, 15, 17])
    assert compute("correlation", [x, y], [0, 5], (5,))[0][-1] == pytest.approx(0.997054486)
    assert compute("covariance", [x, y], [0, 5], (5,))[0][-1] == pytest.approx(5.2)


@pytest.mark.parametrize(("back", "low", "high"), [(0.0, 0.4, 0.55), (0.5, 0.0, 0.15)])
def test_hurst_tells_a_walk_from_what_reverts(back: float, low: float, high: float) -> None:
    random = np.random.default_rng(1)
    walk = np.zeros(2000)
    for t in range(1, len(walk)):
        walk[t] = walk[t - 1] * (1.0 - back) + random.normal()
    (found,) = compute("hurst", [walk], [0, len(walk)], (128,))
    assert low < np.nanmean(found) < high


def test_hurst_of_what_trends_is_high() -> None:
    way = np.cumsum(np.sin(np.arange(1000) / 60.0)) + np.random.default_rng(3).normal(0, 0.01, 1000)
    assert np.nanmean(compute("hurst", [way], [0, 1000])[0]) > 0.9


@pytest.mark.parametrize("name", ["parkinson", "garman_klass", "rogers_satchell", "yang_zhang"])
def test_estimators_find_the_volatility_that_made_the_prices(name: str) -> None:
    random = np.random.default_rng(8)
    ticks = np.exp(np.cumsum(random.normal(0.0, 0.2 / math.sqrt(252 * 1000), (2000, 1000)), axis=1))
    start = np.ones((2000, 1))
    bars = np.hstack((start, ticks))
    prices = {"open": bars[:, 0], "high": bars.max(1), "low": bars.min(1), "close": bars[:, -1]}
    carried = np.concatenate(([1.0], np.cumprod(prices["close"])[:-1]))
    fields = [prices[field] * carried for field in INDICATORS[name].inputs]
    (found,) = compute(name, fields, [0, 2000], (1999, 252.0))
    assert found[-1] == pytest.approx(0.2, rel=0.06)


@pytest.mark.parametrize(
    "name", ["parkinson", "garman_klass", "rogers_satchell", "yang_zhang", "historical_volatility"]
)
@pytest.mark.parametrize("price", [0.0, -1.0])
def test_a_price_that_is_none_counts_as_absent(
    name: str, price: float, make_bars: MakeBars
) -> None:
    bars = make_bars("walk", 60)
    fields = [bars[field] for field in INDICATORS[name].inputs]
    torn = [np.insert(column, 40, price) for column in fields]
    (found,) = compute(name, torn, [0, 61], (20, 252.0))
    (whole,) = compute(name, fields, [0, 60], (20, 252.0))
    assert np.isnan(found[40])
    assert np.array_equal(np.delete(found, 40), whole, equal_nan=True)


def test_pairs_read_the_columns_they_are_told(make_bars: MakeBars) -> None:
    bars = make_bars("walk", 60)
    frame = pl.DataFrame({"close": bars["x"], "index": bars["y"]})
    made = Correlation(10, x="close", y="index").calculate(frame)
    known = talib.CORREL(bars["x"], bars["y"], 10)
    np.testing.assert_allclose(made["correlation_10"].to_numpy(), known, rtol=1e-9)
    plain = frame.rename({"close": "x", "index": "y"})
    assert Beta(10).calculate(plain)["beta_10"].is_not_nan().sum() == 50
    with pytest.raises(DataError, match="missing columns: x, y"):
        Beta(10).calculate(frame)


def test_a_quantile_beyond_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"quantile: q must be at most 1\.0, not 1\.5"):
        compute("quantile", [[1.0]], [0, 1], (1, 1.5))
