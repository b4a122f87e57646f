"""The lookback is enough, and where it is exact no bar less would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.indicators import INDICATORS, compute

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Bars: TypeAlias = dict[str, Floats]
    MakeBars: TypeAlias = Callable[..., Bars]

FADING = {
    *("ema", "rma", "dema", "tema", "t3", "zlema", "kama", "macd", "apo", "ppo", "trix"),
    *("rsi", "stochrsi", "smi", "cmo", "tsi", "fisher", "connors_rsi", "elder_ray"),
    *("di", "dx", "adx", "adxr", "atr", "natr", "keltner", "chandelier", "rvi"),
    *("chaikin_volatility", "mass_index", "adosc", "force_index", "pvo"),
}
UNBOUNDED = {"obv", "psar", "supertrend", "atr_stop", "ad", "nvi", "pvi", "vpt"}
"""What a level or a trade rests on goes back as far as it pleases; their specs say so."""

VOLUMES = {"adosc", "force_index"}
"""In units of volume, not of price."""

FINITE = [name for name in INDICATORS if name not in FADING | UNBOUNDED]


def _last(name: str, bars: Bars, start: int) -> Floats:
    inputs = [bars[field][start:] for field in INDICATORS[name].inputs]
    return np.array([out[-1] for out in compute(name, inputs, [0, len(inputs[0])])])


@pytest.mark.parametrize("name", [*FINITE, *sorted(FADING)])
def test_history_before_the_lookback_changes_nothing(name: str, make_bars: MakeBars) -> None:
    spec = INDICATORS[name]
    back = spec.lookback(spec.defaults)
    length = max(2000, 2 * back)
    for seed in range(5):
        bars = make_bars("walk", length, seed)
        whole, cut = _last(name, bars, 0), _last(name, bars, length - 1 - back)
        traded = float(bars["volume"].max()) if name in VOLUMES else 0.0
        scale = max(100.0, traded, float(bars["close"].max()))
        assert np.all(np.abs(whole - cut) <= 1e-9 * scale)


@pytest.mark.parametrize("name", [name for name in FINITE if name != "bop"])
def test_one_bar_less_is_not_enough(name: str, make_bars: MakeBars) -> None:
    spec = INDICATORS[name]
    back = spec.lookback(spec.defaults)
    bars = make_bars("walk", 300)
    assert np.isfinite(_last(name, bars, 300 - 1 - back)).all()
    assert np.isnan(_last(name, bars, 300 - back)).any()


def test_lookbacks_by_hand() -> None:
    expected = {
        "sma": 19,
        "ema": 19 + 208,
        "wma": 19,
        "macd": 295 + 101,
        "highest": 19,
        "lowest": 19,
        "rsi": 14 + 280,
        "roc": 10,
        "stochastic": 17,
        "bollinger": 19,
        "atr": 14 + 280,
        "std": 19,
        "obv": 1,
        "vwap": 19,
        "hma": 22,
        "trima": 19,
        "linreg": 13,
        "aroon": 14,
        "vortex": 14,
        "ichimoku": 51 + 26,
        "ultimate": 28,
        "coppock": 23,
        "kst": 30 + 14 + 8,
        "dpo": 19,
        "adx": 14 + 280 + 13 + 280,
        "bop": 0,
        "true_range": 1,
        "natr": 14 + 280,
        "keltner": 19 + 208,
        "donchian": 19,
        "ulcer_index": 26,
        "mass_index": 2 * (8 + 93) + 24,
        "yang_zhang": 20,
        "mfi": 14,
        "cmf": 19,
        "beta": 20,
        "autocorrelation": 20,
        "percent_rank": 100,
        "hurst": 99,
        "doji": 10,
        "morning_star": 12,
    }
    found = {name: INDICATORS[name].lookback(INDICATORS[name].defaults) for name in expected}
    assert found == expected


def test_averages_over_one_bar_look_at_nothing_else() -> None:
    assert INDICATORS["ema"].lookback((1,)) == 0
    assert INDICATORS["atr"].lookback((1,)) == 1
