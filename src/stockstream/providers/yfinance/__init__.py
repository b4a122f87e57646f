"""Daily bars and events from Yahoo, fetched by the library yfinance."""

from stockstream.providers.yfinance.provider import YFinanceProvider

__all__ = ["YFinanceProvider"]
