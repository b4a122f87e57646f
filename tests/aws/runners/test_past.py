"""What `deploy aws status` says of a sweep that has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stockstream.aws.deploy.past_runs import past_executions
from stockstream.aws.verification.site import Site
from stockstream.runners.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.runners.conftest import Cloud


@pytest.mark.slow
def test_a_sweep_by_distributed_map_is_among_the_past_runs(cloud: Cloud, tmp_path: Path) -> None:
    runner = cloud.runner("step-functions", tmp_path)
    run = runner.submit(cloud.study("past"))
    *_, last = runner.follow(run)
    assert last.state == "done", last.error
    stack = Stack.of(cloud.prefix)
    arn = f"{stack.machine.replace(':stateMachine:', ':execution:')}:{run}-1"
    Site(stack, tmp_path, pause=0.05, patience=60.0).end(arn)  # it counts, after all is done
    found = past_executions(stack.account, stack.machine, stack.prefix, 100)
    [past] = [one for one in found if one.name.startswith(run)]
    assert past.status == "SUCCEEDED"
    assert past.dollars is not None
    assert past.dollars > 0
