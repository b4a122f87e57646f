"""``stockstream reproduce``: a kept run made again."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.lake.store import Lake
from stockstream.market.bars import BAR_SCHEMA
from stockstream.market.check import check_bars

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

MINE = """
from stockstream.strategy import RuleStrategy, Signals, sma


class Mine(RuleStrategy):
    def rules(self, bars):
        fast, slow = sma(bars.close, {fast}), sma(bars.close, 20)
        return Signals(enter_long=fast.crosses_above(slow), exit_long=fast.crosses_below(slow))
"""


@pytest.fixture
def own(lake: Path, tmp_path: Path) -> Path:
    """A lake that this test may change."""
    return shutil.copytree(lake, tmp_path / "own")


def run(stockstream: Stockstream, lake: Path, strategy: str) -> str:
    done = stockstream(
        "backtest", "--strategy", strategy, "--lake", lake, "--runs", "runs", "--json"
    )
    assert done.code == 0, done.err
    name: str = done.document["run"]
    return name


def test_a_run_is_the_same_again(stockstream: Stockstream, own: Path) -> None:
    name = run(stockstream, own, "RSIMeanReversion")
    said = stockstream("reproduce", name, "--runs", "runs", "--lake", own)
    assert said.code == 0, said.err
    assert said.out.startswith(f"{name}: the same, to the last bit\n")
    found = stockstream("reproduce", "--runs", "runs", "--lake", own, "--json").document
    assert found == {"run": name, "same": True, "differences": [], "changed": []}


def test_it_reads_the_data_as_it_was(stockstream: Stockstream, own: Path) -> None:
    name = run(stockstream, own, "RSIMeanReversion")
    lake = Lake.open(own)
    last = lake.bars(lake.symbols()[:1]).tail(1)
    later = last.with_columns(pl.col("date").dt.offset_by("3d"))
    lake.merge(check_bars(later.select(BAR_SCHEMA.names()), calendar=None).bars)
    assert run(stockstream, own, "RSIMeanReversion") != name
    said = stockstream("reproduce", name, "--runs", "runs", "--lake", own)
    assert said.code == 0, said.out


def test_what_differs_is_said_and_exits_with_1(
    stockstream: Stockstream, own: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE.format(fast=5), encoding="utf-8")
    name = run(stockstream, own, f"{file}:Mine")
    file.write_text(MINE.format(fast=6), encoding="utf-8")
    said = stockstream("reproduce", name, "--runs", "runs", "--lake", own)
    assert said.code == 1
    assert f"{name}: NOT the same" in said.out
    assert "equity: differs on" in said.out
    assert "another now: the code" in said.out


def test_a_kept_number_that_was_tampered_with(
    stockstream: Stockstream, own: Path, tmp_path: Path
) -> None:
    name = run(stockstream, own, "RSIMeanReversion")
    path = tmp_path / "runs" / name / "result.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["metrics"]["sharpe"] = 3.0
    path.write_text(json.dumps(kept), encoding="utf-8")
    found = stockstream("reproduce", name, "--runs", "runs", "--lake", own, "--json")
    assert found.code == 1
    [difference] = found.document["differences"]
    assert difference.startswith("sharpe: 3.0 was kept, ")
