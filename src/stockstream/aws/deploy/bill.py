"""What a stack will cost: a month of it, a million trials on it, and what each choice changes.

List prices of :data:`stockstream.runners.prices.PRICES` and durations that were measured or
documented. An estimate to choose by: free allowances, taxes and network are left out.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.aws.functions import FUNCTIONS
from stockstream.runners.prices import (
    PRICES,
    PRICES_READ,
    SOURCES,
    Work,
    cloud_costs,
    demand_region,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.runners.prices import CloudCost, Prices

__all__ = ["Bill", "Choice", "Line", "Sweep", "Usage", "bill", "bill_document"]

SECONDS: Mapping[str, float] = {
    "asx-symbol-updater": 30.0,
    "stock-data-fetcher": 215.0,
    "table-compactor": 60.0,
    "batch-aggregator": 2.0,
}
"""Of one call; of a fetcher for a full batch, as it asks 100 symbols at the pace of the source."""

BATCH = 100
TRANSITIONS, TRANSITIONS_A_BATCH = 7, 2
METRICS, ALARM_METRICS = 5, 15
PUTS, GETS = 120, 2_000
"""Requests of one day's run: batches, data files and log entries."""

HOURS = 730.0
CHUNK_SECONDS = 0.5
TRIALS = 1_000_000
TRIAL_SECONDS: Mapping[str, float] = {
    "one symbol, sparse path": 0.0002,
    "a few symbols that share the cash": 0.005,
    "hundreds of symbols, or a strategy in plain Python": 0.05,
}
SWEEP_MEMORY = 2**30


@dataclass(frozen=True)
class Usage:
    """What the stack is used for in a month.

    Attributes:
        symbols: that the daily run fetches.
        sessions: days on which it runs; 0 without a schedule.
        lake_gb: of the bucket, older versions included.
        logs_gb: of logs, a month.
        image_gb: of the images in the repository.
        gateways: NAT gateways of a private network.
        gateway_gb: that goes through them.
    """

    symbols: int = 2_000
    sessions: int = 21
    lake_gb: float = 3.0
    logs_gb: float = 0.2
    image_gb: float = 1.5
    gateways: int = 0
    gateway_gb: float = 10.0


class Line(NamedTuple):
    """A line of the bill: US dollars a month for something."""

    what: str
    dollars: float
    basis: str


class Choice(NamedTuple):
    """Another choice, and how many US dollars a month it adds (less than 0: saves)."""

    what: str
    dollars: float


class Sweep(NamedTuple):
    """What a million trials of a kind cost on each runner that can hold them."""

    kind: str
    trial_seconds: float
    costs: tuple[CloudCost, ...]


@dataclass(frozen=True)
class Bill:
    """What a stack costs in one region.

    Attributes:
        region: a key of the price table.
        usage: what it is reckoned for.
        lines: of a month without sweeps.
        sweeps: what :data:`TRIALS` trials cost on top.
        choices: what other choices would change.
    """

    region: str
    usage: Usage
    lines: tuple[Line, ...]
    sweeps: tuple[Sweep, ...]
    choices: tuple[Choice, ...]

    @property
    def month(self) -> float:
        """US dollars a month without sweeps."""
        return sum(line.dollars for line in self.lines)


def bill(region: str, usage: Usage | None = None) -> Bill:
    """Reckon what a stack costs.

    Args:
        region: of the cloud.
        usage: what it is used for.

    Raises:
        UnknownNameError: there are no prices for the region.
    """
    demand_region(region)
    used = usage or Usage()
    lines = _lines(PRICES[region], used)
    return Bill(region, used, lines, _sweeps(region), _choices(PRICES[region], used))


def bill_document(found: Bill) -> dict[str, Any]:
    """A bill as JSON values."""
    return {
        "region": found.region,
        "usage": asdict(found.usage),
        "dollars_a_month": found.month,
        "lines": [line._asdict() for line in found.lines],
        "sweeps": [
            {
                "kind": sweep.kind,
                "trials": TRIALS,
                "trial_seconds": sweep.trial_seconds,
                "costs": [asdict(cost) for cost in sweep.costs],
            }
            for sweep in found.sweeps
        ],
        "choices": [choice._asdict() for choice in found.choices],
        "prices": {"read": PRICES_READ.isoformat(), "sources": list(SOURCES)},
    }


def _lines(prices: Prices, usage: Usage) -> tuple[Line, ...]:
    batches = math.ceil(usage.symbols / BATCH)
    steps = TRANSITIONS + batches * TRANSITIONS_A_BATCH
    runs = usage.sessions
    logs = prices.log_gb + prices.log_storage
    lines = [
        Line(
            "daily run: functions",
            runs * _functions(prices, usage.symbols),
            f"{runs} sessions, {usage.symbols:,} symbols in {batches} batches",
        ),
        Line("daily run: steps", runs * steps * prices.transition, f"{steps} a run"),
        Line(
            "daily run: requests",
            runs * (PUTS * prices.put + GETS * prices.get),
            f"{PUTS} writes, {GETS:,} reads a run",
        ),
        Line("bucket", usage.lake_gb * prices.storage, f"{usage.lake_gb:g} GB, versions included"),
        Line("logs", usage.logs_gb * logs, f"{usage.logs_gb:g} GB a month, kept for a month"),
        Line("metrics", METRICS * prices.metric, f"{METRICS} of our own"),
        Line("alarms", ALARM_METRICS * prices.alarm, f"4, on {ALARM_METRICS} metrics"),
        Line("dashboard", prices.dashboard, "1; the first 3 of an account are free"),
        Line("images", usage.image_gb * prices.image_gb, f"{usage.image_gb:g} GB"),
    ]
    if usage.gateways:
        lines.append(
            Line(
                "private network",
                usage.gateways * HOURS * prices.gateway_hour + usage.gateway_gb * prices.gateway_gb,
                f"{usage.gateways} NAT gateway, {usage.gateway_gb:g} GB through it",
            )
        )
    return tuple(lines)


def _functions(prices: Prices, symbols: int) -> float:
    """US dollars of the functions of one daily run."""
    calls = dict.fromkeys(SECONDS, 1.0) | {"stock-data-fetcher": symbols / BATCH}
    gigabyte_seconds = sum(
        calls[name] * seconds * FUNCTIONS[name].memory / 1024 for name, seconds in SECONDS.items()
    )
    return gigabyte_seconds * prices.lambda_gb_second + sum(calls.values()) * prices.lambda_request


def _sweeps(region: str) -> tuple[Sweep, ...]:
    return tuple(
        Sweep(kind, each, cloud_costs(_work(each), region)) for kind, each in TRIAL_SECONDS.items()
    )


def _work(trial_seconds: float) -> Work:
    core = TRIALS * trial_seconds
    return Work(core, SWEEP_MEMORY, math.ceil(core / CHUNK_SECONDS))


def _choices(prices: Prices, usage: Usage) -> tuple[Choice, ...]:
    """What the bill would change by, for the choices that are open."""
    now = _total(prices, usage)
    others = {
        "no schedule (schedule_enabled=false)": replace(usage, sessions=0),
        "500 symbols": replace(usage, symbols=500),
        "a private network with a NAT gateway (vpc)": replace(usage, gateways=usage.gateways + 1),
        "10 GB more in the bucket": replace(usage, lake_gb=usage.lake_gb + 10),
    }
    found = [Choice(what, _total(prices, other) - now) for what, other in others.items()]
    return (*found, Choice("a second region, or a second stack", now))


def _total(prices: Prices, usage: Usage) -> float:
    return sum(line.dollars for line in _lines(prices, usage))
