"""``stockstream fetch``: a provider's bars of some symbols and days into the lake."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import ConfigError
from stockstream.ingest.asking import Asker
from stockstream.ingest.batch import pacing_of
from stockstream.ingest.intake import take_in
from stockstream.ingest.windows import Window
from stockstream.market.actions import empty_actions
from stockstream.market.bars import empty_bars
from stockstream.providers.base import Failure, FetchResult
from stockstream.settings import FetchSettings, Settings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stockstream.ingest.sessions import CalendarChoice
    from stockstream.ingest.summary import ImportSummary
    from stockstream.lake.store import Lake
    from stockstream.providers.base import Provider

__all__ = ["ask", "fetch"]


def fetch(
    provider: Provider,
    symbols: Sequence[str],
    start: dt.date,
    end: dt.date,
    lake: Lake | str | Path,
    *,
    calendar: CalendarChoice = "auto",
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportSummary:
    """Fetch bars and merge them into the lake. What does not come deletes nothing.

    Args:
        provider: where from.
        symbols: what; a provider may take none as all.
        start: first day.
        end: last day, included.
        lake: a lake, or where one is or will be.
        calendar: sessions to check against; see :func:`stockstream.ingest.importer.import_files`.
        settings: how fast and how often a symbol is asked for, and the thresholds of the check.
        progress: called with the number of symbols done and of all.

    Raises:
        ConfigError: the range ends before it starts.
        DataError: the provider gave nothing, or nothing that goes together with the lake.
        LakeError: the lake cannot be read or written.
    """
    settings = settings or Settings()
    result = ask(provider, symbols, start, end, settings=settings.fetch, progress=progress)
    return take_in(
        result, lake, calendar=calendar, source=provider.name, thresholds=settings.quality
    )


def ask(
    provider: Provider,
    symbols: Sequence[str],
    start: dt.date,
    end: dt.date,
    *,
    settings: FetchSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FetchResult:
    """Ask a provider for some symbols and days, at its pace, and again where it failed.

    Args:
        provider: where from.
        symbols: what; a provider may take none as all.
        start: first day.
        end: last day, included.
        settings: how fast and how often a symbol is asked for.
        progress: called with the number of symbols done and of all.

    Raises:
        ConfigError: the range ends before it starts, or the provider lacks an option or a key.
        DataError: the source as a whole gave nothing.
    """
    if end < start:
        raise ConfigError(f"the range ends on {end}, before it starts on {start}; swap the dates")
    if provider.pace.symbols_per_request is None:
        return provider.fetch(symbols, start, end)
    settings, done = settings or FetchSettings(), 0

    def settled(_symbol: str) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, len(symbols))

    asker = Asker(
        provider,
        pacing_of(provider, settings),
        attempts=settings.attempts,
        rng=Random(0),  # noqa: S311 - no secret: it spreads waits
        settled=settled,
    )
    answers = asker.ask([Window(symbol, start, end) for symbol in dict.fromkeys(symbols)])
    failed = [Failure(name, why.reason, why.kind) for name, why in answers.failed.items()]
    rest = [Failure(name, reason) for name, reason in answers.incomplete.items()]
    reasons = dict.fromkeys(result.basis_reason for result in answers.results)
    return FetchResult(
        pl.concat([empty_bars(), *(one.bars for one in answers.results)], how="diagonal_relaxed"),
        pl.concat([empty_actions(), *(one.actions for one in answers.results)]),
        (*failed, *rest),
        "; ".join(filter(None, reasons)),
    )
