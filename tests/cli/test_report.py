"""``stockstream report``."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from stockstream.report.picture import BROWSERS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


@pytest.fixture
def kept(stockstream: Stockstream, lake: Path, symbols: list[str], tmp_path: Path) -> list[str]:
    """Two kept runs, the older one first."""
    names = []
    for place, symbol in enumerate(symbols[:2]):
        given = ("--strategy", "RSIMeanReversion", "--lake", lake, "--runs", "runs", "--json")
        run = stockstream("backtest", *given, "--symbols", symbol).document["run"]
        os.utime(tmp_path / "runs" / run / "result.json", (1e9 + place, 1e9 + place))
        names.append(run)
    return names


def test_the_latest_run(stockstream: Stockstream, kept: list[str], tmp_path: Path) -> None:
    said = stockstream("report", "--runs", "runs")
    assert said.code == 0
    assert said.out == f"{kept[1]}: runs/{kept[1]}/tearsheet.html\n"
    assert (tmp_path / "runs" / kept[1] / "tearsheet.html").is_file()


def test_a_run_by_its_name_or_folder(
    stockstream: Stockstream, kept: list[str], tmp_path: Path
) -> None:
    said = stockstream("report", kept[0], "--runs", "runs", "--output", "sheet.html", "--json")
    assert said.document["run"] == kept[0]
    assert said.document["report"] == "sheet.html"
    assert said.document["metrics"]["trades"] >= 0
    again = stockstream("report", tmp_path / "runs" / kept[0], "--output", "again.html")
    assert again.code == 0
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "sheet.html").read_bytes()


def test_runs_that_are_not_there(stockstream: Stockstream, kept: list[str]) -> None:
    said = stockstream("report", "r-nothing", "--runs", "runs")
    assert said.code == 1
    assert kept[0] in said.err
    none = stockstream("report", "--runs", "elsewhere")
    assert none.code == 1
    assert "no such run is kept in elsewhere" in none.err


@pytest.mark.browser
def test_a_picture(stockstream: Stockstream, kept: list[str], tmp_path: Path) -> None:
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no Chromium here: apt-get install chromium, or leave out -m browser")
    said = stockstream("report", kept[0], "--runs", "runs", "--png", "sheet.png", "--json")
    assert said.document["png"] == "sheet.png"
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_without_a_browser(stockstream: Stockstream, kept: list[str]) -> None:
    given = ("report", kept[0], "--runs", "runs", "--png", "sheet.png")
    said = stockstream(*given, "--browser", "no-such-browser")
    assert said.code == 1
    assert "no program 'no-such-browser' is installed here" in said.err
