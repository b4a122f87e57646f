"""What a vacuum frees, and what nobody loses by it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError, LakeError
from stockstream.lake import Lake
from stockstream.lake.location import Location
from stockstream.lake.maintenance import vacuum as module
from stockstream.lake.maintenance.restore import restore
from stockstream.lake.maintenance.vacuum import vacuum
from stockstream.lake.maintenance.verify import verify_lake
from stockstream.lake.tables import ACTIONS, BARS
from stockstream.lake.transaction import commit_version

if TYPE_CHECKING:
    from tests.lake.conftest import MakeActions, Remount
    from tests.lake.maintenance.conftest import Age

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def long(lake: Lake, two_years: pl.DataFrame, make_actions: MakeActions, age: Age) -> Lake:
    """Five versions of the bars of 2024, of which the second and the fourth bring an action."""
    for number in range(5):
        event = make_actions(("BHP.AX", f"2024-01-0{number + 1}", "dividend", 0.5))
        of_2024 = pl.when(pl.col("date").dt.year() == 2024).then(pl.col("close") + 0.25 * number)
        lake.merge(
            two_years.with_columns(close=of_2024.otherwise("close")),
            event if number in {1, 3} else None,
        )
    age(lake, dt.datetime.now(dt.UTC) - 2 * HOUR)
    return lake


def data_files(lake: Lake) -> set[Path]:
    return set(Path(lake.location.address).rglob("part-*.parquet"))


def test_only_the_last_versions_stay(long: Lake) -> None:
    wanted, log = (
        [long.bars(version=f"bars@{v} actions@{a}") for v, a in ((4, 2), (5, 2))],
        long.log(),
    )
    size = sum(path.stat().st_size for path in data_files(long))
    freed = vacuum(long, keep_versions=2)
    assert (freed.files, freed.dry_run) == (3, False)
    assert freed.kept == {"bars": 4, "actions": 1, "quarantine": 0, "findings": 0}
    assert freed.size == size - sum(path.stat().st_size for path in data_files(long))
    assert long.version() == "bars@6 actions@2", "a commit without files says what is gone"
    for bars, version in zip(wanted, ("bars@4 actions@2", "bars@5 actions@2"), strict=True):
        assert_frame_equal(long.bars(version=version), bars)
    assert_frame_equal(long.bars(), wanted[-1])
    assert long.log()[1:] == log, "no commit is forgotten"
    assert verify_lake(long, all_versions=True).is_sound


def test_a_version_that_is_gone_says_so(long: Lake) -> None:
    vacuum(long, keep_versions=2)
    for version in ("bars@3 actions@1", "bars@0 actions@0"):
        message = r"bars@\d was vacuumed from .*; the versions are bars@4 to bars@6"
        with pytest.raises(LakeError, match=message):
            long.bars(version=version)
        with pytest.raises(LakeError, match=message):
            restore(long, version)


def test_a_second_vacuum_finds_nothing(long: Lake) -> None:
    vacuum(long, keep_versions=2)
    before = long.version()
    assert vacuum(long, keep_versions=2).files == 0
    assert long.version() == before


def test_days(long: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    last = max(line.when for line in long.log() if line.version.startswith("bars"))
    assert vacuum(long, now=last + 30 * DAY - HOUR).files == 0
    assert vacuum(long, keep_days=31, now=last + 30 * DAY).files == 0
    freed = vacuum(long, now=last + 31 * DAY)
    assert (freed.files, freed.kept["bars"], freed.kept["actions"]) == (5, 5, 2)
    assert len(long.bars()) == 50


def test_looking_only(long: Lake) -> None:
    before, version = data_files(long), long.version()
    looked = vacuum(long, keep_versions=1, dry_run=True)
    assert (looked.dry_run, data_files(long), long.version()) == (True, before, version)
    freed = vacuum(long, keep_versions=1)
    assert (freed.files, freed.size, freed.kept) == (looked.files, looked.size, looked.kept)


def test_what_is_younger_than_an_hour_stays(long: Lake, age: Age) -> None:
    orphan = Path(long.location.path(f"bars/year=2024/part-{1:032x}-{2:016x}.parquet"))
    orphan.write_bytes(b"of a writer that is about to commit it")
    now = dt.datetime.now(dt.UTC)
    age(long, now)
    assert vacuum(long, keep_versions=1, now=now + HOUR - dt.timedelta(seconds=1)).files == 0
    assert vacuum(long, keep_versions=1, now=now + HOUR).files == 6
    assert not orphan.exists()


def test_orphans_alone_need_no_commit(long: Lake, age: Age) -> None:
    orphan = Path(long.location.path(f"actions/part-{1:032x}.parquet"))
    orphan.write_bytes(b"of the release before")
    version = long.version()
    assert vacuum(long, now=dt.datetime.now(dt.UTC) + 2 * HOUR).files == 1
    assert (long.version(), orphan.exists()) == (version, False)


def test_actions_that_a_kept_version_goes_with_are_kept(long: Lake) -> None:
    """At the moment when actions@2 was there and bars@4 was not, bars went with actions@1."""
    [moment] = [line.when for line in long.log() if line.version == "actions@2"]
    kept = vacuum(long, now=moment + 30 * DAY).kept
    assert (kept["bars"], kept["actions"]) == (3, 1)
    assert len(long.actions(version="bars@3 actions@1")) == 1


def test_a_vacuum_that_is_cut_short_is_made_good_by_the_next(
    long: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The versions say that they are gone before the first of their files is."""
    left = [1]
    remove = Location.remove

    def die(self: Location, name: str) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        remove(self, name)

    before = data_files(long)
    with monkeypatch.context() as patch:
        patch.setattr(Location, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            vacuum(long, keep_versions=1)
    assert len(before - data_files(long)) == 1
    with pytest.raises(LakeError, match="was vacuumed"):
        long.bars(version="bars@4 actions@2")
    report = verify_lake(long)
    assert (report.is_sound, {p.kind for p in report.problems}) == (True, {"orphan"})
    assert vacuum(long, keep_versions=1).files == 4
    assert verify_lake(long).problems == []


def test_a_merge_that_comes_in_between_is_kept(
    long: Lake, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It commits after the files were chosen: the choice is made again."""
    merged: list[Any] = []

    def late(snapshot: Any, **arguments: Any) -> int:
        if not merged:
            merged.append(Lake(long.location).merge(two_years))
        return commit_version(snapshot, **arguments)

    monkeypatch.setattr(module, "commit_version", late)
    vacuum(long, keep_versions=1)
    assert_frame_equal(long.bars(), two_years)
    assert verify_lake(long).is_sound


def test_merging_goes_on(long: Lake, two_years: pl.DataFrame) -> None:
    vacuum(long, keep_versions=1)
    long.merge(two_years)
    assert_frame_equal(long.bars(), two_years)
    assert long.table(BARS).snapshot().oldest == 5
    assert long.table(ACTIONS).snapshot().oldest == 2


@pytest.mark.parametrize(
    "keep", [{"keep_days": 0}, {"keep_versions": 0}, {"keep_days": 1, "keep_versions": 1}], ids=str
)
def test_something_must_be_kept(long: Lake, keep: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"keep at least|not both"):
        vacuum(long, **keep)


def test_a_place_that_cannot_be_written_to(
    tiny_disk: Path, remount: Remount, two_years: pl.DataFrame, age: Age
) -> None:
    lake = Lake.create(tiny_disk / "lake")
    for number in range(3):
        lake.merge(two_years.with_columns(close=pl.col("close") + 0.25 * number))
    age(lake, dt.datetime.now(dt.UTC) - 2 * HOUR)
    before = data_files(lake)
    remount("ro")
    assert vacuum(lake, keep_versions=1, dry_run=True).files == 4
    with pytest.raises(LakeError, match=r"Read-only file system.*the lake still reads bars@3"):
        vacuum(lake, keep_versions=1)
    assert data_files(lake) == before


@pytest.mark.slow
def test_a_full_disk_has_room_again(tiny_disk: Path, two_years: pl.DataFrame, age: Age) -> None:
    """The commit needs a page of its own: the last of the room goes to it."""
    lake = Lake.create(tiny_disk / "lake")
    changing = (two_years.with_columns(close=pl.col("close") + 0.25 * n) for n in range(99))
    with pytest.raises(LakeError, match="free some space"):
        list(map(lake.merge, changing))
    age(lake, dt.datetime.now(dt.UTC) - 2 * HOUR)
    wanted = lake.bars()
    freed = vacuum(lake, keep_versions=1)
    assert freed.files > 4
    assert_frame_equal(lake.bars(), wanted)
    lake.merge(two_years)
    assert_frame_equal(lake.bars(), two_years)
