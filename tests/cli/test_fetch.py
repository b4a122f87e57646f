"""``stockstream fetch``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

DAYS = ("--start", "2024-01-01", "--end", "2024-02-29")
SIMULATED = ("--provider", "simulated")
SMALL = ("fetch", *SIMULATED, "--companies", "3", *DAYS)


def test_into_the_lake(stockstream: Stockstream) -> None:
    said = stockstream(*SMALL, "--lake", "lake", "--json")
    assert said.code == 0
    assert said.document["symbols"] == 3
    assert Lake.open("lake").simulated
    assert "fetching from simulated, 2024-01-01 to 2024-02-29" in said.err


def test_as_raw_batches(stockstream: Stockstream, tmp_path: Path) -> None:
    said = stockstream(*SMALL, "--output", "data")
    assert said.code == 0
    file = tmp_path / "data" / "raw-data" / "2024-02-29-batch-0.parquet"
    assert f"wrote {file.relative_to(tmp_path)}" in said.out
    first = file.read_bytes()
    assert stockstream(*SMALL, "--output", "data").code == 0
    assert file.read_bytes() == first
    assert {"dividends", "splits", "batch_number"} <= set(pl.read_parquet(file).columns)


def test_symbols_from_a_file(stockstream: Stockstream, tmp_path: Path) -> None:
    stockstream(*SMALL, "--lake", "lake")
    known = Lake.open("lake").symbols()
    content = {"symbols": [known[0].removesuffix(".AX"), "BHP"], "market": "ASX"}
    (tmp_path / "symbols.json").write_text(json.dumps(content), encoding="utf-8")
    said = stockstream(*SMALL, "--config", "symbols.json", "--output", "data", "--json")
    assert said.code == 3
    assert [failure["name"] for failure in said.document["failures"]] == ["BHP.AX"]


def test_from_files(stockstream: Stockstream, tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(
        "symbol,date,open,high,low,close,volume\nBHP.AX,2024-01-02,10,11,9,10,1000\n",
        encoding="utf-8",
    )
    files = ("fetch", "--provider", "files", "--path", "bars.csv", *DAYS)
    said = stockstream(*files, "--symbols", "BHP", "--suffix", ".AX", "--lake", "lake", "--json")
    assert said.code == 0, said.err
    assert said.document["added"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--provider", "simulatd"], "did you mean 'simulated'"),
        (["--provider", "files"], "--path"),
        (["--lake", "a", "--output", "b"], "exclude each other"),
        (["--symbols", "A", "--config", "f"], "exclude each other"),
        (["--config", "nowhere.json"], "nowhere.json"),
        ([*SIMULATED, "--companies", "0"], "1 to"),
        ([*SIMULATED, "--start", "2024-02-01", "--end", "2024-01-01"], "swap"),
        ([], "give --symbols or --config"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_clear_line(
    stockstream: Stockstream, arguments: list[str], message: str
) -> None:
    said = stockstream("fetch", *arguments)
    assert said.code == 2
    (error,) = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert message in error


def test_nothing_that_came_is_an_error(stockstream: Stockstream) -> None:
    said = stockstream(*SMALL, "--symbols", "NOBODY", "--output", "data")
    assert said.code == 1
    assert "NOBODY: not among the 3 companies" in said.err
