"""The raw zone: written once, read whatever is there."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError, DataError, LakeError
from stockstream.lake.location import Location
from stockstream.lake.raw import RAW_SCHEMA, RawZone

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lake.conftest import MakeBars

SESSION = dt.date(2025, 12, 26)


@pytest.fixture
def batch(make_bars: MakeBars) -> pl.DataFrame:
    bars = make_bars({"CBA.AX": [100.0], "BHP.AX": [40.0]}, first=SESSION)
    return bars.with_columns(fetch_timestamp=pl.lit("2025-12-26T20:00:00+11:00"))


def test_a_batch_is_named_after_its_session(tmp_path: Path, batch: pl.DataFrame) -> None:
    zone = RawZone(tmp_path)
    assert zone.write_batch(SESSION, 3, batch) == "raw-data/2025-12-26-batch-3.parquet"
    [found] = zone.batches()
    assert (found.session, found.number) == (SESSION, 3)
    rows = zone.read([found]).rows
    assert rows.schema == RAW_SCHEMA
    assert rows["batch_number"].to_list() == [3, 3]
    assert rows["symbol"].to_list() == ["BHP.AX", "CBA.AX"]


def test_the_same_batch_again_is_the_same_bytes(tmp_path: Path, batch: pl.DataFrame) -> None:
    one, two = RawZone(tmp_path / "one"), RawZone(tmp_path / "two")
    name = one.write_batch(SESSION, 0, batch)
    one.write_batch(SESSION, 0, batch.reverse())
    two.write_batch(SESSION, 0, batch)
    assert one.location.read(name) == two.location.read(name)


def test_a_batch_is_never_changed(tmp_path: Path, batch: pl.DataFrame) -> None:
    zone = RawZone(tmp_path)
    name = zone.write_batch(SESSION, 0, batch)
    content = zone.location.read(name)
    with pytest.raises(LakeError, match=r"exists with other content.*next free batch number"):
        zone.write_batch(SESSION, 0, batch.with_columns(close=pl.col("close") + 1))
    assert zone.location.read(name) == content


def test_a_batch_without_a_needed_column_is_refused(tmp_path: Path, batch: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="close"):
        RawZone(tmp_path).write_batch(SESSION, 0, batch.drop("close"))
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_not_batches(tmp_path: Path, batch: pl.DataFrame) -> None:
    zone = RawZone(tmp_path)
    zone.write_batch(SESSION, 0, batch)
    for name in ("notes.txt", "2025-13-40-batch-0.parquet", "2025-12-26-batch-x.parquet"):
        (tmp_path / "raw-data" / name).write_text("x")
    assert [found.number for found in zone.batches()] == [0]
    assert RawZone(tmp_path / "nowhere").batches() == []


def test_batches_between_two_sessions(tmp_path: Path, batch: pl.DataFrame) -> None:
    zone = RawZone(tmp_path)
    for day in (24, 26, 29):
        for number in (10, 2):
            zone.write_batch(dt.date(2025, 12, day), number, batch)
    found = zone.batches(dt.date(2025, 12, 25), dt.date(2025, 12, 29))
    assert [(b.session.day, b.number) for b in found] == [(26, 2), (26, 10), (29, 2), (29, 10)]
    assert [b.session.day for b in zone.batches(end=dt.date(2025, 12, 24))] == [24, 24]


def test_older_layouts_are_read_and_bad_files_are_failures(
    tmp_path: Path, batch: pl.DataFrame
) -> None:
    zone = RawZone(tmp_path)
    zone.write_batch(SESSION, 0, batch)
    folder = tmp_path / "raw-data"
    documented = batch.select("symbol", "date", "open", "high", "low", "close", "volume")
    documented.write_parquet(folder / "2025-12-26-batch-1.parquet")
    (folder / "2025-12-26-batch-2.parquet").write_bytes(b"")
    whole = (folder / "2025-12-26-batch-0.parquet").read_bytes()
    (folder / "2025-12-26-batch-3.parquet").write_bytes(whole[: len(whole) // 2])
    documented.drop("open").write_parquet(folder / "2025-12-26-batch-4.parquet")
    documented.with_columns(close=pl.lit("dear")).write_parquet(
        folder / "2025-12-26-batch-5.parquet"
    )
    read = zone.read(zone.batches(), [pl.col("symbol") == "BHP.AX"])
    assert read.rows["batch_number"].to_list() == [0, 1]
    assert list(read.failures) == [f"raw-data/2025-12-26-batch-{n}.parquet" for n in (2, 3, 4, 5)]
    reasons = list(read.failures.values())
    assert "open" in reasons[2]
    assert "'dear'" in reasons[3]


def test_locations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(Location.of("lake")) == str(tmp_path / "lake")
    assert str(Location.of(f"file://{tmp_path}/lake")) == str(tmp_path / "lake")
    assert str(Location.of("s3://bucket/lake/")) == "s3://bucket/lake"
    assert not Location.of("s3://bucket/lake").is_local
    here = Location.of("lake")
    assert Location.of(here) is here
    assert here.create("a/b", b"1")
    assert not here.create("a/b", b"2")
    assert here.read("a/b") == b"1"
    assert [file.name for file in here.files()] == ["a/b"]
    here.delete("a/b")
    here.delete("a/b")
    assert list(here.files("a")) == []


def test_reading_gives_back_what_was_written(tmp_path: Path, batch: pl.DataFrame) -> None:
    zone = RawZone(tmp_path, prefix="elsewhere/")
    full = batch.with_columns(
        is_final=pl.lit(value=True),
        dividends=pl.lit(0.5),
        splits=pl.lit(None, pl.Float64),
        batch_number=pl.lit(0, pl.Int32),
    )
    zone.write_batch(SESSION, 0, full)
    assert_frame_equal(zone.read(zone.batches()).rows, full.select(RAW_SCHEMA.names()))


def test_rows_without_prices_are_kept(tmp_path: Path, batch: pl.DataFrame) -> None:
    none = {name: pl.lit(None, RAW_SCHEMA[name]) for name in ("open", "high", "low", "close")}
    event = batch.with_columns(**none, volume=pl.lit(None, pl.Int64), dividends=pl.lit(0.5))
    zone = RawZone(tmp_path)
    zone.write_batch(SESSION, 0, event)
    rows = zone.read(zone.batches()).rows
    assert rows["dividends"].to_list() == [0.5, 0.5]
    assert rows.select("close", "volume").null_count().row(0) == (2, 2)


def test_a_batch_is_found_by_its_number(tmp_path: Path, batch: pl.DataFrame) -> None:
    zone = RawZone(tmp_path / "new")
    assert zone.find(SESSION, 0) is None
    assert zone.next_number(SESSION) == 0
    for number in (0, 2, 10):
        zone.write_batch(SESSION, number, batch)
    zone.write_batch(dt.date(2025, 12, 24), 30, batch)
    assert zone.find(SESSION, 10) == zone.batches(SESSION, SESSION)[2]
    assert zone.find(SESSION, 1) is None
    assert zone.next_number(SESSION) == 11
    with pytest.raises(ConfigError, match="batch -1 cannot be"):
        zone.write_batch(SESSION, -1, batch)


def test_notes_are_part_of_the_file(tmp_path: Path, batch: pl.DataFrame) -> None:
    one, two = RawZone(tmp_path / "one"), RawZone(tmp_path / "two")
    notes = {"symbols_failed": ["XYZ", "\u00c4BC"], "execution_time": 215.3, "nothing": None}
    name = one.write_batch(SESSION, 0, batch, notes)
    two.write_batch(SESSION, 0, batch, dict(reversed(notes.items())))
    assert one.location.read(name) == two.location.read(name)
    [found] = one.batches()
    assert one.notes(found) == notes
    assert_frame_equal(one.read([found]).rows, one.read(one.batches()).rows)
    with pytest.raises(LakeError, match="exists with other content"):
        one.write_batch(SESSION, 0, batch, {**notes, "execution_time": 1.0})
    one.write_batch(SESSION, 1, batch)
    assert one.notes(one.batches()[1]) == {}


def test_notes_may_be_long(tmp_path: Path, batch: pl.DataFrame) -> None:
    zone = RawZone(tmp_path)
    notes = {"failures": ["x" * 100] * 2_000}
    zone.write_batch(SESSION, 0, batch, notes)
    assert zone.notes(zone.batches()[0]) == notes


@pytest.mark.parametrize("content", [b"", b"PAR1", b"<html>not found</html>", b"PAR1" * 9])
def test_notes_of_a_damaged_file(tmp_path: Path, batch: pl.DataFrame, content: bytes) -> None:
    zone = RawZone(tmp_path)
    name = zone.write_batch(SESSION, 0, batch)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LakeError, match=r"batch-0\.parquet: .*; fetch the batch again"):
        zone.notes(zone.batches()[0])


@pytest.mark.parametrize(
    "symbol",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "a/b",
        "..",
        "CON",
        "A\\B",
        "x\0y",
        "A#1",
        "\u202eXA",
        "",
    ],
)
def test_no_symbol_becomes_a_path(tmp_path: Path, make_bars: MakeBars, symbol: str) -> None:
    zone = RawZone(tmp_path / "lake")
    zone.write_batch(SESSION, 0, make_bars({symbol: [1.0]}, first=SESSION), {"failed": [symbol]})
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found == [tmp_path / "lake" / "raw-data" / "2025-12-26-batch-0.parquet"]
    assert zone.read(zone.batches()).rows["symbol"].to_list() == [symbol]
    assert zone.notes(zone.batches()[0]) == {"failed": [symbol]}


@pytest.mark.parametrize("prefix", ["..", "../up", "a/../../b", "a//b", "."])
def test_no_prefix_leads_out(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(ConfigError, match="is not a folder below"):
        RawZone(tmp_path, prefix)


def test_batches_may_lie_at_the_top(tmp_path: Path, batch: pl.DataFrame) -> None:
    zone = RawZone(tmp_path, "")
    assert zone.write_batch(SESSION, 0, batch) == "2025-12-26-batch-0.parquet"
    assert zone.find(SESSION, 0) == zone.batches()[0]
