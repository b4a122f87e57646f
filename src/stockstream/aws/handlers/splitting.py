"""The functions that cut a backtest into years or tickers: they check, and compute nothing.

They run from the light package, so nothing here loads numpy. Each is pure: the same input gives the
same answer, however often it is delivered.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from stockstream.aws.requests import check_input, params_of, tickers_of, years_of
from stockstream.errors import ConfigError

__all__ = ["date_range_splitter", "process_tickers", "split_tickers"]

Document: TypeAlias = dict[str, Any]


def date_range_splitter(event: Document, _context: object = None) -> Document:
    """``{"startYear", "endYear", "additionalParams"}`` -> the same and ``years``, each of them.

    Raises:
        ConfigError: the input cannot be run; see :mod:`stockstream.aws.requests`.
    """
    _demand("years", event)
    return {**event, "additionalParams": params_of(event), "years": years_of(event)}


def split_tickers(event: Document, _context: object = None) -> list[Document]:
    """``{"tickers", "additionalParams"}`` -> ``[{"ticker", "additionalParams"}, ...]``.

    Raises:
        ConfigError: the input cannot be run; see :mod:`stockstream.aws.requests`.
    """
    _demand("tickers", event)
    params = params_of(event)
    return [{"ticker": ticker, "additionalParams": params} for ticker in tickers_of(event)]


def process_tickers(event: Document, _context: object = None) -> Document:
    """``{"tickers", "additionalParams"}`` -> the same, with :func:`split_tickers` as tickers.

    Raises:
        ConfigError: the input cannot be run; see :mod:`stockstream.aws.requests`.
    """
    return {**event, "tickers": split_tickers(event), "additionalParams": params_of(event)}


def _demand(kind: str, event: Document) -> None:
    found = check_input(event)
    if found != kind:
        raise ConfigError(f"this function splits {kind}, and the input asks for {found}")
