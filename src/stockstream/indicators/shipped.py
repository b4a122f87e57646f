"""The shipped indicators: by name, where each one's class is.

A module is imported when the first of its indicators is used, so that a run pays only for those in
its rules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CANDLES",
    "FREE_FORM",
    "MOMENTUM",
    "SHIPPED",
    "STATISTICS",
    "TREND",
    "VOLATILITY",
    "VOLUME",
    "load",
]

TREND: Final = {
    "sma": "trend.sma:SMA",
    "ema": "trend.ema:EMA",
    "wma": "trend.wma:WMA",
    "rma": "trend.rma:RMA",
    "dema": "trend.dema:DEMA",
    "tema": "trend.tema:TEMA",
    "t3": "trend.t3:T3",
    "trima": "trend.trima:TRIMA",
    "hma": "trend.hma:HMA",
    "zlema": "trend.zlema:ZLEMA",
    "kama": "trend.kama:KAMA",
    "alma": "trend.alma:ALMA",
    "vwma": "trend.vwma:VWMA",
    "midpoint": "trend.midpoint:MidPoint",
    "midprice": "trend.midpoint:MidPrice",
    "highest": "trend.extremes:Highest",
    "lowest": "trend.extremes:Lowest",
    "linreg": "trend.linreg:LinearRegression",
    "tsf": "trend.linreg:TimeSeriesForecast",
    "macd": "trend.macd:MACD",
    "apo": "trend.ppo:APO",
    "ppo": "trend.ppo:PPO",
    "trix": "trend.trix:TRIX",
    "efficiency_ratio": "trend.kama:EfficiencyRatio",
    "di": "trend.adx:DirectionalIndicators",
    "dx": "trend.adx:DX",
    "adx": "trend.adx:ADX",
    "adxr": "trend.adx:ADXR",
    "aroon": "trend.aroon:Aroon",
    "aroon_oscillator": "trend.aroon:AroonOscillator",
    "vortex": "trend.vortex:Vortex",
    "psar": "trend.psar:ParabolicSAR",
    "supertrend": "trend.supertrend:SuperTrend",
    "ichimoku": "trend.ichimoku:Ichimoku",
}
"""Averages of price and its range: where it is going."""

MOMENTUM: Final = {
    "rsi": "momentum.rsi:RSI",
    "stochrsi": "momentum.stochastic_fast:StochRSI",
    "stochastic": "momentum.stochastic:Stochastic",
    "stochastic_fast": "momentum.stochastic_fast:StochasticFast",
    "smi": "momentum.smi:StochasticMomentum",
    "willr": "momentum.williams:WilliamsR",
    "cci": "momentum.cci:CCI",
    "mom": "momentum.roc:Momentum",
    "roc": "momentum.roc:RateOfChange",
    "rocp": "momentum.roc:RateOfChangeFraction",
    "rocr": "momentum.roc:RateOfChangeRatio",
    "rocr100": "momentum.roc:RateOfChangeRatio100",
    "cmo": "momentum.cmo:CMO",
    "cmou": "momentum.cmo:CMOU",
    "tsi": "momentum.tsi:TSI",
    "ultimate": "momentum.ultimate:UltimateOscillator",
    "awesome": "momentum.awesome:AwesomeOscillator",
    "accelerator": "momentum.awesome:AcceleratorOscillator",
    "coppock": "momentum.coppock:Coppock",
    "kst": "momentum.kst:KST",
    "dpo": "momentum.dpo:DPO",
    "vhf": "momentum.vhf:VHF",
    "fisher": "momentum.fisher:FisherTransform",
    "connors_rsi": "momentum.connors:ConnorsRSI",
    "elder_ray": "momentum.elder_ray:ElderRay",
    "rvgi": "momentum.rvgi:RelativeVigorIndex",
    "bop": "momentum.open_close:BalanceOfPower",
    "qstick": "momentum.open_close:Qstick",
    "imi": "momentum.open_close:IntradayMomentum",
}
"""How fast price moves, and how far it has gone."""

VOLATILITY: Final = {
    "bollinger": "volatility.bollinger:BollingerBands",
    "atr": "volatility.atr:ATR",
    "std": "volatility.std:StandardDeviation",
    "true_range": "volatility.true_range:TrueRange",
    "natr": "volatility.natr:NATR",
    "adr": "volatility.adr:AverageDayRange",
    "variance": "volatility.variance:Variance",
    "zscore": "volatility.variance:ZScore",
    "percent_b": "volatility.bands:PercentB",
    "bandwidth": "volatility.bands:Bandwidth",
    "keltner": "volatility.keltner:KeltnerChannels",
    "donchian": "volatility.donchian:DonchianChannels",
    "chandelier": "volatility.chandelier:ChandelierExit",
    "atr_stop": "volatility.atr_stop:ATRStop",
    "chaikin_volatility": "volatility.chaikin_volatility:ChaikinVolatility",
    "mass_index": "volatility.mass_index:MassIndex",
    "ulcer_index": "volatility.ulcer_index:UlcerIndex",
    "choppiness": "volatility.choppiness:Choppiness",
    "rvi": "volatility.rvi:RelativeVolatilityIndex",
    "historical_volatility": "volatility.historical_volatility:HistoricalVolatility",
    "parkinson": "volatility.range_volatility:ParkinsonVolatility",
    "garman_klass": "volatility.range_volatility:GarmanKlassVolatility",
    "rogers_satchell": "volatility.range_volatility:RogersSatchellVolatility",
    "yang_zhang": "volatility.yang_zhang:YangZhangVolatility",
    "drawdown": "volatility.drawdown:RollingDrawdown",
}
"""How much price moves."""

VOLUME: Final = {
    "obv": "volume.obv:OBV",
    "vwap": "volume.vwap:VWAP",
    "ad": "volume.accumulation:AccumulationDistribution",
    "adosc": "volume.accumulation:ChaikinOscillator",
    "cmf": "volume.accumulation:ChaikinMoneyFlow",
    "mfi": "volume.mfi:MoneyFlowIndex",
    "force_index": "volume.force_index:ForceIndex",
    "ease_of_movement": "volume.ease_of_movement:EaseOfMovement",
    "pvo": "volume.pvo:PercentageVolumeOscillator",
    "nvi": "volume.volume_indexes:NegativeVolumeIndex",
    "pvi": "volume.volume_indexes:PositiveVolumeIndex",
    "vpt": "volume.vpt:VolumePriceTrend",
    "dollar_volume": "volume.traded:DollarVolume",
    "relative_volume": "volume.traded:RelativeVolume",
}
"""Price weighed by what was traded."""

STATISTICS: Final = {
    "rolling_sum": "statistics.sums:RollingSum",
    "average_deviation": "statistics.average_deviation:AverageDeviation",
    "skew": "statistics.moments:Skew",
    "kurtosis": "statistics.moments:Kurtosis",
    "median": "statistics.quantiles:Median",
    "quantile": "statistics.quantiles:Quantile",
    "percent_rank": "statistics.quantiles:PercentRank",
    "covariance": "statistics.pairs:Covariance",
    "correlation": "statistics.pairs:Correlation",
    "beta": "statistics.pairs:Beta",
    "autocorrelation": "statistics.autocorrelation:Autocorrelation",
    "hurst": "statistics.hurst:HurstExponent",
}
"""Distribution and relation of values in a window."""

CANDLES: Final = {
    "doji": "candles.dojis:Doji",
    "dragonfly_doji": "candles.dojis:DragonflyDoji",
    "gravestone_doji": "candles.dojis:GravestoneDoji",
    "marubozu": "candles.dojis:Marubozu",
    "hammer": "candles.hammers:Hammer",
    "hanging_man": "candles.hammers:HangingMan",
    "inverted_hammer": "candles.hammers:InvertedHammer",
    "shooting_star": "candles.hammers:ShootingStar",
    "engulfing": "candles.couples:Engulfing",
    "harami": "candles.couples:Harami",
    "piercing": "candles.couples:PiercingLine",
    "dark_cloud_cover": "candles.couples:DarkCloudCover",
    "morning_star": "candles.stars:MorningStar",
    "evening_star": "candles.stars:EveningStar",
    "three_white_soldiers": "candles.stars:ThreeWhiteSoldiers",
    "three_black_crows": "candles.stars:ThreeBlackCrows",
    "candles": "candles.patterns:Candles",
}
"""Shapes of one to three bars."""

SHIPPED: Final[Mapping[str, str]] = {
    **TREND,
    **MOMENTUM,
    **VOLATILITY,
    **VOLUME,
    **STATISTICS,
    **CANDLES,
}
"""All of them, in the order in which they are shown."""

FREE_FORM: Final = frozenset({"candles"})
"""Those without a kernel: on data frames only."""


def load(home: str) -> Any:
    """The class that a home such as ``"trend.sma:SMA"`` names."""
    module, _, name = home.partition(":")
    return getattr(import_module(f"stockstream.indicators.{module}"), name)
