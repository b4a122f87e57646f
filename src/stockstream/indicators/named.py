"""Indicators as people write them: ``sma:20``, ``macd:12:26:9``, ``mine.py:Mine:5``."""

from __future__ import annotations

from inspect import isabstract
from pathlib import Path
from typing import Any

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.indicators.base import Indicator
from stockstream.indicators.registry import CLASSES, get_indicator
from stockstream.plugins import load_file, load_plugin, plugin_names

__all__ = ["DOCUMENTED", "DOCUMENTED_COLUMNS", "indicator_named"]

DOCUMENTED = ("sma:20", "sma:50", "ema:12", "ema:26", "rsi", "macd", "bollinger", "atr")
"""The indicators that a processed table of bars has."""

DOCUMENTED_COLUMNS = (
    *("sma_20", "sma_50", "ema_12", "ema_26", "rsi_14"),
    *("macd", "macd_signal", "bollinger_upper", "bollinger_lower", "atr_14"),
)
"""Those of their columns that it has."""


def indicator_named(text: str) -> Indicator:
    """An indicator by its name and, behind colons, the first of its parameters.

    Names are those of the registry and of installed plug-ins; ``path/to/mine.py:Mine`` is a class
    in a file.

    >>> indicator_named("sma:50")
    SMA(period=50)

    Raises:
        UnknownNameError: there is none of this name.
        ConfigError: parameters that do not fit, or a file that is missing.
        StrategyError: the file fails when it is read.
    """
    name, *words = text.strip().split(":")
    if name.endswith(".py"):
        found = _from_file(name, words.pop(0) if words else "")
    elif name not in CLASSES and name in plugin_names("indicators"):
        found = _checked(load_plugin("indicators", name), name)
    else:
        found = get_indicator(name)
    try:
        return found(*map(_value, words))
    except TypeError as error:
        raise ConfigError(f"{text}: {error}") from None


def _from_file(place: str, wanted: str) -> type[Indicator]:
    path = Path(place).expanduser()
    if not path.is_file():
        raise ConfigError(f"{place!r} does not exist (looked in {Path.cwd()})")
    module = load_file(path.resolve())
    defined = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Indicator)
        if value.__module__ == module.__name__ and not isabstract(value)
    }
    if not wanted and len(defined) == 1:
        return next(iter(defined.values()))
    if wanted not in defined:
        raise UnknownNameError(f"indicator in {place}", wanted or "(any)", defined)
    return defined[wanted]


def _checked(value: Any, name: str) -> type[Indicator]:
    if not (isinstance(value, type) and issubclass(value, Indicator)):
        raise ConfigError(f"{name} is {value!r}, which is no subclass of Indicator")
    return value


def _value(word: str) -> int | float:
    try:
        return int(word)
    except ValueError:
        pass
    try:
        return float(word)
    except ValueError:
        raise ConfigError(f"{word!r} is no number; write parameters as in macd:12:26:9") from None
