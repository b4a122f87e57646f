"""What can be odd about bars that are kept: noted for the reader, never repaired."""

from __future__ import annotations

from typing import Final, Literal, get_args

import polars as pl

__all__ = ["FINDINGS", "FINDING_SCHEMA", "SEVERITIES", "SEVERITY", "Severity", "note"]

Severity = Literal["info", "warning", "error"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From what is good to know, over what may be wrong, to what is."""

FINDINGS: Final = {
    "missing_session": "the exchange was open and no symbol has a bar",
    "short_session": "far fewer symbols than on the days before: a fetch that broke off, an outage",
    "unconfirmed_split": "a split that the prices contradict: invented, of another day, or applied "
    "on one side only",
    "adjusted_above_close": "the adjusted close is above the close, which no dividend can do",
    "odd_dividend": "the same dividend again within days, or exactly 100 times another one",
    "jump": "the close moved beyond +-50 % and more than a few ticks; no known split explains it",
    "stale_run": "the same close for many bars in a row: nothing traded, or a feed that stands",
    "foreign_time_zone": "the time stamps are of another time zone than the exchange's",
    "restated_by_ratio": "bars that did not come again when the source restated their symbol: they "
    "were divided by the ratio of the others",
    "unknown_session": "the calendar's table does not cover the day, so nobody asked if it traded",
    "long_gap": "more than ten sessions in a row on which others have a bar and this symbol none",
    "tail_gap": "no bar in the newest sessions, more than ten, while others have one: suspended, "
    "or delisted",
    "missing_volume": "the volume was missing; it is kept as 0",
    "repeated_row": "the same bar was sent more than once; it is kept once",
    "zero_volume": "a bar without a trade: a quiet day, a halt, or a provider that fills holes",
}
"""Every kind of finding and what it means, with the usual thresholds."""

SEVERITY: Final[dict[str, Severity]] = {
    "missing_session": "error",
    "short_session": "error",
    "unconfirmed_split": "warning",
    "adjusted_above_close": "warning",
    "odd_dividend": "warning",
    "jump": "warning",
    "stale_run": "warning",
    "foreign_time_zone": "warning",
    "restated_by_ratio": "warning",
    "unknown_session": "warning",
    "long_gap": "info",
    "tail_gap": "info",
    "missing_volume": "info",
    "repeated_row": "info",
    "zero_volume": "info",
}
"""How much a finding matters. A hole in the whole market is an error; a hole in one symbol is how
small companies trade."""

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
        severity=pl.lit(SEVERITY[rule]),
        detail=detail,
    )
