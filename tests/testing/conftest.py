"""A small market for the tests of the source server, and a way to ask it without a socket."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
import pytest

from stockstream.testing.source_server import FaultPlan, SourceServer, market_frames
from stockstream.testing.source_server.market import load_market
from stockstream.testing.source_server.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.testing.source_server import MarketFrames
    from stockstream.testing.source_server.wire import Reply

SESSIONS = [dt.date(2024, 3, day) for day in (25, 26, 27, 28)] + [
    dt.date(2024, 4, day) for day in (2, 3, 4, 5, 8, 9, 10)
]
"""Easter lies between them, and the end of Sydney's summer time before 8 April."""
CLOSES: dict[str, list[float | None]] = {
    # as traded: a dividend of 0.5 on 27 March, 2 for 1 on 4 April, a dividend of 0.1 on 9 April
    "AAA.AX": [10.0, 10.2, 9.8, 9.9, 10.0, 10.2, 5.1, 5.2, 5.0, 4.9, 5.0],
    # listed on 3 April, delisted on 10 April
    "BBB.AX": [None, None, None, None, None, 2.0, 2.1, 2.2, 2.1, 2.0, None],
    "USA": [100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0, 107.0, 108.0, 109.0, 110.0],
}
ACTIONS = [
    ("AAA.AX", dt.date(2024, 3, 27), "dividend", 0.5),
    ("AAA.AX", dt.date(2024, 4, 4), "split", 2.0),
    ("AAA.AX", dt.date(2024, 4, 9), "dividend", 0.1),
    ("BBB.AX", dt.date(2024, 4, 10), "delisting", 2.0),
]


@dataclass
class Desk:
    """Asks a source, as a client over HTTP would."""

    source: Source

    def get(self, target: str) -> Reply:
        return self.source.answer("GET", target)

    def today(self, day: str, time: str | None = None) -> None:
        body = json.dumps({"date": day, "time": time}).encode()
        assert self.source.answer("PUT", "/control/today", body).status == 200

    def chart(self, symbol: str, first: str = "2024-03-25", last: str = "2024-04-30") -> Any:
        """The result of a chart from the first day to the last, with every event."""
        start, end = (
            int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp())
            for day in (first, last)
        )
        window = f"period1={start - 86_400}&period2={end + 2 * 86_400}"
        reply = self.get(f"/v8/finance/chart/{symbol}?{window}&interval=1d&events=div%2Csplits")
        assert reply.status == 200, reply.body
        (result,) = json.loads(reply.body)["chart"]["result"]
        return result

    def control(self, what: str) -> Any:
        return json.loads(self.get(f"/control/{what}").body)


class MakeDesk(Protocol):
    def __call__(
        self, given: MarketFrames | None = None, plan: FaultPlan | None = None
    ) -> Desk: ...


@pytest.fixture(scope="session")
def market() -> MarketFrames:
    rows = [
        (symbol, day, close - 0.01, close + 0.03, close - 0.02, close, 1000)
        for symbol, closes in CLOSES.items()
        for day, close in zip(SESSIONS, closes, strict=True)
        if close is not None
    ]
    names = ["symbol", "date", "open", "high", "low", "close", "volume"]
    bars = pl.DataFrame(rows, names, orient="row")
    actions = pl.DataFrame(ACTIONS, ["symbol", "date", "kind", "value"], orient="row")
    return market_frames(bars, actions)


@pytest.fixture
def make_desk(market: MarketFrames) -> MakeDesk:
    def make(given: MarketFrames | None = None, plan: FaultPlan | None = None) -> Desk:
        return Desk(Source(load_market(given or market), control=True, plan=plan))

    return make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()


@pytest.fixture(scope="session")
def _running(market: MarketFrames) -> Iterator[SourceServer]:
    with SourceServer.start(market) as running:
        yield running


@pytest.fixture
def server(_running: SourceServer, socket_enabled: None) -> SourceServer:
    """The one server of all tests, as if it had just been started but for its counts."""
    _running.today(SESSIONS[-1])
    _running.plan(FaultPlan())
    return _running
