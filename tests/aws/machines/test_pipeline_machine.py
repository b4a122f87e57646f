"""The state machine of the daily run, played on the emulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.aws.machines.conftest import Played, Stage

NAME = "stock-data-pipeline"
FETCH, UPDATE = "stock-data-fetcher", "asx-symbol-updater"
POISON = {FETCH: {"1": ("ValueError", "a symbol that kills", 9)}}
ALL_DOWN = {FETCH: {str(batch): ("TransientError", "down", 9) for batch in range(3)}}

pytestmark = pytest.mark.slow


def test_a_complete_run_gives_what_is_documented_and_says_nothing(stage: Stage) -> None:
    played = stage.play(NAME, {"date": "2025-12-24"})
    assert played.status == "SUCCEEDED"
    assert played.calls[UPDATE][""] == [{"date": "2025-12-24"}]
    assert played.calls[FETCH] == {
        str(number): [{"symbols": [symbol], "batchNumber": number, "date": "2025-12-24"}]
        for number, symbol in enumerate(("BHP", "CBA", "X"))
    }
    output = played.output
    assert output["statusCode"] == 200
    assert output["symbols"] == ["BHP", "CBA", "X"]
    assert [batch["batchNumber"] for batch in output["symbolBatches"]] == [0, 1, 2]
    assert output["metadata"]["total_symbols"] == 3
    assert [item["metadata"]["batch_number"] for item in output["batchResults"]] == [0, 1, 2]
    assert output["summary"] == {"state": "complete"}
    assert played.messages == []


def test_what_follows_the_batches_is_given_what_it_needs(stage: Stage) -> None:
    calls = stage.play(NAME, {}).calls
    (compacted,) = calls["table-compactor"][""]
    (aggregated,) = calls["batch-aggregator"][""]
    assert set(compacted) == {"date", "batchResults"}
    assert compacted["date"] == "2025-12-26"
    assert aggregated["tables"] == {"summary": {"batches": 3}}
    assert {"metadata", "symbols", "symbolBatches", "batchResults"} <= set(aggregated)


def test_a_poison_batch_is_given_up_and_the_others_go_on(stage: Stage) -> None:
    played = stage.play(NAME, {}, trouble=POISON)
    assert played.status == "SUCCEEDED"
    attempts = {item: len(calls) for item, calls in played.calls[FETCH].items()}
    assert attempts == {"0": 1, "1": 3, "2": 1}
    assert played.output["batchResults"][1] == {
        "statusCode": 500,
        "metadata": {"batch_number": 1, "symbols_failed": ["CBA"]},
        "error": {"Error": "ValueError", "Cause": "a symbol that kills"},
    }
    assert played.output["summary"]["state"] == "partial"
    ((subject, text),) = played.messages
    assert subject == "Stock Stream Pipeline Partly Done"
    assert '"state":"partial"' in text.replace(" ", "")


def test_a_batch_whose_function_is_killed_at_its_time_limit_stops_no_other(stage: Stage) -> None:
    played = stage.play(NAME, {}, trouble={FETCH: {"1": ("hangs", "", 9)}}, limit=3)
    assert played.status == "SUCCEEDED"
    attempts = {item: len(calls) for item, calls in played.calls[FETCH].items()}
    assert attempts == {"0": 1, "1": 3, "2": 1}
    error = played.output["batchResults"][1]["error"]
    assert "Task timed out after 3.00 seconds" in error["Cause"]
    assert played.output["summary"]["state"] == "partial"
    assert len(played.messages) == 1


def test_a_throttled_batch_that_comes_through_is_no_failure(stage: Stage) -> None:
    played = stage.play(NAME, {}, trouble={FETCH: {"2": ("RateLimitedError", "slow down", 2)}})
    assert len(played.calls[FETCH]["2"]) == 3
    assert played.output["summary"] == {"state": "complete"}


def test_symbols_are_asked_for_four_times_and_then_somebody_is_told(stage: Stage) -> None:
    trouble = {UPDATE: {"": ("TransientError", "the list cannot be reached", 9)}}
    played = stage.play(NAME, {}, trouble=trouble)
    assert len(played.calls[UPDATE][""]) == 4
    assert_told(played, "TransientError", "the list cannot be reached")


def test_symbols_that_come_at_the_last_attempt_are_enough(stage: Stage) -> None:
    played = stage.play(NAME, {}, trouble={UPDATE: {"": ("TransientError", "away", 3)}})
    assert (played.status, played.messages) == ("SUCCEEDED", [])


def test_a_bad_date_is_not_tried_again(stage: Stage) -> None:
    trouble = {UPDATE: {"": ("ConfigError", "date must be YYYY-MM-DD", 9)}}
    played = stage.play(NAME, {"date": "yesterday"}, trouble=trouble)
    assert len(played.calls[UPDATE][""]) == 1
    assert_told(played, "ConfigError", "date must be YYYY-MM-DD")


@pytest.mark.parametrize("function", ["table-compactor", "batch-aggregator"])
def test_what_fails_after_the_batches_fails_the_run(stage: Stage, function: str) -> None:
    played = stage.play(NAME, {}, trouble={function: {"": ("LakeError", "no room", 9)}})
    assert len(played.calls[FETCH]) == 3
    assert_told(played, "LakeError", "no room")


def test_a_run_without_any_batch_fails_and_says_so(stage: Stage) -> None:
    played = stage.play(NAME, {}, trouble=ALL_DOWN)
    assert_told(played, "PipelineFailed", "No batch was fetched")


def test_a_reason_that_is_no_json_is_passed_on_as_it_is(stage: Stage) -> None:
    nowhere = "arn:aws:lambda:ap-southeast-2:123456789012:function:gone"
    played = stage.play(NAME, {}, asx_symbol_updater=nowhere)
    assert_told(played, "Lambda.ResourceNotFoundException", "gone")


@pytest.mark.parametrize(("trouble", "status"), [(POISON, "SUCCEEDED"), (ALL_DOWN, "FAILED")])
def test_a_message_that_cannot_be_sent_changes_nothing(
    stage: Stage, trouble: dict[str, Any], status: str
) -> None:
    gone = "arn:aws:sns:ap-southeast-2:123456789012:gone"
    played = stage.play(NAME, {}, trouble=trouble, alerts_topic=gone)
    assert (played.status, played.messages) == (status, [])
    assert played.error in {"", "PipelineFailed"}


def assert_told(played: Played, error: str, cause: str) -> None:
    """The execution failed with this, and the topic has sent it."""
    assert played.status == "FAILED"
    assert played.error == error
    assert cause in played.cause
    ((subject, text),) = played.messages
    assert subject == "Stock Stream Pipeline Failed"
    assert f"Error: {error}\nReason: " in text
    assert cause in text
    assert "arn:aws:states:" in text
