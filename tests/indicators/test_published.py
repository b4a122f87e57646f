"""Indicators that TA-Lib has not, against their published formula written out plainly in NumPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.indicators import INDICATORS, compute

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockstream.indicators.spec import Params

    Floats: TypeAlias = NDArray[np.float64]
    Bars: TypeAlias = dict[str, Floats]
    MakeBars: TypeAlias = Callable[..., Bars]

LENGTH = 500


def _ours(name: str, bars: Bars, params: Params) -> tuple[Floats, ...]:
    inputs = [bars[field] for field in INDICATORS[name].inputs]
    return compute(name, inputs, [0, len(inputs[0])], params)


def _rolling(x: Floats, period: int, of: Callable[[Floats], float]) -> Floats:
    """``of`` each window of ``period`` values, NaN where one is missing."""
    found = np.full(len(x), np.nan)
    for t in range(period - 1, len(x)):
        found[t] = of(x[t - period + 1 : t + 1])
    return found


def _mean(x: Floats, period: int) -> Floats:
    return _rolling(x, period, lambda window: float(window.sum()) / period)


def _lag(x: Floats, bars: int) -> Floats:
    return np.concatenate((np.full(bars, np.nan), x[: len(x) - bars]))


def _alma(bars: Bars, period: int, offset: float, sigma: float) -> tuple[Floats, ...]:
    """Legoux and Kouzis-Loukas, 2009; weights as in TradingView's ta.alma."""
    top, width = offset * (period - 1), period / sigma
    weights = np.exp(-((np.arange(period) - top) ** 2) / (2.0 * width**2))
    return (_rolling(bars["close"], period, lambda w: float(w @ weights / weights.sum())),)


def _ichimoku(bars: Bars, quick: int, slow: int, wide: int, shift: int) -> tuple[Floats, ...]:
    """Hosoda, 1969: the cloud that stands at a bar was computed ``shift`` bars before."""

    def middle(period: int) -> Floats:
        top = _rolling(bars["high"], period, lambda w: float(w.max()))
        return (top + _rolling(bars["low"], period, lambda w: float(w.min()))) / 2.0

    conversion, base = middle(quick), middle(slow)
    return conversion, base, _lag((conversion + base) / 2.0, shift), _lag(middle(wide), shift)


def _fisher(bars: Bars, period: int) -> tuple[Floats, ...]:
    """Ehlers, Stocks & Commodities, November 2002 (his EasyLanguage, EMA of 0.33 and 0.67)."""
    median = (bars["high"] + bars["low"]) / 2.0
    line, signal = (np.full(len(median), np.nan) for _ in range(2))
    value = fish = 0.0
    for t in range(period - 1, len(median)):
        window = median[t - period + 1 : t + 1]
        low, high = window.min(), window.max()
        place = (median[t] - low) / (high - low) - 0.5 if high > low else 0.0
        value = 0.33 * 2.0 * place + 0.67 * value
        value = 0.999 if value > 0.999 else max(value, -0.999)
        signal[t] = fish if t >= period else np.nan
        fish = 0.5 * math.log((1.0 + value) / (1.0 - value)) + 0.5 * fish
        line[t] = fish
    return line, signal


def _rsi(x: Floats, period: int) -> Floats:
    change = np.diff(x)
    rise, fall = np.maximum(change, 0.0), np.maximum(-change, 0.0)
    found = np.full(len(x), np.nan)
    gain, loss = rise[:period].mean(), fall[:period].mean()
    for t in range(period, len(x)):
        if t > period:
            gain = (gain * (period - 1) + rise[t - 1]) / period
            loss = (loss * (period - 1) + fall[t - 1]) / period
        found[t] = 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 0.0
    return found


def _connors_rsi(bars: Bars, period: int, run: int, ranked: int) -> tuple[Floats, ...]:
    """Connors Research, An Introduction to ConnorsRSI, 2nd edition, 2012."""
    close = bars["close"]
    streak = np.zeros(len(close))
    for t in range(1, len(close)):
        way = np.sign(close[t] - close[t - 1])
        streak[t] = way + (streak[t - 1] if way * streak[t - 1] > 0.0 else 0.0)
    change = close[1:] / close[:-1] - 1.0
    rank = np.full(len(close), np.nan)
    for t in range(ranked, len(change)):
        rank[t + 1] = 100.0 * np.mean(change[t - ranked : t] < change[t])
    return ((_rsi(close, period) + _rsi(streak, run) + rank) / 3.0,)


def _rvgi(bars: Bars, period: int) -> tuple[Floats, ...]:
    """Ehlers, Stocks & Commodities, January 2002."""

    def four(x: Floats) -> Floats:
        return (x + 2.0 * _lag(x, 1) + 2.0 * _lag(x, 2) + _lag(x, 3)) / 6.0

    vigor = _mean(four(bars["close"] - bars["open"]), period)
    width = _mean(four(bars["high"] - bars["low"]), period)
    line = np.divide(vigor, width, out=np.where(np.isnan(width), np.nan, 0.0), where=width > 0.0)
    return line, four(line)


def _kst(bars: Bars, *periods: int) -> tuple[Floats, ...]:
    """Pring, Stocks & Commodities, September 1992."""
    rates, smoothings, signal = periods[:4], periods[4:8], periods[8]
    close = bars["close"]
    parts = [
        weight * _mean(100.0 * (close / _lag(close, rate) - 1.0), smoothing)
        for weight, (rate, smoothing) in enumerate(zip(rates, smoothings, strict=True), start=1)
    ]
    line = parts[0] + parts[1] + parts[2] + parts[3]
    return line, _mean(line, signal)


FORMULAS: dict[str, tuple[Callable[..., tuple[Floats, ...]], tuple[Params, ...]]] = {
    "alma": (_alma, ((9, 0.85, 6.0), (1, 0.5, 6.0), (50, 0.0, 3.0))),
    "ichimoku": (_ichimoku, ((9, 26, 52, 26), (2, 3, 5, 1), (30, 10, 20, 40))),
    "fisher": (_fisher, ((10,), (2,), (50,))),
    "connors_rsi": (_connors_rsi, ((3, 2, 100), (2, 5, 10))),
    "rvgi": (_rvgi, ((10,), (1,), (50,))),
    "kst": (_kst, ((10, 15, 20, 30, 10, 10, 10, 15, 9), (2, 3, 4, 5, 1, 2, 3, 4, 2))),
}


@pytest.mark.parametrize("kind", ["walk", "constant", "zero range", "huge", "small", "ticks"])
@pytest.mark.parametrize(
    ("name", "params"), [(name, params) for name, (_, sets) in FORMULAS.items() for params in sets]
)
def test_equals_the_published_formula(
    name: str, params: Params, kind: str, make_bars: MakeBars
) -> None:
    bars = make_bars(kind, LENGTH)
    formula, _ = FORMULAS[name]
    for mine, reference in zip(_ours(name, bars, params), formula(bars, *params), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-9, atol=1e-10)


def test_the_cloud_at_a_bar_is_made_of_bars_before_the_displacement(make_bars: MakeBars) -> None:
    bars = make_bars("walk", 200)
    later = {name: column.copy() for name, column in bars.items()}
    for column in later.values():
        column[175:] *= 3.0
    before, after = (_ours("ichimoku", made, (9, 26, 52, 26)) for made in (bars, later))
    for span, changed in zip(before[2:], after[2:], strict=True):
        np.testing.assert_array_equal(span, changed)  # all of the 25 bars after the change
    assert not np.array_equal(before[0], after[0], equal_nan=True)
