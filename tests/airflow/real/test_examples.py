"""The example of several strategies, as it is deployed, on AWS Batch."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from tests.airflow.real.conftest import make_bucket

from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from tests.airflow.real.conftest import Airflow

    from stockstream.aws.local import LocalAws

DAG = "framework_backtest_multi_example"
STRATEGIES = {"long_short": 9, "mean_reversion": 9, "momentum": 6}
"""How many combinations each has."""


@pytest.fixture
def year(local_aws: LocalAws, bucket_lake: str, airflow: Airflow) -> str:
    """The year of the examples, simulated, in a bucket of its own."""
    days = dt.date(2021, 1, 1), dt.date(2022, 12, 31)
    place = make_bucket(local_aws, f"year-{uuid4().hex[:12]}", simulated_lake(8, *days))
    airflow.set_variable("stockstream_lake", place)
    return place


def test_several_strategies_side_by_side(year: str, airflow: Airflow) -> None:
    assert DAG in airflow.deployed["paused"]
    ended = airflow.run(DAG, "one")
    tasks = airflow.tasks(DAG, "one")
    states = {task["task_id"]: task["state"] for task in tasks}
    assert ended["state"] == "success", states
    assert set(states.values()) == {"success"}
    ran = {task.partition(".")[0] for task in states if "backtest" in task}
    assert ran == set(STRATEGIES)
    found = airflow.returned(DAG, "one", "collect")
    assert {name: one["trials"] for name, one in found.items()} == STRATEGIES
    assert all(one["done"] == one["trials"] and one["digest"] for one in found.values())
    assert set(airflow.returned(DAG, "one", "after_callback")) == set(STRATEGIES)
