"""An older data version as the latest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError, LakeError
from stockstream.lake import Lake
from stockstream.lake.maintenance import restore as module
from stockstream.lake.maintenance.restore import restore
from stockstream.lake.maintenance.verify import verify_lake
from stockstream.lake.tables import BARS
from stockstream.lake.transaction import commit_version

if TYPE_CHECKING:
    from tests.lake.conftest import Fill, MakeBars, Remount
    from tests.lake.maintenance.conftest import Damage

OLD = "bars@1 actions@1"


def test_bars_and_actions_come_back_together(grown: Lake) -> None:
    bars, actions = grown.bars(version=OLD), grown.actions(version=OLD)
    latest, files = grown.bars(), set(Path(grown.location.address).rglob("*.parquet"))
    assert restore(grown, OLD) == grown.version() == "bars@3 actions@3"
    assert_frame_equal(grown.bars(), bars)
    assert_frame_equal(grown.actions(), actions)
    assert_frame_equal(grown.bars(version="bars@2 actions@2"), latest)
    assert set(Path(grown.location.address).rglob("*.parquet")) == files, "no file was copied"
    assert [line.source for line in grown.log()[:2]] == [f"restore of {OLD}"] * 2
    assert verify_lake(grown, all_versions=True).is_sound


def test_there_and_back(grown: Lake, two_years: pl.DataFrame) -> None:
    latest, actions = grown.bars(), grown.actions()
    restore(grown, OLD)
    assert restore(grown, "bars@2 actions@2") == "bars@4 actions@4"
    assert_frame_equal(grown.bars(), latest)
    assert_frame_equal(grown.actions(), actions)
    grown.merge(two_years.with_columns(close=pl.col("close") + 1.0))
    assert len(grown.bars()) == 50


def test_the_empty_lake_of_the_beginning(grown: Lake) -> None:
    assert restore(grown, "bars@0 actions@0") == "bars@3 actions@3"
    assert (len(grown.bars()), len(grown.actions())) == (0, 0)


def test_what_is_the_latest_already_stays(grown: Lake) -> None:
    assert restore(grown, "bars@2 actions@2") == grown.version() == "bars@2 actions@2"


def test_bars_of_one_version_with_actions_of_another(grown: Lake) -> None:
    assert restore(grown, "bars@2 actions@1") == "bars@3 actions@3"
    assert (len(grown.bars()), len(grown.actions())) == (50, 1)


@pytest.mark.parametrize("how", ["deleted", "truncated"])
def test_a_version_whose_files_are_lost_is_refused(grown: Lake, damage: Damage, how: str) -> None:
    [file] = set(grown.table(BARS).snapshot(1).files) - set(grown.table(BARS).snapshot().files)
    damage(Path(grown.location.path(f"bars/{file.path}")), how)
    with pytest.raises(LakeError, match="the lake is damaged"):
        restore(grown, OLD)
    assert grown.version() == "bars@2 actions@2"


@pytest.mark.parametrize("version", ["bars@9 actions@0", "bars@1 actions@9"])
def test_a_version_that_never_was(grown: Lake, version: str) -> None:
    with pytest.raises(LakeError, match="there is no"):
        restore(grown, version)
    with pytest.raises(ConfigError, match="is no data version"):
        restore(grown, "yesterday")
    assert grown.version() == "bars@2 actions@2"


def test_a_writer_that_dies_in_between_changes_nothing_that_is_read(
    grown: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:

    def die(snapshot: Any, **arguments: Any) -> int:
        if snapshot.table.spec is BARS:
            raise KeyboardInterrupt
        return commit_version(snapshot, **arguments)

    latest, actions = grown.bars(), grown.actions()
    with monkeypatch.context() as patch:
        patch.setattr(module, "commit_version", die)
        with pytest.raises(KeyboardInterrupt):
            restore(grown, OLD)
    assert grown.version() == "bars@2 actions@2"
    assert_frame_equal(grown.bars(), latest)
    assert_frame_equal(grown.actions(), actions)
    assert restore(grown, OLD) == "bars@3 actions@3"


def test_a_merge_at_the_same_time_comes_before_or_after(
    grown: Lake, make_bars: MakeBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged: list[Any] = []

    def late(snapshot: Any, **arguments: Any) -> int:
        if snapshot.table.spec is BARS and not merged:
            merged.append(Lake(grown.location).merge(make_bars({"XYZ.AX": [1.0]})))
        return commit_version(snapshot, **arguments)

    old = grown.bars(version=OLD)
    monkeypatch.setattr(module, "commit_version", late)
    assert restore(grown, OLD) == "bars@4 actions@3"
    assert_frame_equal(grown.bars(), old)
    assert "XYZ.AX" in grown.symbols("bars@3 actions@3")


def test_a_place_that_cannot_be_written_to(
    tiny_disk: Path, remount: Remount, two_years: pl.DataFrame
) -> None:
    lake = Lake.create(tiny_disk / "lake")
    lake.merge(two_years)
    lake.merge(two_years.with_columns(close=pl.col("close") + 0.25))
    remount("ro")
    with pytest.raises(LakeError, match=r"Read-only file system.*the lake still reads bars@2"):
        restore(lake, "bars@1 actions@0")
    assert lake.version() == "bars@2 actions@0"


def test_a_full_disk(tiny_disk: Path, fill: Fill, two_years: pl.DataFrame) -> None:
    lake = Lake.create(tiny_disk / "lake")
    lake.merge(two_years)
    lake.merge(two_years.with_columns(close=pl.col("close") + 0.25))
    filled = fill()
    with pytest.raises(LakeError, match=r"No space left.*bars@2; free some space"):
        restore(lake, "bars@1 actions@0")
    filled.unlink()
    assert restore(lake, "bars@1 actions@0") == "bars@3 actions@0"
