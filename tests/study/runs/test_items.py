"""Items of a plan: delivered twice, late, in any order, to workers that end in the middle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.study.runs.conftest import digest

from stockstream.errors import ConfigError, DataError, LakeError
from stockstream.lake.store import Lake
from stockstream.study.chunk import run_chunk
from stockstream.study.runs import items
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.items import MOST_LOST, Unfinished, run_item
from stockstream.study.runs.plans import Item, make_plan
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from tests.study.runs.conftest import Plan

    from stockstream.study.chunk import Chunk
    from stockstream.study.study import Study


@pytest.fixture
def study(plan: Plan) -> Study:
    return plan(trials=24, chunk=2)  # 12 chunks


@pytest.fixture
def lake(market: Path) -> Lake:
    return Lake.open(market)


@pytest.fixture
def store(study: Study, tmp_path: Path) -> BucketStore:
    return BucketStore.create(runs_of(tmp_path), study)


@pytest.fixture
def whole(study: Study) -> Item:
    """All chunks in one item."""
    return Item(study.name, "1", tuple(chunk.number for chunk in study.chunks))


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Tells which chunks were run, and does what a test wants before one is."""
    watched = Watched()
    monkeypatch.setattr(items, "run_chunk", watched)
    return watched


class Watched:
    """In the place of ``run_chunk``."""

    def __init__(self) -> None:
        self.ran: list[int] = []
        self.before: Callable[[Chunk], object] = lambda _: None

    def __call__(self, chunk: Chunk, lake: Lake) -> pl.DataFrame:
        self.before(chunk)
        self.ran.append(chunk.number)
        return run_chunk(chunk, lake)


def local_digest(study: Study, lake: Lake, folder: Path) -> str:
    """Of the files that a run on this machine leaves."""
    kept = FolderStore.create(folder / "local", study)
    run_study(study, lake, kept, workers=1)
    return digest(kept)


def bucket_digest(store: BucketStore) -> str:
    return digest(FolderStore(Path(store.place.address), store.study))


def test_messages_that_come_often_and_in_any_order_leave_the_same_files(
    store: BucketStore, study: Study, lake: Lake, tmp_path: Path
) -> None:
    plan = make_plan(store, at_once=4)
    random = np.random.default_rng(7)
    copies = np.repeat(np.arange(4), random.integers(1, 6, 4))
    messages = [plan.items[number] for number in random.permutation(copies)]
    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(lambda item: run_item(item, store, lake), messages))
    assert bucket_digest(store) == local_digest(study, lake, tmp_path)
    assert store.failures() == []
    assert {one.failed for one in ran} == {0}
    assert sum(one.ran for one in ran) >= 12


def test_what_is_there_is_not_run_again(
    store: BucketStore, whole: Item, lake: Lake, watched: Watched
) -> None:
    first = run_item(whole, store, lake)
    assert (first.chunks, first.ran, first.failed) == (12, 12, 0)
    assert first.seconds > 0
    again = run_item(whole, store, lake)
    assert again == (12, 0, 0, 0.0, 0)
    assert watched.ran == list(range(12))


def test_a_worker_without_time_leaves_the_rest_to_the_next(
    store: BucketStore, study: Study, whole: Item, lake: Lake, watched: Watched, tmp_path: Path
) -> None:
    with pytest.raises(Unfinished, match=r"11 of 12 chunks .* are left"):
        run_item(whole, store, lake, lambda _: False)  # the first is run whatever time there is
    assert watched.ran == [0]
    needed: list[float] = []

    def for_three(seconds: float) -> bool:
        needed.append(seconds)
        return len(needed) < 3

    with pytest.raises(Unfinished, match="8 of 12 chunks"):
        run_item(whole, store, lake, for_three)
    assert min(needed) > 0.0
    run_item(whole, store, lake)
    assert sorted(watched.ran) == list(range(12))
    assert bucket_digest(store) == local_digest(study, lake, tmp_path)


def test_a_chunk_that_fails_twice_is_given_up_with_its_culprit(
    plan: Plan, lake: Lake, tmp_path: Path, watched: Watched
) -> None:
    study = replace(plan(trials=16, first=10, poison="panic"), chunk_trials=8)
    store = BucketStore.create(runs_of(tmp_path), study)
    whole = Item(study.name, "1", (0, 1))
    assert run_item(whole, store, lake).failed == 2
    assert [failure.error for failure in store.failures()] == [
        "trial 3 (share=0.1, days=13, rounds=0, poison=panic, gate=): GeneratorExit: the poison",
        "trial 11 (share=0.55, days=13, rounds=0, poison=panic, gate=): GeneratorExit: the poison",
    ]
    tries = len(watched.ran)
    assert run_item(whole, store, lake)[:3] == (2, 0, 2)  # and is not tried in this attempt
    assert len(watched.ran) == tries
    (item,) = make_plan(store, "2", at_once=1).items
    assert run_item(item, store, lake)[:3] == (2, 0, 2)  # but in the next
    assert len(watched.ran) > tries


def test_the_other_chunks_of_a_poisoned_item_are_run(
    plan: Plan, lake: Lake, tmp_path: Path
) -> None:
    study = plan(trials=8, chunk=1, first=12, poison="panic")
    store = BucketStore.create(runs_of(tmp_path), study)
    ran = run_item(Item(study.name, "1", tuple(range(8))), store, lake)
    assert (ran.ran, ran.failed) == (6, 2)
    assert [chunk.number for chunk in store.missing()] == [1, 5]


def test_what_fails_once_only_is_run(
    store: BucketStore, whole: Item, lake: Lake, watched: Watched
) -> None:
    failing = {2, 7}

    def fail_once(chunk: Chunk) -> None:
        if chunk.number in failing:
            failing.remove(chunk.number)
            raise MemoryError

    watched.before = fail_once
    assert run_item(whole, store, lake)[:3] == (12, 12, 0)
    assert store.missing() == []


@pytest.mark.parametrize("poison", [0, 5, 11])
def test_a_chunk_that_ends_its_workers_stops_no_other(
    store: BucketStore, whole: Item, lake: Lake, watched: Watched, poison: int
) -> None:
    def end(chunk: Chunk) -> None:
        if chunk.number == poison:
            raise KeyboardInterrupt  # nothing is written any more, as after a kill

    watched.before = end
    deliveries = 0
    while store.missing() and not store.failures():
        deliveries += 1
        assert deliveries <= MOST_LOST + 2
        try:
            run_item(whole, store, lake)
        except KeyboardInterrupt:
            continue
    assert sorted(watched.ran) == sorted(set(range(12)) - {poison})  # each once
    (failure,) = store.failures()
    assert failure.number == poison
    assert "its workers ended without a word, 3 times" in failure.error
    assert run_item(whole, store, lake).failed == 1


def test_a_chunk_at_which_a_worker_was_only_thought_to_be_lost_is_run_once(
    store: BucketStore, study: Study, whole: Item, lake: Lake, watched: Watched
) -> None:
    slow = study.chunks[0]
    frame = run_chunk(slow, lake)
    store.place.create("tries/1/0/0-1", b"")  # of a worker that is at it

    def finish_elsewhere(chunk: Chunk) -> None:
        if chunk.number == 6:
            store.put(slow, frame)

    watched.before = finish_elsewhere
    assert run_item(whole, store, lake).ran == 11
    assert watched.ran == list(range(1, 12))


def test_a_lake_that_fails_is_no_fault_of_a_chunk(
    store: BucketStore, whole: Item, lake: Lake, watched: Watched
) -> None:
    def refuse(chunk: Chunk) -> None:
        if chunk.number == 3:
            raise LakeError("the lake does not answer")

    watched.before = refuse
    with pytest.raises(LakeError, match="does not answer"):
        run_item(whole, store, lake)
    assert store.failures() == []
    assert [chunk.number for chunk in store.done()] == [0, 1, 2]  # what was computed is kept


def test_a_result_that_cannot_be_kept_ends_the_item(
    store: BucketStore, whole: Item, lake: Lake, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(chunk: Chunk, frame: pl.DataFrame) -> None:
        raise DataError("the bucket is gone")

    monkeypatch.setattr(store, "put", refuse)
    with pytest.raises(DataError, match="the bucket is gone"):
        run_item(whole, store, lake)
    assert len(watched.ran) <= 3  # it does not compute for nothing
    assert store.failures() == []


def test_a_chunk_that_the_study_does_not_have_is_refused(
    store: BucketStore, study: Study, lake: Lake
) -> None:
    with pytest.raises(ConfigError, match="has no chunk 12: they go from 0 to 11"):
        run_item(Item(study.name, "1", (11, 12)), store, lake)
