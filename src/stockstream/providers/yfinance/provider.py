"""The provider over yfinance."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from stockstream.errors import ConfigError, FetchError, MalformedError
from stockstream.providers.base import Pace
from stockstream.providers.singly import fetch_singly
from stockstream.providers.yfinance.frames import NAME, YFINANCE_SCHEMA, read_history

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from types import ModuleType, TracebackType
    from typing import Self

    from stockstream.providers.base import FetchResult
    from stockstream.providers.singly import Piece
__all__ = ["YFinanceProvider"]

_SYMBOL: Final = re.compile(r"[A-Za-z0-9^][A-Za-z0-9^.&=_-]*", re.ASCII)
_ISIN: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", re.ASCII | re.IGNORECASE)


class YFinanceProvider:
    """Daily bars and events from Yahoo as the library yfinance fetches and reads them.

    It is slower than the provider ``yahoo``, and asks for one symbol at a time in the whole
    process; it is there for the day on which Yahoo changes something that yfinance already knows.
    Prices are on the basis ``"split"`` as of the fetch. An event in front of the first bar, or of a
    symbol without any bar, may be missing.

    Args:
        base_url: a server that stands in for all of Yahoo's; a test gives its own.
        timeout: most seconds for a request.

    Raises:
        ConfigError: yfinance is not installed, or ``base_url`` is not that of a web server.
    """

    name: Final = NAME
    pace: Final = Pace(symbols_per_request=1, per_second=2.0)

    def __init__(self, base_url: str | None = None, timeout: float = 20.0) -> None:
        if base_url is not None and urlsplit(base_url).scheme not in {"http", "https"}:
            raise ConfigError(f"{base_url!r} is not the address of a web server")
        self._client = _import_client()
        from stockstream.providers.yfinance.session import ChartSession

        self._session = ChartSession(base_url, timeout)
        self._signed_in: Any = self._client.sign_in(self._session)

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        """Bars and events of some symbols; see :class:`stockstream.providers.base.Provider`."""
        return fetch_singly(
            symbols,
            lambda symbol: self._fetch_one(symbol, start, end),
            schema=YFINANCE_SCHEMA,
            basis_reason="split: Yahoo divides older prices by later splits",
        )

    def close(self) -> None:
        """Close the connections to Yahoo."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _fetch_one(self, symbol: str, start: dt.date, end: dt.date) -> Piece:
        """Bars and events of a symbol.

        Raises:
            FetchError: they did not come, or cannot be read.
        """
        if not _SYMBOL.fullmatch(symbol) or _ISIN.fullmatch(symbol):  # yfinance looks up an ISIN
            raise MalformedError(
                f"{symbol!r} is not how Yahoo writes a symbol, such as BHP.AX, BRK-B or ^AXJO; "
                "it was not asked for"
            )
        history = self._client.get_history(self._signed_in, self._session, symbol, start, end)
        try:
            return read_history(history, symbol, start, end)
        except FetchError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedError(f"what yfinance read cannot be used: {error!r}") from error


def _import_client() -> ModuleType:
    """The module that imports yfinance, and pandas with it.

    Raises:
        ConfigError: they are not installed.
    """
    try:
        with warnings.catch_warnings():  # yfinance changes the filters of the process
            warnings.simplefilter("ignore")
            from stockstream.providers.yfinance import client
    except ImportError as error:
        raise ConfigError(
            f"provider 'yfinance' needs the library of this name ({error}); "
            "install it with: pip install 'stockstream[yfinance]'"
        ) from error
    return client
