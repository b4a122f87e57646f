"""What goes from step to step is read with care and stays small."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from stockstream.errors import ConfigError
from stockstream.ingest.run_summary import UpdateSummary
from stockstream.ingest.steps.answers import (
    aggregated,
    day_of,
    results_of,
    summarised,
    within_limit,
)
from stockstream.ingest.symbols import plan_batches

GOOD = {
    "statusCode": 200,
    "body": "2 of 2 symbols fetched",
    "metadata": {"batch_number": 0, "symbols_fetched": 2, "symbols_failed": []},
}
LIMIT = 256 * 1024
DAY = "2024-05-07"


def failed(number: int, error: Any) -> dict[str, Any]:
    told = {"batch_number": number, "symbols_failed": ["S05"]}
    return {"statusCode": 500, "metadata": told, "error": error}


def summary(failures: int) -> UpdateSummary:
    names = [f"S{number:04}.AX" for number in range(failures)]
    return UpdateSummary(
        dt.date(2024, 5, 7),
        "2024-05-07.1",
        "partial",
        2147,
        symbols_failed=dict.fromkeys(names, "transient: " + "the source said no " * 50),
        batches_failed=dict.fromkeys(range(22), "nothing was written: " + "no " * 500),
        changes={"added": names},
        notices=("restated: " + "a notice " * 100,) * 200,
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"Error": "LakeError", "Cause": "no room"}, "LakeError: no room"),
        (
            {"Error": "LakeError", "Cause": '{"errorMessage": "no room", "stackTrace": ["..."]}'},
            "LakeError: no room",
        ),
        ({"Error": "Sandbox.Timedout", "Cause": "[1, 2]"}, "Sandbox.Timedout: [1, 2]"),
        ({"Error": "States.Timeout"}, "States.Timeout: "),
        ("it hung", "it hung"),
        (None, "it gave no answer"),
    ],
)
def test_why_a_batch_failed(error: Any, reason: str) -> None:
    [good, bad] = results_of({"batchResults": [GOOD, failed(3, error)]})
    assert good == GOOD
    assert (bad["body"], bad["metadata"]["batch_number"]) == (reason, 3)


def test_the_answer_of_a_source_that_does_not_work_is_its_reason() -> None:
    answer = {"statusCode": 503, "body": "nothing was written", "metadata": {"batch_number": 1}}
    assert results_of({"batchResults": [answer]})[0]["body"] == "nothing was written"


def test_a_few_failures_are_told_with_reasons_and_many_with_their_kind() -> None:
    few, many = summarised(summary(3)), summarised(summary(2147))
    assert few["symbols_failed"]["S0001.AX"].startswith("transient: the source said no")
    assert set(many["symbols_failed"].values()) == {"transient"}
    assert len(many["symbols_failed"]) == 2147
    assert [*many["batches_failed"]] == [str(number) for number in range(22)]
    assert many["notices"][-1] == "and 100 more"
    assert "changes" not in many


def test_the_reasons_of_very_many_batches_fit_into_the_cause_of_a_failure() -> None:
    reasons = dict.fromkeys(range(110), "nothing was written: " + "no " * 500)
    told = summarised(replace(summary(0), batches_failed=reasons, notices=()))
    assert len(json.dumps(told)) < 32_768 - 1000
    assert told["batches_failed"]["109"].startswith("nothing was written: no")


def test_a_day_on_which_everything_fails_fits_into_the_data_of_a_state() -> None:
    batches = plan_batches([f"S{number:04}" for number in range(2147)])
    state = {
        "symbols": [s for batch in batches for s in batch["symbols"]],
        "symbolBatches": batches,
    }
    results = [
        {**GOOD, "metadata": {"batch_number": b["batchNumber"], "symbols_failed": b["symbols"]}}
        for b in batches
    ]
    tables = summarised(summary(2147))
    whole = {**state, "metadata": {"date": DAY}, "batchResults": results}
    told = aggregated({**whole, "tables": {"summary": tables}})
    assert len(json.dumps({**whole, "tables": tables, "summary": told})) < LIMIT


def test_a_list_that_is_too_long_is_refused_at_once() -> None:
    def answer(count: int) -> dict[str, Any]:
        symbols = [f"S{number:04}" for number in range(count)]
        return {"symbols": symbols, "symbolBatches": plan_batches(symbols)}

    assert within_limit(answer(9000), "9,000 symbols")
    with pytest.raises(ConfigError, match=r"12,000 symbols make .* more than the 196,608"):
        within_limit(answer(12_000), "12,000 symbols")


def test_the_whole_summary() -> None:
    event = {
        "metadata": {"date": DAY, "s3_key": "symbols/x.csv", "notices": ["list_refused: html"]},
        "batchResults": [GOOD, failed(1, {"Error": "LakeError", "Cause": "no room"})],
        "tables": {"summary": {"state": "partial", "added": 7, "notices": ["held"]}},
    }
    assert aggregated(event) == {
        "date": DAY,
        "state": "partial",
        "added": 7,
        "notices": ["list_refused: html", "held"],
        "list_key": "symbols/x.csv",
    }


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ([], "complete"),
        ([GOOD], "complete"),
        ([GOOD, failed(1, "no")], "partial"),
        ([failed(1, "no")], "failed"),
        ([{**GOOD, "metadata": {**GOOD["metadata"], "symbols_failed": ["S05"]}}], "partial"),  # type: ignore[dict-item]
    ],
)
def test_without_tables_the_batches_are_summarised(results: list[Any], state: str) -> None:
    told = aggregated({"metadata": {"date": DAY}, "batchResults": results})
    bad = [one for one in results if one["statusCode"] != 200]
    assert told["state"] == state
    assert told["batches_failed"] == ({"1": "no"} if bad else {})
    assert told["batches_processed"] == len(results) - len(bad)


def test_a_day() -> None:
    assert day_of({"date": DAY}) == dt.date(2024, 5, 7)
    assert day_of({}, needed=False) is None
    with pytest.raises(ConfigError, match='"date" is "2024-02-30"'):
        day_of({"date": "2024-02-30"})
