"""Every indicator equals TA-Lib to 1e-9, with the same NaN head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
import talib

from stockstream.indicators import INDICATORS, compute

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockstream.indicators.spec import Params

    Bars: TypeAlias = dict[str, NDArray[np.float64]]
    MakeBars: TypeAlias = Callable[..., Bars]

KINDS = (
    *("walk", "constant", "zero range", "huge", "small", "ticks", "still at the end", "calm"),
    *("collapse", "outlier", "rising"),
)

REFERENCE: dict[str, Callable[..., Any]] = {
    "sma": lambda b, n: talib.SMA(b["close"], n),
    "ema": lambda b, n: talib.EMA(b["close"], n),
    "wma": lambda b, n: talib.WMA(b["close"], n),
    "macd": lambda b, fast, slow, signal: talib.MACD(b["close"], fast, slow, signal),
    "highest": lambda b, n: talib.MAX(b["high"], n),
    "lowest": lambda b, n: talib.MIN(b["low"], n),
    "rsi": lambda b, n: talib.RSI(b["close"], n),
    "roc": lambda b, n: talib.ROC(b["close"], n),
    "stochastic": lambda b, n, k, d: talib.STOCH(b["high"], b["low"], b["close"], n, k, 0, d, 0),
    "bollinger": lambda b, n, width: talib.BBANDS(b["close"], n, width, width),
    "atr": lambda b, n: talib.ATR(b["high"], b["low"], b["close"], n),
    "std": lambda b, n: talib.STDDEV(b["close"], n, 1.0),
    "obv": lambda b: talib.OBV(b["close"], b["volume"]),
}

PARAMETERS: dict[str, tuple[tuple[int | float, ...], ...]] = {
    "macd": ((12, 26, 9), (3, 4, 1), (5, 35, 5)),
    "stochastic": ((14, 3, 3), (1, 1, 1), (5, 1, 4)),
    "bollinger": ((20, 2.0), (2, 1.0), (50, 2.5)),
    "obv": ((),),
}
PERIODS: tuple[tuple[int | float, ...], ...] = ((2,), (14,), (20,), (50,))


def _cases() -> list[tuple[str, tuple[int | float, ...]]]:
    return [(name, params) for name in REFERENCE for params in PARAMETERS.get(name, PERIODS)]


def _outputs(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def test_every_indicator_but_vwap_has_a_reference() -> None:
    assert set(INDICATORS) - set(REFERENCE) == {"vwap"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "params"), _cases())
def test_equals_talib(name: str, params: Params, kind: str, make_bars: MakeBars) -> None:
    bars = make_bars(kind, 700)
    ours = compute(name, [bars[field] for field in INDICATORS[name].inputs], [0, 700], params)
    theirs = _outputs(REFERENCE[name](bars, *params))
    # a difference of prices may be near zero: measure it by the prices
    priced = {"macd": np.max(bars["close"]) * 1e-6, "bollinger": np.abs(theirs[0])}
    for mine, reference in zip(ours, theirs, strict=True):
        assert np.array_equal(np.isnan(mine), np.isnan(reference))
        unit = np.maximum(np.abs(reference), priced.get(name, 1e-3))
        assert np.nanmax(np.abs(mine - reference) / unit) <= 1e-9


@pytest.mark.parametrize("length", [0, 1, 2, 13, 14, 15, 19, 20, 21, 25, 26, 27, 33, 34, 35])
@pytest.mark.parametrize("name", REFERENCE)
def test_series_of_every_length_have_the_same_head(
    name: str, length: int, make_bars: MakeBars
) -> None:
    bars = make_bars("walk", length)
    params = INDICATORS[name].defaults
    ours = compute(name, [bars[field] for field in INDICATORS[name].inputs], [0, length], params)
    for mine, reference in zip(ours, _outputs(REFERENCE[name](bars, *params)), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-9)


def test_the_rolling_mean_has_the_bits_of_talib(make_bars: MakeBars) -> None:
    bars = make_bars("walk", 5000)
    assert np.array_equal(
        compute("sma", [bars["close"]], [0, 5000], (20,))[0],
        talib.SMA(bars["close"], 20),
        equal_nan=True,
    )


@pytest.mark.parametrize("name", ["sma", "ema", "wma", "highest", "lowest"])
def test_a_period_of_one_gives_the_input_back(name: str, make_bars: MakeBars) -> None:
    close = make_bars("walk", 30)["close"]
    assert np.array_equal(compute(name, [close], [0, 30], (1,))[0], close)
