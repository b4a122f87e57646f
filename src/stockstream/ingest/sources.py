"""Where the symbols and the bars of a run come from, as the settings say."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stockstream.errors import ConfigError
from stockstream.settings import ListSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stockstream.ingest.symbol_file import SymbolFile
    from stockstream.ingest.symbols import ListSource
    from stockstream.providers.base import Provider
    from stockstream.settings import Settings

__all__ = ["list_source", "opened"]


def list_source(
    settings: Settings, config: Path | None = None
) -> tuple[Settings, ListSource | SymbolFile]:
    """Where the list of symbols comes from, and the settings with its market.

    Args:
        settings: address and token of the exchange's list.
        config: a file that lists symbols, instead.

    Raises:
        ConfigError: the file cannot be used, or there is no list for the market.
    """
    if config is not None:
        from stockstream.ingest.symbol_file import SymbolFile

        file = SymbolFile.read(config)
        market = replace(settings.symbols, market=file.market)
        return replace(settings, symbols=market), file
    from stockstream.providers.directory import DirectorySource

    wanted, usual = settings.symbols, ListSettings()
    if wanted.market != usual.market and wanted.url == usual.url:
        raise ConfigError(
            f"there is no list of the market {wanted.market}; name its symbols in a file "
            "(--config FILE.json), or set symbols.url"
        )
    return settings, DirectorySource(wanted.url, wanted.token, timeout=settings.fetch.timeout)


@contextmanager
def opened(settings: Settings, **choices: Any) -> Iterator[Provider]:
    """The provider of the settings; its connections are closed at the end.

    Args:
        settings: which one, its addresses and keys.
        choices: options of the provider itself.
    """
    from stockstream.providers.registry import make_provider

    provider = make_provider(settings.fetch.provider, settings, **choices)
    try:
        yield provider
    finally:
        close = getattr(provider, "close", None)
        if close is not None:
            close()
