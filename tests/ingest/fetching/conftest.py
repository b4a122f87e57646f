"""A source in memory that fails as it is told, and clocks that nobody waits for."""

from __future__ import annotations

import datetime as dt
import heapq
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import polars as pl
import pytest

from stockstream.ingest.pacing import Clock, Pacing
from stockstream.lake.store import Lake
from stockstream.market.actions import conform_actions, empty_actions
from stockstream.market.bars import conform, empty_bars
from stockstream.market.calendars import get_calendar
from stockstream.providers.base import Failure, FetchResult, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from stockstream.errors import FailureKind

    Fault = FailureKind | Failure | BaseException | None

DAYS: list[dt.date] = get_calendar("XASX").sessions("2024-01-02", "2024-06-28").tolist()
"""Sessions of half a year, of which the newest is the as-of session of most tests."""

MORNING = dt.datetime(2024, 6, 28, 20, tzinfo=dt.UTC)


class TurnedClock(Clock):
    """Sleeping turns it on at once. Threads that sleep together wake up at the latest moment."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.slept: list[float] = []
        self._turning = threading.Lock()

    def time(self) -> float:
        return self.seconds

    def now(self) -> dt.datetime:
        return MORNING + dt.timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        super().sleep(0.0)
        with self._turning:
            self.seconds += seconds
            self.slept.append(seconds)


class SharedClock(Clock):
    """Time passes when every thread sleeps, up to the moment at which the first one wakes up."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self.seconds = 0.0
        self._awake = threads
        self._sleepers: list[tuple[float, int]] = []
        self._change = threading.Condition()
        self._count = 0

    def time(self) -> float:
        with self._change:
            return self.seconds

    def now(self) -> dt.datetime:
        return MORNING + dt.timedelta(seconds=self.time())

    def sleep(self, seconds: float) -> None:
        super().sleep(0.0)
        with self._change:
            self._count += 1
            me = (self.seconds + max(seconds, 0.0), self._count)
            heapq.heappush(self._sleepers, me)
            self._awake -= 1
            self._pass_time()
            self._change.wait_for(lambda: me not in self._sleepers, timeout=30)

    def leave(self) -> None:
        """A thread is done and waits for nobody any more."""
        with self._change:
            self._awake -= 1
            self._pass_time()

    def _pass_time(self) -> None:
        if self._awake == 0 and self._sleepers:
            self.seconds = max(self.seconds, heapq.heappop(self._sleepers)[0])
            self._awake += 1
            self._change.notify_all()


class HastyClock(Clock):
    """The real clock, a thousand times as fast: for threads that really wait for each other."""

    def time(self) -> float:
        return super().time() * 1000

    def now(self) -> dt.datetime:
        return MORNING + dt.timedelta(seconds=self.time())

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 1000)


class Call(NamedTuple):
    """A question that the source was asked."""

    symbols: tuple[str, ...]
    start: dt.date
    end: dt.date
    at: float


class Source:
    """A provider that knows some closes, and has a list of faults for each symbol.

    Args:
        closes: by symbol, for the newest of :data:`DAYS`.
        faults: what befalls the questions for a symbol, one after the other: a kind, a failure or
            an exception; ``None`` lets a question through, and the last one stays if it is in
            ``forever``.
        clock: says when it was asked.
        at_once: symbols in a request.
        per_second: the limit it states.
    """

    name = "fake"

    def __init__(
        self,
        closes: Mapping[str, Sequence[float]],
        *,
        faults: Mapping[str, Sequence[Fault]] | None = None,
        forever: Iterable[str] = (),
        clock: Clock | None = None,
        at_once: int | None = 1,
        per_second: float | None = None,
    ) -> None:
        self.closes = {symbol: list(values) for symbol, values in closes.items()}
        self.faults = {symbol: list(given) for symbol, given in (faults or {}).items()}
        self.forever = set(forever)
        self.events: list[tuple[str, dt.date, str, float]] = []
        self.final: dict[str, bool] = {}
        self.offset: dict[str, str] = {}
        self.pace = Pace(at_once, per_second)
        self.calls: list[Call] = []
        self.asked: dict[str, int] = defaultdict(int)
        self.before: Callable[[Sequence[str]], None] = lambda _: None
        self._clock = clock
        self._lock = threading.Lock()

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        self.before(symbols)
        at = self._clock.time() if self._clock else 0.0
        with self._lock:
            self.calls.append(Call(tuple(symbols), start, end, at))
            faults = {symbol: self._fault(symbol) for symbol in symbols}
        for fault in faults.values():
            if isinstance(fault, BaseException):
                raise fault
        failures = [
            fault if isinstance(fault, Failure) else Failure(symbol, f"{fault} told", fault)
            for symbol, fault in faults.items()
            if fault is not None and not isinstance(fault, BaseException)
        ]
        good = [s for s, fault in faults.items() if fault is None and s in self.closes]
        unknown = [s for s, fault in faults.items() if fault is None and s not in self.closes]
        failures += [Failure(s, "no such symbol", "not_found") for s in unknown]
        return FetchResult(self._bars(good, start, end), self._events(good), tuple(failures))

    def windows(self) -> dict[str, tuple[dt.date, dt.date]]:
        """The days of the first question for each symbol."""
        return {s: (call.start, call.end) for call in reversed(self.calls) for s in call.symbols}

    def _fault(self, symbol: str) -> Fault:
        self.asked[symbol] += 1
        left = self.faults.get(symbol)
        if not left:
            return None
        return left[0] if len(left) == 1 and symbol in self.forever else left.pop(0)

    def _bars(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> pl.DataFrame:
        rows: list[dict[str, Any]] = []
        for symbol in symbols:
            closes = self.closes[symbol]
            rows += [
                {
                    "symbol": symbol,
                    "date": day,
                    **dict.fromkeys(("open", "high", "low", "close"), close),
                    "volume": 100,
                    "is_final": self.final.get(symbol, True),
                    "utc_offset": self.offset.get(symbol),
                }
                for day, close in zip(DAYS[len(DAYS) - len(closes) :], closes, strict=True)
                if start <= day <= end
            ]
        if not rows:
            return empty_bars()
        frame = pl.DataFrame(rows, schema_overrides={"utc_offset": pl.String})
        return conform(frame, provider=self.name, basis="split").with_columns(
            frame["is_final"], frame["utc_offset"]
        )

    def _events(self, symbols: Sequence[str]) -> pl.DataFrame:
        rows = [event for event in self.events if event[0] in symbols]
        if not rows:
            return empty_actions()
        frame = pl.DataFrame(rows, ["symbol", "date", "kind", "value"], orient="row")
        return conform_actions(frame, provider=self.name)


class MakeLake(Protocol):
    def __call__(self, closes: Mapping[str, Sequence[float]], *, until: dt.date) -> Lake: ...


@pytest.fixture(scope="session")
def days() -> list[dt.date]:
    """Sessions of half a year."""
    return DAYS


@pytest.fixture(scope="session")
def new_source() -> type[Source]:
    return Source


@pytest.fixture(scope="session")
def new_clock() -> type[TurnedClock]:
    return TurnedClock


@pytest.fixture(scope="session")
def new_shared_clock() -> type[SharedClock]:
    return SharedClock


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def hasty() -> Pacing:
    """No limit to the rate, and a breaker, for batches in threads."""
    return Pacing.of(None, HastyClock())


@pytest.fixture
def pacing(clock: TurnedClock) -> Pacing:
    """No limit to the rate, and a breaker."""
    return Pacing.of(None, clock)


@pytest.fixture
def make_lake(tmp_path: Path) -> MakeLake:
    """A lake with closes of the last sessions up to a day."""

    def make(closes: Mapping[str, Sequence[float]], *, until: dt.date) -> Lake:
        lake = Lake.create(tmp_path / "lake", calendar="XASX")
        past = [day for day in DAYS if day <= until]
        rows = [
            {
                "symbol": symbol,
                "date": day,
                **dict.fromkeys(("open", "high", "low", "close"), close),
                "volume": 100,
            }
            for symbol, values in closes.items()
            for day, close in zip(past[-len(values) :], values, strict=True)
        ]
        lake.merge(conform(pl.DataFrame(rows), provider="fake", basis="split"))
        return lake

    return make
