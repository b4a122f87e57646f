"""Nine combinations of LongShortEquity on a real Airflow, one poisoned and one flaky, in each mode.

Factors come from PostgreSQL, callbacks are the user's, results are those of the local runner.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.real.market import COMPANIES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.real.conftest import Airflow
    from tests.airflow.real.market import Engine

    from stockstream.aws.local import LocalAws
    from stockstream.lake.store import Lake

MODES = ("local", "batch_array", "batch_expand")
RUN = "one"
POISONED = "take_profit_pct=0.05, rebalance_period=7"
FLAKY = "take_profit_pct=0.1, rebalance_period=30"


def told(airflow: Airflow, run: str, what: str) -> dict[str, Any]:
    """What a callback of the user left."""
    path = airflow.server.home / f"{run}.{what}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def ended(
    airflow: Airflow, lake: Lake, bucket_lake: str, local_aws: LocalAws
) -> dict[str, dict[str, Any]]:
    """The runs of all modes, which wait for each other as little as those of several users.

    A Variable names the lake of ``local``; the others have the bucket in their configuration.
    """
    airflow.set_variable("stockstream_lake", str(lake.location))
    for mode in MODES:
        airflow.trigger(f"nine_{mode}", RUN)
    return {mode: airflow.ended(f"nine_{mode}", RUN) for mode in MODES}


@pytest.mark.parametrize("mode", MODES)
def test_one_fails_one_is_tried_again_and_the_run_says_so(
    mode: str,
    ended: dict[str, dict[str, Any]],
    airflow: Airflow,
    engine: Engine,
    lake: Lake,
    bucket_lake: str,
    local_aws: LocalAws,
) -> None:
    dag, run = f"nine_{mode}", RUN
    tasks = airflow.tasks(dag, run)
    why = airflow.failure(dag, run, "watcher")
    assert ended[mode]["state"] == "failed", why
    assert why.startswith("1 of 9 backtests failed:")
    assert why.count("poisoned on purpose") == why.count(POISONED) == 1
    assert FLAKY not in why
    assert told(airflow, f"{dag}-{run}", "before")
    seen = told(airflow, f"{dag}-{run}", "after")
    summary = seen["backtests"]
    assert [summary[name] for name in ("trials", "done", "failed")] == [9, 9, 1]
    assert [one["label"] for one in summary["failed_trials"]] == [POISONED]
    backtests = [task for task in tasks if "backtest" in task["task_id"]]
    assert {task["task_id"] for task in backtests} == {"backtest"}
    jobs = airflow.jobs(local_aws, f"{summary['run']}-*") if mode != "local" else []
    names = sorted(job["jobName"] for job in jobs)
    if mode == "batch_array":
        assert list(seen["states"].values()) == ["failed"]
        assert names == [f"{summary['run']}-{attempt}" for attempt in (1, 2)]
    else:
        assert sorted(seen["states"].values()) == ["failed"] + ["success"] * 8
        shown = {task["rendered_map_index"]: task["try_number"] for task in backtests}
        assert len(shown) == 9
        assert {label for label, tries in shown.items() if tries == 2} == {POISONED, FLAKY}
    if mode == "batch_expand":
        again = {name.removesuffix("-2") for name in names if name.count("-") == 4}
        assert (len(names), len(again)) == (11, 2)
    place = str(lake.location) if mode == "local" else bucket_lake
    compared = engine.compare(place, summary["run"], **local_aws.environment)
    assert summary["digest"] == compared.theirs == compared.ours
    assert compared.trials == 9


def test_the_callback_before_can_stop_the_run(lake: Lake, airflow: Airflow) -> None:
    airflow.set_variable("stockstream_lake", str(lake.location))
    ended = airflow.run("nine_local", "refused", refuse=True)
    assert ended["state"] == "failed"
    states = {task["task_id"]: task["state"] for task in airflow.tasks("nine_local", "refused")}
    assert states["before_callback"] == "failed"
    assert states["plan"] == states["backtest"] == "upstream_failed"
    assert not (airflow.server.home / "nine_local-refused.after.json").exists()


@pytest.mark.shared
def test_the_companies_were_real(shared_data: Path, lake: Lake) -> None:
    assert len(lake.symbols()) == COMPANIES
    assert "AAPL" in lake.symbols() or "A" in lake.symbols()
