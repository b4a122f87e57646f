"""What a repair brings back, what it gives up, and what it leaves alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from stockstream.errors import LakeError
from stockstream.lake import Lake
from stockstream.lake.log import entry_name
from stockstream.lake.maintenance import repair
from stockstream.lake.maintenance.repair import repair_lake
from stockstream.lake.maintenance.rescue import rescue
from stockstream.lake.maintenance.restore import restore
from stockstream.lake.maintenance.verify import verify_lake
from stockstream.lake.raw import RawZone
from stockstream.lake.tables import ACTIONS, BARS, FINDINGS

if TYPE_CHECKING:
    from tests.lake.conftest import Fill, MakeActions, MakeBars, Reject, Remount
    from tests.lake.maintenance.conftest import Age, Damage, FileOf

LAST = dt.date(2024, 1, 16)
NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
HOW = ["truncated", "deleted", "flipped"]


def contents(place: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def fetched(bars: pl.DataFrame, when: str = "2024-01-16T20:00:00+11:00") -> pl.DataFrame:
    return bars.with_columns(fetch_timestamp=pl.lit(when))


def test_nothing_to_repair(grown: Lake) -> None:
    before = contents(Path(grown.location.address))
    report = repair_lake(grown)
    assert (report.repairs, report.is_whole, report.version) == ([], True, "bars@2 actions@2")
    assert contents(Path(grown.location.address)) == before


@pytest.mark.parametrize("how", HOW)
def test_the_same_rows_of_an_older_version(
    grown: Lake, file_of: FileOf, damage: Damage, how: str, two_years: pl.DataFrame
) -> None:
    """The year was corrected and the correction taken back: the file before the last has it all."""
    wanted = grown.bars()
    grown.merge(two_years.with_columns(close=pl.col("close") + 7.0))
    grown.merge(wanted)
    damage(file_of(grown, BARS, 2024), how)
    damage(file_of(grown, BARS, 2023), how)
    report = repair_lake(grown)
    assert [done.what for done in report.repairs] == ["mended", "mended"]
    assert "came back from bars@2 and are in bars@5, value for value" in report.repairs[0].detail
    assert report.version == "bars@6 actions@2"
    assert_frame_equal(grown.bars(), wanted)
    assert verify_lake(grown).is_sound


def test_the_same_rows_with_other_values_are_not_taken_unasked(
    grown: Lake, file_of: FileOf, damage: Damage, two_years: pl.DataFrame
) -> None:
    """The older version knows nothing of the correction that is lost."""
    before = grown.bars()
    grown.merge(two_years.with_columns(close=pl.col("close") + 7.0))
    for year in (2023, 2024):
        damage(file_of(grown, BARS, year), "flipped")
    report = repair_lake(grown)
    assert [done.what for done in report.repairs] == ["left", "left"]
    assert "all are in bars@2, but perhaps not with their latest values" in report.repairs[0].detail
    assert report.version == "bars@3 actions@2"
    report = repair_lake(grown, accept_loss=True)
    assert [done.what for done in report.repairs] == ["gave_up", "gave_up"]
    assert_frame_equal(grown.bars(), before)


@pytest.mark.parametrize("how", HOW)
def test_the_raw_zone_has_what_the_older_version_lacks(
    grown: Lake, file_of: FileOf, damage: Damage, how: str
) -> None:
    zone, bars = RawZone(grown.location), grown.bars()
    better = pl.when(pl.col("date") > dt.date(2024, 1, 13)).then(pl.col("close") + 0.25)
    wanted = bars.with_columns(close=better.otherwise("close"))
    for number, symbol in enumerate(["BHP.AX", "CBA.AX"]):
        recent = wanted.filter(pl.col("symbol") == symbol, pl.col("date") > dt.date(2024, 1, 12))
        zone.write_batch(LAST, number, _now(recent))
    grown.merge(wanted)
    path = file_of(grown, BARS, 2024)
    damage(path, how)
    before = contents(Path(grown.location.path("bars")))
    report = repair_lake(grown)
    [done] = report.repairs
    assert (done.what, done.place) == ("mended", f"bars/year=2024/{path.name}")
    assert "bars@2 and the raw zone and are in bars@4, value for value" in done.detail
    assert_frame_equal(grown.bars(), wanted)
    assert grown.version() == report.version == "bars@4 actions@2"
    assert len(grown.actions()) == 2
    after = contents(Path(grown.location.path("bars")))
    assert before.items() <= after.items(), "what there was stays as it was"


def _now(bars: pl.DataFrame) -> pl.DataFrame:
    """Fetched after what was committed until now, and before what will be."""
    return bars.with_columns(fetch_timestamp=pl.lit(dt.datetime.now(dt.UTC).isoformat()))


@pytest.fixture
def alone(lake: Lake, two_years: pl.DataFrame, file_of: FileOf, damage: Damage) -> Lake:
    """One version, and its file of 2024 is damaged."""
    lake.merge(two_years)
    damage(file_of(lake, BARS, 2024), "truncated")
    return lake


def test_a_year_that_nobody_else_has_is_left_until_the_loss_is_accepted(
    alone: Lake, two_years: pl.DataFrame
) -> None:
    report = repair_lake(alone)
    [done] = report.repairs
    assert (done.what, report.is_whole, report.version) == ("left", False, "bars@1 actions@0")
    assert "of its 27 row(s), BHP.AX to CBA.AX, 2024-01-01 to 2024-01-16, 27" in done.detail
    assert "--accept-loss" in done.detail
    report = repair_lake(alone, accept_loss=True)
    assert ([r.what for r in report.repairs], report.is_whole) == (["gave_up"], True)
    assert_frame_equal(alone.bars(), two_years.filter(pl.col("date").dt.year() == 2023))
    assert verify_lake(alone).is_sound
    assert alone.merge(two_years).added == 27


def test_the_raw_zone_alone(alone: Lake, two_years: pl.DataFrame) -> None:
    """Batches of the sessions themselves and a later refetch; prices of the newest fetch count."""
    zone = RawZone(alone.location)
    early = two_years.with_columns(close=pl.col("close") + 0.25)
    zone.write_batch(dt.date(2024, 1, 5), 0, fetched(early, "2024-01-16T00:00:00+11:00"))
    zone.write_batch(dt.date(2024, 1, 5), 1, fetched(early, "2024-01-05T00:00:00Z"))
    zone.write_batch(LAST, 0, fetched(two_years, "2024-01-15T23:00:00Z"))
    [done] = repair_lake(alone).repairs
    assert done.what == "mended"
    assert "came back from nothing older and the raw zone" in done.detail
    assert_frame_equal(alone.bars(), two_years)


def test_what_the_lake_would_not_have_let_in_does_not_come_back(
    lake: Lake,
    make_bars: MakeBars,
    reject: Reject,
    file_of: FileOf,
    damage: Damage,
) -> None:
    good = make_bars({"A.AX": [1.0, 2.0]}, first=LAST)
    bad = make_bars({"B.AX": [9.0]}, first=LAST)
    lake.merge(good, quarantine=reject(bad))
    zone = RawZone(lake.location)
    broken = make_bars({"C.AX": [5.0]}, first=LAST).with_columns(low=pl.lit(None, pl.Float64))
    zone.write_batch(LAST, 0, fetched(pl.concat([good, bad, broken])))
    unfinished = make_bars({"D.AX": [5.0]}, first=LAST).with_columns(is_final=pl.lit(value=False))
    zone.write_batch(LAST, 1, fetched(unfinished))
    zone.write_batch(
        LAST, 2, fetched(make_bars({"E.AX": [5.0]}, first=LAST), "2999-01-01T00:00:00Z")
    )
    zone.write_batch(LAST, 3, make_bars({"F.AX": [5.0]}, first=LAST))
    damage(file_of(lake, BARS, 2024), "deleted")
    repair_lake(lake)
    assert_frame_equal(lake.bars(), good)


def test_a_known_adjusted_close_is_kept(
    grown: Lake, two_years: pl.DataFrame, file_of: FileOf, damage: Damage
) -> None:
    """A raw batch brings none of its own: it would go stale."""
    known = two_years.with_columns(adjusted_close=pl.col("close") * 0.9)
    grown.merge(known)
    better = known.with_columns(close=pl.col("close") + 0.25)
    RawZone(grown.location).write_batch(LAST, 0, _now(better.with_columns(adjusted_close=1.0)))
    grown.merge(better)
    damage(file_of(grown, BARS, 2024), "deleted")
    assert [done.what for done in repair_lake(grown).repairs] == ["mended"]
    assert_frame_equal(grown.bars(), better)


@pytest.mark.parametrize("how", HOW)
def test_a_table_that_is_not_by_year(
    grown: Lake, file_of: FileOf, damage: Damage, how: str
) -> None:
    damage(file_of(grown, ACTIONS), how)
    [done] = repair_lake(grown).repairs
    assert (done.what, "1 cannot be brought back from actions@1" in done.detail) == (
        "left",
        True,
    )
    report = repair_lake(grown, accept_loss=True)
    assert [r.what for r in report.repairs] == ["gave_up", "mended"]
    assert verify_lake(grown).is_sound
    assert report.version == "bars@3 actions@3"
    assert grown.actions()["symbol"].to_list() == ["BHP.AX"]


def test_only_old_left_over_files_go(grown: Lake, age: Age) -> None:
    place = Path(grown.location.address)
    names = [
        f"bars/year=2024/part-{1:032x}-{2:016x}.parquet",
        f"findings/part-{3:032x}.parquet",
        f"actions/_delta_log/{7:020}.json#1",
    ]
    before = contents(place)
    for name in names:
        (place / name).write_bytes(b"half")
    (place / "bars" / "notes.txt").write_text("mine")
    age(grown, NOW)
    assert repair_lake(grown, now=NOW + dt.timedelta(minutes=59)).repairs == []
    report = repair_lake(grown, now=NOW + dt.timedelta(minutes=61))
    assert {(done.what, done.place) for done in report.repairs} == {
        ("removed", name) for name in names
    }
    (place / "bars" / "notes.txt").unlink()
    assert contents(place) == before


@pytest.mark.parametrize("content", ["", '{"commitInfo":{"timest'], ids=["empty", "cut off"])
def test_a_last_commit_that_a_power_failure_cut_off(
    grown: Lake, two_years: pl.DataFrame, content: str
) -> None:
    wanted = grown.bars()
    Path(grown.location.path(f"bars/{entry_name(2)}")).write_text(content)
    [done, *_] = repair_lake(grown).repairs
    assert (done.what, "goes on with bars@1" in done.detail) == ("left", True)
    report = repair_lake(grown, accept_loss=True)
    assert (report.repairs[0].what, report.version) == ("gave_up", "bars@1 actions@1")
    aside = Path(grown.location.path(f"bars/{entry_name(2)}.damaged"))
    assert aside.read_text() == content
    assert verify_lake(grown).is_sound
    grown.merge(wanted)
    assert_frame_equal(grown.bars(), wanted)
    assert grown.version() == "bars@2 actions@2"


def test_a_lost_commit_of_actions(grown: Lake, make_actions: MakeActions) -> None:
    """The bars name it: until they go with another, nobody can read the lake."""
    Path(grown.location.path(f"actions/{entry_name(2)}")).write_text("")
    assert repair_lake(grown).version is None
    report = repair_lake(grown, accept_loss=True)
    assert [done.what for done in report.repairs] == ["gave_up", "gave_up"]
    assert report.version == grown.version() == "bars@3 actions@1"
    assert len(grown.actions()) == 1
    grown.merge(grown.bars(), make_actions(("CBA.AX", "2024-01-03", "split", 2.0)))
    assert grown.version() == "bars@4 actions@2"


def test_actions_that_are_gone_without_a_trace(grown: Lake) -> None:
    Path(grown.location.path(f"actions/{entry_name(2)}")).unlink()
    [done] = repair_lake(grown).repairs
    assert (done.what, "go with actions@2, which is gone" in done.detail) == ("left", True)
    assert repair_lake(grown, accept_loss=True).version == "bars@3 actions@1"


def test_a_log_that_nothing_helps(grown: Lake) -> None:
    """Every entry is whole, and yet no table comes of them."""
    first = Path(grown.location.path(f"findings/{entry_name(0)}"))
    lines = first.read_text().splitlines()
    first.write_text("\n".join(line for line in lines if "metaData" not in line))
    report = repair_lake(grown, accept_loss=True)
    assert [(done.what, report.is_whole) for done in report.repairs] == [("left", False)]


def test_a_file_that_somebody_replaced_meanwhile(
    grown: Lake, file_of: FileOf, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(file_of(grown, BARS, 2024), "flipped")

    def late(*arguments: Any) -> Any:
        restore(grown, "bars@1 actions@1")
        return rescue(*arguments)

    monkeypatch.setattr(repair, "rescue", late)
    repair_lake(grown, accept_loss=True)
    assert grown.version() == "bars@3 actions@3"


def test_a_damaged_checkpoint_costs_nothing(grown: Lake) -> None:
    DeltaTable(grown.location.path("bars")).create_checkpoint()
    [checkpoint] = Path(grown.location.path("bars/_delta_log")).glob("*.checkpoint.parquet")
    wanted = grown.bars()
    checkpoint.write_bytes(b"PAR1")
    [done] = repair_lake(grown).repairs
    assert (done.what, done.place) == ("mended", "bars/_delta_log")
    assert_frame_equal(grown.bars(), wanted)
    assert verify_lake(grown).is_sound


def test_a_damaged_entry_with_others_after_it_is_left(grown: Lake) -> None:
    Path(grown.location.path(f"bars/{entry_name(1)}")).write_text("{garbage")
    report = repair_lake(grown, accept_loss=True)
    assert (report.is_whole, report.version) == (False, None)
    [done] = report.repairs
    assert (done.what, "restore the folder from a copy" in done.detail) == ("left", True)


def test_a_small_table_without_a_past(
    lake: Lake, two_years: pl.DataFrame, file_of: FileOf, damage: Damage
) -> None:
    row = {"symbol": "BHP.AX", "date": LAST, "rule": "jump", "severity": "warning", "detail": "x"}
    lake.merge(two_years, findings=pl.DataFrame([row]))
    damage(file_of(lake, FINDINGS), "deleted")
    report = repair_lake(lake, accept_loss=True)
    assert [done.what for done in report.repairs] == ["gave_up"]
    assert lake.findings().is_empty()
    assert verify_lake(lake).is_sound


def test_a_place_that_cannot_be_written_to(
    tiny_disk: Path,
    remount: Remount,
    two_years: pl.DataFrame,
    file_of: FileOf,
    damage: Damage,
) -> None:
    lake = Lake.create(tiny_disk / "lake")
    lake.merge(two_years)
    lake.merge(two_years.with_columns(close=pl.col("close") + 0.25))
    damage(file_of(lake, BARS, 2024), "flipped")
    remount("ro")
    before = contents(tiny_disk)
    with pytest.raises(LakeError, match=r"Read-only file system.*the lake still reads bars@2"):
        repair_lake(lake, accept_loss=True)
    assert contents(tiny_disk) == before
    remount("rw")
    assert repair_lake(lake, accept_loss=True).is_whole


def test_a_full_disk(
    tiny_disk: Path, fill: Fill, two_years: pl.DataFrame, file_of: FileOf, damage: Damage
) -> None:
    lake = Lake.create(tiny_disk / "lake")
    lake.merge(two_years)
    lake.merge(two_years.with_columns(close=pl.col("close") + 0.25))
    damage(file_of(lake, BARS, 2024), "flipped")
    filled = fill()
    before = contents(tiny_disk / "lake")
    with pytest.raises(LakeError, match=r"No space left.*free some space"):
        repair_lake(lake, accept_loss=True)
    assert contents(tiny_disk / "lake") == before
    filled.unlink()
    assert repair_lake(lake, accept_loss=True).is_whole
