"""How chunks are dealt: each of them once, in ever smaller parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stockstream.runners.cluster.parts import MOST_CHUNKS, Parts


@given(st.integers(0, 3_000), st.floats(1.0, 500.0))
def test_each_chunk_is_dealt_once_in_its_order_and_the_last_ones_alone(
    chunks: int, workers: float
) -> None:
    parts, dealt = Parts(range(chunks)), []
    while parts:
        dealt.append(parts.take(workers))
    assert [number for part in dealt for number in part] == list(range(chunks))
    sizes = [len(part) for part in dealt]
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes, default=1) <= MOST_CHUNKS
    assert set(sizes[-int(min(workers, chunks)) :]) <= {1}


def test_few_parts_are_needed_for_many_chunks() -> None:
    """A minute on two processors: a part costs milliseconds, a chunk half a second."""
    parts, count = Parts(range(240)), 0
    while parts:
        parts.take(2.0)
        count += 1
    assert count < 40


def test_what_is_brought_back_is_dealt_first() -> None:
    parts = Parts(range(10))
    first = parts.take(1.0)
    second = parts.take(1.0)
    parts.bring_back(second)
    parts.bring_back(first)
    assert [parts.take(1.0), parts.take(1.0)] == [second, first]
    rest: list[int] = []
    while parts:
        rest += parts.take(1.0)
    assert [*first, *second, *rest] == list(range(10))
    parts.bring_back(first)
    assert parts  # it is the only one
