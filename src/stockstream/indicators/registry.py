"""Every indicator by name: the shipped ones, and those that others add with :func:`register`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.indicators.base import Indicator, KernelIndicator
from stockstream.indicators.evaluation import Stream, apply
from stockstream.indicators.momentum.roc import RateOfChange
from stockstream.indicators.momentum.rsi import RSI
from stockstream.indicators.momentum.stochastic import Stochastic
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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from stockstream.indicators.spec import IndicatorSpec

__all__ = ["CLASSES", "INDICATORS", "compute", "get_indicator", "get_spec", "register", "stream"]

SHIPPED: tuple[type[KernelIndicator], ...] = (
    *(SMA, EMA, WMA, MACD, Highest, Lowest),
    *(RSI, RateOfChange, Stochastic),
    *(BollingerBands, ATR, StandardDeviation),
    *(OBV, VWAP),
)

_classes: dict[str, type[Indicator]] = {}
_specs: dict[str, IndicatorSpec] = {}

CLASSES: Mapping[str, type[Indicator]] = MappingProxyType(_classes)
"""Indicators on data frames, by name."""

INDICATORS: Mapping[str, IndicatorSpec] = MappingProxyType(_specs)
"""Indicators that expressions, streams and sweeps can use, by name: those made of a kernel."""

C = TypeVar("C", bound="type[Indicator]")


def register(indicator: C) -> C:
    """Make an indicator class known by its name; also as a decorator. Returns the class.

    Raises:
        ConfigError: it is no Indicator, has no name, or the name is taken by another class.
    """
    if not _is_indicator(indicator):
        raise ConfigError(f"register takes a subclass of Indicator, not {indicator!r}")
    name = indicator.name
    if not name:
        raise ConfigError(f"{indicator.__qualname__} has no name; set `name = ...` in the class")
    if _classes.setdefault(name, indicator) is not indicator:
        taken = f"{_classes[name].__module__}.{_classes[name].__qualname__}"
        raise ConfigError(f"indicator {name!r} exists already ({taken}); choose another name")
    if issubclass(indicator, KernelIndicator):
        _specs[name] = indicator.spec
    return indicator


def get_indicator(name: str) -> type[Indicator]:
    """The class of an indicator.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in CLASSES:
        raise UnknownNameError("indicator", name, CLASSES)
    return CLASSES[name]


def get_spec(name: str) -> IndicatorSpec:
    """The spec of an indicator made of a kernel.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in INDICATORS:
        raise UnknownNameError("indicator", name, INDICATORS)
    return INDICATORS[name]


def compute(
    name: str,
    inputs: Sequence[ArrayLike],
    offsets: ArrayLike,
    params: Sequence[int | float] | None = None,
) -> tuple[NDArray[np.float64], ...]:
    """:func:`stockstream.indicators.evaluation.apply` by name; default parameters unless given.

    Raises:
        UnknownNameError: there is no indicator of this name.
        ConfigError: parameters that do not fit.
        DataError: inputs or offsets of the wrong number or length.
    """
    spec = get_spec(name)
    return apply(spec, inputs, offsets, spec.defaults if params is None else params)


def stream(name: str, params: Sequence[int | float] | None = None) -> Stream:
    """:class:`stockstream.indicators.evaluation.Stream` by name; default parameters unless given.

    Raises:
        UnknownNameError: there is no indicator of this name.
        ConfigError: parameters that do not fit.
    """
    spec = get_spec(name)
    return Stream(spec, spec.defaults if params is None else params)


def _is_indicator(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Indicator)


for _shipped in SHIPPED:
    register(_shipped)
