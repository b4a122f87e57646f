"""Waits before asking again."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stockstream.ingest.pacing import backoff
from stockstream.ingest.pacing.backoff import FIRST_WAIT, LONGEST_WAIT


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - no secret


@given(st.integers(1, 10_000), st.floats(0.0, 1e5), st.integers())
def test_a_wait_keeps_its_limits(failures: int, retry_after: float, seed: int) -> None:
    wait = backoff(failures, retry_after, seeded(seed))
    limit = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - 1, 40))
    assert retry_after <= wait <= retry_after + limit


def test_waits_are_drawn_over_the_whole_span() -> None:
    rng = seeded(1)
    first = [backoff(1, 0.0, rng) for _ in range(2000)]
    third = [backoff(3, 0.0, rng) for _ in range(2000)]
    assert min(first) < 0.05 * FIRST_WAIT
    assert max(first) > 0.95 * FIRST_WAIT
    assert 3.8 * FIRST_WAIT < max(third) <= 4 * FIRST_WAIT
    assert 1.8 * FIRST_WAIT < sum(third) / 2000 < 2.2 * FIRST_WAIT


def test_the_same_seed_gives_the_same_waits() -> None:
    assert [backoff(n, 0.0, seeded(5)) for n in (1, 2)] == [
        backoff(n, 0.0, seeded(5)) for n in (1, 2)
    ]
    assert backoff(1, -3.0, seeded(5)) == backoff(1, 0.0, seeded(5))
