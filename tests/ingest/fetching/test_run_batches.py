"""Many batches at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import random
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.errors import LakeError
from stockstream.ingest.batch import fetch_batch
from stockstream.ingest.pacing import Breaker, Clock, Pacing, RateBudget, Stopped
from stockstream.ingest.resume import retry_failed
from stockstream.ingest.run_batches import fetch_batches
from stockstream.lake.raw import RawZone
from stockstream.settings import FetchSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.ingest.fetching.conftest import MakeLake, Source, TurnedClock

    from stockstream.errors import FailureKind
    from stockstream.ingest.health import HealthEvent

SESSION = dt.date(2024, 6, 28)
CLOSES = [15.42, 15.4, 15.61]


def plan(count: int, size: int) -> list[dict[str, Any]]:
    return [
        {"symbols": [f"S{n:02}{i:02}" for i in range(size)], "batchNumber": n} for n in range(count)
    ]


def all_symbols(batches: Sequence[dict[str, Any]]) -> list[str]:
    return [name for batch in batches for name in batch["symbols"]]


def digests(place: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (place / "raw-data").iterdir()
    }


@pytest.fixture
def control_c() -> Iterator[Callable[[], None]]:
    """Interrupts the main thread once, as a terminal does.

    By a signal of its own: one that comes late, or twice, must not reach another test.
    """
    armed = True

    def interrupt(*_: object) -> None:
        nonlocal armed
        if armed:
            armed = False
            raise KeyboardInterrupt

    main = threading.main_thread().ident
    assert main is not None
    signal.signal(signal.SIGUSR1, interrupt)
    yield lambda: signal.pthread_kill(main, signal.SIGUSR1)
    armed = False


def statuses(answers: Sequence[dict[str, Any]]) -> list[int]:
    return [answer["statusCode"] for answer in answers]


def test_failing_batches_and_poison_symbols(
    tmp_path: Path, new_source: type[Source], hasty: Pacing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """22 batches, of which the disk refuses 7; poison symbols fail none of the other 15."""
    batches = plan(22, 10)
    refused = {2, 3, 7, 11, 12, 18, 21}
    poison: dict[str, FailureKind] = {
        "S0003": "not_found",
        "S0509": "malformed",
        "S1700": "transient",
    }
    source = new_source(
        dict.fromkeys(all_symbols(batches), CLOSES),
        faults={**{name: [kind] for name, kind in poison.items()}, "S0901": [RuntimeError("x")]},
        forever=[*poison, "S0901"],
    )
    write = RawZone.write_batch
    full_disk = LakeError("cannot write: No space left on device")

    def sometimes(self: RawZone, session: dt.date, number: int, *rest: Any, **more: Any) -> str:
        if number in refused:
            raise full_disk
        return write(self, session, number, *rest, **more)

    monkeypatch.setattr(RawZone, "write_batch", sometimes)
    events: list[HealthEvent] = []
    answers = fetch_batches(tmp_path, source, batches, SESSION, pacing=hasty, health=events.append)
    assert [answer["metadata"]["batch_number"] for answer in answers] == list(range(22))
    assert {n for n, status in enumerate(statuses(answers)) if status == 500} == refused
    assert "No space left on device" in answers[2]["body"]
    assert answers[2]["metadata"] == {
        "batch_number": 2,
        "symbols_processed": 10,
        "symbols_fetched": 0,
        "symbols_failed": batches[2]["symbols"],
        "execution_time": 0.0,
        "s3_key": None,
    }
    failed = [name for answer in answers for name in answer["metadata"]["symbols_failed"]]
    expected = {*poison, "S0901"} | {n for b in refused for n in batches[b]["symbols"]}
    assert sorted(failed) == sorted(expected)
    assert len(list((tmp_path / "raw-data").iterdir())) == 15
    assert {e.subject for e in events if e.kind == "batch_failed"} == {
        f"2024-06-28-batch-{number}" for number in refused
    }

    before = digests(tmp_path)
    monkeypatch.setattr(RawZone, "write_batch", write)
    source.asked.clear()
    again = fetch_batches(tmp_path, source, batches, SESSION, pacing=hasty)
    assert set(statuses(again)) == {200}
    assert sorted(source.asked) == sorted(n for b in refused for n in batches[b]["symbols"])
    after = digests(tmp_path)
    assert len(after) == 22
    assert before.items() <= after.items()
    assert [a for n, a in enumerate(again) if n not in refused] == [
        a for n, a in enumerate(answers) if n not in refused
    ]

    source.asked.clear()
    left = retry_failed(tmp_path, SESSION, 100)
    assert left == [{"symbols": ["S0509", "S0901", "S1700"], "batchNumber": 22}]
    source.faults = {}
    assert statuses(fetch_batches(tmp_path, source, left, SESSION, pacing=hasty)) == [200]
    assert sorted(source.asked) == ["S0509", "S0901", "S1700"]
    assert retry_failed(tmp_path, SESSION, 100) == []


@pytest.mark.parametrize("count", [30, pytest.param(340, marks=pytest.mark.slow)])
def test_messages_that_come_twice_late_and_in_another_order(
    count: int, tmp_path: Path, new_source: type[Source], clock: TurnedClock
) -> None:
    batches = plan(count, 2)
    symbols = all_symbols(batches)
    rng = random.Random(7)  # noqa: S311 - no secret
    kinds: list[FailureKind] = ["not_found", "empty"]
    faults = {name: [rng.choice(kinds)] for name in rng.sample(symbols, 20)}

    def deliver(place: Path, messages: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
        source = new_source(dict.fromkeys(symbols, CLOSES), faults=faults, forever=faults)
        calm = Pacing.of(None, clock)
        answers: dict[int, dict[str, Any]] = {}
        for message in messages:
            number = message["batchNumber"]
            answer = fetch_batch(place, source, message["symbols"], number, SESSION, pacing=calm)
            assert answers.setdefault(number, answer) == answer
        assert set(source.asked.values()) == {1}
        return answers

    often = [batch for batch in batches for _ in range(rng.randint(1, 5))]
    rng.shuffle(often)
    once, many = deliver(tmp_path / "once", batches), deliver(tmp_path / "many", often)
    assert once == many
    assert digests(tmp_path / "once") == digests(tmp_path / "many")


def test_one_budget_for_all_batches(
    tmp_path: Path, new_source: type[Source], clock: TurnedClock
) -> None:
    batches = plan(12, 20)
    source = new_source(dict.fromkeys(all_symbols(batches), CLOSES), clock=clock, per_second=50.0)
    pacing = Pacing(RateBudget(4.0, clock=clock), Breaker(clock=clock), clock)
    answers = fetch_batches(tmp_path, source, batches, SESSION, pacing=pacing, at_once=6)
    assert set(statuses(answers)) == {200}
    assert clock.seconds >= (240 - 1) / 4.0
    assert Counter(source.asked.values()) == {1: 240}


@pytest.mark.parametrize(
    ("stated", "given", "rate"),
    [(50.0, None, 50.0), (50.0, 5.0, 5.0), (2.0, 5.0, 5.0), (None, None, float("inf"))],
)
def test_the_rate_is_what_is_set_or_what_the_source_bears(
    tmp_path: Path,
    new_source: type[Source],
    monkeypatch: pytest.MonkeyPatch,
    stated: float | None,
    given: float | None,
    rate: float,
) -> None:
    made: list[RateBudget] = []
    original = Pacing.of

    def watched(per_second: float | None, clock: Clock | None = None, **rest: Any) -> Pacing:
        made.append((pacing := original(per_second, clock, **rest)).budget)
        return pacing

    monkeypatch.setattr(Pacing, "of", watched)
    source = new_source({"A": CLOSES}, per_second=stated)
    batches = [{"symbols": ["A"], "batchNumber": 0}]
    fetch_batches(tmp_path, source, batches, SESSION, settings=FetchSettings(rate=given))
    assert [budget.limit for budget in made] == [rate]


def test_no_more_batches_at_once_than_allowed(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    batches = plan(12, 1)
    source = new_source(dict.fromkeys(all_symbols(batches), CLOSES))
    together = threading.Barrier(3, timeout=10)
    busy: list[int] = []
    active = threading.Semaphore(3)

    def wait_for_two_others(_: Any) -> None:
        assert active.acquire(blocking=False), "more than three at once"
        busy.append(together.wait())
        active.release()

    source.before = wait_for_two_others
    answers = fetch_batches(tmp_path, source, batches, SESSION, pacing=pacing, at_once=3)
    assert set(statuses(answers)) == {200}
    assert len(busy) == 12


def test_progress_counts_every_symbol(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    batches = plan(8, 5)
    source = new_source(
        dict.fromkeys(all_symbols(batches), CLOSES), faults={"S0301": ["not_found"]}
    )
    seen: list[tuple[int, int, int, str]] = []
    fetch_batches(tmp_path, source, batches[:3], SESSION, pacing=pacing, progress=lambda *_: None)
    fetch_batches(
        tmp_path, source, batches, SESSION, pacing=pacing, progress=lambda *now: seen.append(now)
    )
    done = [now[0] for now in seen]
    assert done == sorted(done)
    assert done[-1] == 40
    assert {now[1] for now in seen} == {40}
    assert Counter(now[2] for now in seen) == {0: 1, 1: 1, 2: 1} | dict.fromkeys(range(3, 8), 6)
    assert "4 of 5 symbols fetched, 1 failed" in {now[3] for now in seen}


def test_the_lake_is_read_once_for_all_batches(
    make_lake: MakeLake,
    new_source: type[Source],
    pacing: Pacing,
    days: list[dt.date],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from stockstream.ingest.stored import Stored

    batches = plan(4, 5)
    symbols = all_symbols(batches)
    lake = make_lake(dict.fromkeys(symbols[:10], CLOSES), until=days[-2])
    source = new_source({symbol: [*CLOSES, 15.5] for symbol in symbols})
    reads: list[int] = []
    read = Stored.read

    def watched(place: Any, names: Sequence[str], *rest: Any) -> Stored:
        reads.append(len(names))
        return read(place, names, *rest)

    monkeypatch.setattr(Stored, "read", watched)
    fetch_batches(lake, source, batches, SESSION, pacing=pacing)
    assert source.windows()["S0000"][0] > source.windows()["S0300"][0]
    fetch_batches(lake, source, batches, SESSION, pacing=pacing)
    assert reads == [20]


def test_a_second_pass_fetches_everything_once_more(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    batches = plan(2, 3)
    source = new_source(dict.fromkeys(all_symbols(batches), CLOSES))
    fetch_batches(tmp_path, source, batches, SESSION, pacing=pacing)
    answers = fetch_batches(tmp_path, source, batches, SESSION, pacing=pacing, again=True)
    assert [answer["metadata"]["batch_number"] for answer in answers] == [2, 3]
    assert set(source.asked.values()) == {2}


def test_another_size_of_batches_fetches_only_what_is_missing(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    symbols = [f"S{number:02}" for number in range(24)]
    source = new_source(dict.fromkeys(symbols, CLOSES))

    def cut(size: int, count: int) -> list[dict[str, Any]]:
        return [
            {"symbols": symbols[n * size : (n + 1) * size], "batchNumber": n} for n in range(count)
        ]

    fetch_batches(tmp_path, source, cut(4, 3), SESSION, pacing=pacing)
    answers = fetch_batches(tmp_path, source, cut(8, 3), SESSION, pacing=pacing)
    assert set(statuses(answers)) == {200}
    assert set(source.asked.values()) == {1}
    assert len(source.asked) == 24


def test_an_interrupt_leaves_what_is_done_and_stops_the_rest(
    tmp_path: Path,
    new_source: type[Source],
    clock: TurnedClock,
    control_c: Callable[[], None],
) -> None:
    batches = plan(10, 4)
    source = new_source(dict.fromkeys(all_symbols(batches), CLOSES))

    def press_control_c(symbols: Sequence[str]) -> None:
        if symbols == ["S0302"]:
            control_c()
            assert clock._stopped.wait(10)

    source.before = press_control_c
    with pytest.raises(KeyboardInterrupt):
        fetch_batches(tmp_path, source, batches, SESSION, pacing=Pacing.of(None, clock), at_once=1)
    assert [batch.number for batch in RawZone(tmp_path).batches()] == [0, 1, 2]
    assert len(source.calls) == 15
    source.before = lambda _: None
    source.asked.clear()
    fresh = Pacing.of(None)
    assert set(statuses(fetch_batches(tmp_path, source, batches, SESSION, pacing=fresh))) == {200}
    assert set(source.asked) == {name for batch in batches[3:] for name in batch["symbols"]}


def test_an_interrupt_wakes_up_those_who_wait(
    tmp_path: Path, new_source: type[Source], control_c: Callable[[], None]
) -> None:
    """Three batches wait for the budget, a quarter of an hour each, when the run is interrupted."""
    clock = Clock()
    pacing = Pacing(RateBudget(0.001, clock=clock), Breaker(clock=clock), clock)
    batches = plan(4, 2)
    source = new_source(dict.fromkeys(all_symbols(batches), CLOSES))
    asked = itertools.count()
    source.before = lambda _: None if next(asked) else control_c()
    with pytest.raises(KeyboardInterrupt):
        fetch_batches(tmp_path, source, batches, SESSION, pacing=pacing)
    with pytest.raises(Stopped):
        clock.sleep(0.0)
    assert RawZone(tmp_path).batches() == []


def test_a_provider_that_raises_an_interrupt_ends_the_run(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    batches = plan(3, 2)
    source = new_source(
        dict.fromkeys(all_symbols(batches), CLOSES), faults={"S0101": [KeyboardInterrupt()]}
    )
    with pytest.raises(KeyboardInterrupt):
        fetch_batches(tmp_path, source, batches, SESSION, pacing=pacing, at_once=1)
    assert RawZone(tmp_path).find(SESSION, 1) is None


KILLED = """
    import datetime as dt, os, signal, sys
    import polars as pl
    from stockstream.ingest.run_batches import fetch_batches
    from stockstream.market.actions import empty_actions
    from stockstream.market.bars import conform
    from stockstream.providers.base import FetchResult, Pace

    class Deadly:
        name, pace = "fake", Pace(1, None)

        def fetch(self, symbols, start, end):
            if symbols == ["S0701"]:
                os.kill(os.getpid(), signal.SIGKILL)
            prices = dict.fromkeys(("open", "high", "low", "close"), 1.0)
            rows = pl.DataFrame({"symbol": symbols}).with_columns(date=end, volume=1, **prices)
            return FetchResult(conform(rows, provider="fake", basis="split"), empty_actions())

    batches = [
        {"symbols": [f"S{n:02}{i:02}" for i in range(3)], "batchNumber": n} for n in range(10)
    ]
    fetch_batches(sys.argv[1], Deadly(), batches, dt.date(2024, 6, 28), at_once=2)
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    words = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    there = {batch.number for batch in RawZone(tmp_path).batches()}
    assert len(set(range(7)) - there) <= 1  # the other thread had one of them in hand
    assert 7 not in there
    before = digests(tmp_path)
    batches = plan(10, 3)
    source = new_source(dict.fromkeys(all_symbols(batches), CLOSES))
    answers = fetch_batches(tmp_path, source, batches, SESSION, pacing=pacing)
    assert set(statuses(answers)) == {200}
    missing = set(range(10)) - there
    assert set(source.asked) == {name for n in missing for name in batches[n]["symbols"]}
    after = digests(tmp_path)
    assert all(after[name] == digest for name, digest in before.items() if "batch" in name)


def test_sound_batches_do_not_wait_for_a_source_that_is_down_for_others(
    tmp_path: Path, new_source: type[Source], hasty: Pacing
) -> None:
    """7 of 22 batches get nothing but server errors: they are not written, and the others come."""
    batches = plan(22, 10)
    down = {1, 4, 5, 9, 13, 14, 20}
    dead = [name for number in down for name in batches[number]["symbols"]]
    source = new_source(
        dict.fromkeys(all_symbols(batches), CLOSES),
        faults={name: ["transient"] for name in dead},
        forever=dead,
    )
    answers = fetch_batches(tmp_path, source, batches, SESSION, pacing=hasty)
    assert {n for n, status in enumerate(statuses(answers)) if status == 503} == down
    assert {batch.number for batch in RawZone(tmp_path).batches()} == set(range(22)) - down
    source.faults, source.forever = {}, set()
    source.asked.clear()
    calm = Pacing.of(None)
    assert set(statuses(fetch_batches(tmp_path, source, batches, SESSION, pacing=calm))) == {200}
    assert set(source.asked) == set(dead)
