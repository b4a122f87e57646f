"""The state machines as documents: what is committed, what is documented, what a validator says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.handlers.splitting import date_range_splitter, process_tickers
from stockstream.aws.machines import MACHINES, machine_text, render
from stockstream.aws.machines.states import function_place, notify
from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "make_cloud_files.py"
PIPELINE, BACKTEST = (
    MACHINES[name].definition["States"] for name in ("stock-data-pipeline", "backtest-workflow")
)


def filled(name: str) -> str:
    """A machine as a stack would have it."""
    arn = "arn:aws:lambda:ap-southeast-2:123456789012:function:"
    values: dict[str, str | int] = {name.replace("-", "_"): f"{arn}{name}" for name in FUNCTIONS}
    topic = "arn:aws:sns:ap-southeast-2:123456789012:stock-stream-alerts"
    return render(
        MACHINES[name],
        {**values, "alerts_topic": topic, "bucket": "lake", "map_state_concurrency": 30},
    )


def every_state(states: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in states.items():
        yield name, state
        yield from every_state(state.get("ItemProcessor", {}).get("States", {}))


def make(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_what_terraform_reads_is_what_the_sources_say() -> None:
    checked = make("--check")
    assert checked.returncode == 0, f"python scripts/make_cloud_files.py\n{checked.stdout}"


def test_a_changed_file_is_found_and_written_again(tmp_path: Path) -> None:
    where = ("--folder", str(tmp_path))
    assert make(*where).returncode == 0
    assert make(*where, "--check").stdout == "every file is as the sources say\n"
    changed = tmp_path / "modules" / "pipeline" / "stock-data-pipeline.asl.json"
    good = changed.read_text(encoding="utf-8")
    changed.write_text(good.replace("30", "31"), encoding="utf-8")
    stale = make(*where, "--check")
    assert (stale.returncode, stale.stdout) == (1, f"stale: {changed}\n")
    assert make(*where).returncode == 0
    assert changed.read_text(encoding="utf-8") == good


@pytest.mark.slow
@pytest.mark.parametrize("name", MACHINES)
def test_the_validator_finds_nothing(
    name: str, tmp_path: Path, validate: Callable[[Path], str]
) -> None:
    path = tmp_path / "machine.json"
    path.write_text(filled(name), encoding="utf-8")
    assert validate(path) == ""
    broken = json.loads(filled(name))
    broken["StartAt"] = "Nowhere"
    path.write_text(json.dumps(broken), encoding="utf-8")
    assert "Nowhere" in validate(path)


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_is_reached_and_named_once(name: str) -> None:
    definition = MACHINES[name].definition
    names = [state for state, _ in every_state(definition["States"])]
    assert len(names) == len(set(names))
    reached = set(_reached(definition))
    assert reached == set(names)


def _reached(machine: dict[str, Any]) -> Iterator[str]:
    seen, waiting = set(), [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        state = machine["States"][name]
        ways = [state, *state.get("Catch", []), *state.get("Choices", [])]
        waiting += [way["Next"] for way in ways if "Next" in way]
        waiting += [state["Default"]] if "Default" in state else []
        if "ItemProcessor" in state:
            yield from _reached(state["ItemProcessor"])


def test_places_are_functions_and_the_stack_s_own() -> None:
    functions = {name.replace("-", "_") for name in FUNCTIONS}
    pipeline, backtest = (machine.places for machine in MACHINES.values())
    assert pipeline - functions == {"alerts_topic"}
    assert backtest - functions == {"bucket", "map_state_concurrency"}
    parts = {place: FUNCTIONS[place.replace("_", "-")].part for place in pipeline & functions}
    assert set(parts.values()) == {"pipeline"}


def test_a_number_loses_its_quotes_and_a_missing_place_is_named() -> None:
    machine = MACHINES["backtest-workflow"]
    assert '"MaxConcurrency": "@map_state_concurrency@"' in machine_text(machine)
    assert '"MaxConcurrency": 30,' in filled("backtest-workflow")
    with pytest.raises(ConfigError, match=r"backtest-workflow needs values for .*bucket"):
        render(machine, {"map_state_concurrency": 30})


def test_a_function_that_is_not_deployed_cannot_be_called() -> None:
    with pytest.raises(UnknownNameError, match="run-chunk"):
        function_place("run-chunks")


def test_subjects_of_messages_fit_into_what_sns_takes() -> None:
    subjects = [
        state["Parameters"]["Subject"]
        for _, state in every_state(PIPELINE)
        if state.get("Resource", "").endswith("sns:publish")
    ]
    assert subjects == ["Stock Stream Pipeline Partly Done", "Stock Stream Pipeline Failed"]
    assert all(len(subject) <= 100 for subject in subjects)
    assert notify("s", "$.text")["ResultPath"] is None


def test_the_pipeline_tries_again_as_documented() -> None:
    update = PIPELINE["UpdateASXSymbols"]
    documented = {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 60,
        "MaxAttempts": 3,
        "BackoffRate": 2.0,
    }
    assert update["Retry"][-1] == documented
    batches = PIPELINE["SplitIntoBatches"]
    assert (batches["ItemsPath"], batches["MaxConcurrency"]) == ("$.symbolBatches", 10)
    assert batches["ResultPath"] == "$.batchResults"
    fetch = batches["ItemProcessor"]["States"]["FetchStockData"]
    assert (fetch["Retry"][-1]["IntervalSeconds"], fetch["Retry"][-1]["MaxAttempts"]) == (30, 2)


def test_a_sweep_states_how_much_may_fail() -> None:
    run = BACKTEST["RunChunks"]
    assert run["ToleratedFailurePercentage"] == 10.0
    assert isinstance(run["ToleratedFailurePercentage"], float)
    assert run["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"


@pytest.mark.parametrize("name", MACHINES)
def test_bad_input_is_never_tried_again(name: str) -> None:
    for task, state in every_state(MACHINES[name].definition["States"]):
        if state.get("Resource", "").endswith("lambda:invoke"):
            first = state["Retry"][0]
            assert first["MaxAttempts"] == 0, task
            assert {"ConfigError", "UnknownNameError", "GridError"} <= set(first["ErrorEquals"])


def test_the_real_splitters_give_what_the_maps_read() -> None:
    params = {"strategy_class": "MovingAverageCrossover"}
    by_year = {"startYear": 2000, "endYear": 2001, "additionalParams": params}
    years = date_range_splitter(by_year)
    assert years == {**by_year, "years": [2000, 2001]}
    tickers = process_tickers({"tickers": ["BHP.AX"], "additionalParams": params})
    piece = {"ticker": "BHP.AX", "additionalParams": params}
    assert tickers == {"tickers": [piece], "additionalParams": params}
