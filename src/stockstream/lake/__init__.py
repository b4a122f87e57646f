"""Where bars live: the raw zone as it came, curated tables with versions, and ways to read both."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stockstream.lake.aggregator import DataAggregator
    from stockstream.lake.store import Lake

__all__ = ["DataAggregator", "Lake"]

_HOME = {
    "DataAggregator": "stockstream.lake.aggregator",
    "Lake": "stockstream.lake.store",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
