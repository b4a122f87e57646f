"""The steps of a sweep in the cloud: the same numbers as here, whatever happens on the way."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.sweeps import EVENT, local_digest, make_lake, plan_event

from stockstream.aws.handlers import sweeps
from stockstream.aws.handlers.sweeps import collect_sweep, plan_sweep, run_chunks
from stockstream.errors import ConfigError, LakeError, NoDataError, UnknownNameError
from stockstream.lake.store import Lake
from stockstream.study.chunk import run_chunk
from stockstream.study.result import StudyResult
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.items import Unfinished
from stockstream.study.runs.pinned import open_run
from stockstream.study.runs.plans import read_plan

if TYPE_CHECKING:
    from pathlib import Path


class Call:
    """A call of a function that has so much time."""

    def __init__(self, seconds: float = 900.0) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sweeps") / "lake"
    make_lake(place)
    return place


@pytest.fixture
def lake(market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder in the place of a bucket."""
    place = shutil.copytree(market, tmp_path / "bucket")
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(place))
    return str(place)


@pytest.fixture
def small_chunks(lake: str) -> dict[str, Any]:
    """A study of 6 chunks in the bucket, and the event that plans it."""
    study = replace(plan_event(lake), chunk_trials=20)
    BucketStore.create(runs_of(lake), study)
    return {"run": study.name}


def items_of(planned: dict[str, Any], lake: str) -> list[dict[str, Any]]:
    """What a Distributed Map reads of the plan."""
    store = BucketStore.open(runs_of(lake).child(planned["run"]))
    return [item.as_dict() for item in read_plan(store, planned["attempt"]).items]


def test_a_sweep_on_a_bucket_gives_the_digest_of_this_machine(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = bucket.split("/")[2]
    monkeypatch.setenv("S3_BUCKET_NAME", name)
    lake = f"s3://{name}"
    make_lake(lake)
    planned = plan_sweep({**EVENT, "at_once": 2}, None)
    study = plan_event(lake)
    chunks = len(study.chunks)
    assert planned == {
        "run": study.name,
        "attempt": "1",
        "plan": f"runs/{study.name}/plans/1.json",
        "items": min(2, chunks),
        "trials": 111,
        "chunks": chunks,
        "missing": chunks,
    }
    for item in items_of(planned, lake):
        ran = json.loads(json.dumps(run_chunks(item, Call())))
        assert (ran["run"], ran["attempt"]) == (study.name, "1")
        assert (ran["chunks"], ran["ran"], ran["failed"]) == (len(item["chunks"]),) * 2 + (0,)
    collected = collect_sweep({"run": study.name, "attempt": "1"})
    store = BucketStore.open(runs_of(lake).child(study.name))
    assert collected.pop("best")["parameters"].keys() == {"fast_period", "slow_period"}
    assert collected == {
        "run": study.name,
        "attempt": "1",
        "state": "done",
        "trials": 111,
        "done": 111,
        "failed": 0,
        "failed_chunks": 0,
        "failures": [],
        "failed_trials": [],
        "digest": local_digest(study, lake),
        "seconds": 0,
    }
    assert StudyResult(study, store).digest == collected["digest"]


def test_a_study_of_a_laptop_is_planned_and_joined(lake: str, small_chunks: dict[str, Any]) -> None:
    planned = plan_sweep({**small_chunks, "attempt": "1", "at_once": 4}, None)
    assert (planned["items"], planned["chunks"], planned["missing"]) == (4, 6, 6)
    assert plan_sweep({**small_chunks, "attempt": "1"}, None) == planned
    run_chunks(items_of(planned, lake)[0], Call())
    assert plan_sweep({**small_chunks, "attempt": 1}, None) == planned  # a late copy
    resumed = plan_sweep(small_chunks, None)
    assert (resumed["attempt"], resumed["missing"]) == ("2", 5)


def test_options_of_a_study_are_those_of_this_machine(lake: str) -> None:
    from stockstream.study.points.sampling import Sample

    drawn = {"method": "sobol", "size": 8, "seed": 3}
    event = {**EVENT, "where": [], "sample": drawn, "split": "year", "keep_equity": 5}
    planned = plan_sweep(event, None)
    study = plan_event(lake, where=(), sample=Sample("sobol", 8, 3), split="year", keep_equity=5)
    assert (planned["run"], planned["trials"]) == (study.name, study.trials)
    one = plan_sweep({**EVENT, "where": EVENT["where"][0]}, None)
    assert one["run"] == plan_event(lake).name


def test_nothing_is_missing_of_what_is_done(lake: str, small_chunks: dict[str, Any]) -> None:
    for item in items_of(plan_sweep(small_chunks, None), lake):
        run_chunks(item, Call())
    planned = plan_sweep(small_chunks, None)
    assert (planned["attempt"], planned["items"], planned["missing"]) == ("2", 0, 0)
    assert items_of(planned, lake) == []


def test_a_function_leaves_before_its_time_is_over(lake: str, small_chunks: dict[str, Any]) -> None:
    (item,) = items_of(plan_sweep({**small_chunks, "at_once": 1}, None), lake)
    calls = 0
    with pytest.raises(Unfinished) as left:
        run_chunks(item, Call(0.0))
    assert type(left.value).__name__ == "Unfinished"  # what the state machine sees
    while collect_sweep(small_chunks)["state"] == "partial":
        calls += 1
        try:
            run_chunks(item, Call(0.0))
        except Unfinished:
            continue
    assert calls == 5  # one chunk each: it always goes on


@pytest.mark.parametrize(
    ("seconds", "chunk", "enough"),
    [(900, 889, True), (900, 891, False), (20, 15, True), (20, 17, False), (0, 0.0, False)],
)
def test_time_is_kept_to_write_the_results(seconds: float, chunk: float, enough: bool) -> None:
    assert sweeps._time_in(Call(seconds))(chunk) is enough


def test_the_lake_of_a_warm_process_is_opened_once(lake: str, small_chunks: dict[str, Any]) -> None:
    run = small_chunks["run"]
    assert open_run(lake, run)[1] is open_run(lake, run)[1]


def test_what_is_missing_is_named(lake: str, small_chunks: dict[str, Any]) -> None:
    plan_sweep(small_chunks, None)
    store = BucketStore.open(runs_of(lake).child(small_chunks["run"]))
    chunks = store.study.chunks
    store.put(chunks[0], run_chunk(chunks[0], Lake.open(lake)))
    store.give_up(chunks[2], "trial 45: the poison" + "." * 1000)
    collected = collect_sweep({**small_chunks, "attempt": "1"}, None)
    rest = 111 - chunks[0].trials
    assert (collected["state"], collected["done"]) == ("partial", chunks[0].trials)
    assert (collected["failed"], collected["failed_chunks"]) == (rest, 5)
    given_up, one, row = collected["failures"]
    assert given_up["chunk"] == 2
    assert given_up["error"].startswith("trial 45: the poison.")
    assert len(given_up["error"]) == 500
    assert (one["chunk"], one["trials"]) == (1, chunks[1].trials)
    assert one["error"].startswith("chunk 1: no worker finished it")
    assert row["error"].startswith("chunk 3 to 5: ")
    assert sum(failure["trials"] for failure in collected["failures"]) == rest
    json.dumps(collected)


def test_trials_that_the_strategy_refuses_are_counted_as_failed(lake: str) -> None:
    planned = plan_sweep({**EVENT, "where": []}, None)  # 3 points with fast >= slow
    for item in items_of(planned, lake):
        run_chunks(item, Call())
    collected = collect_sweep({"run": planned["run"]}, None)
    assert (collected["state"], collected["done"], collected["failed"]) == ("done", 120, 9)


def test_a_long_list_of_failures_is_cut(
    lake: str, small_chunks: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from stockstream.runners.jobs import summary

    monkeypatch.setattr(summary, "MOST", 2)
    store = BucketStore.open(runs_of(lake).child(small_chunks["run"]))
    for chunk in store.study.chunks:
        store.give_up(chunk, "the poison")
    collected = collect_sweep(small_chunks, None)
    assert [failure["chunk"] for failure in collected["failures"]] == [0, 1, 2]
    assert collected["failures"][2]["error"].startswith("and 3 more like it: see runs/s-")
    assert sum(failure["trials"] for failure in collected["failures"]) == 111


@pytest.mark.parametrize(
    ("event", "error", "message"),
    [
        ([], ConfigError, r"the event is \[\]; give an object: one looks like"),
        ({}, ConfigError, "not both and not neither"),
        ({"run": "s-0123456789ab", "config": {}}, ConfigError, "not both"),
        ({"run": "s-0123456789ab", "split": "year"}, ConfigError, "not both"),
        ({"run": "../x"}, ConfigError, "is no name of a run"),
        ({"run": 5}, ConfigError, "is no name of a run"),
        ({"run": "s-0123456789ab"}, NoDataError, "no sweep in"),
        ({"run": "s-0123456789ab", "attempt": "x"}, ConfigError, "no number of an attempt"),
        ({**EVENT, "at_once": -1}, ConfigError, "at_once is -1; give a whole number"),
        ({**EVENT, "at_once": "30"}, ConfigError, "at_once is '30'"),
        ({**EVENT, "splitt": "year"}, UnknownNameError, "did you mean 'split'"),
        ({**EVENT, "config": "x"}, ConfigError, "config is 'x'; give an object"),
        ({**EVENT, "split": "yearly"}, UnknownNameError, "yearly"),
        ({**EVENT, "where": 7}, ConfigError, "where is 7; give a list of texts"),
        ({**EVENT, "sample": 7}, ConfigError, "sample is 7; give an object"),
        ({**EVENT, "sample": {}}, ConfigError, "sample.size is missing; give a whole"),
        ({**EVENT, "sample": {"n": 7}}, UnknownNameError, "unknown name in sample 'n'"),
        ({**EVENT, "blocks": 2.5}, ConfigError, "blocks is 2.5; give a whole number"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    lake: str, event: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plan_sweep(event, None)
    assert not list(runs_of(lake).files())


def test_a_study_of_other_code_is_refused(lake: str) -> None:
    study = plan_event(lake)
    other = replace(study, identity=replace(study.identity, code_version="0.0.1+0badc0de"))
    BucketStore.create(runs_of(lake), other)
    with pytest.raises(ConfigError, match=r"was planned by the code 0.0.1\+0badc0de"):
        plan_sweep({"run": other.name}, None)
    with pytest.raises(ConfigError, match=r"was planned by the code 0.0.1\+0badc0de"):
        run_chunks({"run": other.name, "chunks": [0]}, Call())


def test_a_strategy_whose_file_is_not_in_the_cloud_is_refused(lake: str, tmp_path: Path) -> None:
    study = plan_event(lake)
    config = study.config.changed(strategy_class=f"{tmp_path}/mine.py:Mine")
    other = replace(study, config=config)
    BucketStore.create(runs_of(lake), other)
    with pytest.raises(ConfigError, match=r"mine.py:Mine, and that file cannot be read here"):
        plan_sweep({"run": other.name}, None)


def test_another_lake_than_the_one_it_was_planned_on_is_refused(lake: str) -> None:
    study = plan_event(lake)
    other = replace(study, identity=replace(study.identity, data_digest="0" * 64))
    BucketStore.create(runs_of(lake), other)
    with pytest.raises(LakeError, match="has other data at"):
        run_chunks({"run": other.name, "chunks": [0]}, Call())
