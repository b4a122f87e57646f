"""Functions run as they would in the account."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def test_a_zip_meets_nothing_but_itself_and_the_standard_library(account: Any) -> None:
    name = account.function(
        """
        import importlib.util

        def handler(event, context):
            return {name: importlib.util.find_spec(name) is not None for name in event}
        """
    )
    assert account.call(name, ["json", "code", "polars", "stockstream"]) == {
        "json": True,
        "code": True,
        "polars": False,
        "stockstream": False,
    }


def test_an_image_is_this_environment_and_its_variables_count(account: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import os, stockstream\n"
        "def handler(event, context):\n"
        "    return [stockstream.__name__, os.environ['ENVIRONMENT'], os.environ['AWS_REGION']]\n"
    )
    variables = {"Variables": {"ENVIRONMENT": "test", "PYTHONPATH": str(tmp_path)}}
    name = account.image_function("mine.handler", Environment=variables)
    assert account.call(name) == ["stockstream", "test", "ap-southeast-2"]


def test_the_settings_of_the_user_do_not_reach_a_function(account: Any) -> None:
    name = account.function(
        """
        import os

        def handler(event, context):
            return sorted(name for name in os.environ if name.startswith("STOCKSTREAM__"))
        """
    )
    assert account.call(name) == []


def test_the_context_says_what_aws_says(account: Any) -> None:
    name = account.function(
        """
        def handler(event, context):
            left = context.get_remaining_time_in_millis()
            return [context.function_name, context.memory_limit_in_mb, 5000 < left <= 7000]
        """,
        Timeout=7,
        MemorySize=512,
    )
    assert account.call(name) == [name, "512", True]


def test_a_process_is_used_again_and_new_code_is_new(account: Any) -> None:
    counting = """
        calls = []

        def handler(event, context):
            calls.append(event)
            return calls
    """
    name = account.function(counting)
    assert account.call(name, 1) == [1]
    assert account.call(name, 2) == [1, 2]
    account.local.client("lambda").update_function_configuration(
        FunctionName=name, Environment={"Variables": {"NEW": "1"}}
    )
    assert account.call(name, 3) == [3]


def test_a_failure_has_the_name_of_its_class_and_is_in_the_log(account: Any) -> None:
    name = account.function(
        """
        def handler(event, context):
            print("before it")
            raise LookupError(f"no {event}")
        """
    )
    failure = account.call(name, "BHP")
    assert failure["errorType"] == "LookupError"
    assert failure["errorMessage"] == "no BHP"
    log = account.log(f"/aws/lambda/{name}")
    assert log.index("before it") < log.index("LookupError: no BHP")
    assert log[0].startswith("START RequestId: ")
    assert "Max Memory Used: " in log[-1]


def test_code_that_cannot_be_imported_fails_at_each_call(account: Any) -> None:
    name = account.function("import polars")
    for _ in range(2):
        failure = account.call(name)
        assert failure["errorType"] == "Runtime.ImportModuleError"
        assert "polars" in failure["errorMessage"]


def test_an_answer_that_is_no_json_is_a_failure(account: Any) -> None:
    name = account.function("def handler(event, context): return float('nan')")
    assert account.call(name)["errorType"] == "ValueError"


def test_an_answer_that_is_too_large_is_a_failure(account: Any) -> None:
    name = account.function("def handler(event, context): return 'x' * event")
    assert len(account.call(name, 5_000_000)) == 5_000_000
    assert account.call(name, 7_000_000)["errorType"] == "Function.ResponseSizeTooLarge"


def test_the_time_limit_kills_and_the_next_call_starts_anew(account: Any) -> None:
    name = account.function(
        """
        import time

        calls = []

        def handler(event, context):
            calls.append(event)
            time.sleep(event)
            return calls
        """,
        Timeout=1,
    )
    assert account.call(name, 0) == [0]
    failure = account.call(name, 30)
    assert failure["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in failure["errorMessage"]
    assert account.call(name, 0) == [0]


def test_a_process_that_ends_itself_is_a_failure(account: Any) -> None:
    name = account.function(
        """
        import os

        def handler(event, context):
            os._exit(3)
        """
    )
    assert account.call(name)["errorType"] == "Runtime.ExitError"


def test_a_metric_in_the_log_is_a_metric(account: Any) -> None:
    name = account.function(
        """
        import json

        def handler(event, context):
            directive = {
                "Namespace": "Test-" + context.function_name,
                "Dimensions": [["Environment"]],
                "Metrics": [{"Name": "SymbolsFetched", "Unit": "Count"}],
            }
            embedded = {"Timestamp": 0, "CloudWatchMetrics": [directive]}
            print(json.dumps({"_aws": embedded, "Environment": "test", "SymbolsFetched": event}))
        """
    )
    account.call(name, 7)
    account.call(name, 5)
    cloudwatch = account.local.client("cloudwatch")
    now = dt.datetime.now(dt.UTC)
    (day,) = cloudwatch.get_metric_statistics(
        Namespace=f"Test-{name}",
        MetricName="SymbolsFetched",
        Dimensions=[{"Name": "Environment", "Value": "test"}],
        StartTime=now - dt.timedelta(hours=1),
        EndTime=now + dt.timedelta(hours=1),
        Period=86_400,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    assert (day["Sum"], day["SampleCount"]) == (12.0, 2.0)


def test_only_so_many_processes_wait_for_calls(account: Any) -> None:
    names = [account.function("def handler(event, context): return event") for _ in range(9)]
    for name in names:
        account.call(name)
    before = account.local.ask("state")["cold_starts"]
    account.call(names[-1])
    assert account.local.ask("state")["cold_starts"] == before
    account.call(names[0])
    assert account.local.ask("state")["cold_starts"] == before + 1
