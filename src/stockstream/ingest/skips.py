"""Symbols that failed on many runs in a row: the source is spared most of the questions."""

from __future__ import annotations

import datetime as dt
import itertools
import zlib
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockstream.market.calendars import Calendar

__all__ = ["EVERY", "LOOK_BACK", "to_skip"]

EVERY: Final = 5
"""Such a symbol is asked for on every fifth session."""

LOOK_BACK: Final = 120
"""Days of health rows in which runs are counted."""


def to_skip(
    symbols: Iterable[str],
    health: pl.DataFrame,
    last: Mapping[str, dt.date],
    session: dt.date,
    calendar: Calendar | None,
    *,
    after: int = 5,
) -> frozenset[str]:
    """Symbols that are not asked for on a session.

    Runs count by their session, however often one was repeated. A run that skipped the symbol does
    not count. One on which it did not fail ends the row, and so does its newest stored bar; so does
    an answer without a bar, because whoever waits for his first day of trading is known already.
    The symbols that are skipped take turns: each session asks for about a fifth of them.

    Args:
        symbols: those of the session.
        health: rows of the health table of every run of some months.
        last: newest stored session of the symbols that have one.
        session: the as-of session.
        calendar: numbers the sessions; without one, days are numbered.
        after: failed runs in a row after which a symbol is skipped.
    """
    earlier = health.filter(pl.col("date") < session)
    runs = earlier["date"].unique().sort(descending=True).to_list()
    kind, is_empty = pl.col("kind"), pl.col("detail").str.starts_with("empty")
    failed = _days(earlier.filter(kind == "symbol_failed", ~is_empty))
    skipped = _days(earlier.filter(kind == "symbol_skipped"))
    number = session.toordinal() if calendar is None else int(calendar.count_before(session))

    def in_a_row(symbol: str) -> int:
        newest = last.get(symbol, dt.date.min)
        asked = (day for day in runs if day > newest and day not in skipped.get(symbol, ()))
        return sum(1 for _ in itertools.takewhile(failed[symbol].__contains__, asked))

    return frozenset(
        symbol
        for symbol in symbols
        if len(failed.get(symbol, ())) >= after
        and in_a_row(symbol) >= after
        and (number + zlib.crc32(symbol.encode())) % EVERY
    )


def _days(health: pl.DataFrame) -> dict[str, set[dt.date]]:
    """The days of some rows, by subject."""
    return {subject: set(days) for subject, days in health.group_by("subject").agg("date").rows()}
