"""``config/symbols.json``: what to fetch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MARKETS", "SymbolFile"]

MARKETS: Final = {"ASX": ".AX", "US": ""}
"""Market -> what stands behind its symbols."""

EXAMPLE = '{"symbols": ["BHP", "CBA"], "update_frequency": "daily", "market": "ASX"}'


@dataclass(frozen=True)
class SymbolFile:
    """The symbols of a file, and what their market puts behind them."""

    symbols: tuple[str, ...]
    suffix: str

    @classmethod
    def read(cls, path: Path) -> SymbolFile:
        """Read the file.

        Raises:
            ConfigError: there is none, or it is written differently.
            UnknownNameError: it names a market that is not known.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path} cannot be read: {error}; it looks like {EXAMPLE}") from error
        symbols = content.get("symbols") if isinstance(content, dict) else None
        if not isinstance(symbols, list) or not all(isinstance(name, str) for name in symbols):
            raise ConfigError(f"{path} has no list of symbols; it looks like {EXAMPLE}")
        if not symbols:
            raise ConfigError(f"{path} lists no symbol; add some, such as {EXAMPLE}")
        market = content.get("market", "US")
        if market not in MARKETS:
            raise UnknownNameError("market", str(market), MARKETS, hint=f"it comes from {path}")
        return cls(tuple(symbols), MARKETS[market])
