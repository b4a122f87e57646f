"""The daily run as jobs: the same lake as `stockstream update` makes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from polars.testing import assert_frame_equal
from tests.aws.handlers.pipeline.conftest import Cloud, _source, cloud, laptop, market
from tests.runners.jobs.conftest import Jobs

from stockstream.errors import TransientError
from stockstream.lake.location import Location
from stockstream.runners.jobs import names
from stockstream.testing.source_server import FaultPlan

if TYPE_CHECKING:
    from tests.aws.handlers.pipeline.conftest import Laptop

__all__ = ["_source", "cloud", "laptop", "market"]

DAY = "2024-05-07"


@dataclass
class Steps(Cloud):
    """The steps as jobs, each with an answer of its own."""

    jobs: Jobs | None = None

    def call(self, name: str, event: dict[str, Any], seconds: float = 0.0) -> Any:
        assert self.jobs is not None
        self.calls[name] += 1
        key = f"{name}-{event.get('batchNumber', 0)}"
        code = self.jobs("step", KEY=key, STEP=name, EVENT=json.dumps(event))
        if code == names.AGAIN:
            raise TransientError("it may go better next time")
        assert code == names.DONE
        return self.jobs.answer(key)


@pytest.fixture
def steps(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(cloud.server, cloud.place, jobs=Jobs(cloud.place, monkeypatch))


def test_the_daily_run_as_jobs_is_the_update(steps: Steps, laptop: Laptop) -> None:
    summary = steps.run(DAY)
    assert (summary["state"], summary["date"]) == ("complete", DAY)
    laptop.run(DAY)
    for name, rows in steps.rows().items():
        assert_frame_equal(rows, laptop.rows()[name])
    assert steps.calls["fetch"] == 4


def test_steps_that_come_twice_change_nothing(steps: Steps) -> None:
    summary, rows = steps.run(DAY), steps.rows()
    asked = steps.asked()
    state = steps.begin(DAY)
    assert state["symbolBatches"] == []
    assert steps.end(state, [])["state"] in {"complete", "nothing to do"}
    assert summary["state"] == "complete"
    assert steps.asked() == asked
    for name, again in steps.rows().items():
        assert_frame_equal(again, rows[name])


def test_a_source_that_is_down_may_go_better_next_time(
    steps: Steps, caplog: pytest.LogCaptureFixture
) -> None:
    state = steps.begin(DAY)
    steps.server.plan(FaultPlan(server_error=1.0))
    steps.attempts = 1
    results = [steps.fetch(message) for message in steps.messages(state)]
    assert {one["statusCode"] for one in results} == {500}
    assert not list(Location.of(steps.place).files("raw-data"))
    steps.server.plan(FaultPlan())
    results = [steps.fetch(message) for message in steps.messages(state)]
    assert steps.end(state, results)["state"] == "complete"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"KEY": ""}, "the environment variable KEY is missing"),
        ({"STEP": ""}, "the environment variable STEP is missing"),
        ({"STEP": "fetsh"}, "unknown step in STEP 'fetsh'; did you mean 'fetch'?"),
        ({"EVENT": "{"}, "EVENT is no JSON"),
        ({"EVENT": {"date": "2024-02-30"}}, '"date" is "2024-02-30"'),
        ({"STEP": "aggregate", "EVENT": {}}, 'the event has no "metadata"'),
    ],
)
def test_what_is_no_step_ends_with_2(
    steps: Steps, caplog: pytest.LogCaptureFixture, told: dict[str, Any], message: str
) -> None:
    assert steps.jobs is not None
    assert steps.jobs("step", **{"KEY": "k", "STEP": "symbols", **told}) == names.NO_USE
    assert message in caplog.text
