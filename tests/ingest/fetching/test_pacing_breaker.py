"""A source that does not work is left alone, and asked again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import TransientError
from stockstream.ingest.pacing import Breaker, Clock

if TYPE_CHECKING:
    from tests.ingest.fetching.conftest import SharedClock, TurnedClock


def fail(breaker: Breaker, count: int, start: int = 0, retry_after: float = 0.0) -> None:
    for number in range(start, start + count):
        breaker.enter()
        breaker.failed([f"S{number}"], "HTTP 503", retry_after)


def test_it_opens_after_a_run_of_failures_and_closes_after_a_good_probe(
    clock: TurnedClock,
) -> None:
    breaker = Breaker(run=3, cool_down=5.0, clock=clock)
    fail(breaker, 3)  # nobody waits before the third
    assert clock.seconds == 0.0
    breaker.enter()
    assert clock.seconds == 5.0
    assert breaker.is_open
    breaker.succeeded()
    breaker.enter()
    assert clock.seconds == 5.0


def test_good_answers_in_between_keep_it_closed(clock: TurnedClock) -> None:
    breaker = Breaker(run=3, clock=clock)
    for number in range(50):
        fail(breaker, 2, start=2 * number)
        breaker.succeeded()
    assert not breaker.is_open


def test_symbols_that_always_fail_say_nothing_about_the_source(clock: TurnedClock) -> None:
    breaker = Breaker(run=3, clock=clock)
    fail(breaker, 2)
    for _ in range(20):
        fail(breaker, 2)
    assert not breaker.is_open


def test_the_cool_down_doubles_up_to_the_longest(clock: TurnedClock) -> None:
    breaker = Breaker(run=1, cool_down=5.0, longest=12.0, clock=clock)
    fail(breaker, 1)
    for waited in (5.0, 15.0, 27.0, 39.0):
        breaker.enter()
        assert clock.seconds == waited
        breaker.failed(["S0"], "HTTP 503")
    breaker.enter()
    breaker.succeeded()
    fail(breaker, 1, start=1)
    before = clock.seconds
    breaker.enter()
    assert clock.seconds == before + 5.0


def test_it_waits_as_long_as_the_source_wants(clock: TurnedClock) -> None:
    breaker = Breaker(run=1, cool_down=5.0, longest=12.0, clock=clock)
    fail(breaker, 1, retry_after=90.0)
    breaker.enter()
    assert clock.seconds == 90.0


def test_it_gives_up_when_the_source_stays_away(clock: TurnedClock) -> None:
    breaker = Breaker(run=2, cool_down=5.0, longest=20.0, patience=60.0, clock=clock)
    fail(breaker, 2)
    while not breaker.gave_up:
        breaker.enter()
        breaker.failed(["S0"], "HTTP 503")
    with pytest.raises(TransientError, match=r"2 symbols in a row.*longer than 60 seconds.*503"):
        breaker.enter()
    assert 40.0 <= clock.seconds <= 60.0
    with pytest.raises(TransientError):
        breaker.enter()
    breaker.succeeded()  # an answer that was under way changes nothing now
    with pytest.raises(TransientError):
        breaker.enter()


def test_a_ban_longer_than_its_patience_is_not_waited_for(clock: TurnedClock) -> None:
    breaker = Breaker(run=1, patience=600.0, clock=clock)
    fail(breaker, 1, retry_after=3600.0)
    with pytest.raises(TransientError):
        breaker.enter()
    assert clock.seconds == 0.0


def test_one_request_probes_while_the_others_wait(new_shared_clock: type[SharedClock]) -> None:
    threads = 6
    clock = new_shared_clock(threads)
    breaker = Breaker(run=1, cool_down=5.0, longest=40.0, clock=clock)
    fail(breaker, 1)
    through: list[float] = []

    def work(number: int) -> None:
        breaker.enter()
        through.append(clock.time())
        clock.sleep(1.0)  # the request
        if len(through) < 3:
            breaker.failed([f"T{number}"], "HTTP 503")
        else:
            breaker.succeeded()
        clock.leave()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    assert through[:3] == [5.0, 16.0, 37.0]
    assert through[3:] == sorted(through[3:])
    assert all(38.0 <= moment <= 38.5 for moment in through[3:])


def test_stragglers_are_no_probe(clock: TurnedClock) -> None:
    """Requests of before the breaker opened fail while the probe is under way."""
    breaker = Breaker(run=1, cool_down=5.0, clock=clock)
    fail(breaker, 1)
    breaker.enter()
    straggler = threading.Thread(target=breaker.failed, args=(["S9"], "timed out"))
    straggler.start()
    straggler.join()
    assert breaker.is_open
    breaker.failed(["S0"], "HTTP 503")
    before = clock.seconds
    breaker.enter()
    assert clock.seconds == before + 10.0


def test_it_gives_up_when_the_time_of_the_clock_is_up() -> None:
    clock = Clock(0.0)
    clock.sleep(3600.0)  # nobody waits any more
    breaker = Breaker(clock=clock)
    with pytest.raises(TransientError, match="no time was left"):
        breaker.enter()
    assert not Clock(3600.0).is_over
    assert not Clock().is_over


def test_whoever_has_waited_longest_probes(new_shared_clock: type[SharedClock]) -> None:
    """So that one batch of dead symbols does not take every probe."""
    threads = 4
    clock = new_shared_clock(threads)
    breaker = Breaker(run=1, cool_down=5.0, patience=1e6, clock=clock)
    fail(breaker, 1)
    probes: list[int] = []

    def work(number: int) -> None:
        clock.sleep(0.1 * number)
        while len(probes) < 10:
            breaker.enter()
            if not breaker.is_open:
                break
            probes.append(number)
            if len(probes) < 10:
                breaker.failed([f"T{number}"], "HTTP 503")
        breaker.succeeded()
        clock.leave()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    assert probes == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
