"""A run in a bucket: the same files as in a folder, and notes of what was given up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import DataError, NoDataError
from stockstream.lake import remote
from stockstream.lake.store import Lake
from stockstream.study.chunk import run_chunk
from stockstream.study.runs import bucket_store
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.file_store import STUDY, chunk_file
from stockstream.study.runs.store import FolderStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.lake.location import Location
    from stockstream.study.study import Study


@pytest.fixture
def study(plan: Plan) -> Study:
    return plan()


@pytest.fixture
def frames(study: Study, market: Path) -> list[pl.DataFrame]:
    lake = Lake.open(market)
    return [run_chunk(chunk, lake) for chunk in study.chunks]


@pytest.fixture(params=["folder", "s3"])
def runs(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Where runs are: in a folder, or in a bucket."""
    if request.param == "folder":
        return runs_of(tmp_path)
    return runs_of(request.getfixturevalue("bucket"))


@pytest.fixture
def store(runs: Location, study: Study) -> BucketStore:
    return BucketStore.create(runs, study)


def test_the_files_are_those_of_a_folder_byte_by_byte(
    store: BucketStore, study: Study, frames: list[pl.DataFrame], tmp_path: Path
) -> None:
    folder = FolderStore.create(tmp_path / "local", study)
    for chunk, frame in zip(study.chunks, frames, strict=True):
        store.put(chunk, frame)
        folder.put(chunk, frame)
        assert store.place.read(chunk_file(chunk)) == folder.file(chunk).read_bytes()
    names = {file.name for file in store.place.files()}
    assert names == {str(p.relative_to(folder.folder)) for p in folder.folder.rglob("*.*")}
    assert store.place.read(STUDY) == (folder.folder / STUDY).read_bytes()


def test_it_gives_the_trials_in_their_order(
    store: BucketStore, study: Study, frames: list[pl.DataFrame]
) -> None:
    with pytest.raises(NoDataError, match="run it first"):
        store.scan()
    with pytest.raises(NoDataError, match=r"chunk 0 of study s-.* has not run yet"):
        store.read(study.chunks[0])
    for number in (2, 0):
        assert not store.has(study.chunks[number])
        store.put(study.chunks[number], frames[number])
        assert store.has(study.chunks[number])
    assert [chunk.number for chunk in store.done()] == [0, 2]
    assert [chunk.number for chunk in store.missing()] == [1, 3]
    assert_frame_equal(store.scan().collect(), pl.concat([frames[0], frames[2]]))
    assert_frame_equal(store.read(study.chunks[2]), frames[2])
    assert store.collect(["trial"])["trial"].to_list() == [0, 1, 2, 6, 7, 8]


def test_the_second_writer_changes_nothing(
    store: BucketStore, study: Study, frames: list[pl.DataFrame], runs: Location
) -> None:
    chunk = study.chunks[0]
    store.put(chunk, frames[0])
    first = store.place.find(chunk_file(chunk))
    store.put(chunk, frames[0].with_columns(sharpe=pl.lit(99.0)))
    assert store.place.find(chunk_file(chunk)) == first
    assert_frame_equal(store.read(chunk), frames[0])
    again = BucketStore.create(runs, replace(study, ignored={"days": 1}))  # the same digest
    assert BucketStore.open(again.place).study == study


def test_errors_of_trials_are_counted_over_many_files(
    store: BucketStore,
    study: Study,
    frames: list[pl.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bucket_store, "AT_A_TIME", 3)
    why = pl.when(pl.col("trial") % 4 == 1).then(pl.lit("no")).alias("error")
    for chunk, frame in zip(study.chunks, frames, strict=True):
        store.put(chunk, frame.with_columns(why))
    assert store.failed(study.chunks) == 3  # trials 1, 5 and 9
    assert store.failed(study.chunks[:2]) == 2
    assert store.failed([]) == 0


def test_what_was_given_up_is_noted_until_somebody_runs_it(
    store: BucketStore, study: Study, frames: list[pl.DataFrame]
) -> None:
    assert store.failures() == []
    for number in (3, 1):
        store.give_up(study.chunks[number], f"the poison of {number}")
    store.give_up(study.chunks[1], "another reason")  # the first one stays
    noted = json.loads(store.place.read(f"failures/{study.chunks[1].name}.json"))
    assert noted == {"chunk": 1, "trials": 3, "error": "the poison of 1"}
    assert [chunk.number for chunk in store.given_up(study.chunks)] == [1, 3]
    assert store.failures() == [(1, 3, "the poison of 1"), (3, 3, "the poison of 3")]
    store.put(study.chunks[3], frames[3])
    assert [failure.number for failure in store.failures()] == [1]
    store.forgive(study.chunks)
    assert store.failures() == []
    assert not list(store.place.files("failures"))


def test_a_note_that_is_removed_while_others_are_read_is_left_out(
    store: BucketStore, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a worker does that begins the next attempt between the list of notes and their text."""
    for number in (1, 2):
        store.give_up(study.chunks[number], "no")
    noted = store.given_up(study.chunks)
    store.forgive(study.chunks[:2])
    monkeypatch.setattr(store, "given_up", lambda _: noted)
    assert [failure.number for failure in store.failures()] == [2]
    assert store.reasons(study.chunks, most=1) == []


def test_a_damaged_note_is_named(store: BucketStore, study: Study) -> None:
    store.place.create(f"failures/{study.chunks[0].name}.json", b"{}")
    with pytest.raises(DataError, match=r"cannot read .*failures/.*'error'"):
        store.failures()


def test_a_run_that_is_not_there_or_another_says_so(
    store: BucketStore, study: Study, runs: Location
) -> None:
    assert BucketStore.open(store.place).study == study
    with pytest.raises(NoDataError, match=r"no sweep in .*s-000000000000"):
        BucketStore.open(runs.child("s-000000000000"))
    runs.child("s-111111111111").create(STUDY, study.to_json().encode())
    with pytest.raises(DataError, match="it was changed"):
        BucketStore.open(runs.child("s-111111111111"))
    runs.child("s-222222222222").create(STUDY, b"\xff\xfe")
    with pytest.raises(DataError, match="cannot read"):
        BucketStore.open(runs.child("s-222222222222"))


def test_a_deleted_run_does_not_come_back(
    store: BucketStore, study: Study, frames: list[pl.DataFrame]
) -> None:
    store.place.remove(STUDY)
    with pytest.raises(NoDataError, match="no sweep in"):
        store.put(study.chunks[0], frames[0])
    assert not list(store.place.files())


def test_a_damaged_chunk_is_named(store: BucketStore, study: Study) -> None:
    store.place.create(chunk_file(study.chunks[0]), b"PAR1 nonsense PAR1")
    with pytest.raises(DataError, match=r"a chunk cannot be read: .*resume` runs it again"):
        store.read(study.chunks[0])
    with pytest.raises(DataError, match="a chunk cannot be read"):
        store.failed(study.chunks[:1])


def test_a_bucket_that_does_not_answer_is_one_clear_error(
    bucket: str, study: Study, frames: list[pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = BucketStore(runs_of(bucket).child(study.name), study)
    told = "127.0.0.1:9 does not answer"
    with pytest.raises(
        DataError, match=f"cannot write to .*{told}.*`stockstream runs resume` goes"
    ):
        store.put(study.chunks[0], frames[0])
    for read in (store.done, store.failures, lambda: store.has(study.chunks[0])):
        with pytest.raises(DataError, match=f"cannot read .*{told}"):
            read()
