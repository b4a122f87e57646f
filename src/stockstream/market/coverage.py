"""What is missing: days of the whole market, and bars of one symbol on days that others have.

Frames of bars here have one more column, ``fresh``: whether the row is of the frame that is being
checked (true) or only gives it context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockstream.market.bars import KEY
from stockstream.market.findings import note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.market.calendars import Calendar
    from stockstream.settings import QualitySettings

    Days = NDArray[np.datetime64]

__all__ = ["gaps", "missing_sessions", "short_sessions", "symbols_by_day", "unknown_sessions"]


def symbols_by_day(bars: pl.DataFrame, thresholds: QualitySettings) -> pl.DataFrame:
    """For each day: ``symbols`` with a bar, the ``usual`` number, ``short`` of it, ``fresh``."""
    usual = pl.col("symbols").rolling_median(thresholds.trailing, min_samples=5).shift()
    enough = pl.col("usual") >= thresholds.enough_symbols
    short = enough & (pl.col("symbols") < thresholds.short_session * pl.col("usual"))
    return (
        bars.group_by("date")
        .agg(symbols=pl.len(), fresh=pl.col("fresh").any())
        .sort("date")
        .with_columns(usual=usual)
        .with_columns(short=short.fill_null(value=False))
    )


def short_sessions(by_day: pl.DataFrame) -> pl.DataFrame:
    """Findings: days on which far fewer symbols have a bar than on the days before."""
    usual = pl.col("usual").round().cast(pl.Int64)
    text = pl.format("{} symbol(s) have a bar, usually {}", "symbols", usual)
    return note(by_day.filter("short", "fresh"), "short_session", text)


def missing_sessions(by_day: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Findings: sessions without a bar, from the newest day that was known before to the last."""
    first = int(np.argmax(by_day["fresh"].to_numpy()))
    known = by_day["date"].slice(max(first - 1, 0)).to_numpy()
    known = known[calendar.covers(known)]
    expected = calendar.sessions(known[0], known[-1]) if len(known) else known
    missing = pl.Series("date", np.setdiff1d(expected, known), pl.Date).to_frame()
    text = f"no bar of any symbol on a session of {calendar.name}"
    return note(missing, "missing_session", pl.lit(text))


def unknown_sessions(by_day: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Findings: days that the calendar's table does not cover."""
    days = by_day.filter("fresh")["date"].to_numpy()
    unknown = pl.Series("date", days[~calendar.covers(days)], pl.Date).to_frame()
    text = f"{calendar.name} sessions are known from {calendar.first} to {calendar.last}"
    return note(unknown, "unknown_session", pl.lit(text))


def gaps(
    bars: pl.DataFrame, by_day: pl.DataFrame, actions: pl.DataFrame, thresholds: QualitySettings
) -> pl.DataFrame:
    """Findings: long gaps in a symbol and at its end, in sessions that are not short.

    Each is dated on the first session that the symbol missed. Shorter ones are no finding: half of
    a real market misses one session in ten. A symbol whose delisting is known has no gap at its
    end.
    """
    full = by_day.filter(~pl.col("short"))["date"]
    traded = bars.select(*KEY, "fresh").filter(pl.col("date").is_in(full.implode()))
    at = pl.Series("at", np.searchsorted(full.to_numpy(), traded["date"].to_numpy()), pl.Int64)
    placed = traded.with_columns(at)
    return pl.concat(
        [
            _inner_gaps(placed, full, thresholds.long_gap),
            _tail_gaps(placed, full, actions, thresholds.long_gap),
        ]
    )


def _inner_gaps(placed: pl.DataFrame, full: pl.Series, longest: int) -> pl.DataFrame:
    missed = pl.col("at").diff() - 1
    found = (
        placed.with_columns(same=pl.col("symbol") == pl.col("symbol").shift(), missed=missed)
        .filter(pl.col("same") & (pl.col("missed") > longest) & pl.col("fresh"))
        .with_columns(
            until=pl.col("date"), date=pl.lit(full).gather(pl.col("at") - pl.col("missed"))
        )
    )
    return note(found, "long_gap", pl.format("{} sessions until {}", "missed", "until"))


def _tail_gaps(
    placed: pl.DataFrame, full: pl.Series, actions: pl.DataFrame, longest: int
) -> pl.DataFrame:
    delisted = actions.filter(pl.col("kind") == "delisting")["symbol"]
    ends = pl.col("symbol") != pl.col("symbol").shift(-1)
    found = (
        placed.with_columns(missed=len(full) - 1 - pl.col("at"))
        .filter(ends.fill_null(value=True) & (pl.col("missed") > longest))
        .filter(~pl.col("symbol").is_in(delisted.implode()))
        .with_columns(last=pl.col("date"), date=pl.lit(full).gather(pl.col("at") + 1))
    )
    text = pl.format("none in the newest {} sessions; the last bar is of {}", "missed", "last")
    return note(found, "tail_gap", text)
