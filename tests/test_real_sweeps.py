"""The sweeps on real markets, small; scripts/real_sweeps.py runs them whole."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "real_sweeps.py"

pytestmark = [pytest.mark.shared, pytest.mark.slow]


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("real_sweeps", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["real_sweeps"] = module
    spec.loader.exec_module(module)
    return module


def test_a_market_swept_by_workers_that_are_killed(
    script: Any, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.market(shared_data, tmp_path, combinations=1000, symbols=60, kills=2)
    said = capsys.readouterr().out
    assert "1,000 points x 60 pieces = 60,000 trials" in said
    assert said.count("kill -9 of") == 2
    assert "the same bytes" in said


def test_a_book_that_shares_its_cash(script: Any, shared_data: Path, tmp_path: Path) -> None:
    assert script.book(shared_data, tmp_path, combinations=100, symbols=20, kills=0)


def test_momentum_walked_forward(
    script: Any, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.walk(shared_data, tmp_path, combinations=40, symbols=12, kills=0)
    assert "15 folds" in capsys.readouterr().out
