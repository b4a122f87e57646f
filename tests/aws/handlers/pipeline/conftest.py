"""The steps of the daily run as a state machine calls them, and the laptop's run beside them."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockstream.aws.handlers import pipeline
from stockstream.ingest.pacing import Pacing
from stockstream.ingest.sources import list_source, opened
from stockstream.ingest.update import update
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar
from stockstream.settings import load_settings
from stockstream.testing.source_server import FaultPlan, SourceServer, market_frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stockstream.ingest.run_summary import UpdateSummary
    from stockstream.testing.source_server import MarketFrames

SESSIONS: list[dt.date] = get_calendar("XASX").sessions("2024-01-02", "2024-06-28").tolist()
SPLIT, GONE = dt.date(2024, 5, 7), dt.date(2024, 5, 8)
NAMES = ("GON", *(f"S{n:02}" for n in range(43)))
"""GON leaves the list."""

EVENTS = [
    ("S07.AX", dt.date(2024, 5, 3), "dividend", 0.1),
    ("S20.AX", SPLIT, "split", 2.0),
    ("GON.AX", GONE, "delisting", 1.0),
]
MINUTES = 15


class Context:
    """What a function is told of its call."""

    def __init__(self, seconds: float = 60.0 * MINUTES) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * self.seconds)


def prices(symbol: str) -> pl.DataFrame:
    """A walk of as-traded closes in cents."""
    drawn = np.random.default_rng(list(symbol.encode())).normal(0.0, 0.01, len(SESSIONS))
    walk = 10.0 * np.exp(np.cumsum(drawn))
    if symbol == "S20":
        walk[SESSIONS.index(SPLIT) :] /= 2.0
    close = pl.col("close")
    rows = pl.DataFrame({"date": SESSIONS, "close": np.round(walk, 2)}).select(
        pl.lit(f"{symbol}.AX").alias("symbol"),
        "date",
        open=close,
        high=close + 0.03,
        low=close - 0.02,
        close=close,
        volume=pl.lit(1000, pl.Int64),
    )
    return rows.filter(pl.col("date") < GONE) if symbol == "GON" else rows


def through_json(value: Any) -> Any:
    """What arrives of a value that goes from one function to the next."""
    return json.loads(json.dumps(value))


@dataclass
class Cloud:
    """The functions and their environment.

    Attributes:
        server: both sources.
        place: of the lake.
        attempts: calls of a fetcher before its batch is given up.
    """

    server: SourceServer
    place: str
    attempts: int = 3
    calls: Counter[str] = field(default_factory=Counter)

    def call(self, name: str, event: dict[str, Any], seconds: float = 60.0 * MINUTES) -> Any:
        self.calls[name] += 1
        handler = getattr(pipeline, name)
        return through_json(handler(through_json(event), Context(seconds)))

    def today(self, day: str) -> None:
        self.server.today(dt.date.fromisoformat(day))

    def begin(self, day: str) -> dict[str, Any]:
        """The first step: the data of the state machine."""
        self.today(day)
        return dict(self.call("symbols", {"date": day}))

    def messages(self, state: dict[str, Any]) -> list[dict[str, Any]]:
        """What the fetchers are told."""
        date = state["metadata"]["date"]
        return [{**batch, "date": date} for batch in state["symbolBatches"]]

    def fetch(self, message: dict[str, Any]) -> dict[str, Any]:
        """A fetcher with the retries of the state machine; a batch that is given up is marked."""
        for attempt in range(1, self.attempts + 1):
            try:
                return dict(self.call("fetch", message))
            except Exception as error:  # noqa: BLE001 - as the machine catches them all
                if attempt == self.attempts:
                    return marked(message, error)
        raise AssertionError

    def end(self, state: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
        """The last two steps: the summary."""
        date = state["metadata"]["date"]
        tables = self.call("compact", {"date": date, "batchResults": results})
        whole = {**state, "batchResults": results, "tables": {"summary": tables}}
        return dict(self.call("aggregate", whole)["summary"])

    def run(self, day: str) -> dict[str, Any]:
        """A whole run, each message once: the summary."""
        state = self.begin(day)
        return self.end(state, [self.fetch(message) for message in self.messages(state)])

    @property
    def lake(self) -> Lake:
        return Lake(self.place)

    def rows(self) -> dict[str, pl.DataFrame]:
        """Everything that the lake says, but for the moments at which it was written."""
        return rows_of(self.lake)

    def asked(self) -> Counter[str]:
        """How often the source was asked for each symbol so far."""
        return Counter(self.server.requests().symbols)


def marked(message: dict[str, Any], error: Exception) -> dict[str, Any]:
    """What MarkBatchFailed makes of a batch that was given up."""
    told = {"batch_number": message["batchNumber"], "symbols_failed": message["symbols"]}
    caught = {"Error": type(error).__name__, "Cause": str(error)}
    return {"statusCode": 500, "metadata": told, "error": caught}


def rows_of(lake: Lake) -> dict[str, pl.DataFrame]:
    health = lake.health().drop("at")
    return {
        "bars": lake.bars(),
        "actions": lake.actions(),
        "universe": lake.universe(),
        "quarantine": lake.quarantine(),
        "findings": lake.findings(),
        "health": health,
    }


@pytest.fixture(scope="session")
def market() -> MarketFrames:
    actions = pl.DataFrame(EVENTS, ["symbol", "date", "kind", "value"], orient="row")
    return market_frames(pl.concat(map(prices, NAMES)), actions)


@pytest.fixture(scope="session")
def _source(market: MarketFrames) -> Iterator[SourceServer]:
    with SourceServer.start(market) as server:
        yield server


@pytest.fixture
def cloud(
    _source: SourceServer, socket_enabled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Cloud:
    """The functions with a lake in a folder, which is yet to be made; a day has 4 batches."""
    _source.plan(FaultPlan())
    place = str(tmp_path / "lake")
    for name, value in {
        "LAKE": place,
        "YAHOO__BASE_URL": _source.url,
        "SYMBOLS__URL": _source.directory_url,
        "SYMBOLS__SHRINK_LIMIT": "0.2",
        "SYMBOLS__REMOVAL_DAYS": "1",
        "FETCH__RATE": "100000",
        "FETCH__BATCH_SIZE": "11",
        "FETCH__HISTORY_YEARS": "1",
        "FETCH__ATTEMPTS": "1",
        "FETCH__PATIENCE": "0",
    }.items():
        monkeypatch.setenv(f"STOCKSTREAM__{name}", value)
    return Cloud(_source, place)


@pytest.fixture
def pairs(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The same in 22 batches of two."""
    monkeypatch.setenv("STOCKSTREAM__FETCH__BATCH_SIZE", "2")
    return cloud


@pytest.fixture
def remote(cloud: Cloud, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The same with a lake at the root of a bucket, as the functions have it."""
    name = bucket.removeprefix("s3://").partition("/")[0]
    monkeypatch.delenv("STOCKSTREAM__LAKE")
    monkeypatch.setenv("S3_BUCKET_NAME", name)
    cloud.place = f"s3://{name}"
    return cloud


@pytest.fixture
def laptop(cloud: Cloud, tmp_path: Path) -> Laptop:
    return Laptop(cloud, tmp_path / "laptop")


@dataclass
class Laptop:
    """``stockstream update`` with the same sources and settings, and a lake of its own."""

    cloud: Cloud
    place: Path

    def run(self, day: str) -> UpdateSummary:
        self.cloud.today(day)
        settings = load_settings()
        with opened(settings) as source:
            return update(
                self.place,
                source,
                list_source(settings)[1],
                settings=settings,
                session=dt.date.fromisoformat(day),
                pacing=Pacing.of(None, patience=settings.fetch.patience),
            )

    def rows(self) -> dict[str, pl.DataFrame]:
        return rows_of(Lake(self.place))
