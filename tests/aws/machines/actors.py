"""Stand in for the functions of the cloud: note each call, answer as documented, fail as told.

Travels in a zip into the emulation, so it needs nothing but the standard library. ``ACTOR`` is the
function that it plays; ``SCENE`` is JSON: ``folder`` for the notes, ``answers`` as
``{function: answer}``, ``trouble`` as ``{function: {item: [error, message, times]}}``; the error
``hangs`` never ends.
"""

from __future__ import annotations

import json
import os
from itertools import count
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DATE = "2025-12-26"
HANGS = "hangs"


def act(event: dict[str, Any], context: Any) -> Any:
    """Play the function that the environment names."""
    name, scene = os.environ["ACTOR"], json.loads(os.environ["SCENE"])
    item = item_of(event)
    earlier = note(Path(scene["folder"], name), item, event)
    error, message, times = scene["trouble"].get(name, {}).get(item, ("", "", 0))
    if earlier < times and error == HANGS:
        Event().wait()
    if earlier < times:
        failure: type[Exception] = type(error, (Exception,), {})
        raise failure(message)
    return scene["answers"].get(name) or PARTS[name](event)


def item_of(event: dict[str, Any]) -> str:
    """What tells the items of a Map apart; empty for a function outside of it."""
    named = [event[key] for key in ("batchNumber", "year", "ticker", "chunks") if key in event]
    return str(named[0]) if named else ""


def note(folder: Path, item: str, event: object) -> int:
    """Write a call down; returns how many were there for this item."""
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in count():
        try:
            with (folder / f"{item}-{earlier}.json").open("x") as file:
                json.dump(event, file)
        except FileExistsError:
            continue
        return earlier
    raise AssertionError


def symbols(event: dict[str, Any]) -> object:
    batches = [{"symbols": [name], "batchNumber": i} for i, name in enumerate(("BHP", "CBA", "X"))]
    metadata = {"total_symbols": 3, "num_batches": 3, "date": event.get("date", DATE)}
    return {
        "statusCode": 200,
        "symbols": ["BHP", "CBA", "X"],
        "symbolBatches": batches,
        "metadata": metadata,
    }


def fetch(event: dict[str, Any]) -> object:
    number = event["batchNumber"]
    metadata = {"batch_number": number, "symbols_fetched": 1, "symbols_failed": []}
    return {"statusCode": 200, "body": "1 of 1", "metadata": metadata}


def aggregate(event: dict[str, Any]) -> object:
    failed = [result for result in event["batchResults"] if result["statusCode"] != 200]
    some = "partial" if len(failed) < len(event["batchResults"]) else "failed"
    return {"statusCode": 200, "summary": {"state": some if failed else "complete"}}


def split_years(event: dict[str, Any]) -> object:
    return {**event, "years": list(range(event["startYear"], event["endYear"] + 1))}


def split_tickers(event: dict[str, Any]) -> object:
    given = event["additionalParams"]
    pieces = [{"ticker": ticker, "additionalParams": given} for ticker in event["tickers"]]
    return {"tickers": pieces, "additionalParams": given}


def year(event: dict[str, Any]) -> object:
    return {"year": event["year"], "result": {"metrics": {"sharpe": 1.0}, "statistics": {}}}


def ticker(event: dict[str, Any]) -> object:
    return {"ticker": event["ticker"], "result": {"return": 0.1, "volatility": 0.2}}


def consolidate(event: dict[str, Any]) -> object:
    results = event.get("yearResults") or event.get("tickerResults") or []
    return {"summary": {"averageMetrics": {}, "done": sum("result" in item for item in results)}}


def plan(event: dict[str, Any]) -> object:
    return {**event, "attempt": 1, "plan": "plan.json", "items": 2, "trials": 4}


def collect(event: dict[str, Any]) -> object:
    return {**event, "state": "done", "trials": 4, "done": 4, "failed": 0, "failures": []}


PARTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "asx-symbol-updater": symbols,
    "stock-data-fetcher": fetch,
    "table-compactor": lambda event: {"batches": len(event["batchResults"])},
    "batch-aggregator": aggregate,
    "date-range-splitter": split_years,
    "process-tickers": split_tickers,
    "process-year": year,
    "process-single-ticker": ticker,
    "consolidate-results": consolidate,
    "consolidate-ticker-results": consolidate,
    "plan-sweep": plan,
    "run-chunk": lambda event: {"done": len(event["chunks"])},
    "collect-sweep": collect,
}
