"""An estimate on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from stockstream.cli.console import heading, say, show_table, warn
from stockstream.cli.figures import count, percent, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.runners.own_machines import OwnTime
    from stockstream.runners.prices import CloudCost
    from stockstream.study.estimate import Estimate

__all__ = ["estimate_document", "show_estimate"]

RUNNERS = {
    "step_functions": "AWS Step Functions, Lambda",
    "aws_batch": "AWS Batch, Fargate Spot",
    "airflow": "Airflow, in its own workers",
    "cluster": "Ray cluster",
}


def show_estimate(
    found: Estimate, own: Sequence[OwnTime], costs: Sequence[CloudCost], title: str
) -> None:
    """Print what a sweep would take: here, on machines that one has, and in the cloud."""
    typer.secho(f"{title}: {count(found.trials, 'trial')}", bold=True)
    say(
        f"{count(found.points, 'combination')} x {count(found.pieces, 'piece')}, "
        f"{count(found.chunks, 'chunk')}"
    )
    heading("How they run")
    rows = [
        [path.path, percent(path.share, 0), f"{path.trial_seconds * 1e6:,.0f} us"]
        for path in found.paths
    ]
    show_table(["path", "trials", "each"], rows)
    heading("What they take")
    rows = [["here", count(found.workers, "worker"), _time(found.seconds), size(found.memory), "-"]]
    rows += [
        [RUNNERS[one.runner], count(one.workers, "worker"), _time(one.seconds), "-", "-"]
        for one in own
    ]
    rows += [
        [
            f"{RUNNERS[cost.runner]}, {_region(cost.region)}",
            count(cost.jobs, "job"),
            _time(cost.seconds),
            "-",
            f"{cost.dollars:,.4f}",
        ]
        for cost in costs
    ]
    show_table(["where", "with", "time", "memory", "US dollars"], rows, align="ll")
    say()
    say(
        f"reckoned from {count(found.sampled, 'trial')} that were run here; the first one came "
        f"after {found.start_seconds:.1f} s, which is not in the time; the files take "
        f"{size(found.stored)}"
    )
    if costs:
        _say_prices()


def _say_prices() -> None:
    from stockstream.runners.prices import ASSUMED, PRICES_READ, SOURCES

    warn(
        f"costs are an estimate from list prices of {PRICES_READ}, without tax, network and "
        f"storage; {'; '.join(ASSUMED)}; today's prices: {SOURCES[0]}"
    )


def estimate_document(
    found: Estimate, own: Sequence[OwnTime], costs: Sequence[CloudCost]
) -> dict[str, Any]:
    """The same for a program."""
    from dataclasses import asdict

    from stockstream.runners.prices import ASSUMED, PRICES_READ, SOURCES

    return {
        **found.to_dict(),
        "own": [asdict(one) for one in own],
        "costs": [asdict(cost) for cost in costs],
        "prices": {"read": PRICES_READ, "sources": list(SOURCES), "assumed": list(ASSUMED)},
    }


def _region(name: str) -> str:
    from stockstream.runners.prices import PRICES

    return PRICES[name].place


def _time(seconds: float) -> str:
    """``0.4 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"
