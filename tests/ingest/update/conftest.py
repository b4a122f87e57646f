"""A small market on the source server, and a lake that is brought up to its days."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.ingest.pacing import Clock, Pacing
from stockstream.ingest.update import update
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar
from stockstream.providers.directory import DirectorySource
from stockstream.providers.yahoo import YahooProvider
from stockstream.settings import FetchSettings, ListSettings, Settings
from stockstream.testing.source_server import FaultPlan, SourceServer, market_frames, truth_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stockstream.ingest.run_summary import UpdateSummary
    from stockstream.ingest.symbol_file import SymbolFile
    from stockstream.ingest.symbols import ListSource
    from stockstream.providers.base import FetchResult
    from stockstream.testing.source_server import MarketFrames

    Change = Callable[[FetchResult, dt.date], FetchResult]

SESSIONS: list[dt.date] = get_calendar("XASX").sessions("2023-09-01", "2024-06-28").tolist()
"""Both changes of Sydney's clocks lie between them, 29 February, and two half days."""

PLAIN = ("PLN", *(f"P{n:02}" for n in range(6)))
LISTED = dt.date(2024, 5, 8)
DELISTED = dt.date(2024, 5, 10)
WITHOUT_PRICES = dt.date(2024, 5, 21)
EVENTS = [
    ("PLN.AX", dt.date(2024, 5, 14), "dividend", 0.1),
    ("SPL.AX", dt.date(2024, 3, 5), "dividend", 0.4),
    ("SPL.AX", dt.date(2024, 5, 15), "split", 2.0),
    ("CON.AX", dt.date(2024, 5, 16), "split", 0.1),
    ("NUL.AX", WITHOUT_PRICES, "dividend", 0.05),
    ("GON.AX", DELISTED, "delisting", 1.0),
]


class HastyClock(Clock):
    """The real clock, a thousand times as fast."""

    def time(self) -> float:
        return super().time() * 1000

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 1000)


class Altered:
    """A source of which every answer is changed.

    Args:
        source: the source.
        change: makes of an answer, and of the first day that was asked for, another answer.
    """

    name = YahooProvider.name
    pace = YahooProvider.pace

    def __init__(self, source: YahooProvider, change: Change) -> None:
        self._source, self._change = source, change

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        return self._change(self._source.fetch(symbols, start, end), start)


def prices(symbol: str) -> pl.DataFrame:
    """A walk of as-traded closes in cents, of the sessions on which the symbol trades."""
    drawn = np.random.default_rng(list(symbol.encode())).normal(0.0, 0.01, len(SESSIONS))
    walk = 10.0 * np.exp(np.cumsum(drawn))
    for name, day, kind, value in EVENTS:
        if kind == "split" and name == f"{symbol}.AX":
            walk[SESSIONS.index(day) :] /= value
    close = pl.col("close")
    rows = pl.DataFrame({"date": SESSIONS, "close": np.round(walk, 2)})
    return rows.select(
        pl.lit(f"{symbol}.AX").alias("symbol"),
        "date",
        open=close,
        high=close + 0.03,
        low=close - 0.02,
        close=close,
        volume=pl.lit(1000, pl.Int64),
    )


def make_market() -> MarketFrames:
    """Plain companies, and one each that splits, consolidates, comes, goes, and trades seldom."""
    date, seldom = pl.col("date"), pl.int_range(pl.len()) % 3 == 0
    nothing = pl.when(date != WITHOUT_PRICES).then(pl.col("open", "high", "low", "close"))
    bars = [
        *map(prices, (*PLAIN, "SPL", "CON")),
        prices("IPO").filter(date >= LISTED),
        prices("GON").filter(date < DELISTED),
        prices("ILL").filter(seldom),
        prices("NUL").with_columns(nothing),
    ]
    actions = pl.DataFrame(EVENTS, ["symbol", "date", "kind", "value"], orient="row")
    return market_frames(pl.concat(bars), actions)


@dataclass
class Rehearsal:
    """A lake and its sources.

    Attributes:
        place: of the lake.
        server: of both sources.
        market: what the server shows, up to its day.
        begun: copies of lakes that were made by one run, by its day.
        settings: of fetching, that the runs have in common.
    """

    place: Path | str
    server: SourceServer
    market: MarketFrames
    yahoo: YahooProvider
    directory: DirectorySource
    begun: dict[str, Path]
    settings: dict[str, Any] = field(default_factory=lambda: {"batch_size": 4, "history_years": 1})

    def run(
        self,
        day: str | dt.date,
        *,
        change: Change | None = None,
        lists: ListSource | SymbolFile | None = None,
        at: dt.time | None = None,
        today: str | None = None,
        again: bool = False,
        clock: Clock | None = None,
        **fetch: Any,
    ) -> UpdateSummary:
        """Turn the sources to a day and bring the lake up to it.

        Args:
            day: the session.
            change: of every answer of the source of bars; see :class:`Altered`.
            lists: instead of the source's own.
            at: time of the day on the exchange's clock; after the close by default.
            today: day of the sources, if it is not the session.
            again: see :func:`stockstream.ingest.update.update`.
            clock: of the requests; one that hastens by default.
            fetch: settings of fetching.
        """
        session = dt.date.fromisoformat(str(day))
        self.server.today(dt.date.fromisoformat(today) if today else session, at)
        return update(
            self.place,
            Altered(self.yahoo, change) if change else self.yahoo,
            lists or self.directory,
            settings=Settings(
                fetch=FetchSettings(**{**self.settings, **fetch}),
                symbols=ListSettings(shrink_limit=0.2),
            ),
            session=session,
            again=again,
            pacing=self.pacing(clock),
        )

    def pacing(self, clock: Clock | None = None) -> Pacing:
        """As many requests as there are, by a clock that hastens."""
        return Pacing.of(None, clock or HastyClock())

    def command(self, day: str, **limits: Any) -> subprocess.CompletedProcess[str]:
        """``stockstream update`` as a process of its own, with the same sources.

        Args:
            day: the session.
            limits: more options of :func:`subprocess.run`.
        """
        self.server.today(dt.date.fromisoformat(day))
        given = {
            "YAHOO__BASE_URL": self.server.url,
            "SYMBOLS__URL": self.server.directory_url,
            "SYMBOLS__SHRINK_LIMIT": 0.2,
            "FETCH__RATE": 10_000,
            **{f"FETCH__{name.upper()}": value for name, value in self.settings.items()},
        }
        settings = {f"STOCKSTREAM__{name}": str(value) for name, value in given.items()}
        words = ["update", "--lake", str(self.place), "--session", day]
        return subprocess.run(
            [sys.executable, "-m", "stockstream", *words],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
            **limits,
        )

    def begin(self, day: str) -> None:
        """A lake that one run made, without a fault."""
        if day not in self.begun:
            self.run(day)
            self.begun[day] = self.begun["folder"] / day
            shutil.copytree(self.place, self.begun[day])
        else:
            shutil.copytree(self.begun[day], self.place)

    def contents(self) -> dict[str, str]:
        """Digest of every file."""
        return {
            str(path.relative_to(self.place)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(Path(self.place).rglob("*"))
            if path.is_file()
        }

    @property
    def lake(self) -> Lake:
        return Lake(self.place)

    def kinds(self, *kinds: str, run: str | None = None) -> list[tuple[str, str]]:
        """Kind and subject of the rows of the health table."""
        rows = self.lake.health().filter(pl.col("kind").is_in(kinds))
        rows = rows if run is None else rows.filter(pl.col("run") == run)
        return rows.select("kind", "subject").rows()

    def truth(self, day: str | dt.date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Bars and events that a lake must have on a day."""
        bars, events = truth_of(self.market, dt.date.fromisoformat(str(day)))
        return bars.drop_nulls("close"), events.sort("symbol", "date", "kind")

    def demand_truth(self, day: str | dt.date, *without: str) -> None:
        """The lake has what it must have on a day, and nothing else.

        Args:
            day: the session.
            without: symbols that are left out.
        """
        bars, events = self.truth(day)
        others = ~pl.col("symbol").is_in(without)
        known = self.lake.actions().filter(others, pl.col("kind") != "delisting")
        assert_frame_equal(
            self.lake.bars().filter(others).select(bars.columns), bars.filter(others), rel_tol=1e-6
        )
        assert_frame_equal(known.select(events.columns), events.filter(others), rel_tol=1e-6)

    def asked(self) -> Counter[str]:
        """How often the server was asked for each symbol so far."""
        return Counter(self.server.requests().symbols)


@pytest.fixture(scope="session")
def market() -> MarketFrames:
    return make_market()


@pytest.fixture(scope="session")
def _source(market: MarketFrames) -> Iterator[SourceServer]:
    with SourceServer.start(market) as server:
        yield server


@pytest.fixture(scope="session")
def _begun(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {"folder": tmp_path_factory.mktemp("begun")}


@pytest.fixture
def rehearsal(
    _source: SourceServer,
    _begun: dict[str, Path],
    market: MarketFrames,
    socket_enabled: None,
    tmp_path: Path,
) -> Iterator[Rehearsal]:
    """A lake that is yet to be made, and sources without a fault."""
    _source.plan(FaultPlan())
    with (
        YahooProvider(_source.url, timeout=5.0) as yahoo,
        DirectorySource(_source.directory_url, timeout=5.0) as directory,
    ):
        yield Rehearsal(tmp_path / "lake", _source, market, yahoo, directory, _begun)


@dataclass(frozen=True)
class TinyDisk:
    """A disk of a megabyte of its own."""

    place: Path

    def mount(self, *options: str) -> None:
        """Change how it is mounted: ``remount,ro``, ``remount,size=16m``."""
        subprocess.run(["mount", "-o", ",".join(options), str(self.place)], check=True)

    def fill(self, spare: int = 0) -> Path:
        """Write until nothing goes in any more but some bytes; returns the file to delete."""
        path = self.place / "fill"
        with suppress(OSError), path.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(512))
        os.truncate(path, path.stat().st_size - spare)
        return path


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[TinyDisk]:
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    yield TinyDisk(place)
    subprocess.run(["umount", str(place)], check=True)
