"""What a stack consists of, as Terraform would make it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.handlers import metrics
from stockstream.aws.machines import MACHINES, render

if TYPE_CHECKING:
    from tests.infra.conftest import Mocked

NAMES = (
    "alarm_name",
    "bucket",
    "compute_environment_name_prefix",
    "dashboard_name",
    "function_name",
    "name",
)
"""Attributes by which resources are known in an account."""

MADE = "defaults"
OTHER = "another_stack"


def known_by(mocked: Mocked, run: str) -> set[tuple[str, str]]:
    """Type and name of everything that has a name in the account."""
    found = set()
    for address, values in mocked.plans[run].items():
        kind = address.split(".")[-2]
        name = next((values[key] for key in NAMES if values.get(key)), None)
        if name and kind not in PARTS:
            found.add((kind, name))
    return found


PARTS = {"aws_iam_role_policy"} | {
    f"aws_s3_bucket_{part}"
    for part in (
        "lifecycle_configuration",
        "ownership_controls",
        "policy",
        "public_access_block",
        "server_side_encryption_configuration",
        "versioning",
    )
}
"""What belongs to another resource and has no name of its own."""


def test_two_stacks_of_an_account_share_no_name(mocked: Mocked) -> None:
    one, other = known_by(mocked, MADE), known_by(mocked, OTHER)
    assert len(one) > 60
    assert not one & other
    for _, name in other:
        assert "dev-" in name


def test_roles_of_two_regions_share_no_name(mocked: Mocked) -> None:
    """Roles belong to the account, everything else to a region."""
    for values in mocked.of_kind(MADE, "aws_iam_role").values():
        assert values["name"].endswith("-ap-southeast-2")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_deployed_as_the_table_says(mocked: Mocked, name: str) -> None:
    function = FUNCTIONS[name]
    values = mocked.one(MADE, "aws_lambda_function", f'this["{name}"]')
    assert values["function_name"] == name
    assert (values["memory_size"], values["timeout"]) == (function.memory, function.timeout)
    if function.package == "zip":
        assert (values["package_type"], values["handler"]) == ("Zip", function.handler)
        assert values["runtime"] == "python3.12"
        assert values["source_code_hash"]
    else:
        assert values["package_type"] == "Image"
        assert values["image_config"][0]["command"] == [function.handler]
        assert values["image_uri"].endswith("/stockstream:0123456789ab")
    assert values["environment"][0]["variables"] == {
        "S3_BUCKET_NAME": "stockstream-123456789012-ap-southeast-2",
        "ENVIRONMENT": "production",
        "LOG_LEVEL": "INFO",
        "STOCKSTREAM_PREFIX": "",
    }


def test_variables_reach_the_functions(mocked: Mocked) -> None:
    functions = {
        values["function_name"]: values
        for values in mocked.of_kind(OTHER, "aws_lambda_function").values()
    }
    assert functions["dev-process-year"]["timeout"] == 600
    assert functions["dev-consolidate-results"]["timeout"] == 120
    assert functions["dev-table-compactor"]["memory_size"] == 4096
    for values in functions.values():
        variables = values["environment"][0]["variables"]
        assert variables["STOCKSTREAM__FETCH__RATE"] == "2.5"
        assert variables["STOCKSTREAM__FETCH__PROVIDER"] == "eodhd"
        assert variables["ENVIRONMENT"] == "development"
        assert variables["STOCKSTREAM_PREFIX"] == "dev-"
        assert values["architectures"] == ["arm64"]


@pytest.mark.parametrize("name", MACHINES)
def test_state_machines_are_those_of_the_code(mocked: Mocked, name: str) -> None:
    machine = MACHINES[name]
    machines = mocked.of_kind(MADE, "aws_sfn_state_machine").values()
    [definition] = [one["definition"] for one in machines if one["name"] == name]
    function = "arn:aws:lambda:ap-southeast-2:123456789012:function:mock"
    values: dict[str, str | int] = {place.replace("-", "_"): function for place in FUNCTIONS}
    values |= {
        "alerts_topic": "arn:aws:sns:ap-southeast-2:123456789012:mock",
        "bucket": "stockstream-123456789012-ap-southeast-2",
        "map_state_concurrency": 30,
    }
    assert json.loads(definition) == json.loads(render(machine, values))


def test_the_schedule_starts_an_execution_with_a_name(mocked: Mocked) -> None:
    schedule = mocked.one(MADE, "aws_scheduler_schedule")
    assert schedule["name"] == "stock-data-pipeline-daily"
    assert schedule["schedule_expression_timezone"] == "Australia/Sydney"
    assert schedule["schedule_expression"] == "cron(30 18 ? * MON-FRI *)"
    assert schedule["state"] == "ENABLED"
    [target] = schedule["target"]
    assert target["arn"].endswith(":aws-sdk:sfn:startExecution")
    assert "daily-<aws.scheduler.execution-id>" in target["input"]  # found there as it is
    given = json.loads(target["input"])
    assert given["StateMachineArn"].endswith(":stateMachine:mock")
    assert json.loads(given["Input"]) == {}
    other = mocked.one(OTHER, "aws_scheduler_schedule")
    assert (other["state"], other["schedule_expression"]) == (
        "DISABLED",
        "cron(0 6 ? * TUE-SAT *)",
    )


def test_the_bucket_is_closed_encrypted_and_kept(mocked: Mocked) -> None:
    block = mocked.one(MADE, "aws_s3_bucket_public_access_block")
    closed = ("block_public_acls", "block_public_policy", "ignore_public_acls")
    assert all(block[name] for name in (*closed, "restrict_public_buckets"))
    versioning = mocked.one(MADE, "aws_s3_bucket_versioning")
    assert versioning["versioning_configuration"][0]["status"] == "Enabled"
    encryption = mocked.one(MADE, "aws_s3_bucket_server_side_encryption_configuration")
    [rule] = encryption["rule"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "AES256"
    assert mocked.one(MADE, "aws_s3_bucket")["force_destroy"] is False
    [refused] = json.loads(mocked.one(MADE, "aws_s3_bucket_policy")["policy"])["Statement"]
    assert (refused["Effect"], refused["Action"]) == ("Deny", "s3:*")
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_old_batches_and_runs_move_to_cheaper_classes(mocked: Mocked) -> None:
    rules = mocked.one(MADE, "aws_s3_bucket_lifecycle_configuration")["rule"]
    moved = {
        rule["id"]: [(one["days"], one["storage_class"]) for one in rule["transition"]]
        for rule in rules
    }
    assert moved == {
        "raw-batches": [(30, "STANDARD_IA"), (90, "GLACIER_IR")],
        "runs": [(30, "STANDARD_IA")],
        "old-versions": [],
    }


def test_logs_are_kept_as_long_as_is_said(mocked: Mocked) -> None:
    for run, days in ((MADE, 30), (OTHER, 7)):
        groups = mocked.of_kind(run, "aws_cloudwatch_log_group")
        assert len(groups) == len(FUNCTIONS) + len(MACHINES) + 1
        assert {values["retention_in_days"] for values in groups.values()} == {days}


def test_there_are_four_alarms_and_all_are_heard(mocked: Mocked) -> None:
    alarms = mocked.of_kind(MADE, "aws_cloudwatch_metric_alarm")
    assert {
        address.rpartition(".")[2]: (values["comparison_operator"], values["threshold"])
        for address, values in alarms.items()
    } == {
        "executions_failed": ("GreaterThanOrEqualToThreshold", 1),
        "error_rate": ("GreaterThanThreshold", 10),
        "duration": ("GreaterThanThreshold", 14 * 60 * 1000),
        "symbols_fetched": ("LessThanThreshold", 90),
    }
    for values in alarms.values():
        assert values["alarm_actions"] == ["arn:aws:sns:ap-southeast-2:123456789012:mock"]
        assert len(values["metric_query"]) <= 10  # metrics of one alarm, its expression included


def test_alarms_look_at_what_the_functions_write(mocked: Mocked) -> None:
    alarm = mocked.one(OTHER, "aws_cloudwatch_metric_alarm", "symbols_fetched")
    looked = [query["metric"][0] for query in alarm["metric_query"] if query["metric"]]
    assert {one["metric_name"] for one in looked} == {"SymbolsFetched", "TotalSymbols"}
    for one in looked:
        assert one["namespace"] == metrics.NAMESPACE
        assert one["dimensions"] == {metrics.DIMENSION: "dev-table-compactor"}


def test_the_dashboard_has_six_widgets(mocked: Mocked) -> None:
    body = json.loads(mocked.one(MADE, "aws_cloudwatch_dashboard")["dashboard_body"])
    titles = [widget["properties"]["title"] for widget in body["widgets"]]
    assert titles == [
        f"Stock Data Pipeline: {what}"
        for what in (
            "Execution status",
            "Lambda invocations and duration",
            "Symbols fetched against failed",
            "Batch processing time",
            "S3 storage",
            "Cost per execution",
        )
    ]
    places = {(widget["x"], widget["y"]) for widget in body["widgets"]}
    assert places == {(x, y) for x in (0, 12) for y in (0, 6, 12)}


def test_the_cost_of_an_execution_is_what_its_calls_cost(mocked: Mocked) -> None:
    """The expression of the dashboard, worked out: one run, 20 batches of 215 s."""
    body = json.loads(mocked.one(MADE, "aws_cloudwatch_dashboard")["dashboard_body"])
    metrics_of = body["widgets"][5]["properties"]["metrics"]
    values: dict[str, float] = {"runs": 1.0}
    for row in metrics_of[1:]:
        options = row[-1]
        if options["id"].startswith(("d_", "n_")):
            fetcher = row[3] == "stock-data-fetcher"
            calls = 20.0 if fetcher else 1.0
            seconds = calls * 215 if fetcher else 10.0
            values[options["id"]] = calls if options["id"].startswith("n_") else seconds * 1000
    expression = metrics_of[0][0]["expression"]
    cost = eval(expression, {"FILL": lambda value, _: value}, values)  # noqa: S307 - our own
    pipeline = [one for one in FUNCTIONS.items() if one[1].part == "pipeline"]
    expected = sum(
        (20 * 215 if name == "stock-data-fetcher" else 10) * one.memory / 1024 * 0.0000166667
        for name, one in pipeline
    )
    expected += 23 * 0.0000002 + (7 + 2 * 20) * 0.000025
    assert cost == pytest.approx(expected)


def test_batch_tries_again_what_may_go_better(mocked: Mocked) -> None:
    job = mocked.one(MADE, "aws_batch_job_definition")
    assert job["name"] == "stockstream-backtest"
    [strategy] = job["retry_strategy"]
    rules = [
        (one["action"], one["on_status_reason"] or one["on_reason"] or one["on_exit_code"])
        for one in strategy["evaluate_on_exit"]
    ]
    assert rules == [
        ("exit", "2"),
        ("exit", "3"),
        ("retry", "*"),
    ]
    container = json.loads(job["container_properties"])
    assert container["command"] == ["python", "-m", "stockstream.runners.jobs", "item"]
    assert container["networkConfiguration"] == {"assignPublicIp": "ENABLED"}
    names = {one["name"] for one in container["environment"]}
    assert names == {"S3_BUCKET_NAME", "ENVIRONMENT", "LOG_LEVEL", "STOCKSTREAM_PREFIX"}


@pytest.mark.parametrize(("run", "kind"), [(MADE, "FARGATE_SPOT"), (OTHER, "FARGATE")])
def test_spare_capacity_is_a_choice(mocked: Mocked, run: str, kind: str) -> None:
    [resources] = mocked.one(run, "aws_batch_compute_environment")["compute_resources"]
    assert resources["type"] == kind


def test_who_asks_hears_of_failures_and_of_money(mocked: Mocked) -> None:
    assert not mocked.of_kind(MADE, "aws_sns_topic_subscription")
    assert not mocked.of_kind(MADE, "aws_budgets_budget")
    subscription = mocked.one(OTHER, "aws_sns_topic_subscription")
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "me@example.com")
    budget = mocked.one(OTHER, "aws_budgets_budget")
    assert float(budget["limit_amount"]) == 50
