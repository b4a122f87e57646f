"""The shipped strategies, one file each. ``stockstream.strategy.registry`` finds them by name.

They can be imported from here with and without ``Strategy`` at the end of the name:
``from stockstream.strategies import Momentum`` and ``MomentumStrategy`` are one class. Nothing is
imported until it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

SHIPPED = {
    "MovingAverageCrossover": "stockstream.strategies.moving_average_crossover",
    "RSIMeanReversion": "stockstream.strategies.rsi_mean_reversion",
    "MeanReversionStrategy": "stockstream.strategies.mean_reversion",
    "MomentumStrategy": "stockstream.strategies.momentum",
    "LongShortEquityStrategy": "stockstream.strategies.long_short_equity",
}
"""Class name -> the module it lives in."""

_SUFFIX = "Strategy"
_SPELLINGS = {
    spelling: name
    for name in SHIPPED
    for spelling in (name.removesuffix(_SUFFIX), name.removesuffix(_SUFFIX) + _SUFFIX)
}


def __getattr__(name: str) -> Any:
    if name in _SPELLINGS:
        shipped = _SPELLINGS[name]
        return getattr(import_module(SHIPPED[shipped]), shipped)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_SPELLINGS])
