"""Weeks of daily runs against a failing source, over HTTP; the whole year is a script."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stockstream.market.listings import read_listing
from stockstream.market.simulated import simulate_market

SCRIPT = Path(__file__).parents[1] / "scripts" / "replay_year.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("replay_year", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["replay_year"] = module
    spec.loader.exec_module(module)
    return module


def wrongs(script: Any, bars: pl.DataFrame, lists: Any, folder: Path, sessions: int) -> list[str]:
    year = script.make_year(bars, lists, folder / "market", sessions)
    runs = script.replay(year, folder / "lake", say=False)
    states = {summary.state for summary, _ in runs}
    assert "complete" in states or "partial" in states
    assert sum(len(faults) for _, faults in runs) > sessions
    found: list[str] = script.judge(year, folder / "lake", runs)
    return found


@pytest.mark.slow
def test_a_simulated_market(script: Any, tmp_path: Path, socket_enabled: None) -> None:
    bars = simulate_market(60, dt.date(2020, 12, 1), dt.date(2021, 6, 30), 7).bars
    assert wrongs(script, bars, None, tmp_path, 30) == []


@pytest.mark.slow
@pytest.mark.shared
def test_a_real_market(
    script: Any, tmp_path: Path, shared_data: Path, socket_enabled: None
) -> None:
    """Every sixth share of the ASX of 2021, with what really changed in its directory."""
    year = pl.col("date").is_between(dt.date(2020, 12, 1), dt.date(2021, 12, 31))
    bars = pl.read_parquet(shared_data / "asx_market_2019_2023.parquet").filter(year)
    some = bars["symbol"].unique().sort().gather_every(6)
    directory = shared_data / "asx-listings" / "markit-directory"
    names = ("2023-08-11T0516Z.csv", "2024-01-01T0850Z.csv")
    lists = tuple(read_listing((directory / name).read_bytes()).rows for name in names)
    codes = pl.col("symbol").is_in(some.str.strip_suffix(".AX").implode())
    kept = tuple(rows.filter(codes) for rows in lists)
    found = wrongs(script, bars.filter(pl.col("symbol").is_in(some.implode())), kept, tmp_path, 20)
    assert found == []
