"""The daily run as a DAG: with processes of the worker, and with the functions of a stack."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from polars.testing import assert_frame_equal
from tests.airflow.loader.hostile import good_document
from tests.airflow.loader.test_loader import LOADER
from tests.aws.handlers.pipeline.test_pipeline_emulated import emulated  # noqa: F401 - a fixture

from stockstream.airflow.functions import FUNCTIONS as CALLED
from stockstream.airflow.functions import HOPELESS
from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.machines.states import INPUT_ERRORS
from stockstream.testing.source_server import FaultPlan, Poison

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.airflow.stage import Played, Stage
    from tests.aws.handlers.pipeline.conftest import Cloud, Laptop
    from tests.aws.handlers.pipeline.test_pipeline_emulated import Pipeline

pytestmark = pytest.mark.slow

BEFORE, DAY = "2024-05-06", "2024-05-07"
LAST = tuple(f"S{number}.AX" for number in range(32, 43))
"""The symbols of the last of four batches."""

DAG = """
import datetime as dt, json
from pathlib import Path
from stockstream.airflow.pipeline import create_pipeline_dag

def after(**context):
    Path({notes!r}).write_text(json.dumps(context["summary"]))

dag = create_pipeline_dag(
    "daily", after_run_callback=after, default_args={{"retries": 1, "retry_delay": dt.timedelta(0)}}
)
"""

EVENTS = """
import json
from airflow.models.asset import AssetDagRunQueue, AssetEvent
from airflow.settings import Session, configure_orm
from sqlalchemy import select

configure_orm()
session = Session()
events = session.scalars(select(AssetEvent).order_by(AssetEvent.id)).all()
waiting = session.scalars(select(AssetDagRunQueue)).all()
print(json.dumps([[event.extra for event in events], [one.target_dag_id for one in waiting]]))
"""


@dataclass
class Daily:
    """The DAG on a stage, with the sources that its steps ask.

    Attributes:
        stage: with the DAG ``daily``, and a document that waits for new bars.
        cloud: the sources, and the lake.
        notes: what the callback wrote.
    """

    stage: Stage
    cloud: Cloud
    notes: Path

    def run(self, day: str) -> Played:
        self.cloud.today(day)
        return self.stage.play("daily", {"date": day})

    def told(self) -> tuple[list[dict[str, Any]], list[str]]:
        """What events of the asset say, and DAGs that are about to run for them."""
        done = self.stage.run("-c", EVENTS)
        events, waiting = json.loads(done.stdout.splitlines()[-1])
        return events, waiting


@pytest.fixture
def daily_on(
    cloud: Cloud, configs: Callable[..., Path], tmp_path: Path
) -> Callable[[Stage], Daily]:
    """Puts the DAG on a stage."""

    def put(stage: Stage) -> Daily:
        waits = {**good_document(), "dag_id": "waits", "schedule": "new-bars"}
        shutil.copy(LOADER, stage.home / "dags")
        stage.environment.update(
            {name: value for name, value in os.environ.items() if name.startswith("STOCKSTREAM__")},
            STOCKSTREAM_CONFIGS=str(configs(waits=waits)),
        )
        stage.variables["stockstream_lake"] = cloud.place
        notes = tmp_path / "notes.json"
        stage.write("daily.py", DAG.format(notes=str(notes)))
        return Daily(stage, cloud, notes)

    return put


@pytest.fixture
def daily(daily_on: Callable[[Stage], Daily], stage: Stage) -> Daily:
    """The DAG on the reference version."""
    return daily_on(stage)


def test_new_bars_are_told_of_once(
    daily_on: Callable[[Stage], Daily], every_stage: Stage, laptop: Laptop
) -> None:
    daily = daily_on(every_stage)
    first = daily.run(BEFORE)
    assert first.state == "success", first.log
    assert set(first.states().values()) == {"success"}
    assert len(first.states("fetch")) == 4
    assert json.loads(daily.notes.read_text())["state"] == "complete"
    events, waiting = daily.told()
    assert [event["date"] for event in events] == [BEFORE]
    assert events[0]["added"] > 0
    assert events[0]["version_after"] == daily.cloud.lake.version()
    assert waiting == ["waits"]
    laptop.run(BEFORE)
    mine, there = daily.cloud.rows(), laptop.rows()
    for name in ("bars", "actions", "universe"):
        assert_frame_equal(mine[name], there[name])
    again = daily.run(BEFORE)
    assert again.state == "success"
    assert again.states("new_bars") == {"new_bars": "skipped"}
    assert again.states("fetch") == {"fetch": "skipped"}
    assert len(daily.told()[0]) == 1


def test_a_batch_that_fails_stops_no_other_and_nothing_fetched_is_a_failure(daily: Daily) -> None:
    daily.cloud.server.plan(FaultPlan(poison=(Poison("server_error", LAST),)))
    partly = daily.run(DAY)
    assert partly.state == "success", partly.log
    assert sorted(partly.states("fetch").values()) == ["failed", *["success"] * 3]
    assert partly.tasks["fetch_3"]["tries"] == 2
    summary = json.loads(daily.notes.read_text())
    assert (summary["state"], [*summary["batches_failed"]]) == ("partial", ["3"])
    assert "AirflowException: the job step ended with 1" in summary["batches_failed"]["3"]
    daily.cloud.server.plan(FaultPlan(server_error=1.0))
    nothing = daily.run("2024-05-08")
    assert nothing.state == "failed"
    assert nothing.states("new_bars") == {"new_bars": "upstream_failed"}
    assert nothing.states("after_callback") == {"after_callback": "success"}
    assert len(daily.told()[0]) == 1


def test_the_functions_of_a_stack_do_the_same(daily: Daily, emulated: Pipeline) -> None:  # noqa: F811
    stack = emulated.machine.rpartition(":")[2]
    daily.stage.environment.update(
        {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    )
    daily.stage.variables.update(stockstream_pipeline_mode="lambda", stockstream_prefix=f"{stack}-")
    played = daily.run(BEFORE)
    assert played.state == "success", played.log
    assert set(played.states().values()) == {"success"}
    assert played.tasks["aggregate"]["returned"]["state"] == "complete"
    assert daily.told()[0][0]["lake"] == daily.cloud.place


def test_the_functions_are_those_of_the_stack() -> None:
    handlers = {step: FUNCTIONS[name].handler for step, name in CALLED.items()}
    assert handlers == {step: f"stockstream.aws.handlers.pipeline.{step}" for step in CALLED}
    assert set(INPUT_ERRORS) == HOPELESS
