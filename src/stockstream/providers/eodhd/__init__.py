"""Daily bars, dividends and splits from EODHD, which wants a token."""

from stockstream.providers.eodhd.provider import EodhdProvider

__all__ = ["EodhdProvider"]
