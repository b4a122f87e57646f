"""Results in memory and in folders: whole, in their order, the same bytes however often."""

from __future__ import annotations

import json
import os
import resource
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.study.runs.conftest import digest, written

from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.lake.store import Lake
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.store import (
    STUDY,
    FolderStore,
    MemoryStore,
    delete_folder,
    demand_run_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.study.study import Study


@pytest.fixture
def study(plan: Plan) -> Study:
    return plan()


@pytest.fixture
def frames(study: Study, market: Path) -> list[pl.DataFrame]:
    lake = Lake.open(market)
    return [run_chunk(chunk, lake) for chunk in study.chunks]


@pytest.fixture
def store(study: Study, tmp_path: Path) -> FolderStore:
    return FolderStore.create(tmp_path, study)


def test_both_stores_give_the_trials_in_their_order(
    study: Study, frames: list[pl.DataFrame], store: FolderStore
) -> None:
    memory = MemoryStore()
    for kept in (memory, store):
        assert not any(map(kept.has, study.chunks))
        for chunk in reversed(study.chunks):
            kept.put(chunk, frames[chunk.number])
        assert all(map(kept.has, study.chunks))
        assert_frame_equal(kept.scan().collect(), pl.concat(frames))
        assert_frame_equal(kept.read(study.chunks[1]), frames[1])
        some = ["sharpe", "trial"]
        assert_frame_equal(kept.collect(some), pl.concat(frames).select(some))
    assert kept.scan().select("trial").collect()["trial"].to_list() == list(range(study.trials))


def test_what_has_not_run_is_not_there(study: Study, store: FolderStore) -> None:
    for kept in (MemoryStore(), store):
        with pytest.raises(NoDataError, match="run it first"):
            kept.scan()
        with pytest.raises(NoDataError, match="run it first"):
            kept.collect(["trial"])
        with pytest.raises(NoDataError, match=r"chunk 0 of study s-.* has not run yet"):
            kept.read(study.chunks[0])


def test_the_same_chunk_again_changes_no_byte(
    study: Study, frames: list[pl.DataFrame], store: FolderStore, market: Path
) -> None:
    chunk = study.chunks[0]
    store.put(chunk, frames[0])
    before = written(store.file(chunk)), digest(store)
    store.put(chunk, run_chunk(chunk, Lake.open(market)))  # of a worker that lost its lease
    assert (written(store.file(chunk)), digest(store)) == before
    store.file(chunk).unlink()
    store.put(chunk, run_chunk(chunk, Lake.open(market)))
    assert digest(store) == before[1]


def test_what_killed_writers_and_broken_disks_leave_is_mended(
    study: Study, frames: list[pl.DataFrame], store: FolderStore
) -> None:
    for chunk, frame in zip(study.chunks, frames, strict=True):
        store.put(chunk, frame)
    whole = store.file(study.chunks[0]).read_bytes()
    store.file(study.chunks[0]).write_bytes(whole[:-100])
    store.file(study.chunks[2]).write_bytes(b"")
    draft = store.folder / "chunks" / f"{study.chunks[3].name}.parquet#123"
    draft.write_bytes(b"half")
    assert [chunk.number for chunk in store.mend()] == [0, 2]
    assert [chunk.number for chunk in store.done()] == [1, 3]
    assert not draft.exists()


def test_a_damaged_chunk_is_named(
    study: Study, frames: list[pl.DataFrame], store: FolderStore
) -> None:
    store.put(study.chunks[0], frames[0])
    store.file(study.chunks[0]).write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(DataError, match=r"cannot be read: .*resume` runs it again"):
        store.read(study.chunks[0])
    with pytest.raises(DataError, match="cannot be read"):
        store.failed_trials(study.chunks[:1])


def test_a_study_is_read_from_its_folder(study: Study, store: FolderStore, tmp_path: Path) -> None:
    opened = FolderStore.open(store.folder)
    assert opened.study == study
    assert [chunk.name for chunk in opened.study.chunks] == [c.name for c in study.chunks]
    assert FolderStore.create(tmp_path, study).folder == store.folder  # again: nothing happens


def test_a_folder_that_is_no_run_says_so(store: FolderStore, tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match=f"no sweep in .*; sweeps there: {store.study.name}"):
        FolderStore.open(tmp_path / "s-000000000000")
    document = json.loads((store.folder / STUDY).read_text())
    (store.folder / STUDY).write_text(json.dumps({**document, "lookback": 999}))
    with pytest.raises(DataError, match="it was changed"):
        FolderStore.open(store.folder)
    (store.folder / STUDY).write_text("{")
    with pytest.raises(DataError, match="not a study"):
        FolderStore.open(store.folder)
    (store.folder / STUDY).write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="cannot read"):
        FolderStore.open(store.folder)


def test_a_deleted_run_does_not_come_back(
    study: Study, frames: list[pl.DataFrame], store: FolderStore
) -> None:
    delete_folder(store.folder)
    with pytest.raises(NoDataError, match="no sweep in"):
        store.put(study.chunks[0], frames[0])
    assert list(store.folder.parent.iterdir()) == []
    with pytest.raises(DataError, match="cannot remove"):
        delete_folder(store.folder)


def test_a_full_disk_is_one_clear_error_and_leaves_nothing_half(
    study: Study, frames: list[pl.DataFrame], store: FolderStore
) -> None:
    store.put(study.chunks[0], frames[0])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(DataError, match="what was done before is safe; free some space"):
            store.put(study.chunks[1], frames[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in (store.folder / "chunks").iterdir()] == [
        store.file(study.chunks[0]).name
    ]
    store.put(study.chunks[1], frames[1])
    assert len(store.done()) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_says_what_to_do(study: Study, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="choose another folder with --runs"):
        FolderStore.create(tmp_path, study)


@given(st.text())
def test_names_of_runs_lead_nowhere_else(text: str) -> None:
    with pytest.raises(ConfigError, match="runs list"):
        demand_run_name(text)


@pytest.mark.parametrize(
    "name", ["../s-0123456789ab", "s-0123456789ab/..", "s-0123456789ab\n", "S-0123456789AB", "s-"]
)
def test_names_that_look_like_runs_are_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        demand_run_name(name)


def test_a_name_is_a_name() -> None:
    assert demand_run_name("s-0123456789ab") == "s-0123456789ab"
    assert demand_run_name("r-0123456789ab") == "r-0123456789ab"
