"""Time zones that do not fit the exchange: a sign that a provider sent another company's prices."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from stockstream.market.findings import FINDING_SCHEMA

if TYPE_CHECKING:
    from stockstream.market.calendars import Calendar

__all__ = ["RULE", "foreign_stamps"]

RULE = "foreign_time_zone"


def foreign_stamps(rows: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """One finding for each symbol and offset from UTC that its exchange does not have that day.

    Args:
        rows: symbol, date and, where dates came with one, ``utc_offset`` such as ``"+11:00"``.
        calendar: the exchange.

    Returns:
        Frame of :data:`stockstream.market.findings.FINDING_SCHEMA`.
    """
    if "utc_offset" not in rows.columns:
        return FINDING_SCHEMA.to_frame()
    zone = ZoneInfo(calendar.timezone)
    seen = (
        rows.drop_nulls(["symbol", "date", "utc_offset"])
        .group_by("symbol", "utc_offset")
        .agg(pl.col("date").min())
        .sort("symbol", "date")
    )
    foreign = [
        (symbol, date, RULE, "warning", f"dated in UTC{offset}; {calendar.name} has UTC{own}")
        for symbol, offset, date in seen.rows()
        if (own := dt.datetime.combine(date, dt.time(), zone).isoformat()[-6:]) != offset
    ]
    return pl.DataFrame(foreign, FINDING_SCHEMA, orient="row")
