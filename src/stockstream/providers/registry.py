"""The providers by name: the shipped ones, and those of plug-ins."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from stockstream.errors import UnknownNameError
from stockstream.plugins import load_plugin, plugin_names

__all__ = ["get_provider", "provider_names"]

_SHIPPED: Final = {
    "files": ("stockstream.providers.files", "FilesProvider"),
    "simulated": ("stockstream.providers.simulated", "SimulatedProvider"),
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
