"""What went into the lake, on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.cli.console import command, heading, say, show_table, warn
from stockstream.cli.figures import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.ingest.summary import ImportSummary
    from stockstream.providers.base import Failure

__all__ = ["show_intake"]

SHOWN_FAILURES = 20


def show_intake(summary: ImportSummary, lake: str | None) -> None:
    """Print what was added, what was set aside and why, and what did not come at all.

    Args:
        summary: of an import or a fetch.
        lake: the ``--lake`` of the command line, for the next one.
    """
    from stockstream.market.findings import FINDINGS
    from stockstream.market.rules import RULES

    rejected, noted = sum(summary.quarantined.values()), sum(summary.findings.values())
    show_table(
        ("", "", ""),
        [
            ("rows read", count(summary.rows), ""),
            ("bars added", count(summary.added), ""),
            ("bars updated", count(summary.updated), "other values than the lake had"),
            ("bars unchanged", count(summary.unchanged), ""),
            ("rows set aside", count(rejected), "quarantine: they break a rule"),
            ("findings", count(noted), "kept, but odd"),
            ("splits, dividends", count(summary.actions_added), "new ones"),
            ("symbols", count(summary.symbols), f"{summary.first} to {summary.last}"),
        ],
        align="lrl",
    )
    _show_counts("Set aside, by rule", summary.quarantined, RULES)
    _show_counts("Findings, by rule", summary.findings, FINDINGS)
    say()
    say(f"calendar: {summary.calendar}", indent="  ")
    say(f"prices:   {summary.basis}", indent="  ")
    say(f"lake:     {summary.lake}, {summary.version_before} -> {summary.version_after}")
    if rejected:
        look = "lake quarantine" + (f" --lake {lake}" if lake else "")
        warn(f"{count(rejected, 'row')} set aside; see them with: {command(look)}")
    for failure in summary.failures[:SHOWN_FAILURES]:
        warn(f"not read: {_reason(failure)}")
    if len(summary.failures) > SHOWN_FAILURES:
        warn(f"and {count(len(summary.failures) - SHOWN_FAILURES)} more (--json lists them all)")


def _reason(failure: Failure) -> str:
    """The reason, which often begins with the name already."""
    return failure.reason if failure.reason.startswith(failure.name) else str(failure)


def _show_counts(title: str, counts: Mapping[str, int], meaning: Mapping[str, str]) -> None:
    if counts:
        heading(title)
        rows = [(name, count(number), meaning.get(name, "")) for name, number in counts.items()]
        show_table(("", "", ""), rows, align="lrl")
