"""What a verification finds, and what it does not mind."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from deltalake import DeltaTable

from stockstream.lake import Lake
from stockstream.lake.commit import commit_rows
from stockstream.lake.location import Location
from stockstream.lake.log import entry_name
from stockstream.lake.maintenance.verify import verify_lake
from stockstream.lake.raw import RawZone
from stockstream.lake.tables import ACTIONS, BARS, FACTORS, HEALTH, QUARANTINE
from stockstream.lake.transaction import commit_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lake.conftest import MakeActions, Remount
    from tests.lake.maintenance.conftest import Damage, FileOf

    from stockstream.lake.tables import TableSpec

    Change = Callable[[pl.DataFrame], pl.DataFrame]

DAMAGE = {"truncated": "cut_off", "deleted": "missing", "flipped": "changed"}


def test_a_sound_lake(grown: Lake) -> None:
    report = verify_lake(grown)
    assert (report.is_sound, report.problems, report.scope) == (True, [], "latest")
    assert (report.files, report.rows) == (4, 50 + 2 + 1)
    assert report.size == grown.info().size
    everything = verify_lake(grown, all_versions=True)
    assert (everything.is_sound, everything.files) == (True, 6)


@pytest.mark.parametrize("spec", [BARS, ACTIONS, QUARANTINE], ids=lambda spec: spec.name)
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file(
    grown: Lake, file_of: FileOf, damage: Damage, how: str, spec: TableSpec
) -> None:
    path = file_of(grown, spec, 2024 if spec is BARS else None)
    damage(path, how)
    report = verify_lake(grown)
    assert not report.is_sound
    [problem] = report.problems
    assert (problem.severity, problem.kind) == ("error", DAMAGE[how])
    assert Path(grown.location.path(problem.place)) == path
    assert "stockstream lake repair" in problem.advice


def test_a_file_that_cannot_be_read(grown: Lake, file_of: FileOf) -> None:
    path = file_of(grown, ACTIONS)
    path.unlink()
    path.mkdir()
    assert [problem.kind for problem in verify_lake(grown).problems] == ["unreadable"]


def test_a_file_without_a_digest_must_still_be_parquet(grown: Lake, file_of: FileOf) -> None:
    """As the release before named its files."""
    path = file_of(grown, BARS, 2023)
    plain = path.with_name(f"part-{0:032x}.parquet")
    path.rename(plain)
    for entry in Path(grown.location.path("bars/_delta_log")).iterdir():
        entry.write_text(entry.read_text().replace(path.name, plain.name))
    assert verify_lake(grown).is_sound
    plain.write_bytes(bytes(plain.stat().st_size))
    assert [problem.kind for problem in verify_lake(grown).problems] == ["unreadable"]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("unsorted", lambda rows: rows.reverse()),
        ("repeated", lambda rows: pl.concat([rows, rows.head(1)]).sort(BARS.key)),
        ("year", lambda rows: rows.with_columns(pl.col("date").dt.offset_by("1y"))),
        ("values", lambda rows: rows.with_columns(low=pl.lit(-1.0))),
        ("values", lambda rows: rows.with_columns(close=pl.lit(float("nan")))),
        ("columns", lambda rows: rows.drop("basis")),
    ],
    ids=["unsorted", "repeated", "year", "negative", "nan", "columns"],
)
def test_rows_that_should_never_have_been_written(
    grown: Lake, two_years: pl.DataFrame, kind: str, change: Change
) -> None:
    snapshot = grown.table(BARS).snapshot()
    [old] = [file for file in snapshot.files if file.year == 2024]
    rows = change(two_years.filter(pl.col("date").dt.year() == 2024))
    commit_version(snapshot, parts=[(2024, rows)], dropped=[old], said={"source": "a bug"})
    assert [problem.kind for problem in verify_lake(grown).problems] == [kind]


def test_actions_that_make_no_sense(grown: Lake) -> None:
    snapshot = grown.table(ACTIONS).snapshot()
    rows = grown.actions().with_columns(value=pl.lit(-1.0))
    commit_version(snapshot, parts=[(None, rows)], dropped=snapshot.files, said={"source": "a bug"})
    [problem] = verify_lake(grown).problems
    assert (problem.kind, "positive value" in problem.detail) == ("values", True)


def test_a_log_that_counts_other_rows(grown: Lake) -> None:
    entry = Path(grown.location.path(f"bars/{entry_name(2)}"))
    entry.write_text(entry.read_text().replace('\\"numRecords\\": ', '\\"numRecords\\": 1'))
    assert "statistics" in {problem.kind for problem in verify_lake(grown).problems}


def test_left_over_files_are_listed_and_do_no_harm(grown: Lake) -> None:
    place = Path(grown.location.address)
    names = [
        f"bars/year=2024/part-{1:032x}-{2:016x}.parquet",
        f"actions/_delta_log/{7:020}.json#1",
        "raw-data/2024-01-02-batch-0.parquet#12345",
    ]
    for name in names:
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(b"half")
    (place / "bars" / "notes.txt").write_text("a reader's own file is none of our business")
    report = verify_lake(grown)
    assert report.is_sound
    found = {problem.place: (problem.severity, problem.kind) for problem in report.problems}
    kinds = ("orphan", "draft", "draft")
    assert found == {n: ("warning", kind) for n, kind in zip(names, kinds, strict=True)}


def test_a_raw_batch_that_cannot_be_read(grown: Lake, two_years: pl.DataFrame) -> None:
    session = dt.date(2024, 1, 16)
    zone = RawZone(grown.location)
    for number in range(2):
        zone.write_batch(session, number, two_years)
    assert verify_lake(grown).raw_batches == 2
    path = Path(grown.location.path("raw-data/2024-01-16-batch-1.parquet"))
    path.write_bytes(path.read_bytes()[:-20])
    report = verify_lake(grown)
    [problem] = report.problems
    assert (report.is_sound, problem.kind) == (False, "raw")
    assert problem.place == "raw-data/2024-01-16-batch-1.parquet"


@pytest.mark.parametrize("content", ["", '{"commitInfo":{"timest'], ids=["empty", "cut off"])
def test_a_log_whose_last_entry_was_cut_off(grown: Lake, content: str) -> None:
    """An empty entry opens without an error: only a verification sees that a commit is gone."""
    Path(grown.location.path(f"actions/{entry_name(2)}")).write_text(content)
    report = verify_lake(grown)
    assert not report.is_sound
    assert "log" in {problem.kind for problem in report.problems}


def test_a_log_with_a_hole(grown: Lake) -> None:
    Path(grown.location.path(f"bars/{entry_name(1)}")).unlink()
    [problem] = verify_lake(grown).problems
    assert (problem.severity, problem.kind, problem.place) == ("error", "log", "bars/_delta_log")


def test_a_checkpoint_that_is_damaged(grown: Lake) -> None:
    DeltaTable(grown.location.path("bars")).create_checkpoint()
    assert verify_lake(grown).is_sound
    [checkpoint] = Path(grown.location.path("bars/_delta_log")).glob("*.checkpoint.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    assert [problem.kind for problem in verify_lake(grown).problems] == ["log"]


def test_bars_that_go_with_actions_that_are_gone(grown: Lake) -> None:
    Path(grown.location.path(f"actions/{entry_name(2)}")).unlink()
    problem, orphan = verify_lake(grown).problems
    assert (problem.kind, "actions@2" in problem.detail) == ("pair", True)
    assert orphan.kind == "orphan"


def test_actions_that_are_published_count_if_there_are_newer_ones(
    grown: Lake, file_of: FileOf, damage: Damage, make_actions: MakeActions
) -> None:
    """A writer died between its two commits: readers are still on the pair before."""
    path = file_of(grown, ACTIONS)
    more = make_actions(("CBA.AX", "2024-01-04", "dividend", 2.0))
    commit_rows(grown.table(ACTIONS), more, source="died")
    assert verify_lake(grown).is_sound
    damage(path, "flipped")
    assert [problem.kind for problem in verify_lake(grown).problems] == ["changed"]


def test_an_old_version_counts_if_all_are_asked_for(grown: Lake, damage: Damage) -> None:
    [old] = [
        file
        for file in grown.table(BARS).snapshot(1).files
        if file not in grown.table(BARS).snapshot().files
    ]
    damage(Path(grown.location.path(f"bars/{old.path}")), "deleted")
    assert verify_lake(grown).is_sound
    [problem] = verify_lake(grown, all_versions=True).problems
    assert (problem.kind, "latest version does not need it" in problem.advice) == ("missing", True)


def test_every_table_is_verified(grown: Lake, file_of: FileOf, damage: Damage) -> None:
    grown.record_health(
        pl.DataFrame([{"date": dt.date(2024, 1, 2), "run": "r", "level": "info", "kind": "k"}])
    )
    row = {"symbol": "A", "date": dt.date(2024, 1, 2), "name": "debt", "value": 1.0}
    grown.add_factors(pl.DataFrame([row]), "f")
    grown.record_universe(pl.DataFrame([{"symbol": "A", "valid_from": dt.date(2024, 1, 2)}]), "u")
    assert verify_lake(grown).files == 7
    for spec in (HEALTH, FACTORS):
        damage(file_of(grown, spec, 2024), "flipped")
    assert [problem.kind for problem in verify_lake(grown).problems] == ["changed", "changed"]


def test_a_lake_that_cannot_be_written_to(
    tiny_disk: Path, remount: Remount, two_years: pl.DataFrame
) -> None:
    Lake.create(tiny_disk / "lake").merge(two_years)
    remount("ro")
    assert verify_lake(Lake(tiny_disk / "lake")).is_sound


def test_a_report_as_a_document(grown: Lake, file_of: FileOf, damage: Damage) -> None:
    damage(file_of(grown, ACTIONS), "deleted")
    document = json.loads(json.dumps(verify_lake(grown).as_dict()))
    assert document["sound"] is False
    assert document["problems"][0]["kind"] == "missing"
    assert document["address"] == str(Location.of(grown.location))
