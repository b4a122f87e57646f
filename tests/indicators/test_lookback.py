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

FINITE = ("sma", "wma", "highest", "lowest", "roc", "stochastic", "bollinger", "std", "vwap")
FADING = ("ema", "macd", "rsi", "atr")


def _last(name: str, bars: Bars, start: int) -> Floats:
    inputs = [bars[field][start:] for field in INDICATORS[name].inputs]
    return np.array([out[-1] for out in compute(name, inputs, [0, len(inputs[0])])])


@pytest.mark.parametrize("name", [*FINITE, *FADING])
def test_history_before_the_lookback_changes_nothing(name: str, make_bars: MakeBars) -> None:
    spec = INDICATORS[name]
    for seed in range(5):
        bars = make_bars("walk", 2000, seed)
        back = spec.lookback(spec.defaults)
        whole, cut = _last(name, bars, 0), _last(name, bars, 2000 - 1 - back)
        scale = max(100.0, float(bars["close"].max()))
        assert np.all(np.abs(whole - cut) <= 1e-9 * scale)


@pytest.mark.parametrize("name", FINITE)
def test_one_bar_less_is_not_enough(name: str, make_bars: MakeBars) -> None:
    spec = INDICATORS[name]
    back = spec.lookback(spec.defaults)
    bars = make_bars("walk", 300)
    assert np.isfinite(_last(name, bars, 300 - 1 - back)).all()
    assert np.isnan(_last(name, bars, 300 - back)).all()


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
    }
    found = {name: spec.lookback(spec.defaults) for name, spec in INDICATORS.items()}
    assert found == expected


def test_averages_over_one_bar_look_at_nothing_else() -> None:
    assert INDICATORS["ema"].lookback((1,)) == 0
    assert INDICATORS["atr"].lookback((1,)) == 1
