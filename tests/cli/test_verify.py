"""``stockstream verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

CENTRED = """
import polars as pl
from stockstream.strategy import Action, Strategy

class Centred(Strategy):
    def prepare(self, bars):
        return bars.with_columns(smooth=pl.col("close").rolling_mean(5, center=True))

    def on_data(self, date, symbol, data, portfolio):
        rising = data["smooth"] > data["close"]
        return Action.target_weight(1.0) if rising else Action.close()
"""


@pytest.mark.slow
def test_a_shipped_strategy_passes(
    stockstream: Stockstream, lake: Path, symbols: list[str]
) -> None:
    given = ("verify", "--strategy", "MovingAverageCrossover", "--lake", lake)
    said = stockstream(*given, "--symbols", symbols[0], "--cuts", "3")
    assert said.code == 0
    assert "ok   event and compiled engine agree" in said.out
    assert "verifying on" in said.err


def test_look_ahead_is_caught(
    stockstream: Stockstream, lake: Path, symbols: list[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(CENTRED, encoding="utf-8")
    given = ("verify", "--strategy", "mine.py", "--lake", lake, "--symbols", symbols[0])
    said = stockstream(*given, "--cuts", "3")
    assert said.code == 1
    assert "FAIL" in said.out
    assert "Do not believe the numbers" in said.out
    document = stockstream(*given, "--cuts", "3", "--json").document
    assert document["passed"] is False
    assert document["symbols"] == [symbols[0]]


def test_a_window_too_short_to_cut_is_said(
    stockstream: Stockstream, lake: Path, symbols: list[str]
) -> None:
    days = ("--start-date", "2021-12-30", "--end-date", "2021-12-31")
    given = ("verify", "--strategy", "RSIMeanReversion", "--lake", lake)
    said = stockstream(*given, *days, "--symbols", symbols[0])
    assert said.code == 1
    assert "choose a longer range" in said.err


def test_each_strategy_of_a_book_is_checked(
    stockstream: Stockstream, lake: Path, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "strategies.yaml").write_text(
        "books:\n  both: {MovingAverageCrossover: 0.5, RSIMeanReversion: 0.5}\n", encoding="utf-8"
    )
    asked = ("verify", "--strategy", "both", "--lake", lake, "--cuts", "1")
    said = stockstream(*asked)
    assert said.code == 0, said.err
    assert "MovingAverageCrossover(" in said.out
    assert "RSIMeanReversion(" in said.out
    found = stockstream(*asked, "--json").document
    assert (found["passed"], len(found["strategies"])) == (True, 2)
