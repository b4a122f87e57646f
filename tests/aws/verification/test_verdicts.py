"""What the checks make of the answers of an account, and the script around them."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.verification.checks import CHECKS, GAPS, Finding, verdict
from stockstream.aws.verification.site import Site
from stockstream.runners.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]
NOW = dt.datetime.now(dt.UTC)
BUCKET = "dev-stockstream"


def answering(answer: Any) -> Callable[..., Any]:
    return lambda **_: answer


def function(FunctionName: str) -> dict[str, Any]:  # noqa: N803 - a name of AWS
    return {
        "FunctionArn": f"arn:aws:lambda:ap-southeast-2:1:function:{FunctionName}",
        "Role": f"arn:aws:iam::1:role/stockstream/{FunctionName}",
        "Environment": {"Variables": {"S3_BUCKET_NAME": BUCKET}},
    }


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Clients by service, with made-up answers."""
    clients = {"lambda": SimpleNamespace(get_function_configuration=function)}
    monkeypatch.setattr("stockstream.runners.account.Account.client", lambda _, name: clients[name])
    return clients


@pytest.fixture
def site(account: dict[str, Any], tmp_path: Path) -> Site:
    return Site(Stack.of("dev-", "ap-southeast-2"), tmp_path, patience=0.2, pause=0.001, salt=7)


def decisions(mistake: str = "") -> Callable[..., Any]:
    """What IAM would say of the roles of the table, but for one key."""

    def simulate(*, PolicySourceArn: str, ActionNames: list[str], ResourceArns: list[str]) -> Any:  # noqa: N803
        name = PolicySourceArn.rpartition("/dev-")[2]
        assert ActionNames == ["s3:PutObject"]
        results = []
        for key in ResourceArns:
            prefix = key.partition(f"{BUCKET}/")[2].removesuffix("/x")
            may = {one.rstrip("/") for one in FUNCTIONS[name].writes}
            allowed = (prefix in may) != (mistake == f"{name}:{prefix}")
            decision = "allowed" if allowed else "implicitDeny"
            results.append({"EvalResourceName": key, "EvalResourceDecision": decision})
        head = {"EvalResourceName": "*", "EvalDecision": "implicitDeny"}
        return {"EvaluationResults": [{**head, "ResourceSpecificResults": results}]}

    return simulate


def test_roles_are_held_against_the_table(site: Site, account: dict[str, Any]) -> None:
    account["iam"] = SimpleNamespace(simulate_principal_policy=decisions())
    assert verdict("roles", site).outcome == "verified"
    account["iam"] = SimpleNamespace(simulate_principal_policy=decisions("run-chunk:bars"))
    found = verdict("roles", site)
    assert (found.outcome, "run-chunk may write" in found.detail) == ("failed", True)
    account["iam"] = SimpleNamespace(simulate_principal_policy=decisions("run-chunk:runs"))
    assert "run-chunk may not write" in verdict("roles", site).detail


def test_what_these_keys_may_not_ask_could_not_be_checked(
    site: Site, account: dict[str, Any]
) -> None:
    def refuse(**_: Any) -> None:
        said = {"Code": "AccessDenied", "Message": "not iam:SimulatePrincipalPolicy"}
        raise ClientError({"Error": said}, "SimulatePrincipalPolicy")

    account["iam"] = SimpleNamespace(simulate_principal_policy=refuse)
    found = verdict("roles", site)
    assert found.outcome == "could not be checked"
    assert "iam:SimulatePrincipalPolicy" in found.detail


@pytest.mark.parametrize(
    ("status", "resource", "outcome"),
    [
        ("FAILED", "sns", "verified"),
        ("FAILED", "lambda", "failed"),
        ("SUCCEEDED", "sns", "failed"),
        ("RUNNING", "sns", "could not be checked"),
    ],
)
def test_a_run_that_fails_must_say_so(
    site: Site, account: dict[str, Any], status: str, resource: str, outcome: str
) -> None:
    events = [{"type": "TaskSucceeded", "taskSucceededEventDetails": {"resourceType": resource}}]
    account["stepfunctions"] = SimpleNamespace(
        start_execution=answering({"executionArn": "arn:one"}),
        describe_execution=answering({"status": status}),
        get_execution_history=answering({"events": [{"type": "ExecutionFailed"}, *events]}),
    )
    assert verdict("failure", site).outcome == outcome


@pytest.mark.parametrize(("state", "outcome"), [("ALARM", "verified"), ("OK", "failed")])
def test_an_alarm_is_waited_for(
    site: Site, account: dict[str, Any], state: str, outcome: str
) -> None:
    account["stepfunctions"] = SimpleNamespace(
        start_execution=answering({"executionArn": "arn:one"}),
        describe_execution=answering({"status": "FAILED"}),
    )
    found = {"StateValue": state, "StateUpdatedTimestamp": NOW + dt.timedelta(hours=1)}
    account["cloudwatch"] = SimpleNamespace(describe_alarms=answering({"MetricAlarms": [found]}))
    assert verdict("alarm", site).outcome == outcome


@pytest.mark.parametrize(
    ("name", "outcome"), [("daily-0f1e", "verified"), ("first", "could not be checked")]
)
def test_the_schedule_is_known_by_the_name_of_its_executions(
    site: Site, account: dict[str, Any], name: str, outcome: str
) -> None:
    told = {
        "ScheduleExpression": "cron(30 18 ? * MON-FRI *)",
        "ScheduleExpressionTimezone": "Australia/Sydney",
        "State": "ENABLED",
    }
    account["scheduler"] = SimpleNamespace(get_schedule=answering(told))
    runs = [{"name": name, "startDate": NOW, "status": "SUCCEEDED"}]
    account["stepfunctions"] = SimpleNamespace(list_executions=answering({"executions": runs}))
    found = verdict("schedule", site)
    assert found.outcome == outcome
    assert "Australia/Sydney" in found.detail


@pytest.mark.parametrize(
    ("days", "points", "outcome"),
    [(1, 3, "verified"), (1, 0, "failed"), (30, 3, "could not be checked")],
)
def test_metrics_follow_a_run(
    site: Site, account: dict[str, Any], days: int, points: int, outcome: str
) -> None:
    runs = [{"name": "a", "startDate": NOW - dt.timedelta(days=days), "status": "SUCCEEDED"}]
    account["stepfunctions"] = SimpleNamespace(list_executions=answering({"executions": runs}))
    given = answering({"Datapoints": [{}] * points})
    account["cloudwatch"] = SimpleNamespace(get_metric_statistics=given)
    assert verdict("metrics", site).outcome == outcome


@pytest.mark.parametrize(
    ("attempts", "outcome"),
    [
        (["Your Spot Task was interrupted.", "done"], "verified"),
        (["Your Spot Task was interrupted."], "failed"),
        (["done"], "could not be checked"),
    ],
)
def test_a_reclaimed_machine_is_found(
    site: Site, account: dict[str, Any], attempts: list[str], outcome: str
) -> None:
    pages = [{"jobSummaryList": [{"jobId": "one"}]}]
    tried = [{"statusReason": reason} for reason in attempts]
    job = {"jobName": "s-1-1", "status": "SUCCEEDED", "attempts": tried}
    account["batch"] = SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=answering(pages)),
        describe_jobs=answering({"jobs": [job]}),
    )
    assert verdict("spot", site).outcome == outcome


@pytest.mark.parametrize("name", GAPS)
def test_what_the_rehearsal_cannot_show_is_not_said_to_be_well(name: str, site: Site) -> None:
    found = verdict(name, replace(site, is_rehearsal=True))
    assert found == (name, "could not be checked", GAPS[name])


def test_the_guide_names_every_check() -> None:
    text = (ROOT / "docs" / "guide" / "aws.md").read_text(encoding="utf-8")
    assert [name for name in CHECKS if f"`{name}`" not in text] == []
    assert set(GAPS) < set(CHECKS)


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_aws", ROOT / "scripts" / "verify_aws.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (("verified", "verified"), 0),
        (("verified", "could not be checked"), 3),
        (("failed", "could not be checked"), 1),
    ],
)
def test_the_exit_code_says_the_worst(
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcomes: tuple[str, str],
    code: int,
) -> None:
    said = dict(zip(("package", "spot"), outcomes, strict=True))
    monkeypatch.setattr(script, "verdict", lambda name, _: Finding(name, said[name], "why"))  # type: ignore[arg-type]
    asked = ["--region", "ap-southeast-2", "--only", "package", "spot"]
    assert script.main([*asked, "--json"]) == code
    assert [one["outcome"] for one in json.loads(capsys.readouterr().out)] == list(outcomes)
    assert script.main(asked) == code
    assert [line[:22].strip() for line in capsys.readouterr().out.splitlines()] == list(outcomes)


def test_the_list_names_every_check(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(CHECKS)
