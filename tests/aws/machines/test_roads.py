"""Every road through the state machines, played on the emulation: no state is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.machines import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.aws.machines.conftest import Stage

Road = tuple[object, dict[str, Any], set[str]]
"""An input, options of the play, and the states that are entered."""

PARAMS = {"strategy": "MovingAverageCrossover"}
YEARS = {"startYear": 2000, "endYear": 2001, "additionalParams": PARAMS}
TICKERS = {"tickers": ["AAPL", "MSFT"], "additionalParams": PARAMS}
SWEEP = {"run": "s-1"}
SYMBOLS = "asx-symbol-updater"


def failing(function: str, *items: str, error: str = "ValueError") -> dict[str, Any]:
    """Items of a function fail at every attempt."""
    return {"trouble": {function: dict.fromkeys(items, (error, "broken", 9))}}


def answering(function: str, **answer: object) -> dict[str, Any]:
    """A function gives another answer."""
    return {"answers": {function: answer}}


def explained(subject: str) -> set[str]:
    return {f"Explain{subject}", f"Read{subject}Error", f"Keep{subject}Message"}


RUN = {
    "UpdateASXSymbols",
    "SplitIntoBatches",
    "FetchStockData",
    "CompactTables",
    "AggregateResults",
    "KeepResults",
    "CheckSummary",
}
LOST_BATCH = {*explained("Batch"), "MarkBatchFailed"}
ALARM = {"NotifyFailure", "PipelineFailed"}

KIND = {"ValidateInput", "CheckInputType"}
BY_YEAR = {*KIND, "SplitDateRange", "ProcessYears", "ProcessYear", "ConsolidateResults"}
BY_TICKER = {
    *KIND,
    "ProcessTickers",
    "ProcessTickersMap",
    "ProcessTicker",
    "ConsolidateTickerResults",
}
PLAN = {*KIND, "PlanSweep", "CheckPlan"}
COLLECT = {"CollectSweep", "CheckResult"}
DONE = {"BacktestSucceeded"}

ROADS: dict[str, dict[str, Road]] = {
    "stock-data-pipeline": {
        "all well": ({}, {}, RUN | {"PipelineSucceeded"}),
        "a batch is lost": (
            {},
            failing("stock-data-fetcher", "1"),
            RUN | LOST_BATCH | {"NotifyPartial", "PipelineSucceeded"},
        ),
        "every batch is lost": (
            {},
            failing("stock-data-fetcher", "0", "1", "2"),
            RUN | LOST_BATCH | {"NothingFetched"} | ALARM,
        ),
        "no symbols": (
            {},
            failing(SYMBOLS, ""),
            {"UpdateASXSymbols"} | explained("Failure") | ALARM,
        ),
        "an answer that cannot be read": (
            {},
            answering(SYMBOLS, symbolBatches="none", metadata={"date": "2025-12-26"}),
            {"UpdateASXSymbols", "SplitIntoBatches", "ExplainFailure", "RenameFailure"} | ALARM,
        ),
    },
    "backtest-workflow": {
        "a year fails": (
            YEARS,
            failing("process-year", "2001"),
            BY_YEAR | explained("Year") | {"MarkYearFailed"} | DONE,
        ),
        "a ticker fails": (
            TICKERS,
            failing("process-single-ticker", "MSFT"),
            BY_TICKER | explained("Ticker") | {"MarkTickerFailed"} | DONE,
        ),
        "parameters that cannot be used": (
            YEARS,
            failing("date-range-splitter", "", error="ConfigError"),
            KIND | {"SplitDateRange"} | explained("Failure") | {"BacktestFailed"},
        ),
        "a sweep": (SWEEP, {}, PLAN | {"RunChunks"} | COLLECT | DONE),
        "nothing is missing": (
            SWEEP,
            answering("plan-sweep", run="s-1", attempt=2, plan="plan.json", items=0),
            PLAN | COLLECT | DONE,
        ),
        "nothing is done": (
            SWEEP,
            answering("collect-sweep", run="s-1", trials=4, done=0),
            PLAN | {"RunChunks"} | COLLECT | {"NothingDone"},
        ),
        "no plan": (
            SWEEP,
            answering("plan-sweep", run="s-1", attempt=1, plan="gone.json", items=1),
            PLAN | {"RunChunks", "ExplainFailure", "RenameFailure", "BacktestFailed"},
        ),
        "two kinds": ({**YEARS, **TICKERS}, {}, {"ValidateInput", "TwoKindsOfInput"}),
        "no kind": ({"start": 2000}, {}, {"ValidateInput", "NoKindOfInput"}),
    },
}
ITEM_STATES = {"RunChunk"}
"""They stand in the histories of a Distributed Map's own executions."""


@pytest.mark.parametrize(
    ("name", "road"), [(name, road) for name, roads in ROADS.items() for road in roads]
)
def test_each_road_through_a_machine(planned: Stage, name: str, road: str) -> None:
    given, options, states = ROADS[name][road]
    assert planned.play(name, given, **options).visited == states


@pytest.mark.parametrize("name", MACHINES)
def test_the_roads_leave_no_state_out(name: str) -> None:
    on_roads = set[str]().union(*(states for *_, states in ROADS[name].values()))
    assert on_roads | ITEM_STATES == {*_names(MACHINES[name].definition)} | ITEM_STATES


def _names(machine: dict[str, Any]) -> Iterator[str]:
    for name, state in machine["States"].items():
        yield name
        if "ItemProcessor" in state:
            yield from _names(state["ItemProcessor"])
