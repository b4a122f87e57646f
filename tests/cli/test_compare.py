"""``stockstream compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


@pytest.fixture
def kept(stockstream: Stockstream, lake: Path, symbols: list[str]) -> list[str]:
    """Two kept runs of one strategy with different parameters."""
    given = ("--strategy", "RSIMeanReversion", "--lake", lake, "--runs", "runs", "--json")
    names = []
    for period in (7, 14):
        said = stockstream(
            "backtest", *given, "--symbols", symbols[0], "--param", f"period={period}"
        )
        names.append(said.document["run"])
    return names


def test_runs_side_by_side(stockstream: Stockstream, kept: list[str]) -> None:
    said = stockstream("compare", *kept, "--runs", "runs")
    assert said.code == 0
    for words in (*kept, "Sharpe", "parameters.period", "Correlation", "* the best of its line"):
        assert words in said.out
    assert "costs" not in said.out.partition("What differs")[2]


def test_as_a_document_and_a_page(
    stockstream: Stockstream, kept: list[str], tmp_path: Path
) -> None:
    said = stockstream("compare", *kept, "--runs", "runs", "--json", "--report", "c.html")
    document = said.document
    assert [run["run"] for run in document["runs"]] == kept
    assert document["differences"] == {"parameters.period": {kept[0]: 7, kept[1]: 14}}
    assert document["report"] == "c.html"
    assert (tmp_path / "c.html").is_file()


def test_what_cannot_be_compared(stockstream: Stockstream, kept: list[str]) -> None:
    one = stockstream("compare", kept[0], "--runs", "runs")
    assert (one.code, "nothing to compare" in one.err) == (2, True)
    twice = stockstream("compare", kept[0], kept[0], "--runs", "runs")
    assert (twice.code, "is given twice" in twice.err) == (2, True)
    none = stockstream("compare", kept[0], "r-nothing", "--runs", "runs")
    assert none.code == 1
    assert kept[1] in none.err
