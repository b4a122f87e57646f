"""``stockstream import``: nothing is lost, and what is wrong is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

HEADER = "symbol,date,open,high,low,close,volume\n"
GOOD = "BHP.AX,2024-01-02,10,11,9,10.5,1000\n"
BAD_ROWS = {
    "not_finite": "BHP.AX,2024-01-03,nan,11,9,10.5,1000\n",
    "not_positive": "BHP.AX,2024-01-03,-1,11,-2,10.5,1000\n",
    "high_below_low": "BHP.AX,2024-01-03,10,9,11,10,1000\n",
    "close_outside_range": "BHP.AX,2024-01-03,10,11,9,20,1000\n",
    "negative_volume": "BHP.AX,2024-01-03,10,11,9,10,-5\n",
    "not_a_session": "BHP.AX,2024-01-01,10,11,9,10,1000\n",
    "missing_symbol_or_date": ",2024-01-03,10,11,9,10,1000\n",
    "duplicate": "BHP.AX,2024-01-02,10,11,9,10.2,1000\n",
}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_an_import_in_numbers(stockstream: Stockstream, tmp_path: Path) -> None:
    file = write(tmp_path / "bars.csv", HEADER + GOOD)
    document = stockstream("import", file, "--lake", "lake", "--json").document
    assert (document["rows"], document["added"], document["symbols"]) == (1, 1, 1)
    assert document["calendar"].startswith("XASX")
    again = stockstream("import", file, "--lake", "lake")
    assert again.code == 0
    assert "bars unchanged     1" in again.out
    assert "bars@1 actions@0 -> bars@1 actions@0" in again.out


@pytest.mark.parametrize(("rule", "row"), BAD_ROWS.items())
def test_a_bad_row_is_set_aside_with_the_name_of_its_rule(
    stockstream: Stockstream, tmp_path: Path, rule: str, row: str
) -> None:
    file = write(tmp_path / "bars.csv", HEADER + row + GOOD)
    said = stockstream("import", file, "--lake", "lake")
    assert said.code == 3
    assert "1 row set aside" in said.out
    assert "stockstream lake quarantine --lake lake" in said.out
    listed = stockstream("lake", "quarantine", "--lake", "lake", "--json").document
    assert listed["rules"] == {rule: 1}
    assert listed["rows"][0]["source"] == "bars.csv"
    assert len(Lake.open("lake").bars()) == 1


def test_unsorted_rows_are_sorted(stockstream: Stockstream, tmp_path: Path) -> None:
    rows = [f"BHP.AX,2024-01-{day:02},10,11,9,10,1000\n" for day in (5, 3, 4, 2)]
    file = write(tmp_path / "bars.csv", HEADER + "".join(rows))
    assert stockstream("import", file, "--lake", "lake").code == 0
    assert Lake.open("lake").bars()["date"].is_sorted()


def test_files_that_cannot_be_read_stand_beside_those_that_can(
    stockstream: Stockstream, tmp_path: Path
) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    write(folder / "good.csv", HEADER + GOOD)
    write(folder / "page.csv", "<html><title>404 Not Found</title></html>")
    said = stockstream("import", folder, "--lake", "lake")
    assert said.code == 3
    assert "! not read: page.csv is a web page ('404 Not Found')" in said.out
    assert "bars added         1" in said.out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("page.csv", "<!DOCTYPE html><html></html>", "web page"),
        ("error.csv", '{"Error Message": "limit"}', "JSON or an error message"),
        ("empty.csv", "", "is empty"),
        ("short.csv", "symbol,date,open\nBHP,2024-01-02,1\n", "no column for"),
        ("text.csv", HEADER + "BHP.AX,2024-01-02,ten,11,9,10,1\n", "'ten'"),
        ("dates.csv", HEADER + "BHP.AX,01/02/2024,10,11,9,10,1\n", "day/month"),
        ("cut.parquet", "PAR1 and then nothing", "cut off"),
    ],
)
def test_a_file_that_is_no_table_of_bars_is_said_and_makes_no_lake(
    stockstream: Stockstream, tmp_path: Path, name: str, text: str, message: str
) -> None:
    said = stockstream("import", write(tmp_path / name, text), "--lake", "lake")
    assert said.code == 1
    assert message in said.err
    assert name in said.err
    assert not (tmp_path / "lake").exists()


def test_a_cut_off_parquet_file_is_said(stockstream: Stockstream, tmp_path: Path) -> None:
    file = tmp_path / "bars.parquet"
    pl.read_csv((HEADER + GOOD * 50).encode()).write_parquet(file)
    file.write_bytes(file.read_bytes()[:-40])
    said = stockstream("import", file, "--lake", "lake")
    assert said.code == 1
    assert "no whole Parquet file" in said.err


def test_a_wrong_column_type_is_said(stockstream: Stockstream, tmp_path: Path) -> None:
    file = tmp_path / "bars.parquet"
    frame = pl.read_csv((HEADER + GOOD).encode(), try_parse_dates=True)
    frame.with_columns(open=pl.lit(value=True)).write_parquet(file)
    said = stockstream("import", file, "--lake", "lake")
    assert said.code == 1
    assert "open column holds Boolean" in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "paths"),
        (["nothing.csv"], 2, "nothing.csv"),
        (["bars.csv", "--calendar", "XLON"], 2, "XNYS"),
        (["bars.csv", "--basis", "both"], 2, "split"),
        (["bars.csv", "--columns", "symbol,dat"], 2, "did you mean 'date'"),
        (["bars.csv", "--symbol", "BHP"], 2, "has a column of symbols"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_options_that_cannot_be_used(
    stockstream: Stockstream, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    write(tmp_path / "bars.csv", HEADER + GOOD)
    said = stockstream("import", *arguments, "--lake", "lake")
    assert said.code == code
    assert message in said.err


def test_a_lake_that_cannot_be_written_keeps_what_it_had(
    stockstream: Stockstream, tmp_path: Path
) -> None:
    write(tmp_path / "occupied", "a file where the lake should be")
    file = write(tmp_path / "bars.csv", HEADER + GOOD)
    said = stockstream("import", file, "--lake", "occupied")
    assert said.code == 1
    assert "--lake DIR" in said.err
    assert (tmp_path / "occupied").read_text(encoding="utf-8") == "a file where the lake should be"


@pytest.mark.shared
def test_the_real_dirt(stockstream: Stockstream, shared_data: Path) -> None:
    said = stockstream("import", shared_data / "raw-csv", "--lake", "lake", "--json")
    assert said.code == 3
    document = said.document
    assert len(document["failures"]) == 4
    assert sum(document["quarantined"].values()) > 0
    assert document["added"] + sum(document["quarantined"].values()) <= document["rows"]
