"""Technical indicators: one step function each, run over arrays, frames or bar by bar.

On frames, ``SMA(20).calculate(df)``; on arrays of many symbols, ``compute("sma", ...)``; bar by
bar, ``stream("sma", (20,)).update(close)``. All three give the same floats, bit for bit.

Conventions are those of TA-Lib 0.8; where others differ, the docstring of the step names both.
Values are NaN until warmed up. A bar with an input that is missing or not finite gives NaN and
counts as absent. Rolling sums add the newest value before they take the oldest off.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stockstream.indicators.base import Indicator, KernelIndicator
    from stockstream.indicators.evaluation import Stream, apply
    from stockstream.indicators.momentum.roc import RateOfChange
    from stockstream.indicators.momentum.rsi import RSI
    from stockstream.indicators.momentum.stochastic import Stochastic
    from stockstream.indicators.registry import (
        CLASSES,
        INDICATORS,
        compute,
        get_indicator,
        get_spec,
        register,
        stream,
    )
    from stockstream.indicators.spec import IndicatorSpec
    from stockstream.indicators.trend.ema import EMA
    from stockstream.indicators.trend.extremes import Highest, Lowest
    from stockstream.indicators.trend.macd import MACD
    from stockstream.indicators.trend.sma import SMA
    from stockstream.indicators.trend.wma import WMA
    from stockstream.indicators.volatility.atr import ATR
    from stockstream.indicators.volatility.bollinger import BollingerBands
    from stockstream.indicators.volatility.std import StandardDeviation
    from stockstream.indicators.volume.obv import OBV
    from stockstream.indicators.volume.vwap import VWAP

__all__ = [
    "ATR",
    "CLASSES",
    "EMA",
    "INDICATORS",
    "MACD",
    "OBV",
    "RSI",
    "SMA",
    "VWAP",
    "WMA",
    "BollingerBands",
    "Highest",
    "Indicator",
    "IndicatorSpec",
    "KernelIndicator",
    "Lowest",
    "RateOfChange",
    "StandardDeviation",
    "Stochastic",
    "Stream",
    "apply",
    "compute",
    "get_indicator",
    "get_spec",
    "register",
    "stream",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        home = "spec" if name == "IndicatorSpec" else "registry"  # which imports all the others
        return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
