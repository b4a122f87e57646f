"""Every function that is deployed: its code, its size, and what of the bucket it may touch.

Terraform reads the same table, as ``infra/terraform/functions.json``; a test holds them together.
Run ``python scripts/make_cloud_files.py`` after a change.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FUNCTIONS", "Function", "functions_document"]

HANDLERS = "stockstream.aws.handlers"

LAKE = ("symbols/", "raw-data/", "bars/", "actions/", "universe/", "factors/")
"""What a backtest reads: every table of the lake but what was rejected and noted."""

ALL = (*LAKE, "quarantine/", "health/", "lake.json")


@dataclass(frozen=True)
class Function:
    """A function of the cloud.

    Attributes:
        handler: dotted path of its entry point.
        memory: megabytes; 1,769 is a whole processor.
        timeout: seconds.
        package: ``zip`` (the standard library and pydantic) or ``image``.
        reads, writes: prefixes of the bucket; nothing else of it is allowed.
        part: of which part of the system it is, ``pipeline`` or ``backtest``.
    """

    handler: str
    memory: int
    timeout: int
    package: Literal["zip", "image"]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    part: Literal["pipeline", "backtest"]


def _pipeline(
    handler: str, memory: int, timeout: int, reads: tuple[str, ...], writes: tuple[str, ...]
) -> Function:
    return Function(f"{HANDLERS}.{handler}", memory, timeout, "image", reads, writes, "pipeline")


def _splitter(handler: str) -> Function:
    return Function(f"{HANDLERS}.{handler}", 256, 30, "zip", (), (), "backtest")


def _backtest(handler: str, memory: int, timeout: int) -> Function:
    reads, writes = (*LAKE, "lake.json", "runs/"), ("runs/",)
    return Function(f"{HANDLERS}.{handler}", memory, timeout, "image", reads, writes, "backtest")


FUNCTIONS: Mapping[str, Function] = {
    "asx-symbol-updater": _pipeline("pipeline.symbols", 256, 300, ALL, ALL),
    "stock-data-fetcher": _pipeline("pipeline.fetch", 512, 900, ALL, ("raw-data/",)),
    "table-compactor": _pipeline("pipeline.compact", 3008, 900, ALL, ALL),
    "batch-aggregator": _pipeline("pipeline.aggregate", 256, 60, (), ()),
    "date-range-splitter": _splitter("splitting.date_range_splitter"),
    "split-tickers": _splitter("splitting.split_tickers"),
    "process-tickers": _splitter("splitting.process_tickers"),
    "process-year": _backtest("pieces.process_year", 1769, 300),
    "process-single-ticker": _backtest("pieces.process_single_ticker", 1769, 300),
    "consolidate-results": _backtest("consolidation.consolidate_results", 1024, 60),
    "consolidate-ticker-results": _backtest("consolidation.consolidate_ticker_results", 1024, 60),
    "plan-sweep": _backtest("sweeps.plan_sweep", 3008, 300),
    "run-chunk": _backtest("sweeps.run_chunks", 1769, 900),
    "collect-sweep": _backtest("sweeps.collect_sweep", 1024, 300),
}
"""By the name that it has in the account, after the stack's prefix."""


def functions_document() -> dict[str, Any]:
    """The table as JSON values."""
    return {name: asdict(function) for name, function in FUNCTIONS.items()}
