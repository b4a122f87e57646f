"""The functions of the daily run, ``stock-data-pipeline``.

They are those of :mod:`stockstream.ingest.steps.daily`.

Each may be called again, late or twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stockstream.ingest.steps import daily

if TYPE_CHECKING:
    from collections.abc import Mapping

    Event = Mapping[str, Any]

__all__ = ["aggregate", "compact", "fetch", "symbols"]


def symbols(event: Event, _context: Any) -> dict[str, Any]:
    """``asx-symbol-updater``: make the list of a session and say what is to be fetched."""
    return daily.symbols(event)


def fetch(event: Event, context: Any) -> dict[str, Any]:
    """``stock-data-fetcher``: ask the source for one batch, as far as the function's time goes."""
    return daily.fetch(event, context.get_remaining_time_in_millis() / 1000)


def compact(event: Event, _context: Any) -> dict[str, Any]:
    """``table-compactor``: merge the batches of a session into the tables, and count the run."""
    from stockstream.aws.handlers.metrics import count_run

    return daily.compact(event, count_run)


def aggregate(event: Event, _context: Any) -> dict[str, Any]:
    """``batch-aggregator``: what became of the run, out of everything the steps have said."""
    return daily.aggregate(event)
