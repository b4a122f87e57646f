"""The state machine of the parallel backtests, ``backtest-workflow``.

Three kinds of input, each with the documented or stated output:

* ``{"startYear", "endYear", "additionalParams"}``: each year on its own, then consolidated;
* ``{"tickers": [...], "additionalParams"}``: each ticker on its own, then consolidated;
* ``{"run": "s-..."}`` of a study in the bucket, or ``{"config": {...}, ...}``: a sweep. Its output
  is ``{run, attempt, state, trials, done, failed, failures}`` (and ``failed_chunks``).

``ValidateInput`` only sees that it is one of these. What is in it is checked by the first function
of each branch, which says what is wrong better than a Choice can, before any piece is started.
A year, ticker or item of a plan that fails does not stop the others; with none left the execution
fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stockstream.aws.machines import states
from stockstream.aws.machines.states import CONCURRENCY, present

if TYPE_CHECKING:
    from stockstream.aws.machines.states import State, States

__all__ = ["BACKTEST", "TOLERATED"]

TOLERATED = 10.0
"""Percent of a sweep's items that may fail; with more the rest is not started, and it fails.

A chunk that cannot be computed is given up by its function and is no failure of its item: an item
fails when the cloud failed it, after all its attempts, and more than a tenth is no accident. What
was done stays done for the next attempt. A float, because the emulation takes no integer here.
"""

KINDS = (
    "startYear and endYear (a backtest by year), tickers (by ticker), or config or run (a sweep)"
)
YEARS = {"Or": [present("startYear"), present("endYear")]}
TICKERS = present("tickers")
SWEEP = {"Or": [present("config"), present("run")]}


def _check() -> States:
    """Which of the three kinds it is, and that it is one."""
    pairs = ((YEARS, TICKERS), (YEARS, SWEEP), (TICKERS, SWEEP))
    both = {"Or": [{"And": list(pair)} for pair in pairs], "Next": "TwoKindsOfInput"}
    one = {"Or": [*YEARS["Or"], TICKERS, *SWEEP["Or"]], "Next": "CheckInputType"}
    kinds = [{**YEARS, "Next": "SplitDateRange"}, {**TICKERS, "Next": "ProcessTickers"}]
    return {
        "ValidateInput": states.choice([both, one], default="NoKindOfInput"),
        "TwoKindsOfInput": states.fail(
            "ConfigError", f"the input is of two kinds at once; give only one of: {KINDS}"
        ),
        "NoKindOfInput": states.fail(
            "ConfigError", f"the input says nothing of what to run; give one of: {KINDS}"
        ),
        "CheckInputType": states.choice(kinds, default="PlanSweep"),
    }


def _patient(*rules: State, attempts: int = 2) -> list[State]:
    """The rules of all that only computes on the lake, with ``rules`` before the last."""
    again = states.retry(["States.TaskFailed"], seconds=5, attempts=attempts)
    return [states.never(states.PURE_ERRORS), states.patiently(), *rules, again]


def _pieces(subject: str, key: str, source: State) -> State:
    """A Map over the years or tickers.

    Args:
        subject: ``Year`` or ``Ticker``, in the names of its states.
        key: what a piece is named by in its account, ``year`` or ``ticker``.
        source: the fields of the Map that say where its items come from and how it goes on.
    """
    process = {"Year": "process-year", "Ticker": "process-single-ticker"}[subject]
    work = states.invoke(
        process,
        Retry=_patient(),
        Catch=states.catch_all(f"Explain{subject}"),
        End=True,
    )
    failed = {f"{key}.$": f"$.{key}", "error.$": "$.error"}
    processor = {
        "ProcessorConfig": {"Mode": "INLINE"},
        "StartAt": f"Process{subject}",
        "States": {
            f"Process{subject}": work,
            **states.reason(subject, f"Mark{subject}Failed"),
            f"Mark{subject}Failed": {"Type": "Pass", "Parameters": failed, "End": True},
        },
    }
    return {
        "Type": "Map",
        "MaxConcurrency": CONCURRENCY,
        "ItemProcessor": processor,
        "Catch": states.catch_all("ExplainFailure"),
        **source,
    }


def _step(function: str, payload: Any = "$", **fields: Any) -> State:
    """A function of which a failure ends the execution."""
    return states.invoke(
        function,
        payload,
        Retry=_patient(),
        Catch=states.catch_all("ExplainFailure"),
        **fields,
    )


def _consolidate(function: str) -> State:
    return _step(
        function,
        ResultSelector={"summary.$": "$.Payload.summary"},
        ResultPath="$.finalResult",
        Next="BacktestSucceeded",
    )


def _split() -> States:
    """By year and by ticker."""
    item = {"year.$": "$$.Map.Item.Value", "additionalParams.$": "$.additionalParams"}
    years = {
        "ItemsPath": "$.years",
        "ItemSelector": item,
        "ResultPath": "$.yearResults",
        "Next": "ConsolidateResults",
    }
    tickers = {
        "ItemsPath": "$.tickers",
        "ResultPath": "$.tickerResults",
        "Next": "ConsolidateTickerResults",
    }
    return {
        "SplitDateRange": _step("date-range-splitter", Next="ProcessYears"),
        "ProcessYears": _pieces("Year", "year", years),
        "ConsolidateResults": _consolidate("consolidate-results"),
        "ProcessTickers": _step("process-tickers", Next="ProcessTickersMap"),
        "ProcessTickersMap": _pieces("Ticker", "ticker", tickers),
        "ConsolidateTickerResults": _consolidate("consolidate-ticker-results"),
        "BacktestSucceeded": {"Type": "Succeed"},
    }


def _run_chunks() -> State:
    """The items of a plan, each a function call of about a minute of work."""
    run = states.invoke(
        "run-chunk",
        # Unfinished: it stopped before its time limit, and goes on where it was. Four attempts:
        # a chunk at which three workers were lost is given up by the fourth.
        Retry=_patient(states.retry(["Unfinished"], seconds=1, attempts=50, rate=1.0), attempts=4),
        End=True,
    )
    return {
        "Type": "Map",
        "MaxConcurrency": CONCURRENCY,
        "ToleratedFailurePercentage": TOLERATED,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "${bucket}", "Key.$": "$.plan"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "RunChunk",
            "States": {"RunChunk": run},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {
                "Bucket": "${bucket}",
                # The emulation shows this place the results, not the state's data.
                "Prefix.$": "States.Format('runs/map/{}', $$.Execution.Name)",
            },
        },
        "ResultPath": None,
        "Catch": states.catch_all("ExplainFailure"),
        "Next": "CollectSweep",
    }


def _sweep() -> States:
    """A plan's chunks, through a Distributed Map."""
    missing = {"Variable": "$.items", "NumericGreaterThan": 0, "Next": "RunChunks"}
    some = {"Variable": "$.done", "NumericGreaterThan": 0, "Next": "BacktestSucceeded"}
    nothing = (
        "States.Format('None of the {} trials was done. The reasons are in the bucket, in "
        "runs/{}/failures and runs/map/{}.', $.trials, $.run, $$.Execution.Name)"
    )
    return {
        "PlanSweep": _step("plan-sweep", Next="CheckPlan"),
        "CheckPlan": states.choice([missing], default="CollectSweep"),
        "RunChunks": _run_chunks(),
        "CollectSweep": _step(
            "collect-sweep",
            {"run.$": "$.run", "attempt.$": "$.attempt"},
            Next="CheckResult",
        ),
        "CheckResult": states.choice([some], default="NothingDone"),
        "NothingDone": {"Type": "Fail", "Error": "SweepFailed", "CausePath": nothing},
    }


BACKTEST: State = {
    "Comment": "Backtests in parallel: by year, by ticker, or all points of a grid.",
    "StartAt": "ValidateInput",
    "States": {
        **_check(),
        **_split(),
        **_sweep(),
        **states.last_reason("BacktestFailed"),
        "BacktestFailed": states.fail(),
    },
}
