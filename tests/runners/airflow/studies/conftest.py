"""A lake, an Airflow whose workers run real jobs, and studies that wait at a gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.aws.sweeps import make_lake
from tests.runners.airflow.small_airflow import USER
from tests.runners.airflow.studies.working_airflow import WorkingAirflow

from stockstream.backtest.config import BacktestConfig
from stockstream.lake.store import Lake
from stockstream.runners.airflow.service import AirflowService
from stockstream.runners.cloud import CloudRunner
from stockstream.settings import AirflowSettings, Settings
from stockstream.study.plan import plan_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stockstream.study.study import Study

PASSWORD = "open sesame"  # noqa: S105 - of the small one
STRATEGY = """
import os
import time
from stockstream.strategy import *

class Mine(Strategy):
    days: int = 20
    gate: str = ""
    poison: int = 0

    def lookback(self):
        return self.days

    def on_data(self, date, symbol, data, portfolio):
        if self.days == self.poison:
            raise GeneratorExit("the poison")
        while self.days > 10 and os.path.exists(self.gate):
            time.sleep(0.01)
        past = self.history(symbol, "close", self.days)
        if len(past) < self.days:
            return None
        return Action.target_weight(0.2 if past[-1] > past[0] else 0.0)
"""


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three simulated companies over two years."""
    place = tmp_path_factory.mktemp("airflow") / "lake"
    make_lake(place)
    return place


@pytest.fixture
def lake(market: Path, tmp_path: Path) -> Path:
    """The same data in a folder of this test, so that its runs are its own."""
    place = tmp_path / "lake"
    place.mkdir()
    for entry in market.iterdir():
        (place / entry.name).symlink_to(entry)
    return place


@pytest.fixture
def working(socket_enabled: None, lake: Path) -> Iterator[WorkingAirflow]:
    server = WorkingAirflow(PASSWORD, lake)
    yield server
    server.stop()


@pytest.fixture
def settings(working: WorkingAirflow) -> Settings:
    return Settings(airflow=AirflowSettings(working.url, USER, PASSWORD))


@pytest.fixture
def runner_in(settings: Settings, lake: Path) -> Callable[..., CloudRunner]:
    """Makes a runner with a folder of runs: another folder is another laptop."""

    def make(runs: Path, at_once: int = 2) -> CloudRunner:
        service = AirflowService.of(settings, runs, at_once)
        service.api.pauses = (0.0,)
        return CloudRunner(runs, str(lake), service, every=0.2)

    return make


@pytest.fixture
def runner(runner_in: Callable[..., CloudRunner], tmp_path: Path) -> CloudRunner:
    return runner_in(tmp_path / "runs")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """While this file is there, trials of :func:`study` wait, all but the first."""
    file = tmp_path / "gate"
    yield file
    file.unlink(missing_ok=True)


@pytest.fixture
def study(lake: Path, gate: Path, tmp_path: Path) -> Callable[..., Study]:
    """Plans a study of six trials in chunks of one."""
    file = tmp_path / "mine.py"
    file.write_text(STRATEGY, encoding="utf-8")

    def make(poison: int = 0) -> Study:
        config = BacktestConfig(
            strategy_class=f"{file}:Mine",
            start_date="2019-06-03",
            end_date="2019-12-31",
            parameters={"gate": str(gate), "poison": poison},
            param_grid={"days": [10, 11, 12, 13, 14, 15]},
        )
        return replace(plan_study(config, Lake.open(lake), blocks=4), chunk_trials=1)

    return make


@pytest.fixture
def slow_study(study: Callable[..., Study], gate: Path) -> Study:
    """It waits at the gate."""
    gate.touch()
    return study()
