"""Every CSV file that is written goes through the one function that makes formulas harmless."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import stockstream
from stockstream.app.parts.trades import trades_file
from stockstream.market.listings.day_list import DAY_LIST_SCHEMA, symbols_csv
from stockstream.market.table_file import write_table
from stockstream.report.trade_table import trade_csv

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Path(stockstream.__file__).parent
WRITES = re.compile(r"\b(write_csv|sink_csv|to_csv|csv\.writer|DictWriter)\(")
CELLS = ["=1+1", "+1;=2", "-1+1", "@A", "\t=1", "\r=1", "\n=1", " =1", "'=1", "A;=cmd|'/c'!A1"]


def test_no_writer_is_left_out() -> None:
    texts = {
        path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8")
        for path in SOURCE.rglob("*.py")
    }
    writers = {name: text for name, text in texts.items() if WRITES.search(text)}
    assert set(writers) == {
        "app/parts/trades.py",
        "market/listings/day_list.py",
        "market/table_file.py",
        "report/trade_table.py",
    }
    assert all("escape_formulas(" in text for text in writers.values())


def symbol_list(cells: list[str], folder: Path) -> str:
    rows = pl.DataFrame({"symbol": "A", "name": cells})
    return symbols_csv(pl.concat([DAY_LIST_SCHEMA.to_frame(), rows], how="diagonal"))


def trades(cells: list[str], folder: Path) -> str:
    return trade_csv(pl.DataFrame({"symbol": "A", "reason": cells, "pnl": -1.5}))[0]


def trades_of_the_page(cells: list[str], folder: Path) -> str:
    return trades_file(pl.DataFrame({"symbol": "A", "reason": cells, "pnl": -1.5})).decode()


def trials(cells: list[str], folder: Path) -> str:
    found = pl.DataFrame({"symbol": "A", "error": cells, "sharpe": -1.5})
    written = write_table(found, folder / "trials.csv", "the trials")
    return written.read_bytes().decode()


@pytest.mark.parametrize("write", [symbol_list, trades, trades_of_the_page, trials])
def test_no_cell_runs(write: Callable[[list[str], Path], str], tmp_path: Path) -> None:
    content = write(CELLS, tmp_path)
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert len(rows) == len(CELLS)
    for cell in (cell for row in rows for cell in row.values() if cell != "-1.5"):
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), cell
    assert not re.search(r"[;\r\n]\s*[=+@-](?!1\.5)", content)


@pytest.mark.parametrize("write", [trades, trials])
def test_numbers_stay_numbers(write: Callable[[list[str], Path], str], tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(write(["stop"], tmp_path), newline="")))
    assert rows[1] == ["A", "stop", "-1.5"]
