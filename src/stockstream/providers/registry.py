"""The providers by name: the shipped ones, and those of plug-ins."""

from __future__ import annotations

import datetime as dt
import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.market.markets import MARKETS
from stockstream.plugins import load_plugin, plugin_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.providers.base import Provider
    from stockstream.settings import Settings

__all__ = ["get_provider", "make_provider", "provider_names"]

SIMULATED_FROM: Final = dt.date(2015, 1, 1)

_SHIPPED: Final = {
    "eodhd": ("stockstream.providers.eodhd", "EodhdProvider"),
    "files": ("stockstream.providers.files", "FilesProvider"),
    "simulated": ("stockstream.providers.simulated", "SimulatedProvider"),
    "yahoo": ("stockstream.providers.yahoo", "YahooProvider"),
    "yfinance": ("stockstream.providers.yfinance", "YFinanceProvider"),
}


def provider_names() -> list[str]:
    """Every provider there is, sorted. Loads none of them."""
    return sorted({*_SHIPPED, *plugin_names("providers")})


def get_provider(name: str) -> Any:
    """The class (or other callable) that makes a provider; it takes the provider's own options.

    Raises:
        UnknownNameError: there is no provider of this name.
        ConfigError: a plug-in of this name does not load.
    """
    if name in _SHIPPED:
        module, attribute = _SHIPPED[name]
        return getattr(import_module(module), attribute)
    if name not in plugin_names("providers"):
        raise UnknownNameError("provider", name, provider_names())
    return load_plugin("providers", name)


def make_provider(name: str, settings: Settings, **options: Any) -> Provider:
    """Make a provider as the settings say.

    Args:
        name: of the provider.
        settings: servers, tokens and time-outs of the shipped ones.
        options: the provider's own; they win over the settings. The simulated market has every
            year that its calendar has in full; ``first=None, last=None`` makes one of the days of
            each fetch instead. A plug-in gets these and nothing else.

    Raises:
        UnknownNameError: there is no provider of this name.
        ConfigError: it needs a key, an option or a library, does not have such an option, or does
            not load.
    """
    make = get_provider(name)
    given = {**_from_settings(name, settings), **options}
    try:
        inspect.signature(make).bind(**given)
    except TypeError as error:
        raise ConfigError(f"provider {name!r} cannot be made of its options: {error}") from error
    provider: Provider = make(**given)
    return provider


def _from_settings(name: str, settings: Settings) -> Mapping[str, Any]:
    """Options of a shipped provider."""
    timeout = settings.fetch.timeout
    match name:
        case "eodhd":
            here = settings.eodhd
            return {"token": here.token, "base_url": here.base_url, "timeout": timeout}
        case "yahoo":
            return {"base_url": settings.yahoo.base_url, "timeout": timeout}
        case "yfinance":
            return {"timeout": timeout}
        case "simulated":
            return _whole_years(MARKETS[settings.symbols.market].calendar)
    return {}


def _whole_years(calendar: str) -> Mapping[str, Any]:
    """The longest simulated market that a calendar allows."""
    from stockstream.market.calendars import get_calendar

    beyond = dt.date.fromisoformat(str(get_calendar(calendar).last)) + dt.timedelta(days=1)
    last = beyond.replace(month=1, day=1) - dt.timedelta(days=1)
    return {"calendar": calendar, "first": SIMULATED_FROM, "last": last}
