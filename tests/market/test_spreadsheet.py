"""CSV cells that no spreadsheet runs, and that read back as they were."""

from __future__ import annotations

import csv
import io
import re
from itertools import product

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.market.spreadsheet import escape_formulas, restore_formulas

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
SIGNS = ("=", "+", "-", "@")
LIVE = (*SIGNS, "\t", "\r", "\n")

# texts that look like formulas are rare among all texts, so half of these start like one
TEXTS = st.builds(
    str.__add__,
    st.text("='+-@;\t\r\n\" \N{NO-BREAK SPACE}", max_size=5),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)


def demand_harmless(texts: list[str | None]) -> None:
    """Every cell reads back as it was, and none runs, wherever a spreadsheet cuts."""
    frame = pl.DataFrame({"symbol": "A", "text": pl.Series(texts, dtype=pl.String)})
    content = escape_formulas(frame).write_csv()
    back = restore_formulas(pl.read_csv(content.encode(), infer_schema=False))
    assert_frame_equal(back, frame)
    for row in csv.reader(io.StringIO(content, newline="")):
        cell = row[1].lstrip(" ")
        assert not cell.startswith(LIVE) or NUMBER.fullmatch(cell), cell
    for cell in re.split(r"[;\t\r\n]", content):  # as where commas are decimal signs
        assert not cell.lstrip(' "\v\N{NO-BREAK SPACE}').startswith(SIGNS), cell


@given(st.lists(st.none() | TEXTS.filter(bool), min_size=1, max_size=8))
@example(["'", "''", "'=", "' =", " =", "-", "--", "-1", "'-1", "+1e5", "-1.", "=\r\n", '"=1"'])
@example([";=", "a;'=", "=;=", "'=;'=", ";;=", ";\t=", "\n\n-", ';"=', "1;-2", ";\v="])
def test_every_text_reads_back_and_none_runs(texts: list[str | None]) -> None:
    demand_harmless(texts)


def test_all_short_texts_of_the_signs_that_matter() -> None:
    signs = "='-;\t\n\" 1A"
    texts = ["".join(cell) for size in (1, 2, 3, 4) for cell in product(signs, repeat=size)]
    assert len(texts) == 11_110
    demand_harmless([*texts])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1+1", "' =1+1"),
        ("'=1+1", "''=1+1"),
        ("\N{FULLWIDTH EQUALS SIGN}1", "'\N{FULLWIDTH EQUALS SIGN}1"),
        ("-1.5", "-1.5"),
        ("-1.5x", "'-1.5x"),
        ("O'NEIL = SONS", "O'NEIL = SONS"),
        ("A;=1+1;-2", "A;'=1+1;'-2"),
        ("A; B", "A; B"),
    ],
)
def test_what_is_written(text: str, written: str) -> None:
    assert escape_formulas(pl.DataFrame({"text": [text]}))["text"].to_list() == [written]


def test_columns_of_numbers_are_left_alone() -> None:
    frame = pl.DataFrame({"pnl": [-1.5, None], "bars": [-3, 4]})
    assert_frame_equal(escape_formulas(frame), frame)
    assert escape_formulas(frame).write_csv() == "pnl,bars\n-1.5,-3\n,4\n"
