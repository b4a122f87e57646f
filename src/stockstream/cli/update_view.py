"""What a daily run did, on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.cli.console import command, heading, say, show_table, warn
from stockstream.cli.figures import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.ingest.run_summary import UpdateSummary

__all__ = ["show_changes", "show_update"]

SHOWN = 10
PASSING = ("transient", "rate_limited")
"""How the reasons begin that may be gone on the next run."""


def show_update(summary: UpdateSummary, lake: str | None) -> None:
    """Print what came, what did not, and what to do about it.

    Args:
        summary: of the run.
        lake: the ``--lake`` of the command line, for the next one.
    """
    if summary.state == "nothing to do":
        say(f"nothing to do: {summary.lake} is up to date with session {summary.session}")
        return
    rejected, noted = sum(summary.quarantined.values()), sum(summary.findings.values())
    failed, skipped = len(summary.symbols_failed), len(summary.symbols_skipped)
    show_table(
        ("", "", ""),
        [
            ("symbols on the list", count(summary.total_symbols), ""),
            ("symbols fetched", count(summary.symbols_fetched), ""),
            ("symbols failed", count(failed), f"{skipped:,} more skipped" if skipped else ""),
            ("batches processed", count(summary.batches_processed), ""),
            ("batches failed", count(len(summary.batches_failed)), ""),
            ("bars added", count(summary.added), ""),
            ("bars updated", count(summary.updated), "corrected by the source"),
            ("splits, dividends", count(summary.actions_added), "new ones"),
            ("rows set aside", count(rejected), "quarantine: they break a rule"),
            ("findings", count(noted), "kept, but odd"),
        ],
        align="lrl",
    )
    show_changes(summary.changes)
    say()
    say(f"session: {summary.session}, {summary.state}, {summary.seconds:,.1f} s")
    say(f"lake:    {summary.lake}, {summary.version_before} -> {summary.version_after}")
    _show_failures(summary, f" --lake {lake}" if lake else "")


def show_changes(changes: Mapping[str, Sequence[object]]) -> None:
    """Print who came to the list, left it, or changed."""
    rows = [(name, count(len(who)), _some(who)) for name, who in changes.items() if who]
    if rows:
        heading("Changes of the list")
        show_table(("", "", ""), rows, align="lrl")


def _some(who: Sequence[object]) -> str:
    texts = [
        " -> ".join(map(str, one)) if isinstance(one, list | tuple) else str(one) for one in who
    ]
    return ", ".join(texts[:SHOWN]) + ("..." if len(texts) > SHOWN else "")


def _show_failures(summary: UpdateSummary, lake: str) -> None:
    lines = [f"batch {number} failed: {why}" for number, why in summary.batches_failed.items()]
    lines += [f"{name}: {reason}" for name, reason in summary.symbols_failed.items()]
    for line in lines[:SHOWN]:
        warn(line)
    if len(lines) > SHOWN:
        look = command(f"lake health --run {summary.run}{lake}")
        warn(f"and {len(lines) - SHOWN:,} more; see them with: {look}")
    for name in summary.pending[:SHOWN]:
        warn(f"{name}: waits until its whole history comes")
    for notice in summary.notices[:SHOWN]:
        warn(notice)
    if summary.may_come:
        say(f"run it again to fetch what is missing: {command(f'update{lake}')}")
