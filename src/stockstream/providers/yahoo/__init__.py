"""Daily bars and events from Yahoo's chart API."""

from stockstream.providers.yahoo.provider import YahooProvider

__all__ = ["YahooProvider"]
