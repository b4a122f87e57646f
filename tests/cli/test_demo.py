"""``stockstream demo``: the two commands of a fresh machine begin here."""

from __future__ import annotations

import datetime as dt
import importlib
import shlex
from typing import TYPE_CHECKING

import pytest

from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

demo = importlib.import_module("stockstream.cli.demo")


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo on a market that is made in no time."""
    monkeypatch.setattr(demo, "COMPANIES", 12)
    monkeypatch.setattr(demo, "SYMBOLS", 4)
    monkeypatch.setattr(demo, "START", dt.date(2021, 1, 1))
    monkeypatch.setattr(demo, "END", dt.date(2023, 12, 31))
    monkeypatch.setattr(demo, "GRID", ("fast_period=5,10", "slow_period=20,40"))


@pytest.mark.usefixtures("_small")
def test_the_whole_house(stockstream: Stockstream, tmp_path: Path) -> None:
    said = stockstream("demo")
    assert said.code == 0, said.err
    for part in (
        "The market",
        "One backtest",
        "Total return",
        "One sweep",
        "Best points by deflated sharpe",
    ):
        assert part in said.out
    assert "a simulated market of 12 companies" in said.err
    assert Lake.open("data/demo/lake").simulated
    for name in ("tearsheet.html", "sweep.html"):
        page = (tmp_path / "data" / "demo" / name).read_text(encoding="utf-8")
        assert "MovingAverageCrossover" in page
    kept = sorted(path.name[:2] for path in (tmp_path / "data" / "demo" / "runs").glob("?-*"))
    assert kept == ["r-", "s-"]
    assert "app --lake data/demo/lake --runs data/demo/runs" in said.out


@pytest.mark.slow
@pytest.mark.usefixtures("_small")
def test_again_it_reuses_the_market_and_what_it_proposes_works(stockstream: Stockstream) -> None:
    first = stockstream("demo", "--json").document
    version = Lake.open("data/demo/lake").version()
    said = stockstream("demo", "--json")
    assert "is there already" in said.err
    assert Lake.open("data/demo/lake").version() == version
    assert said.document["backtest"] == first["backtest"]
    for line in said.document["next"]:
        if not line.startswith("verify"):  # compiles; it has its own tests
            assert stockstream(*shlex.split(line)).code == 0, line


@pytest.mark.usefixtures("_small")
def test_a_lake_that_was_left_half_made_is_filled(stockstream: Stockstream) -> None:
    Lake.create("data/demo/lake", calendar="XASX", simulated=True)
    assert stockstream("demo").code == 0
    assert len(Lake.open("data/demo/lake").symbols()) == 12


def test_real_bars_are_left_alone(stockstream: Stockstream) -> None:
    Lake.create("real", calendar="XASX")
    said = stockstream("demo", "--lake", "real")
    assert said.code == 2
    assert "real bars" in said.err
