"""From what a source writes as "known at" to the first day at whose close a value was public.

A date counts as it stands. A moment counts in the exchange's time zone: after the close of a
session it is the day after. Where the exchange, its hours or the writing of the time are not known,
every moment counts as the day after: too late costs a day, too early is a look into the future.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from stockstream.providers.files.dates import to_dates

if TYPE_CHECKING:
    from stockstream.market.calendars import Calendar

__all__ = ["known_days", "plain_days"]

ONE_DAY: Final = dt.timedelta(days=1)
_NO_TIME: Final = pl.duration(hours=0)
_TIME: Final = r"[ T]\d{1,2}:"
_PARTS: Final = (
    r"[ T](?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:\.\d+)?)?"
    r" ?(?<sign>Z|[+-])?(?:(?<offset_hour>\d{2}):?(?<offset_minute>\d{2})?)?$"
)


def plain_days(column: pl.Series, what: str, date_format: str | None = None) -> pl.Series:
    """Read a column as dates, ``20240131`` in numbers too; see :func:`to_dates`."""
    text = column.cast(pl.String) if column.dtype.is_integer() else column
    return to_dates(text, what, date_format)


def known_days(
    column: pl.Series, what: str, calendar: Calendar | None, date_format: str | None = None
) -> pl.Series:
    """The first day at whose close each value was public.

    Args:
        column: dates, moments, or text of either; moments without a time zone are the exchange's.
        what: the table, for the messages.
        calendar: the exchange, if it is known.
        date_format: strptime format of the dates, where they can be read in two ways.

    Raises:
        DataError: a value is no date.
    """
    zone = calendar.timezone if calendar else "UTC"
    if isinstance(column.dtype, pl.Datetime):
        is_moment = pl.lit(value=True)
        if column.dtype.time_zone is None:
            is_moment = pl.col("local").dt.time() != dt.time()
        elif column.dtype.time_zone != zone:
            column = column.dt.convert_time_zone(zone)
        read = pl.DataFrame({"local": column.dt.replace_time_zone(None)})
        read = read.with_columns(day=pl.col("local").dt.date(), is_moment=is_moment)
    elif column.dtype == pl.String and column.str.contains(_TIME).any():
        read = _from_text(column, to_dates(column, what, date_format), zone)
    else:
        return plain_days(column, what, date_format)
    days = read["day"].unique().drop_nulls()
    closes = pl.Series([_close(day, calendar) for day in days], dtype=pl.Datetime("us"))
    late = pl.col("is_moment") & (pl.col("local") > pl.col("close")).fill_null(value=True)
    return (
        read.join(
            pl.DataFrame({"day": days, "close": closes}),
            on="day",
            how="left",
            maintain_order="left",
        )
        .select(pl.col("day") + pl.when(late).then(ONE_DAY).otherwise(dt.timedelta()))
        .to_series()
    )


def _from_text(column: pl.Series, days: pl.Series, zone: str) -> pl.DataFrame:
    """``local``: null where the time cannot be read; ``day``: in the exchange's time zone."""
    parts = column.str.strip_chars().str.extract_groups(_PARTS).struct.unnest()
    at = {name: pl.col(name).cast(pl.Int64) for name in parts.columns if name != "sign"}
    clock = pl.duration(hours=at["hour"], minutes=at["minute"], seconds=at["second"].fill_null(0))
    ahead = pl.duration(hours=at["offset_hour"], minutes=at["offset_minute"].fill_null(0))
    ahead = pl.when(sign="-").then(-ahead).when(sign="+").then(ahead).otherwise(_NO_TIME)
    written = days.cast(pl.Datetime("us")).alias("written")
    moment = pl.col("written") + clock
    elsewhere = (moment - ahead).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    has_zone = pl.col("sign").is_not_null()
    return parts.with_columns(written, column.alias("text")).select(
        local=pl.when(has_zone).then(elsewhere.dt.replace_time_zone(None)).otherwise(moment),
        day=pl.when(has_zone).then(elsewhere.dt.date()).otherwise(pl.col("written").dt.date()),
        is_moment=pl.col("text").str.contains(_TIME) & (has_zone | clock.ne_missing(_NO_TIME)),
    )


def _close(day: dt.date, calendar: Calendar | None) -> dt.datetime | None:
    """When the market closes, by its own clock; None where that is not known."""
    if calendar is None or not calendar.covers(np.array([day], "datetime64[D]")).item():
        return None
    if not calendar.is_session(day).item():
        return dt.datetime.combine(day + ONE_DAY, dt.time())  # any hour is before the next close
    return calendar.close_at(day).astimezone(ZoneInfo(calendar.timezone)).replace(tzinfo=None)
