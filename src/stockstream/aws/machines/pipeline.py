"""The state machine of the daily run, ``stock-data-pipeline``.

Input: ``{}``, or ``{"date": "2025-12-26"}`` for another session than the last. Output: the answer
of the symbol updater, ``batchResults``, and the ``summary`` of the aggregator, whose ``state`` is
``complete`` or ``partial``; a run in which nothing worked fails, after a message to the topic.
A batch that was given up is in ``batchResults`` as ``{"statusCode": 500, "metadata":
{"batch_number", "symbols_failed"}, "error": {"Error", "Cause"}}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.aws.machines import states

if TYPE_CHECKING:
    from stockstream.aws.machines.states import State, States

__all__ = ["PIPELINE"]

BATCHES_AT_ONCE = 10
LONGEST = 12 * 3600
"""Seconds; a run that still hangs then ends before that of the next day."""

FAILURE_MESSAGE = (
    "States.Format('The daily run failed.\n\nError: {}\nReason: {}\n\nExecution: {}\n\n"
    "Nothing in the lake was deleted. After repair start the state machine again, "
    "with the date of the session if it is no longer the last one.', "
    "$.error.Error, $.error.Cause, $$.Execution.Id)"
)
PARTIAL_MESSAGE = (
    "States.Format('The daily run did a part of its work; the rest is tried again by the next "
    "run.\n\nSummary: {}\n\nExecution: {}', States.JsonToString($.summary), $$.Execution.Id)"
)


def _fetch_batch() -> State:
    """What each batch of symbols goes through."""
    fetch = states.invoke(
        "stock-data-fetcher",
        Retry=[
            states.never(),
            states.retry(["States.TaskFailed"], seconds=30, attempts=2),
        ],
        Catch=states.catch_all("ExplainBatch"),
        End=True,
    )
    failed = {
        "statusCode": 500,
        "metadata": {"batch_number.$": "$.batchNumber", "symbols_failed.$": "$.symbols"},
        "error.$": "$.error",
    }
    return {
        "ProcessorConfig": {"Mode": "INLINE"},
        "StartAt": "FetchStockData",
        "States": {
            "FetchStockData": fetch,
            **states.reason("Batch", "MarkBatchFailed"),
            "MarkBatchFailed": {"Type": "Pass", "Parameters": failed, "End": True},
        },
    }


def _work() -> States:
    """From the symbols to the summary."""
    update = states.invoke(
        "asx-symbol-updater",
        Retry=[
            states.never(),
            states.retry(["States.TaskFailed"], seconds=60, attempts=3),
        ],
        Catch=states.catch_all("ExplainFailure"),
        Next="SplitIntoBatches",
    )
    split = {
        "Type": "Map",
        "ItemsPath": "$.symbolBatches",
        "MaxConcurrency": BATCHES_AT_ONCE,
        "ItemSelector": {
            "symbols.$": "$$.Map.Item.Value.symbols",
            "batchNumber.$": "$$.Map.Item.Value.batchNumber",
            "date.$": "$.metadata.date",
        },
        "ItemProcessor": _fetch_batch(),
        "ResultPath": "$.batchResults",
        "Catch": states.catch_all("ExplainFailure"),
        "Next": "CompactTables",
    }
    compact = states.invoke(
        "table-compactor",
        {"date.$": "$.metadata.date", "batchResults.$": "$.batchResults"},
        Retry=_patient(seconds=30, attempts=2),
        ResultSelector={"summary.$": "$.Payload"},
        ResultPath="$.tables",
        Catch=states.catch_all("ExplainFailure"),
        Next="AggregateResults",
    )
    aggregate = states.invoke(
        "batch-aggregator",
        Retry=_patient(seconds=5, attempts=3),
        ResultSelector={"statusCode.$": "$.Payload.statusCode", "summary.$": "$.Payload.summary"},
        ResultPath="$.aggregate",
        Catch=states.catch_all("ExplainFailure"),
        Next="KeepResults",
    )
    return {
        "UpdateASXSymbols": update,
        "SplitIntoBatches": split,
        "CompactTables": compact,
        "AggregateResults": aggregate,
    }


def _patient(*, seconds: int, attempts: int) -> list[State]:
    again = states.retry(["States.TaskFailed"], seconds=seconds, attempts=attempts)
    return [states.never(), states.patiently(), again]


def _end() -> States:
    """What the summary leads to."""
    kept = ("symbols", "symbolBatches", "metadata", "batchResults")
    output = {
        "statusCode.$": "$.aggregate.statusCode",
        **{f"{key}.$": f"$.{key}" for key in kept},
        "summary.$": "$.aggregate.summary",
    }
    failure = {
        "Error": "PipelineFailed",
        "Cause.$": "States.Format('No batch was fetched: {}', States.JsonToString($.summary))",
    }
    state = [
        {"Variable": "$.summary.state", "StringEquals": "complete", "Next": "PipelineSucceeded"},
        {"Variable": "$.summary.state", "StringEquals": "partial", "Next": "NotifyPartial"},
    ]
    return {
        "KeepResults": {"Type": "Pass", "Parameters": output, "Next": "CheckSummary"},
        "CheckSummary": states.choice(state, default="NothingFetched"),
        "NotifyPartial": states.notify(
            "Stock Stream Pipeline Partly Done",
            PARTIAL_MESSAGE,
            Catch=_unheard("PipelineSucceeded"),
            Next="PipelineSucceeded",
        ),
        "PipelineSucceeded": {"Type": "Succeed"},
        "NothingFetched": {
            "Type": "Pass",
            "Parameters": failure,
            "ResultPath": "$.error",
            "Next": "NotifyFailure",
        },
        **states.last_reason("NotifyFailure"),
        "NotifyFailure": states.notify(
            "Stock Stream Pipeline Failed",
            FAILURE_MESSAGE,
            Catch=_unheard("PipelineFailed"),
            Next="PipelineFailed",
        ),
        "PipelineFailed": states.fail(),
    }


def _unheard(following: str) -> list[State]:
    """A message that cannot be sent changes nothing about the run."""
    return [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.unheard", "Next": following}]


PIPELINE: State = {
    "Comment": "The daily run: symbols, batches of prices, tables, summary.",
    "StartAt": "UpdateASXSymbols",
    "TimeoutSeconds": LONGEST,
    "States": {**_work(), **_end()},
}
