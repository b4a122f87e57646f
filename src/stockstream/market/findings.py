"""What is odd about bars that are kept: noted for the reader, never repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from stockstream.market.actions import at_bars
from stockstream.market.bars import KEY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.market.calendars import Calendar
    from stockstream.market.ticks import TickTable

    Days = NDArray[np.datetime64]

__all__ = ["FINDINGS", "FINDING_SCHEMA", "find"]

FINDINGS: Final = {
    "zero_volume": "a bar without a trade: a quiet day, a halt, or a provider that fills holes",
    "missing_volume": "the volume was missing; it is kept as 0",
    "repeated_row": "the same bar was sent more than once; it is kept once",
    "jump": "the close moved beyond +-50 % and more than a few ticks; no known split explains it",
    "short_session": "far fewer symbols than on the days before: a fetch that broke off, an outage",
    "missing_session": "the exchange was open and no symbol has a bar",
    "foreign_time_zone": "the time stamps are of another time zone than the exchange's",
    "long_gap": "more than ten sessions in a row on which others have a bar and this symbol none",
    "unknown_session": "the calendar's table does not cover the day, so nobody asked if it traded",
}
"""Every kind of finding and what it means."""

FINDING_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "date": pl.Date(),
        "rule": pl.String(),
        "severity": pl.String(),
        "detail": pl.String(),
    }
)
"""One row for each finding; ``symbol`` is null where it concerns the whole market."""

JUMP_ABOVE, JUMP_BELOW, FEW_TICKS = 1.5, 0.5, 3
LONG_GAP = 10
SHORT, TRAILING, ENOUGH = 0.8, 21, 20
"""Short: under 80 % of the median of the 21 days before, once that is 20 symbols or more."""


def find(
    bars: pl.DataFrame,
    calendar: Calendar | None,
    ticks: TickTable | None,
    actions: pl.DataFrame,
) -> pl.DataFrame:
    """Everything odd about the bars as they are, in :data:`FINDING_SCHEMA`.

    Args:
        bars: sound bars, sorted by and unique on symbol and date.
        calendar: the sessions, or None.
        ticks: price steps, or None.
        actions: splits among them explain jumps.
    """
    by_day = _symbols_by_day(bars)
    pieces = [
        _volumes(bars),
        _jumps(bars, ticks, actions),
        _short_sessions(by_day),
        _long_gaps(bars, by_day),
    ]
    if calendar is not None:
        days = by_day["date"].to_numpy()
        pieces += [_missing_sessions(days, calendar), _unknown_sessions(days, calendar)]
    return pl.concat(pieces)


def note(rows: pl.DataFrame, rule: str, detail: pl.Expr) -> pl.DataFrame:
    """Findings in :data:`FINDING_SCHEMA` from rows with a date and, unless market-wide, a symbol.

    Args:
        rows: one row for each finding.
        rule: a name in :data:`FINDINGS`.
        detail: what a reader wants to know, from columns of the rows.
    """
    market_wide = "symbol" not in rows.columns
    # pl.format of polars 2.1 panics on columns of several chunks.
    return rows.rechunk().select(
        symbol=pl.lit(None, pl.String) if market_wide else pl.col("symbol"),
        date=pl.col("date"),
        rule=pl.lit(rule),
        severity=pl.lit("warning"),
        detail=detail,
    )


def _volumes(bars: pl.DataFrame) -> pl.DataFrame:
    zero, missing = pl.col("volume") == 0, pl.col("volume").is_null()
    odd = bars.filter(zero | missing)
    return pl.concat(
        [
            note(odd.filter(zero), "zero_volume", pl.lit("nothing traded")),
            note(odd.filter(missing), "missing_volume", pl.lit("kept as 0")),
        ]
    )


def _jumps(bars: pl.DataFrame, ticks: TickTable | None, actions: pl.DataFrame) -> pl.DataFrame:
    """Moves from bar to bar, measured in shares of the bar before: close x split / close before.

    So a known split of which the prices show nothing is found too: one of the two is wrong.
    """
    same = pl.col("symbol") == pl.col("symbol").shift()
    moves = bars.lazy().select(
        *KEY,
        "close",
        "basis",
        before=pl.when(same).then(pl.col("close").shift()),
        days=pl.when(same).then(pl.col("date").diff().dt.total_days()),
    )
    splits = at_bars(actions, bars, "split").group_by("symbol", date="bar_date")
    split = pl.when(pl.col("basis") == "raw").then("split").fill_null(1.0)
    before, after = pl.col("before"), pl.col("close") * split
    tick = 0.0 if ticks is None else ticks.size(pl.min_horizontal(before, after))
    beyond = ~(after / before).is_between(JUMP_BELOW, JUMP_ABOVE)
    far = (after - before).abs() > FEW_TICKS * tick + 1e-9
    jumps = (
        moves.join(splits.agg(split=pl.col("value").product()).lazy(), on=KEY, how="left")
        .filter(beyond & far)
        .collect()
    )
    percent = ((after / before - 1) * 100).round(1)
    shown = before.round_sig_figs(6), pl.col("close").round_sig_figs(6)
    text = pl.format("{} -> {} ({} %) in {} day(s), split {}", *shown, percent, "days", split)
    return note(jumps, "jump", text)


def _symbols_by_day(bars: pl.DataFrame) -> pl.DataFrame:
    """date, the number of symbols, the usual number, and whether the day is short of them."""
    usual = pl.col("symbols").rolling_median(TRAILING, min_samples=5).shift()
    short = (pl.col("usual") >= ENOUGH) & (pl.col("symbols") < SHORT * pl.col("usual"))
    return (
        bars.group_by("date")
        .agg(symbols=pl.len())
        .sort("date")
        .with_columns(usual=usual)
        .with_columns(short=short.fill_null(value=False))
    )


def _short_sessions(by_day: pl.DataFrame) -> pl.DataFrame:
    usual = pl.col("usual").round().cast(pl.Int64)
    text = pl.format("{} symbol(s) have a bar, usually {}", "symbols", usual)
    return note(by_day.filter("short"), "short_session", text)


def _missing_sessions(days: Days, calendar: Calendar) -> pl.DataFrame:
    known = days[calendar.covers(days)]
    expected = calendar.sessions(known[0], known[-1]) if len(known) else known
    missing = pl.Series("date", np.setdiff1d(expected, known), pl.Date).to_frame()
    text = f"no bar of any symbol on a session of {calendar.name}"
    return note(missing, "missing_session", pl.lit(text))


def _unknown_sessions(days: Days, calendar: Calendar) -> pl.DataFrame:
    unknown = pl.Series("date", days[~calendar.covers(days)], pl.Date).to_frame()
    text = f"{calendar.name} sessions are known from {calendar.first} to {calendar.last}"
    return note(unknown, "unknown_session", pl.lit(text))


def _long_gaps(bars: pl.DataFrame, by_day: pl.DataFrame) -> pl.DataFrame:
    """Gaps of one symbol, dated on the first session it missed, counted in full sessions.

    Shorter ones are no finding: half of a real market misses one session in ten.
    """
    full = by_day.filter(~pl.col("short"))["date"]
    traded = bars.select(*KEY).filter(pl.col("date").is_in(full.implode()))
    at = pl.Series("at", np.searchsorted(full.to_numpy(), traded["date"].to_numpy()), pl.Int64)
    missed = pl.col("at").diff() - 1
    gaps = (
        traded.with_columns(at)
        .with_columns(same=pl.col("symbol") == pl.col("symbol").shift(), missed=missed)
        .filter(pl.col("same") & (pl.col("missed") > LONG_GAP))
        .with_columns(
            until=pl.col("date"), date=pl.lit(full).gather(pl.col("at") - pl.col("missed"))
        )
    )
    return note(gaps, "long_gap", pl.format("{} sessions until {}", "missed", "until"))
