"""One budget of requests for all threads."""

from __future__ import annotations

import itertools
import math
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.ingest.pacing import Clock, RateBudget, Stopped
from stockstream.ingest.pacing.budget import SLOWEST

if TYPE_CHECKING:
    from tests.ingest.fetching.conftest import SharedClock, TurnedClock

Step = tuple[str, float]
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.just(0.0)),
        st.tuples(st.just("wait"), st.floats(0.0, 3.0)),
        st.tuples(st.just("slow"), st.sampled_from([0.0, 0.0, 1.5])),
        st.tuples(st.just("good"), st.just(0.0)),
    ),
    max_size=60,
)


def test_requests_are_spread_evenly(clock: TurnedClock) -> None:
    budget = RateBudget(5.0, clock=clock)
    assert [round(budget.take(), 9) for _ in range(6)] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    clock.seconds = 100.0
    assert [round(budget.take() - 100, 9) for _ in range(3)] == [0.0, 0.2, 0.4]


def test_a_burst_after_a_quiet_time(clock: TurnedClock) -> None:
    budget = RateBudget(2.0, burst=3, clock=clock)
    assert [budget.take() for _ in range(6)] == [0.0, 0.0, 0.0, 0.5, 1.0, 1.5]
    clock.seconds = 2.5  # one token has come back, and one is due at 3.0
    assert [budget.take() for _ in range(3)] == [2.5, 2.5, 3.0]


def test_no_limit(clock: TurnedClock) -> None:
    budget = RateBudget(None, clock=clock)
    assert {budget.take() for _ in range(1000)} == {0.0}
    assert budget.rate == math.inf
    budget.slow_down(0.0, retry_after=2.0)
    assert budget.rate == math.inf
    assert budget.take() == 2.0


def test_too_many_requests_halves_the_rate_and_good_answers_raise_it(clock: TurnedClock) -> None:
    budget = RateBudget(4.0, clock=clock)
    budget.slow_down(budget.take())
    assert budget.rate == 2.0
    assert [budget.take() for _ in range(3)] == [0.5, 1.0, 1.5]
    for _ in range(25):
        budget.speed_up()
    assert budget.rate == pytest.approx(4.0)
    budget.speed_up()
    assert budget.rate == 4.0


def test_requests_that_were_under_way_together_count_as_one(clock: TurnedClock) -> None:
    budget = RateBudget(10.0, clock=clock)
    taken = [budget.take() for _ in range(8)]
    for moment in taken:
        budget.slow_down(moment)
    assert budget.rate == 5.0
    budget.slow_down(budget.take())
    assert budget.rate == 2.5


def test_the_rate_has_a_floor(clock: TurnedClock) -> None:
    budget = RateBudget(10.0, clock=clock)
    for _ in range(20):
        budget.slow_down(budget.take())
    assert budget.rate == 10.0 * SLOWEST


def test_nobody_asks_before_the_source_wants_it(clock: TurnedClock) -> None:
    budget = RateBudget(10.0, burst=5, clock=clock)
    budget.slow_down(budget.take(), retry_after=30.0)
    assert [budget.take() for _ in range(2)] == pytest.approx([30.0, 30.0], abs=0.8)
    assert budget.take() >= 30.0


@given(st.sampled_from([0.5, 2.0, 7.0]), st.integers(1, 5), STEPS)
def test_never_more_than_rate_times_time_plus_burst(
    new_clock: type[TurnedClock], rate: float, burst: int, steps: list[Step]
) -> None:
    clock = new_clock()
    budget = RateBudget(rate, burst=burst, clock=clock)
    taken: list[float] = []
    for what, value in steps:
        if what == "take":
            taken.append(budget.take())
        elif what == "wait":
            clock.seconds += value
        elif what == "slow":
            budget.slow_down(taken[-1] if taken else 0.0, value)
        else:
            budget.speed_up()
    assert taken == sorted(taken)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + rate * (taken[last] - start) + 1e-6
    assert SLOWEST * rate <= budget.rate <= rate


@pytest.mark.parametrize("slowed", [False, True])
def test_threads_share_one_budget(new_shared_clock: type[SharedClock], slowed: bool) -> None:
    threads, each, rate = 8, 25, 4.0
    clock = new_shared_clock(threads)
    budget = RateBudget(rate, clock=clock)
    taken: list[tuple[float, int]] = []

    def work(number: int) -> None:
        for turn in range(each):
            moment = budget.take()
            taken.append((moment, number))
            if slowed and number == 0 and turn == 3:
                budget.slow_down(moment)
        clock.leave()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    assert len(taken) == threads * each
    moments = sorted(moment for moment, _ in taken)
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert min(gaps) >= 1 / rate - 1e-9
    if not slowed:
        assert moments[-1] == pytest.approx((threads * each - 1) / rate)  # and not one is wasted
        firsts = Counter(number for _, number in sorted(taken)[: threads * 10])
        assert set(firsts.values()) == {10}  # first come, first served
    else:
        assert max(gaps) == pytest.approx(2 / rate, rel=0.01)


def test_a_stopped_run_waits_no_more() -> None:
    clock = Clock()
    budget = RateBudget(0.001, clock=clock)
    budget.take()
    threading.Timer(0.01, clock.stop).start()
    with pytest.raises(Stopped):
        budget.take()
    with pytest.raises(Stopped):
        clock.sleep(0.0)


def test_the_real_clock_goes_on() -> None:
    clock = Clock()
    before = clock.time(), clock.now()
    clock.sleep(0.001)
    assert clock.time() > before[0]
    assert clock.now() > before[1]
    assert clock.now().utcoffset() is not None
