"""The provider over Yahoo's chart API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.errors import FetchError
from stockstream.market.actions import ACTION_SCHEMA
from stockstream.providers.base import Failure, FetchResult, Pace
from stockstream.providers.http import HttpClient
from stockstream.providers.yahoo.bars import read_bars
from stockstream.providers.yahoo.events import read_events
from stockstream.providers.yahoo.reply import read_chart
from stockstream.providers.yahoo.request import chart_params, chart_path
from stockstream.providers.yahoo.schema import NAME, YAHOO_SCHEMA
from stockstream.providers.yahoo.stamps import exchange_zone

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from stockstream.providers.yahoo.events import Action, Events

__all__ = ["YahooProvider"]

YAHOO: Final = "https://query2.finance.yahoo.com"


class YahooProvider:
    """Daily bars and events from Yahoo, one request for each symbol.

    Yahoo divides prices, volumes and dividends by later splits, so the bars are on the basis
    ``"split"`` as of the fetch, and change with the next split.

    Args:
        base_url: where the chart API is; a test gives its own server.
        timeout: most seconds for a request.

    Raises:
        ConfigError: ``base_url`` is not the address of a web server.
    """

    name: Final = NAME
    pace: Final = Pace(symbols_per_request=1, per_second=5.0)

    def __init__(self, base_url: str = YAHOO, timeout: float = 20.0) -> None:
        self._client = HttpClient(base_url, timeout=timeout)

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        """Bars and events of some symbols; see :class:`stockstream.providers.base.Provider`.

        An event that cannot be used is a failure of its symbol beside the symbol's bars.
        """
        bars: list[pl.DataFrame] = []
        actions: list[Action] = []
        failures: list[Failure] = []
        for symbol in dict.fromkeys(symbols):
            try:
                rows, events = self._fetch_one(symbol, start, end)
            except FetchError as error:
                failures.append(Failure(symbol, str(error), error.kind, error.retry_after))
                continue
            actions += events.actions
            failures += [Failure(symbol, reason) for reason in events.left_out]
            if rows.is_empty():
                failures.append(Failure(symbol, f"no bar from {start} to {end}", "empty"))
            else:
                bars.append(rows)
        return FetchResult(
            pl.concat(bars) if bars else pl.DataFrame(schema=YAHOO_SCHEMA),
            pl.DataFrame(actions, ACTION_SCHEMA, orient="row"),
            tuple(failures),
            "split: Yahoo divides older prices by later splits",
        )

    def close(self) -> None:
        """Close the connections to Yahoo."""
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

    def _fetch_one(self, symbol: str, start: dt.date, end: dt.date) -> tuple[pl.DataFrame, Events]:
        """Bars and events of a symbol.

        Raises:
            FetchError: Yahoo gave no chart that can be read.
        """
        answer = self._client.get(chart_path(symbol), chart_params(start, end))
        chart = read_chart(answer, symbol)
        zone = exchange_zone(chart["meta"])
        days = (start, end)
        return read_bars(chart, symbol, zone, *days), read_events(chart, symbol, zone, *days)
