"""``config/symbols.json``: what to fetch."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.market.markets import MARKETS

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.settings import Market

__all__ = ["SymbolFile"]

EXAMPLE = '{"symbols": ["BHP", "CBA"], "update_frequency": "daily", "market": "ASX"}'
_SYMBOL: Final = re.compile(r"[A-Za-z0-9^][A-Za-z0-9.=^-]*")


@dataclass(frozen=True)
class SymbolFile:
    """The symbols of a file, and their market."""

    name: ClassVar[str] = "symbol file"

    symbols: tuple[str, ...]
    market: Market

    @property
    def suffix(self) -> str:
        """What stands behind the symbols."""
        return MARKETS[self.market].suffix

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
        strange = next((name for name in symbols if not _SYMBOL.fullmatch(name)), None)
        if strange is not None:
            raise ConfigError(f"{path} lists {strange!r}, which is no symbol; correct it")
        market = content.get("market", "US")
        if market not in MARKETS:
            raise UnknownNameError("market", str(market), MARKETS, hint=f"it comes from {path}")
        return cls(tuple(symbols), market)
