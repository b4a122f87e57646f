"""The whole workflow on the page, with a stack on the emulation: the same numbers as here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.app.server import serving
from tests.app.steps import deploy, hand_in, run_of, trigger, wait_for_the_end
from tests.aws.sweeps import local_digest

from stockstream.runners.choice import runner_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.visits import Visit
    from tests.aws.runners.conftest import Cloud

pytestmark = [pytest.mark.slow, pytest.mark.browser]

FORM = {
    "strategy": "MovingAverageCrossover",
    "start_date": "2019-06-03",
    "end_date": "2020-12-31",
    "p_fast_period": "3:12:10",
    "p_slow_period": "20, 30, 40",
    "split": "ticker",
}


def test_from_the_form_to_the_numbers(
    cloud: Cloud, kind: str, visitor: Visit, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    with serving(tmp_path, cloud.lake, runs) as server:
        seen = visitor(server.address)
        request = hand_in(seen, **FORM, runner=kind)
        seen.keep(f"{kind}-deploy")
        deploy(seen)
        seen.page.get_by_text("it is there, and takes studies of this lake").wait_for()
        trigger(seen)
        seen.open(f"/?request={request}")  # as somebody does who was sent the address
        wait_for_the_end(seen)
        seen.keep(f"{kind}-done")
        seen.is_well()
        run = run_of(runs, request)
        result = runner_of(run, runs).result(run)
        assert result.study.trials == 90
        assert result.digest == local_digest(result.study, cloud.lake)


def test_a_stack_that_is_not_there_is_said_and_nothing_is_started(
    cloud: Cloud, kind: str, visitor: Visit, tmp_path: Path
) -> None:
    elsewhere = {"STOCKSTREAM__AWS__PREFIX": "nobody-"}
    with serving(tmp_path, cloud.lake, tmp_path / "runs", **elsewhere) as server:
        seen = visitor(server.address)
        hand_in(seen, **FORM, runner=kind)
        seen.page.locator(".st-key-deploy button").click()
        error = seen.page.locator(".st-key-section-deploy [data-testid=stAlert]")
        error.wait_for()
        seen.keep(f"{kind}-not-there")
        assert "nobody-" in error.inner_text()
        assert seen.page.locator(".st-key-trigger button").count() == 0
        seen.is_well()
