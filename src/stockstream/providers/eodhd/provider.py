"""The provider over EODHD's reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from stockstream.errors import ConfigError
from stockstream.providers.base import Pace
from stockstream.providers.eodhd.codes import code_of
from stockstream.providers.eodhd.reply import SETTING, read_rows
from stockstream.providers.eodhd.tables import (
    EODHD_SCHEMA,
    NAME,
    SHOWN,
    read_actions,
    read_bars,
    read_splits,
)
from stockstream.providers.http import HttpClient
from stockstream.providers.singly import Piece, fetch_singly

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from stockstream.providers.base import FetchResult
__all__ = ["EodhdProvider"]

SERVER: Final = "https://eodhd.com"


class EodhdProvider:
    """Daily bars, dividends and splits from EODHD, three requests for each symbol.

    Prices are on the basis ``"raw"``: as traded. EODHD allows 1,000 requests in a minute, which are
    333 symbols; that is what ``pace`` says. Each request costs one of the calls of the day.

    Args:
        token: the API key; no message shows it.
        base_url: where the reports are; a test gives its own server.
        timeout: most seconds for a request.

    Raises:
        ConfigError: there is no token, or ``base_url`` is not the address of a web server.
    """

    name: Final = NAME
    pace: Final = Pace(symbols_per_request=1, per_second=5.0)

    def __init__(self, token: str, base_url: str = SERVER, timeout: float = 20.0) -> None:
        if not token:
            raise ConfigError(
                f"provider 'eodhd' needs a token; get one at {SERVER} and put it into {SETTING}"
            )
        self._token = token
        self._client = HttpClient(base_url, timeout=timeout, secrets=[token])

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        """Bars and events of some symbols; see :class:`stockstream.providers.base.Provider`.

        A dividend that cannot be used is a failure of its symbol beside the symbol's bars.
        """
        return fetch_singly(
            symbols,
            lambda symbol: self._fetch_one(symbol, start, end),
            schema=EODHD_SCHEMA,
            basis_reason="raw: EODHD's prices are as traded",
        )

    def close(self) -> None:
        """Close the connections to EODHD."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"EodhdProvider({self._client!r})"

    def _fetch_one(self, symbol: str, start: dt.date, end: dt.date) -> Piece:
        """Bars and events of a symbol.

        Raises:
            FetchError: one of the three reports did not come, or cannot be read.
            ConfigError: the token is refused.
        """
        code, left_out = code_of(symbol), []
        bars = self._report("eod", code.text, {"from": start, "to": end, "period": "d"})
        dividends = self._report("div", code.text, {"from": start, "to": end})
        # up to the present: volumes are divided by the splits after the window, too
        splits = read_splits(self._report("splits", code.text, {"from": start}))
        left_out += [f"EODHD says: {said:.{SHOWN}}" for said in dict.fromkeys(_warnings(bars))]
        prices = [row for row in bars if "date" in row]
        inside = pl.col("date").is_between(start, end)
        return Piece(
            read_bars(prices, symbol, splits).filter(inside),
            read_actions(dividends, splits, symbol, code.currency, left_out).filter(inside),
            left_out,
        )

    def _report(self, name: str, code: str, params: dict[str, object]) -> list[dict[str, Any]]:
        secret = {"api_token": self._token}
        answer = self._client.get(f"/api/{name}/{code}", {**params, "fmt": "json", **secret})
        return read_rows(answer, f"EODHD's report {name!r} of {code}")


def _warnings(rows: list[dict[str, Any]]) -> list[str]:
    """What EODHD adds to rows, or in place of one, when the plan cuts the history short."""
    return [str(row["warning"]) for row in rows if row.get("warning")]
