"""Every endpoint behind one function: a request in, an answer out."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus

from stockstream.errors import ConfigError
from stockstream.testing.source_server import eodhd
from stockstream.testing.source_server.chart import NOT_FOUND, chart
from stockstream.testing.source_server.directory import directory
from stockstream.testing.source_server.injection import DIRECTORY, Injector
from stockstream.testing.source_server.plan import FaultPlan
from stockstream.testing.source_server.spoil import CHART, spoil
from stockstream.testing.source_server.wire import TEXT, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.testing.source_server.market import Market, Share

__all__ = ["DIRECTORY_PATH", "Source"]

CHART_PATH: Final = "/v8/finance/chart/"
CRUMB_PATH: Final = "/v1/test/getcrumb"
DIRECTORY_PATH: Final = "/asx-research/1.0/companies/directory/file"
EODHD_PATH: Final = "/api/"
CONTROL_PATH: Final = "/control/"
NO_SUCH_PATH: Final = Reply(b"no such path", 404, TEXT)


class Source:
    """A market behind its endpoints, at a time that is set and with faults that are planned.

    Args:
        market: what there is.
        bodies: recorded answers, by symbol, in place of what the market says.
        control: whether the paths that steer the server are served.
        clock: see :meth:`~stockstream.testing.source_server.market.Market.clock`.
        plan: of faults.
    """

    def __init__(
        self,
        market: Market,
        bodies: Mapping[str, Reply] | None = None,
        *,
        control: bool = False,
        today: dt.date | None = None,
        time: dt.time | None = None,
        plan: FaultPlan | None = None,
    ) -> None:
        self._market, self._bodies, self._control = market, bodies or {}, control
        self._clock = market.clock(today or market.last_day, time)
        self._injector = Injector(plan)
        self._endpoints: Counter[str] = Counter()
        self._symbols: Counter[str] = Counter()

    def answer(self, method: str, target: str, body: bytes = b"") -> Reply:
        """Answer a request."""
        path, _, text = target.partition("?")
        if path.startswith(CONTROL_PATH) and self._control:
            return self._steer(method, path.removeprefix(CONTROL_PATH), body)
        if method != "GET":
            return Reply(b"GET only", 405, TEXT)
        query = _query(text)
        if path.startswith(CHART_PATH):
            symbol = unquote(path.removeprefix(CHART_PATH))
            return self._spoiled(CHART, symbol, self._chart(symbol, query))
        if path == DIRECTORY_PATH:
            return self._spoiled(DIRECTORY, DIRECTORY, directory(self._market, self._clock))
        if path.startswith(EODHD_PATH):
            return self._eodhd(path.removeprefix(EODHD_PATH), query)
        return Reply(b"crumb", content_type=TEXT) if path == CRUMB_PATH else NO_SUCH_PATH

    def _chart(self, symbol: str, query: Mapping[str, str]) -> Reply:
        if symbol in self._bodies:
            return self._bodies[symbol]
        share = self._share(symbol)
        return chart(share, self._clock, query) if share else NOT_FOUND

    def _eodhd(self, path: str, query: Mapping[str, str]) -> Reply:
        kind, _, code = path.partition("/")
        if not query.get("api_token"):
            return eodhd.UNAUTHENTICATED
        if kind == "exchange-symbol-list":
            return eodhd.exchange_symbols(code, self._market, self._clock)
        if kind not in eodhd.REPORTS:
            return NO_SUCH_PATH
        symbol = eodhd.symbol_of(unquote(code))
        share = self._share(symbol)
        reply = eodhd.report(kind, share, self._clock, query) if share else eodhd.NOT_FOUND
        return self._spoiled(kind, symbol, reply)

    def _share(self, symbol: str) -> Share | None:
        share = self._market.shares.get(symbol)
        return share if share and self._clock.now < share.delisted else None

    def _spoiled(self, endpoint: str, symbol: str, reply: Reply) -> Reply:
        self._endpoints[endpoint] += 1
        self._symbols[symbol] += 1
        fault = self._injector.fault(endpoint, symbol, self._clock.day)
        return spoil(reply, fault, endpoint, self._injector.plan.seed) if fault else reply

    def _steer(self, method: str, what: str, body: bytes) -> Reply:
        try:
            if (method, what) == ("PUT", "today"):
                self._clock = self._market.clock(*_moment(body))
            elif (method, what) == ("PUT", "plan"):
                self._injector = Injector(FaultPlan.from_json(body))
            elif (method, what) == ("GET", "faults"):
                return _json(self._injector.log)
            elif (method, what) == ("GET", "requests"):
                return _json({"endpoints": self._endpoints, "symbols": self._symbols})
            else:
                return NO_SUCH_PATH
        except (ConfigError, KeyError, TypeError, ValueError) as error:
            return Reply(str(error).encode(), 400, TEXT)
        return _json({})


def _query(text: str) -> dict[str, str]:
    """The fields of a query; parse_qsl would be a tenth of a request's whole time."""
    pairs = (pair.partition("=") for pair in text.split("&"))
    return {name: unquote_plus(value) if "%" in value else value for name, _, value in pairs}


def _moment(body: bytes) -> tuple[dt.date, dt.time | None]:
    """The day and time of ``{"date": "2024-04-05", "time": "06:00"}``; the time may be null."""
    given = json.loads(body)
    day, time = dt.date.fromisoformat(given["date"]), given.get("time")
    return day, dt.time.fromisoformat(time) if time else None


def _json(content: object) -> Reply:
    return Reply(json.dumps(content).encode())
