"""A simulated market with kept runs, and pages that show them."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import pytest
from streamlit.testing.v1 import AppTest

from stockstream.backtest.archive import save_result
from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.run import run_backtest
from stockstream.lake.store import Lake
from stockstream.study.plan import plan_study
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_study
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from pathlib import Path

Show: TypeAlias = Callable[..., AppTest]

GRID = {"fast_period": (5, 10, 15, 20), "slow_period": (30, 40, 50, 60, 70)}
TERMS = {
    "strategy_class": "MovingAverageCrossover",
    "start_date": dt.date(2018, 6, 1),
    "end_date": dt.date(2021, 12, 31),
    "costs": Costs(commission_bps=10, slippage_bps=5),
}


class There(NamedTuple):
    """What there is to show.

    Attributes:
        lake: its folder.
        runs: the folder of runs.
        point: a backtest that is a point of both studies.
        other: a backtest that is a point of none.
        idle: a backtest that never traded.
        held_out: a study with days that no choice has seen.
        walk: a study of windows.
        apart: a study symbol by symbol, some of whose trials failed.
        planned: a study of which nothing has run.
    """

    lake: Path
    runs: Path
    point: str
    other: str
    idle: str
    held_out: str
    walk: str
    apart: str
    planned: str


@pytest.fixture(scope="session")
def there(tmp_path_factory: pytest.TempPathFactory) -> There:
    """Runs of a small market; tasks may write into their folders."""
    folder = tmp_path_factory.mktemp("there")
    shutil.copytree(str(simulated_lake().location), folder / "lake")
    lake, runs = Lake.open(folder / "lake"), folder / "runs"

    def backtest(**changed: object) -> str:
        return save_result(run_backtest(BacktestConfig(**{**TERMS, **changed}), lake), runs).name

    def study(split: str, **changed: object) -> str:
        config = BacktestConfig(**{**TERMS, "param_grid": GRID, **changed})
        planned = plan_study(config, lake, split=split)
        store = FolderStore.create(runs, planned)
        if split != "year":
            run_study(planned, lake, store, workers=1)
        return planned.name

    return There(
        lake=folder / "lake",
        runs=runs,
        point=backtest(parameters={"fast_period": 10, "slow_period": 40}),
        other=backtest(parameters={"fast_period": 7, "slow_period": 33}),
        idle=backtest(
            parameters={"fast_period": 5, "slow_period": 250},
            start_date=dt.date(2018, 1, 8),
            end_date=dt.date(2018, 2, 20),
        ),
        held_out=study("hold_out(0.3)"),
        walk=study("walk_forward(train=1y,test=6m)"),
        apart=study("ticker"),
        planned=study("year"),
    )


@pytest.fixture
def place(there: There, monkeypatch: pytest.MonkeyPatch) -> There:
    """The settings of the page lead to it."""
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(there.lake))
    monkeypatch.setenv("STOCKSTREAM__RUNS", str(there.runs))
    return there


def _result() -> None:
    import streamlit as st

    from stockstream.app.pages import pages
    from stockstream.app.pages.result import result

    st.navigation(pages(), position="hidden")
    result()


def _study() -> None:
    import streamlit as st

    from stockstream.app.pages import pages
    from stockstream.app.pages.study import study

    st.navigation(pages(), position="hidden")
    study()


def _compare() -> None:
    import streamlit as st

    from stockstream.app.pages import pages
    from stockstream.app.pages.compare import compare

    st.navigation(pages(), position="hidden")
    compare()


PAGES = {"result": _result, "study": _study, "compare": _compare}


@pytest.fixture
def show(place: There) -> Show:
    """Opens a page by its address and what is behind it."""
    assert place.runs.is_dir()

    def opened(page: str, **query: str | list[str]) -> AppTest:
        test = AppTest.from_function(PAGES[page], default_timeout=60)
        for name, value in query.items():
            test.query_params[name] = value
        return test.run()

    return opened


def said(test: AppTest) -> str:
    """Every text of a page, without the signs that keep Markdown from reading it."""
    kinds = ("title", "markdown", "caption", "error", "warning", "success", "info")
    found = [str(one.value) for kind in kinds for one in getattr(test, kind)]
    return "\n".join(found).replace("\\", "")
