"""The part of yfinance that is used. Importing this module imports pandas, which takes a second.

``PriceHistory`` is what ``yfinance.Ticker.history`` itself calls. Reached directly it needs no
request for the symbol's time zone, it tells the events by their own dates instead of those of the
nearest bars, and neither the process-wide session of other users of yfinance nor any file is
touched. ``yfinance.download`` is not used: it never raises.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from curl_cffi import CurlError
from pydantic_core import from_json
from yfinance.config import YfConfig
from yfinance.data import YfData
from yfinance.exceptions import YFTickerMissingError
from yfinance.scrapers.history import PriceHistory

from stockstream.errors import EmptyError, FetchError, MalformedError, TransientError
from stockstream.providers.http import redact
from stockstream.providers.yfinance.session import WHAT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curl_cffi.requests import Response

    from stockstream.providers.yfinance.session import ChartSession

__all__ = ["History", "SignedIn", "get_history", "sign_in"]

_ONE_AT_A_TIME: Final = threading.Lock()
"""The switches of yfinance, of its logger and of Python's warnings are those of the process."""
_SPARE: Final = dt.timedelta(days=1)
"""Local days begin up to 14 hours before those of UTC and end up to 12 hours after them."""


class History(NamedTuple):
    """What yfinance made of a chart.

    Attributes:
        bars: data frame of pandas with Open, High, Low, Close, Adj Close and Volume by local day.
        dividends: series of pandas by local time; a frame with ``currency`` if that may differ.
        splits: series of pandas by local time, new shares for an old one.
        gains: series of pandas by local time, distributed capital gains.
        chart: the one result in Yahoo's answer.
    """

    bars: Any
    dividends: Any
    splits: Any
    gains: Any
    chart: dict[str, Any]


class SignedIn(YfData):  # type: ignore[misc]  # yfinance has no types
    """Cookie and crumb for Yahoo, kept in memory; no answer is kept at all.

    yfinance would keep answers, those of a failing server too, and hand them out again in place of
    asking.
    """

    def cache_get(self, url: str, params: Any = None, timeout: float = 30) -> Any:
        """Ask, instead of looking into the cache."""
        return self.get(url, params, timeout)

    def _get_cookie_basic(self, timeout: float = 30) -> bool:
        try:
            return bool(super()._get_cookie_basic(timeout))
        except AttributeError:  # told to do without curl_cffi, yfinance trips over its own handler
            return False

    def _load_cookie_curlCffi(self) -> bool:  # noqa: N802 - yfinance's name
        return False

    def _save_cookie_curlCffi(self) -> bool:  # noqa: N802 - yfinance's name
        self._cookie = True  # the session has it
        return True


def sign_in(session: ChartSession) -> SignedIn:
    """What yfinance asks through; apart from the one that it has for the whole process."""
    made: SignedIn = type.__call__(SignedIn, session)  # the class of the class would share one
    return made


def get_history(
    signed_in: SignedIn, session: ChartSession, symbol: str, start: dt.date, end: dt.date
) -> History:
    """Ask for one symbol; one thread at a time.

    Args:
        signed_in: of :func:`sign_in`.
        session: the same that it was made with.
        symbol: as Yahoo writes it.
        start: first day; the answer begins earlier.
        end: last day; the answer ends later.

    Raises:
        FetchError: there is no history.
    """
    history = PriceHistory(signed_in, symbol, "UTC", session)
    window = {"start": start - _SPARE, "end": end + 2 * _SPARE}
    with _ONE_AT_A_TIME, _outspoken():
        try:
            bars = history.history(
                **window, auto_adjust=False, actions=True, keepna=True, repair=False
            )
            events = (history._dividends, history._splits, history._capital_gains)  # noqa: SLF001
            return History(bars, *events, _result_in(session.chart))
        except FetchError:
            raise
        except CurlError as error:
            raise TransientError(f"{WHAT}: {redact(str(error))}") from None
        except YFTickerMissingError:  # its message guesses at a delisting
            raise _missing(session.chart) from None
        except Exception as error:
            # yfinance checks nothing: what it stumbles on may raise anything
            raise MalformedError(
                f"{WHAT}: yfinance cannot read the answer: {type(error).__name__}: {error}"
            ) from error


def _result_in(answer: Response) -> dict[str, Any]:
    (result,) = from_json(answer.content)["chart"]["result"]
    return dict(result)


def _missing(answer: Response) -> FetchError:
    """Why yfinance found no prices: either the chart has none, or it is no chart."""
    try:
        symbol = _result_in(answer)["meta"]["symbol"]
    except (LookupError, TypeError, ValueError):
        return MalformedError(f"{WHAT}: an answer without a chart (HTTP {answer.status_code})")
    return EmptyError(f"{WHAT}: no bar of {symbol} for these days")


@contextmanager
def _outspoken() -> Iterator[None]:
    """Let yfinance raise what goes wrong, and say nothing beside it."""
    debug, logger = YfConfig.debug, logging.getLogger("yfinance")
    before = debug.hide_exceptions, logger.disabled
    debug.hide_exceptions, logger.disabled = False, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas warns several times for each symbol
            yield
    finally:
        debug.hide_exceptions, logger.disabled = before
