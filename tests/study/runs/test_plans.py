"""Plans of attempts: every missing chunk in one item, whoever asks and however often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.study.chunk import Chunk, run_chunk
from stockstream.study.plan import CHUNK_SECONDS
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import (
    MOST_ITEMS,
    Item,
    demand_attempt,
    last_attempt,
    make_plan,
    plan_items,
    read_item,
    read_plan,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.study.study import Study


@pytest.fixture
def study(plan: Plan) -> Study:
    return plan(trials=24, chunk=2)  # 12 chunks


@pytest.fixture
def store(study: Study, tmp_path: Path) -> BucketStore:
    return BucketStore.create(runs_of(tmp_path), study)


def chunks_of(study: Study, numbers: list[int]) -> list[Chunk]:
    """Chunks of a study that has as many as one likes."""
    return [Chunk(study, number, number, number + 1) for number in numbers]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    numbers=st.lists(st.integers(0, 40_000), unique=True, max_size=400).map(sorted),
    at_once=st.integers(1, 500),
    seconds=st.floats(0.1, 900.0),
)
def test_items_share_the_missing_chunks_evenly(
    study: Study, numbers: list[int], at_once: int, seconds: float
) -> None:
    items = plan_items(chunks_of(study, numbers), "2", at_once, seconds)
    assert [n for item in items for n in item.chunks] == numbers
    assert {(item.run, item.attempt) for item in items} <= {(study.name, "2")}
    assert len(items) >= min(at_once, len(numbers))
    sizes = [len(item.chunks) for item in items]
    assert max(sizes, default=0) - min(sizes, default=0) <= 1
    assert all(size == 1 or (size - 1) * CHUNK_SECONDS < seconds for size in sizes)


def test_there_are_never_more_items_than_an_array_job_takes(study: Study) -> None:
    every = chunks_of(study, list(range(3 * MOST_ITEMS + 1)))
    for seconds, at_once in ((0.5, 1), (60.0, 10**6)):
        items = plan_items(every, "1", at_once, seconds)
        assert len(items) == MOST_ITEMS
        assert {len(item.chunks) for item in items} == {3, 4}


@pytest.mark.parametrize(("at_once", "seconds"), [(0, 60.0), (30, 0.0)])
def test_nobody_and_no_time_are_refused(study: Study, at_once: int, seconds: float) -> None:
    with pytest.raises(ConfigError, match="at least one worker"):
        plan_items(study.chunks, "1", at_once, seconds)


def test_an_attempt_is_planned_once(store: BucketStore) -> None:
    assert last_attempt(store) == 0
    plan = make_plan(store, at_once=5)
    assert (plan.attempt, plan.file, plan.chunks) == ("1", "plans/1.json", 12)
    assert [len(item.chunks) for item in plan.items] == [2, 2, 3, 2, 3]
    assert make_plan(store, "1", at_once=2) == plan  # the same message again
    assert read_plan(store, "1") == plan
    assert last_attempt(store) == 1
    assert read_item(store, "1", 4) == plan.items[4]


def test_the_next_attempt_has_what_is_missing_and_tries_again_what_was_given_up(
    store: BucketStore, study: Study, market: Path
) -> None:
    make_plan(store)
    lake = Lake.open(market)
    for number in (0, 1, 5, 11):
        store.put(study.chunks[number], run_chunk(study.chunks[number], lake))
    store.give_up(study.chunks[3], "the poison")
    plan = make_plan(store, at_once=2)
    assert plan.attempt == "2"
    assert [item.chunks for item in plan.items] == [(2, 3, 4, 6), (7, 8, 9, 10)]
    assert store.failures() == []
    store.give_up(study.chunks[3], "the poison")
    assert make_plan(store, "2") == plan  # a late copy of the message forgives nothing
    assert len(store.failures()) == 1
    for chunk in study.chunks:
        store.put(chunk, run_chunk(chunk, lake))
    done = make_plan(store)
    assert (done.attempt, done.items) == ("3", ())


def test_ten_attempts_are_more_than_nine(store: BucketStore) -> None:
    for name in ("9", "10", "nonsense", "007"):
        store.place.create(f"plans/{name}.json", b"[]")
    assert last_attempt(store) == 10


def test_a_plan_or_item_that_is_not_there_says_so(store: BucketStore) -> None:
    with pytest.raises(NoDataError, match=r"plans/1.json is missing, no attempt was planned yet"):
        read_item(store, "1", 0)
    make_plan(store, at_once=3)
    with pytest.raises(NoDataError, match=r"plans/4.json is missing, the last is attempt 1"):
        read_plan(store, "4")
    for index in (3, -1):
        with pytest.raises(ConfigError, match="has 3 items, and none has the index"):
            read_item(store, "1", index)
    with pytest.raises(ConfigError, match=r"'\.\./1' is no number of an attempt"):
        read_plan(store, "../1")


@pytest.mark.parametrize("content", [b"{", b'{"run": 1}', b"[1]", b"\xff", b'[{"run": "x"}]'])
def test_a_damaged_plan_is_named(tmp_path: Path, study: Study, content: bytes) -> None:
    store = BucketStore.create(Location.of(tmp_path), study)
    store.place.create("plans/1.json", content)
    with pytest.raises(DataError, match=r"plans/1.json is no plan"):
        read_plan(store, "1")


def test_an_item_is_read_as_it_was_written() -> None:
    item = Item("s-0123456789ab", "3", (4, 5))
    assert Item.of(item.as_dict()) == item
    assert Item.of({"run": item.run, "chunks": [4, 5]}) == item._replace(attempt="1")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "is no item of a plan"),
        ({"run": "s-0123456789ab"}, "is no item of a plan"),
        ({"run": "s-0123456789ab", "chunks": []}, "is no item of a plan"),
        ({"run": "s-0123456789ab", "chunks": [-1]}, "is no item of a plan"),
        ({"run": "s-0123456789ab", "chunks": [True]}, "is no item of a plan"),
        ({"run": "s-0123456789ab", "chunks": "012"}, "is no item of a plan"),
        ({"run": 7, "chunks": [1]}, "is no item of a plan"),
        ({"run": "../secrets", "chunks": [1]}, "is no name of a run"),
        ({"run": "s-0123456789ab", "chunks": [1], "attempt": "0"}, "is no number of an attempt"),
    ],
)
def test_what_is_no_item_is_refused(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Item.of(document)


@pytest.mark.parametrize("attempt", ["", "0", "01", "1.0", "1234567", None, -1])
def test_what_is_no_attempt_is_refused(attempt: object) -> None:
    with pytest.raises(ConfigError, match="they are 1, 2, 3 and so on"):
        demand_attempt(attempt)


def test_the_number_of_an_attempt_may_be_a_number() -> None:
    assert demand_attempt(12) == demand_attempt("12") == "12"
