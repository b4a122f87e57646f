"""A strategy of another package is known by its entry point, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
from stockstream.strategy import RuleStrategy, Signals

class Turtle(RuleStrategy):
    '''Buy the highest close of many days, sell the lowest of half as many.'''

    days: int = 20

    def rules(self, bars):
        return Signals(
            enter_long=bars.close >= bars.close.highest(self.days),
            exit_long=bars.close <= bars.close.lowest(self.days // 2),
        )
"""
ENTRY_POINTS = "[stockstream.strategies]\nTurtle = turtles.rules:Turtle\n"
METADATA = "Metadata-Version: 2.1\nName: turtles\nVersion: 1.0\n"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder as an installer leaves it."""
    folder = tmp_path / "site-packages"
    (folder / "turtles").mkdir(parents=True)
    (folder / "turtles" / "__init__.py").touch()
    (folder / "turtles" / "rules.py").write_text(MODULE)
    about = folder / "turtles-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA)
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


@pytest.mark.slow
def test_an_installed_strategy_runs_by_its_name(packages: Path, tmp_path: Path) -> None:
    place = str(simulated_lake().location)
    words = ("backtest", "--strategy", "turtle", "--lake", place, "--no-save", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "stockstream", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["config"]["strategy_class"] == "Turtle"
    assert document["config"]["parameters"] == {"days": 20}
    assert document["metrics"]["trades"] > 0
