"""``stockstream fetch``: a provider's bars into the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.errors import ConfigError
from stockstream.ingest.intake import take_in

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.ingest.sessions import CalendarChoice
    from stockstream.ingest.summary import ImportSummary
    from stockstream.lake.store import Lake
    from stockstream.providers.base import Provider

__all__ = ["fetch"]


def fetch(
    provider: Provider,
    symbols: Sequence[str],
    start: dt.date,
    end: dt.date,
    lake: Lake | str | Path,
    *,
    calendar: CalendarChoice = "auto",
) -> ImportSummary:
    """Fetch bars and merge them into a lake. What did not come deletes nothing.

    Args:
        provider: where from.
        symbols: what; a provider may take none as all.
        start: first day.
        end: last day, included.
        lake: a lake, or where one is or will be.
        calendar: sessions to check against; see :func:`stockstream.ingest.importer.import_files`.

    Raises:
        ConfigError: the range ends before it starts.
        DataError: the provider gave nothing, or nothing that goes together with the lake.
        LakeError: the lake cannot be read or written.
    """
    if end < start:
        raise ConfigError(f"the range ends on {end}, before it starts on {start}; swap the dates")
    result = provider.fetch(symbols, start, end)
    return take_in(result, lake, calendar=calendar, source=provider.name)
