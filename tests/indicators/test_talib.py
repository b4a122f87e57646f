"""Indicators equal TA-Lib to 1e-9, with the same NaN head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
import talib

from stockstream.indicators import INDICATORS, compute, shipped

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

Reference: TypeAlias = "Callable[..., Any]"


def _high_low(bars: Bars) -> tuple[Any, Any]:
    return bars["high"], bars["low"]


def _range(bars: Bars) -> tuple[Any, Any, Any]:
    return bars["high"], bars["low"], bars["close"]


def _linreg(b: Bars, n: int) -> tuple[Any, ...]:
    made = (talib.LINEARREG, talib.LINEARREG_SLOPE, talib.LINEARREG_INTERCEPT)
    return *(make(b["close"], n) for make in made), talib.LINEARREG_ANGLE(b["close"], n)


def _ppo(b: Bars, fast: int, slow: int, signal: int) -> tuple[Any, ...]:
    line = talib.PPO(b["close"], fast, slow, 1)
    smooth = talib.EMA(line, signal)
    return line, smooth, line - smooth


def _tsi(b: Bars, slow: int, fast: int, signal: int) -> tuple[Any, ...]:
    line = talib.TSI(b["close"], slow, fast)
    return line, talib.EMA(line, signal)


def _supertrend(b: Bars, n: int, width: float) -> tuple[Any, ...]:
    line, side = talib.SUPERTREND(*_range(b), n, width)
    return line, np.where(np.isnan(line), np.nan, side)


def _stochrsi(b: Bars, n: int, window: int, k: int, d: int) -> tuple[Any, ...]:
    strength = talib.RSI(b["close"], n)
    if k == 1:
        return tuple(talib.STOCHRSI(b["close"], n, window, d, 0))
    return tuple(talib.STOCH(strength, strength, strength, window, k, 0, d, 0))


TREND: dict[str, Reference] = {
    "sma": lambda b, n: talib.SMA(b["close"], n),
    "ema": lambda b, n: talib.EMA(b["close"], n),
    "wma": lambda b, n: talib.WMA(b["close"], n),
    "rma": lambda b, n: talib.RMA(b["close"], n),
    "dema": lambda b, n: talib.DEMA(b["close"], n),
    "tema": lambda b, n: talib.TEMA(b["close"], n),
    "t3": lambda b, n, v: talib.T3(b["close"], n, v),
    "trima": lambda b, n: talib.TRIMA(b["close"], n),
    "hma": lambda b, n: talib.HMA(b["close"], n),
    "zlema": lambda b, n: talib.ZLEMA(b["close"], n),
    "kama": lambda b, n, _fast, _slow: talib.KAMA(b["close"], n),
    "efficiency_ratio": lambda b, n: talib.ER(b["close"], n),
    "vwma": lambda b, n: talib.VWMA(b["close"], b["volume"], n),
    "midpoint": lambda b, n: talib.MIDPOINT(b["close"], n),
    "midprice": lambda b, n: talib.MIDPRICE(*_high_low(b), n),
    "highest": lambda b, n: talib.MAX(b["high"], n),
    "lowest": lambda b, n: talib.MIN(b["low"], n),
    "linreg": _linreg,
    "tsf": lambda b, n: talib.TSF(b["close"], n),
    "macd": lambda b, fast, slow, signal: talib.MACD(b["close"], fast, slow, signal),
    "apo": lambda b, fast, slow: talib.APO(b["close"], fast, slow, 1),
    "ppo": _ppo,
    "trix": lambda b, n: talib.TRIX(b["close"], n),
    "di": lambda b, n: (talib.PLUS_DI(*_range(b), n), talib.MINUS_DI(*_range(b), n)),
    "dx": lambda b, n: talib.DX(*_range(b), n),
    "adx": lambda b, n: talib.ADX(*_range(b), n),
    "adxr": lambda b, n: talib.ADXR(*_range(b), n),
    "aroon": lambda b, n: talib.AROON(*_high_low(b), n)[::-1],
    "aroon_oscillator": lambda b, n: talib.AROONOSC(*_high_low(b), n),
    "vortex": lambda b, n: talib.VORTEX(*_range(b), n),
    "psar": lambda b, step, most: talib.SAR(*_high_low(b), step, most),
    "supertrend": _supertrend,
}

MOMENTUM: dict[str, Reference] = {
    "rsi": lambda b, n: talib.RSI(b["close"], n),
    "stochrsi": _stochrsi,
    "stochastic": lambda b, n, k, d: talib.STOCH(*_range(b), n, k, 0, d, 0),
    "stochastic_fast": lambda b, n, d: talib.STOCHF(*_range(b), n, d, 0),
    "smi": lambda b, n, slow, fast, signal: talib.SMI(*_range(b), n, fast, slow, signal),
    "willr": lambda b, n: talib.WILLR(*_range(b), n),
    "cci": lambda b, n: talib.CCI(*_range(b), n),
    "mom": lambda b, n: talib.MOM(b["close"], n),
    "roc": lambda b, n: talib.ROC(b["close"], n),
    "rocp": lambda b, n: talib.ROCP(b["close"], n),
    "rocr": lambda b, n: talib.ROCR(b["close"], n),
    "rocr100": lambda b, n: talib.ROCR100(b["close"], n),
    "cmo": lambda b, n: talib.CMO(b["close"], n),
    "cmou": lambda b, n: talib.CMOU(b["close"], n),
    "tsi": _tsi,
    "ultimate": lambda b, fast, middle, slow: talib.ULTOSC(*_range(b), fast, middle, slow),
    "awesome": lambda b, fast, slow: talib.AO(*_high_low(b), fast, slow),
    "accelerator": lambda b, fast, slow, n: talib.AC(*_high_low(b), fast, slow, n),
    "coppock": lambda b, n, fast, slow: talib.COPPOCK(b["close"], n, fast, slow),
    "dpo": lambda b, n: talib.DPO(b["close"], n),
    "vhf": lambda b, n: talib.VHF(b["close"], n),
    "elder_ray": lambda b, n: talib.ERI(*_range(b), n),
    "bop": lambda b: talib.BOP(b["open"], *_range(b)),
    "qstick": lambda b, n: talib.QSTICK(b["open"], b["close"], n),
    "imi": lambda b, n: talib.IMI(b["open"], b["close"], n),
}

REFERENCE: dict[str, Reference] = {
    **TREND,
    **MOMENTUM,
    "bollinger": lambda b, n, width: talib.BBANDS(b["close"], n, width, width),
    "atr": lambda b, n: talib.ATR(*_range(b), n),
    "std": lambda b, n: talib.STDDEV(b["close"], n, 1.0),
    "obv": lambda b: talib.OBV(b["close"], b["volume"]),
}

PARAMETERS: dict[str, tuple[tuple[int | float, ...], ...]] = {
    "t3": ((5, 0.7), (2, 0.0), (14, 1.0)),
    "kama": ((10, 2, 30), (2, 2, 30), (30, 2, 30)),  # TA-Lib's has 2 and 30 built in
    "macd": ((12, 26, 9), (3, 4, 1), (5, 35, 5)),
    "apo": ((12, 26), (2, 3)),
    "ppo": ((12, 26, 9), (2, 3, 2)),
    "psar": ((0.02, 0.2), (0.05, 0.1), (0.3, 0.2)),
    "supertrend": ((10, 3.0), (7, 1.0), (2, 0.0)),
    "stochrsi": ((14, 14, 3, 3), (14, 5, 1, 3), (2, 3, 1, 2)),
    "stochastic": ((14, 3, 3), (1, 1, 1), (5, 1, 4)),
    "stochastic_fast": ((14, 3), (5, 3), (1, 1)),
    "smi": ((13, 25, 2, 9), (5, 4, 3, 2)),
    "tsi": ((25, 13, 13), (4, 3, 2)),
    "ultimate": ((7, 14, 28), (2, 3, 4)),
    "awesome": ((5, 34), (2, 3)),
    "accelerator": ((5, 34, 5), (2, 3, 2)),
    "coppock": ((10, 11, 14), (3, 2, 1)),
    "bollinger": ((20, 2.0), (2, 1.0), (50, 2.5)),
    "bop": ((),),
    "obv": ((),),
}
PERIODS: tuple[tuple[int | float, ...], ...] = ((2,), (14,), (20,), (50,))

PRICED = {
    **dict.fromkeys(("apo", "mom", "awesome", "accelerator", "dpo", "elder_ray", "qstick"), 1e-4),
    "macd": 1e-6,
    "tsf": 1e-4,
    "linreg": 1e-2,  # it has an angle: 57 to one
}
"""Differences of prices may be near zero: they are measured by this share of the highest price."""

DRIFTS = {"kama", "efficiency_ratio", "vortex", "cmou"}
"""TA-Lib's rolling sums keep the rounding of an outlier for good; ours do not: test_accuracy."""


def _least_unit(name: str, bars: Bars, theirs: tuple[Any, ...]) -> Any:
    """What a difference is measured by where the value itself is near zero."""
    if name == "bollinger":
        return np.abs(theirs[0])
    if name == "stochrsi":  # narrow ranges of RSI enlarge its rounding
        return 100.0
    return np.max(bars["close"]) * PRICED[name] if name in PRICED else 1e-3


def _cases() -> list[tuple[str, tuple[int | float, ...]]]:
    return [(name, params) for name in REFERENCE for params in PARAMETERS.get(name, PERIODS)]


def _outputs(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def test_every_trend_and_momentum_indicator_has_a_reference() -> None:
    elsewhere = {"alma", "ichimoku", "fisher", "connors_rsi", "rvgi", "kst"}  # test_published
    ours = {*shipped.TREND, *shipped.MOMENTUM}
    assert ours - {*TREND, *MOMENTUM} == elsewhere


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "params"), _cases())
def test_equals_talib(name: str, params: Params, kind: str, make_bars: MakeBars) -> None:
    bars = make_bars(kind, 700)
    ours = compute(name, [bars[field] for field in INDICATORS[name].inputs], [0, 700], params)
    theirs = _outputs(REFERENCE[name](bars, *params))
    least = _least_unit(name, bars, theirs)
    allowed = 1e-6 if kind == "outlier" and name in DRIFTS else 1e-9
    if kind == "still at the end" and name == "stochrsi":  # TA-Lib shows rounding alone there
        ours, theirs = (tuple(column[:350] for column in made) for made in (ours, theirs))
    for mine, reference in zip(ours, theirs, strict=True):
        assert np.array_equal(np.isnan(mine), np.isnan(reference))
        unit = np.maximum(np.abs(reference), least)
        assert np.nanmax(np.abs(mine - reference) / unit) <= allowed


@pytest.mark.parametrize("length", [0, 1, 2, 13, 14, 15, 19, 20, 21, 25, 26, 27, 33, 34, 35])
@pytest.mark.parametrize("name", REFERENCE)
def test_series_of_every_length_have_the_same_head(
    name: str, length: int, make_bars: MakeBars
) -> None:
    bars = make_bars("walk", length)
    params = INDICATORS[name].defaults
    ours = compute(name, [bars[field] for field in INDICATORS[name].inputs], [0, length], params)
    for mine, reference in zip(ours, _outputs(REFERENCE[name](bars, *params)), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-9, atol=1e-10)


def test_the_rolling_mean_has_the_bits_of_talib(make_bars: MakeBars) -> None:
    bars = make_bars("walk", 5000)
    assert np.array_equal(
        compute("sma", [bars["close"]], [0, 5000], (20,))[0],
        talib.SMA(bars["close"], 20),
        equal_nan=True,
    )


@pytest.mark.parametrize(
    "name",
    [
        *("sma", "ema", "wma", "highest", "lowest", "rma", "dema", "tema", "trima", "hma"),
        *("zlema", "midpoint"),
    ],
)
def test_a_period_of_one_gives_the_input_back(name: str, make_bars: MakeBars) -> None:
    close = make_bars("walk", 30)["close"]
    assert np.array_equal(compute(name, [close], [0, 30], (1,))[0], close)
