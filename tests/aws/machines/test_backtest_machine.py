"""The state machine of the parallel backtests, played on the emulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.aws.machines.conftest import Stage

NAME = "backtest-workflow"
PARAMS = {"strategy": "MovingAverageCrossover"}
YEARS = {"startYear": 2000, "endYear": 2002, "additionalParams": PARAMS}
TICKERS = {"tickers": ["AAPL", "MSFT"], "additionalParams": PARAMS}
SWEEP = {"run": "s-1"}

FAILING = "the strategy divides by zero"
BAD_YEAR = {"process-year": {"2001": ("StrategyError", FAILING, 9)}}

NONE_DONE = {"run": "s-1", "state": "partial", "trials": 4, "done": 0, "failed": 4, "failures": []}

pytestmark = pytest.mark.slow


def test_by_year_gives_what_is_documented(stage: Stage) -> None:
    played = stage.play(NAME, YEARS)
    assert played.status == "SUCCEEDED"
    assert played.calls["process-year"]["2001"] == [{"year": 2001, "additionalParams": PARAMS}]
    result = {"metrics": {"sharpe": 1.0}, "statistics": {}}
    assert played.output == {
        **YEARS,
        "years": [2000, 2001, 2002],
        "yearResults": [{"year": year, "result": result} for year in (2000, 2001, 2002)],
        "finalResult": {"summary": {"averageMetrics": {}, "done": 3}},
    }


def test_by_ticker_gives_what_is_documented(stage: Stage) -> None:
    played = stage.play(NAME, TICKERS)
    assert played.status == "SUCCEEDED"
    pieces = [{"ticker": ticker, "additionalParams": PARAMS} for ticker in ("AAPL", "MSFT")]
    assert played.calls["process-single-ticker"] == {piece["ticker"]: [piece] for piece in pieces}
    result = {"return": 0.1, "volatility": 0.2}
    assert played.output == {
        "tickers": pieces,
        "additionalParams": PARAMS,
        "tickerResults": [{"ticker": ticker, "result": result} for ticker in ("AAPL", "MSFT")],
        "finalResult": {"summary": {"averageMetrics": {}, "done": 2}},
    }


def test_a_piece_that_fails_says_why_and_stops_no_other(stage: Stage) -> None:
    played = stage.play(NAME, YEARS, trouble=BAD_YEAR)
    assert played.status == "SUCCEEDED"
    error = {"Error": "StrategyError", "Cause": FAILING}
    assert played.output["yearResults"][1] == {"year": 2001, "error": error}
    (consolidated,) = played.calls["consolidate-results"][""]
    assert consolidated["yearResults"] == played.output["yearResults"]
    assert played.output["finalResult"]["summary"]["done"] == 2


@pytest.mark.parametrize(("error", "attempts"), [("StrategyError", 1), ("LakeError", 3)])
def test_a_piece_is_tried_again_only_where_that_can_help(
    stage: Stage, error: str, attempts: int
) -> None:
    trouble = {"process-single-ticker": {"MSFT": (error, "?", 9)}}
    played = stage.play(NAME, TICKERS, trouble=trouble)
    asked = {item: len(calls) for item, calls in played.calls["process-single-ticker"].items()}
    assert asked == {"AAPL": 1, "MSFT": attempts}


@pytest.mark.parametrize("function", ["date-range-splitter", "consolidate-results"])
def test_a_failure_of_the_whole_is_one_readable_line(stage: Stage, function: str) -> None:
    message = "startYear 2010 is after endYear 2000: swap them"
    played = stage.play(NAME, YEARS, trouble={function: {"": ("ConfigError", message, 9)}})
    assert (played.status, played.error, played.cause) == ("FAILED", "ConfigError", message)
    assert len(played.calls[function][""]) == 1


REFUSED = {
    "empty": ({}, "says nothing of what to run"),
    "a list": ([], "says nothing of what to run"),
    "a text": ("2000", "says nothing of what to run"),
    "misspelt": ({"ticker": ["AAPL"]}, "says nothing of what to run"),
    "only parameters": ({"additionalParams": PARAMS}, "says nothing of what to run"),
    "years and tickers": ({"startYear": 2000, "tickers": ["AAPL"]}, "of two kinds at once"),
    "years and a sweep": ({"endYear": 2000, "run": "s-1"}, "of two kinds at once"),
    "tickers and a sweep": ({"tickers": ["AAPL"], "config": {}}, "of two kinds at once"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_input_of_no_kind_is_refused_before_anything_starts(stage: Stage, case: str) -> None:
    given, said = REFUSED[case]
    played = stage.play(NAME, given)
    assert (played.status, played.error) == ("FAILED", "ConfigError")
    assert said in played.cause
    assert "startYear and endYear" in played.cause
    assert played.calls == {}


TO_THE_SPLITTER = {
    "half a range": ({"startYear": 2000}, "date-range-splitter"),
    "a null": ({"tickers": None}, "process-tickers"),
    "no list": ({"tickers": "AAPL"}, "process-tickers"),
    "a config": ({"config": {}}, "plan-sweep"),
}


@pytest.mark.parametrize("case", TO_THE_SPLITTER)
def test_the_first_function_of_a_branch_judges_its_input(stage: Stage, case: str) -> None:
    given, function = TO_THE_SPLITTER[case]
    trouble = {function: {"": ("ConfigError", "not like this", 9)}}
    played = stage.play(NAME, given, trouble=trouble)
    assert (played.error, played.cause) == ("ConfigError", "not like this")
    assert played.calls == {function: {"": [given]}}


def test_a_sweep_runs_each_item_of_its_plan(planned: Stage) -> None:
    played = planned.play(NAME, SWEEP)
    assert played.calls["run-chunk"] == {
        "[0, 1]": [{"run": "s-1", "chunks": [0, 1]}],
        "[2, 3]": [{"run": "s-1", "chunks": [2, 3]}],
    }
    assert played.calls["collect-sweep"][""] == [{"run": "s-1", "attempt": 1}]
    assert played.output == {
        "run": "s-1",
        "attempt": 1,
        "state": "done",
        "trials": 4,
        "done": 4,
        "failed": 0,
        "failures": [],
    }


def test_an_item_that_is_unfinished_goes_on(planned: Stage) -> None:
    trouble = {"run-chunk": {"[0, 1]": ("Unfinished", "2 of 9 chunks are left", 20)}}
    played = planned.play(NAME, SWEEP, trouble=trouble)
    assert played.status == "SUCCEEDED"
    assert {item: len(calls) for item, calls in played.calls["run-chunk"].items()} == {
        "[0, 1]": 21,
        "[2, 3]": 1,
    }


KILLED = {"run-chunk": {"[0, 1]": ("Runtime.ExitError", "signal: killed", 9)}}


def test_an_item_that_the_cloud_fails_is_tried_five_times(planned: Stage) -> None:
    played = planned.play(NAME, SWEEP, trouble=KILLED)
    assert {item: len(calls) for item, calls in played.calls["run-chunk"].items()} == {
        "[0, 1]": 5,
        "[2, 3]": 1,
    }
    assert played.error == "StepFunctions.ExceedToleratedFailureThreshold"
    assert "1 of 2 items failed" in played.cause


def test_a_tenth_of_the_items_may_fail(planned: Stage) -> None:
    planned.put("plan.json", [{"run": "s-1", "chunks": [first, first]} for first in range(10)])
    played = planned.play(NAME, SWEEP, trouble={"run-chunk": {"[3, 3]": ("MemoryError", "?", 9)}})
    assert played.status == "SUCCEEDED"
    assert len(played.calls["run-chunk"]) == 10
    assert len(played.calls["collect-sweep"][""]) == 1


def test_a_plan_that_cannot_be_read_fails_and_says_so(stage: Stage) -> None:
    played = stage.play(NAME, SWEEP)
    # In the account it is StepFunctions.ItemReaderFailed.
    assert (played.status, played.error) == ("FAILED", "StepFunctions.Runtime")
    assert "NoSuchKey" in played.cause
    assert played.calls.keys() == {"plan-sweep"}


def test_a_sweep_of_which_nothing_is_done_fails_and_says_where_to_look(planned: Stage) -> None:
    played = planned.play(NAME, SWEEP, answers={"collect-sweep": NONE_DONE})
    assert (played.status, played.error) == ("FAILED", "SweepFailed")
    assert played.cause.startswith("None of the 4 trials was done.")
    assert "in runs/s-1/failures and runs/map/p" in played.cause


def test_what_each_item_gave_is_written_where_the_execution_is_named(planned: Stage) -> None:
    planned.play(NAME, SWEEP)
    listed = planned.client("s3").list_objects_v2(Bucket=planned.bucket, Prefix="runs/map/p")
    assert [entry["Key"].rpartition("/")[2] for entry in listed["Contents"]] == ["manifest.json"]
