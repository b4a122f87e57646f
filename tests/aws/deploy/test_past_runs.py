"""What ran last and what it cost, by hand."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.deploy.conftest import REGION

from stockstream.aws.deploy.past_runs import past_executions, past_jobs
from stockstream.aws.functions import FUNCTIONS
from stockstream.runners.account import Account
from stockstream.runners.prices import PRICES, fargate_hour

if TYPE_CHECKING:
    from collections.abc import Iterator

START = dt.datetime(2026, 11, 20, 18, 30, tzinfo=dt.UTC)
MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:dev-backtest-workflow"
FETCHER = f"arn:aws:lambda:{REGION}:123456789012:function:dev-stock-data-fetcher"
SYDNEY = PRICES[REGION]


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


class Pages:
    """The answers of a service, by operation; what was asked decides among several."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def get_paginator(self, operation: str) -> Pages:
        return Pages({"paginate": self.answers[operation]})

    def paginate(self, **asked: Any) -> Iterator[Any]:
        yield from self.answers["paginate"](**asked)

    def list_executions(self, **_asked: Any) -> Any:
        return {"executions": self.answers["executions"]}

    def describe_jobs(self, jobs: list[str]) -> Any:
        return {"jobs": [self.answers["described"][name] for name in jobs]}


def call(number: int, began: float, ended: float, end: str = "TaskSucceeded") -> list[Any]:
    details = {
        "resourceType": "lambda",
        "parameters": json.dumps({"FunctionName": FETCHER, "Payload": {}}),
    }
    return [
        {
            "id": number,
            "type": "TaskScheduled",
            "timestamp": at(began),
            "taskScheduledEventDetails": details,
        },
        {
            "id": number + 1,
            "previousEventId": number,
            "type": "TaskStarted",
            "timestamp": at(began),
        },
        {"id": number + 2, "previousEventId": number + 1, "type": end, "timestamp": at(ended)},
    ]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state machine that called a function three times, published once and ran a map."""
    sns = {"resourceType": "sns", "parameters": "{}"}
    mapped = {"mapRunArn": "map:1"}
    history = [
        {"id": 1, "type": "ExecutionStarted", "timestamp": START},
        {"id": 2, "type": "TaskStateEntered", "timestamp": START},
        *call(10, 0, 10),
        *call(20, 10, 25, "TaskFailed"),
        *call(30, 25, 30, "TaskTimedOut"),
        {
            "id": 40,
            "type": "TaskScheduled",
            "timestamp": at(30),
            "taskScheduledEventDetails": sns,
        },
        {"id": 41, "previousEventId": 40, "type": "TaskSucceeded", "timestamp": at(90)},
        {"id": 42, "type": "MapStateEntered", "timestamp": at(90)},
        {
            "id": 43,
            "type": "MapRunStarted",
            "timestamp": at(90),
            "mapRunStartedEventDetails": mapped,
        },
    ]
    children = [
        {"startDate": at(90), "stopDate": at(90 + seconds)} for seconds in (60.0, 120.0)
    ] + [{"startDate": at(90)}]
    newest = {"name": "b", "status": "RUNNING", "executionArn": "b", "startDate": at(60)}
    oldest = {"name": "a", "status": "SUCCEEDED", "executionArn": "a", "startDate": START}

    def events(executionArn: str) -> Any:  # noqa: N803 - the name that AWS gives it
        half = len(history) // 2
        pages = [history[:half], history[half:]] if executionArn == "a" else [[]]
        return [{"events": page} for page in pages]

    answers = {
        "executions": [newest, {**oldest, "stopDate": at(200)}],
        "get_execution_history": events,
        "list_executions": lambda mapRunArn: (  # noqa: N803 - the same
            [{"executions": children}] if mapRunArn == "map:1" else []
        ),
    }
    monkeypatch.setattr(Account, "client", lambda _self, _service: Pages(answers))


def test_an_execution_costs_its_steps_and_its_functions(machine: None) -> None:
    running, ended = past_executions(Account(REGION), MACHINE, "dev-", 2)
    assert (running.what, running.name, running.status) == ("dev-backtest-workflow", "b", "RUNNING")
    assert (running.seconds, running.dollars) == (None, 0)
    assert (ended.started, ended.seconds) == (START, 200)
    fetcher = FUNCTIONS["stock-data-fetcher"].memory / 1024
    chunks = FUNCTIONS["run-chunk"].memory / 1024
    assert ended.dollars == pytest.approx(
        (2 + 3) * SYDNEY.transition  # two states, three children
        + (10 + 15 + 5) * fetcher * SYDNEY.lambda_gb_second
        + (60 + 120) * chunks * SYDNEY.lambda_gb_second
    )


def test_where_no_prices_are_known_costs_are_not_told(machine: None) -> None:
    found = past_executions(Account("mars-1"), MACHINE, "dev-", 2)
    assert [run.dollars for run in found] == [None, None]


def test_a_job_costs_what_its_children_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    def job(name: str, began: int, ended: int, **more: Any) -> dict[str, Any]:
        begin = int(at(began).timestamp() * 1000)
        times = {"createdAt": begin, "startedAt": begin + 1000}
        stop = int(at(ended).timestamp() * 1000)
        return {"jobId": name, "jobName": name, "status": "x", **times, "stoppedAt": stop, **more}

    listed = {
        ("queue", "SUCCEEDED"): [job("one", 0, 61), job("many", 10, 700, arrayProperties={})],
        ("queue", "FAILED"): [job("old", -100, -50)],
        ("many", "SUCCEEDED"): [job("many:0", 10, 311), job("many:1", 10, 211)],
        ("many", "FAILED"): [job("many:2", 10, 111), {"jobId": "many:3", "createdAt": 0}],
    }
    needs = [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "8192"}]
    described = {
        "one": {"container": {}},
        "many": {"container": {"resourceRequirements": needs}},
        "old": {},
    }

    def jobs(**asked: str) -> Any:
        yield {
            "jobSummaryList": listed[
                asked.get("jobQueue") or asked["arrayJobId"], asked["jobStatus"]
            ]
        }

    answers = {"list_jobs": jobs, "described": described}
    monkeypatch.setattr(Account, "client", lambda _self, _service: Pages(answers))
    many, one = past_jobs(Account(REGION), "queue", 2)
    assert (many.name, one.name, one.seconds) == ("many", "one", 60)
    assert one.dollars == pytest.approx((fargate_hour(SYDNEY, 4) + SYDNEY.address_hour) / 60)
    assert many.dollars == pytest.approx(
        (300 + 200 + 100) / 3600 * (fargate_hour(SYDNEY, 8, 2) + SYDNEY.address_hour)
    )
