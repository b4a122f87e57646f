"""The policies for MWAA: narrow, short enough, and of exactly what is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import stockstream
from stockstream.airflow.functions import FUNCTIONS

ROOT = Path(stockstream.__file__).parents[2]
POLICIES = ROOT / "infra" / "airflow"
LIMIT = 6_144
"""Signs of a managed policy, spaces left out."""

WITHOUT_RESOURCE = {
    "airflow:ListEnvironments",
    "batch:DescribeJobs",
    "batch:ListJobs",
    "cloudwatch:PutMetricData",
    "logs:DescribeLogGroups",
    "s3:GetAccountPublicAccessBlock",
}
"""Actions that AWS lets nobody limit to a resource."""


def statements(name: str) -> dict[str, dict[str, Any]]:
    text = (POLICIES / f"{name}-policy.json").read_text(encoding="utf-8")
    assert len("".join(text.split())) <= LIMIT
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


@pytest.mark.parametrize("name", ["execution", "deployer"])
def test_every_statement_is_narrow(name: str) -> None:
    for statement in statements(name).values():
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        assert actions == sorted(actions)
        assert not [one for one in actions if one.endswith(":*") or one == "*"]
        if statement.get("Resource") == "*":
            assert set(actions) <= WITHOUT_RESOURCE


def test_the_daily_run_calls_exactly_its_functions() -> None:
    called = set(FUNCTIONS.values())
    allowed = statements("execution")["DailyRun"]["Resource"]
    assert {one.rpartition(":*")[2] for one in allowed} == called
    functions = json.loads((ROOT / "infra/terraform/functions.json").read_text(encoding="utf-8"))
    assert called <= set(functions)


def test_who_deploys_writes_to_the_folder_of_dags_and_nowhere_else() -> None:
    found = statements("deployer")
    writing = [
        one
        for one in found.values()
        if any(":Put" in act or ":Del" in act for act in one["Action"])
    ]
    assert [one["Resource"] for one in writing] == ["arn:aws:s3:::*stockstream-mwaa*/dags/*"]
    assert found["PauseStartAndWatchDags"]["Resource"].endswith("/Op")
