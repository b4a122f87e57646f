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

from stockstream.indicators.shipped import SHIPPED, load

if TYPE_CHECKING:
    from stockstream.indicators.base import Indicator, KernelIndicator
    from stockstream.indicators.candles.couples import (
        DarkCloudCover,
        Engulfing,
        Harami,
        PiercingLine,
    )
    from stockstream.indicators.candles.dojis import Doji, DragonflyDoji, GravestoneDoji, Marubozu
    from stockstream.indicators.candles.hammers import (
        Hammer,
        HangingMan,
        InvertedHammer,
        ShootingStar,
    )
    from stockstream.indicators.candles.patterns import Candles
    from stockstream.indicators.candles.stars import (
        EveningStar,
        MorningStar,
        ThreeBlackCrows,
        ThreeWhiteSoldiers,
    )
    from stockstream.indicators.evaluation import Stream, apply
    from stockstream.indicators.momentum.awesome import AcceleratorOscillator, AwesomeOscillator
    from stockstream.indicators.momentum.cci import CCI
    from stockstream.indicators.momentum.cmo import CMO, CMOU
    from stockstream.indicators.momentum.connors import ConnorsRSI
    from stockstream.indicators.momentum.coppock import Coppock
    from stockstream.indicators.momentum.dpo import DPO
    from stockstream.indicators.momentum.elder_ray import ElderRay
    from stockstream.indicators.momentum.fisher import FisherTransform
    from stockstream.indicators.momentum.kst import KST
    from stockstream.indicators.momentum.open_close import BalanceOfPower, IntradayMomentum, Qstick
    from stockstream.indicators.momentum.roc import (
        Momentum,
        RateOfChange,
        RateOfChangeFraction,
        RateOfChangeRatio,
        RateOfChangeRatio100,
    )
    from stockstream.indicators.momentum.rsi import RSI
    from stockstream.indicators.momentum.rvgi import RelativeVigorIndex
    from stockstream.indicators.momentum.smi import StochasticMomentum
    from stockstream.indicators.momentum.stochastic import Stochastic
    from stockstream.indicators.momentum.stochastic_fast import StochasticFast, StochRSI
    from stockstream.indicators.momentum.tsi import TSI
    from stockstream.indicators.momentum.ultimate import UltimateOscillator
    from stockstream.indicators.momentum.vhf import VHF
    from stockstream.indicators.momentum.williams import WilliamsR
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
    from stockstream.indicators.statistics.autocorrelation import Autocorrelation
    from stockstream.indicators.statistics.average_deviation import AverageDeviation
    from stockstream.indicators.statistics.hurst import HurstExponent
    from stockstream.indicators.statistics.moments import Kurtosis, Skew
    from stockstream.indicators.statistics.pairs import Beta, Correlation, Covariance
    from stockstream.indicators.statistics.quantiles import Median, PercentRank, Quantile
    from stockstream.indicators.statistics.sums import RollingSum
    from stockstream.indicators.trend.adx import ADX, ADXR, DX, DirectionalIndicators
    from stockstream.indicators.trend.alma import ALMA
    from stockstream.indicators.trend.aroon import Aroon, AroonOscillator
    from stockstream.indicators.trend.dema import DEMA
    from stockstream.indicators.trend.ema import EMA
    from stockstream.indicators.trend.extremes import Highest, Lowest
    from stockstream.indicators.trend.hma import HMA
    from stockstream.indicators.trend.ichimoku import Ichimoku
    from stockstream.indicators.trend.kama import KAMA, EfficiencyRatio
    from stockstream.indicators.trend.linreg import LinearRegression, TimeSeriesForecast
    from stockstream.indicators.trend.macd import MACD
    from stockstream.indicators.trend.midpoint import MidPoint, MidPrice
    from stockstream.indicators.trend.ppo import APO, PPO
    from stockstream.indicators.trend.psar import ParabolicSAR
    from stockstream.indicators.trend.rma import RMA
    from stockstream.indicators.trend.sma import SMA
    from stockstream.indicators.trend.supertrend import SuperTrend
    from stockstream.indicators.trend.t3 import T3
    from stockstream.indicators.trend.tema import TEMA
    from stockstream.indicators.trend.trima import TRIMA
    from stockstream.indicators.trend.trix import TRIX
    from stockstream.indicators.trend.vortex import Vortex
    from stockstream.indicators.trend.vwma import VWMA
    from stockstream.indicators.trend.wma import WMA
    from stockstream.indicators.trend.zlema import ZLEMA
    from stockstream.indicators.volatility.adr import AverageDayRange
    from stockstream.indicators.volatility.atr import ATR
    from stockstream.indicators.volatility.atr_stop import ATRStop
    from stockstream.indicators.volatility.bands import Bandwidth, PercentB
    from stockstream.indicators.volatility.bollinger import BollingerBands
    from stockstream.indicators.volatility.chaikin_volatility import ChaikinVolatility
    from stockstream.indicators.volatility.chandelier import ChandelierExit
    from stockstream.indicators.volatility.choppiness import Choppiness
    from stockstream.indicators.volatility.donchian import DonchianChannels
    from stockstream.indicators.volatility.drawdown import RollingDrawdown
    from stockstream.indicators.volatility.historical_volatility import HistoricalVolatility
    from stockstream.indicators.volatility.keltner import KeltnerChannels
    from stockstream.indicators.volatility.mass_index import MassIndex
    from stockstream.indicators.volatility.natr import NATR
    from stockstream.indicators.volatility.range_volatility import (
        GarmanKlassVolatility,
        ParkinsonVolatility,
        RogersSatchellVolatility,
    )
    from stockstream.indicators.volatility.rvi import RelativeVolatilityIndex
    from stockstream.indicators.volatility.std import StandardDeviation
    from stockstream.indicators.volatility.true_range import TrueRange
    from stockstream.indicators.volatility.ulcer_index import UlcerIndex
    from stockstream.indicators.volatility.variance import Variance, ZScore
    from stockstream.indicators.volatility.yang_zhang import YangZhangVolatility
    from stockstream.indicators.volume.accumulation import (
        AccumulationDistribution,
        ChaikinMoneyFlow,
        ChaikinOscillator,
    )
    from stockstream.indicators.volume.ease_of_movement import EaseOfMovement
    from stockstream.indicators.volume.force_index import ForceIndex
    from stockstream.indicators.volume.mfi import MoneyFlowIndex
    from stockstream.indicators.volume.obv import OBV
    from stockstream.indicators.volume.pvo import PercentageVolumeOscillator
    from stockstream.indicators.volume.traded import DollarVolume, RelativeVolume
    from stockstream.indicators.volume.volume_indexes import (
        NegativeVolumeIndex,
        PositiveVolumeIndex,
    )
    from stockstream.indicators.volume.vpt import VolumePriceTrend
    from stockstream.indicators.volume.vwap import VWAP

__all__ = [
    "ADX",
    "ADXR",
    "ALMA",
    "APO",
    "ATR",
    "CCI",
    "CLASSES",
    "CMO",
    "CMOU",
    "DEMA",
    "DPO",
    "DX",
    "EMA",
    "HMA",
    "INDICATORS",
    "KAMA",
    "KST",
    "MACD",
    "NATR",
    "OBV",
    "PPO",
    "RMA",
    "RSI",
    "SMA",
    "T3",
    "TEMA",
    "TRIMA",
    "TRIX",
    "TSI",
    "VHF",
    "VWAP",
    "VWMA",
    "WMA",
    "ZLEMA",
    "ATRStop",
    "AcceleratorOscillator",
    "AccumulationDistribution",
    "Aroon",
    "AroonOscillator",
    "Autocorrelation",
    "AverageDayRange",
    "AverageDeviation",
    "AwesomeOscillator",
    "BalanceOfPower",
    "Bandwidth",
    "Beta",
    "BollingerBands",
    "Candles",
    "ChaikinMoneyFlow",
    "ChaikinOscillator",
    "ChaikinVolatility",
    "ChandelierExit",
    "Choppiness",
    "ConnorsRSI",
    "Coppock",
    "Correlation",
    "Covariance",
    "DarkCloudCover",
    "DirectionalIndicators",
    "Doji",
    "DollarVolume",
    "DonchianChannels",
    "DragonflyDoji",
    "EaseOfMovement",
    "EfficiencyRatio",
    "ElderRay",
    "Engulfing",
    "EveningStar",
    "FisherTransform",
    "ForceIndex",
    "GarmanKlassVolatility",
    "GravestoneDoji",
    "Hammer",
    "HangingMan",
    "Harami",
    "Highest",
    "HistoricalVolatility",
    "HurstExponent",
    "Ichimoku",
    "Indicator",
    "IndicatorSpec",
    "IntradayMomentum",
    "InvertedHammer",
    "KeltnerChannels",
    "KernelIndicator",
    "Kurtosis",
    "LinearRegression",
    "Lowest",
    "Marubozu",
    "MassIndex",
    "Median",
    "MidPoint",
    "MidPrice",
    "Momentum",
    "MoneyFlowIndex",
    "MorningStar",
    "NegativeVolumeIndex",
    "ParabolicSAR",
    "ParkinsonVolatility",
    "PercentB",
    "PercentRank",
    "PercentageVolumeOscillator",
    "PiercingLine",
    "PositiveVolumeIndex",
    "Qstick",
    "Quantile",
    "RateOfChange",
    "RateOfChangeFraction",
    "RateOfChangeRatio",
    "RateOfChangeRatio100",
    "RelativeVigorIndex",
    "RelativeVolatilityIndex",
    "RelativeVolume",
    "RogersSatchellVolatility",
    "RollingDrawdown",
    "RollingSum",
    "ShootingStar",
    "Skew",
    "StandardDeviation",
    "StochRSI",
    "Stochastic",
    "StochasticFast",
    "StochasticMomentum",
    "Stream",
    "SuperTrend",
    "ThreeBlackCrows",
    "ThreeWhiteSoldiers",
    "TimeSeriesForecast",
    "TrueRange",
    "UlcerIndex",
    "UltimateOscillator",
    "Variance",
    "VolumePriceTrend",
    "Vortex",
    "WilliamsR",
    "YangZhangVolatility",
    "ZScore",
    "apply",
    "compute",
    "get_indicator",
    "get_spec",
    "register",
    "stream",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "IndicatorSpec":
        return getattr(import_module(f"{__name__}.spec"), name)
    for home in SHIPPED.values():
        if home.endswith(f":{name}"):
            return load(home)
    return getattr(import_module(f"{__name__}.registry"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
