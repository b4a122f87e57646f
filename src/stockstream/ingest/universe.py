"""From the days' lists to the universe: who was listed when, and when that was known.

A row is never forgotten. What a list corrects ends the knowledge of the row and starts another, so
the question "who was listed on this day, as far as was known on that day" has one answer for good.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.lake.tables import UNIVERSE

if TYPE_CHECKING:
    from stockstream.ingest.day_lists import DayLists
    from stockstream.lake.store import Lake

__all__ = ["record_lists", "universe_rows"]

_COMPANY: Final = ("name", "sector", "industry_group", "listing_date")
_DAY: Final = dt.timedelta(days=1)


def record_lists(
    lake: Lake, lists: DayLists, session: dt.date, *, suffix: str, source: str
) -> None:
    """Put the lists up to a session into the universe of a lake. Doing it again changes nothing.

    All of them go in while the universe has nothing of the source, so that a lake that is made anew
    knows what the one before knew. Later it is the last two: a run that stopped after it had
    written its list is made good by the next.

    Args:
        lake: whose universe.
        lists: the days' lists.
        session: the last one to record.
        suffix: of the market, such as ``".AX"``.
        source: of the lists.

    Raises:
        LakeError: the lake or a list cannot be read, or the lake cannot be written.
    """
    known = lake.universe()
    is_empty = known.filter(pl.col("source") == source).is_empty()
    days = [day for day in lists.sessions() if day <= session]
    news = [UNIVERSE.schema.to_frame()]
    for at in range(0 if is_empty else max(len(days) - 2, 0), len(days)):
        before = lists.read(days[at - 1]) if at else None
        today = lists.read(days[at])
        rows = universe_rows(known, before, today, days[at], suffix=suffix, source=source)
        known = _merged([known, rows])
        news.append(rows)
    changed = _merged(news)
    if not changed.is_empty():
        lake.record_universe(changed, source)


def universe_rows(
    known: pl.DataFrame,
    before: pl.DataFrame | None,
    today: pl.DataFrame,
    session: dt.date,
    *,
    suffix: str,
    source: str,
) -> pl.DataFrame:
    """What the list of a session adds to a universe: new rows, and rows whose knowledge it ends.

    A symbol is valid from the listing date that the list tells. A symbol without one, the new
    symbol of a renamed company, and a symbol that comes back are valid from the session on. A
    symbol that is not on the list any more was valid until the last day whose list had it. Only
    the source that told of a symbol can take it off again.

    Args:
        known: the universe so far.
        before: the day list before this one, of
            :data:`stockstream.market.listings.DAY_LIST_SCHEMA`; None if there is none.
        today: the day list of the session, of the same columns.
        session: the day on which this becomes known; nothing does, if the source has told of a
            later day before.
        suffix: put behind each symbol.
        source: of the list.

    Returns:
        Frame of :data:`stockstream.lake.tables.UNIVERSE`, each key once.
    """
    current = known.filter(pl.col("known_to").is_null())
    own = pl.col("source") == source
    if not current.filter(own, pl.col("known_from") > session).is_empty():
        return UNIVERSE.schema.to_frame()
    valid = current.filter(pl.col("valid_to").is_null())
    listed = _with_suffix(today, suffix).select("symbol", "renamed_from", *_COMPANY)
    opened = _opened(listed, valid, current["symbol"], session)
    restated = _restated(valid, listed, session)
    gone = valid.filter(own).join(listed, on="symbol", how="anti")
    last_days = _with_suffix(today if before is None else before, suffix)
    closed = _closed(gone, last_days, opened, session)
    told = pl.concat([_fit(opened), _fit(restated), _fit(closed)]).with_columns(
        known_from=session, source=pl.lit(source)
    )
    ended = valid.join(told, on="symbol", how="semi").with_columns(known_to=session)
    return _merged([ended, told])


def _opened(
    listed: pl.DataFrame, valid: pl.DataFrame, seen: pl.Series, session: dt.date
) -> pl.DataFrame:
    """Listings that nobody knew of."""
    is_later = pl.col("renamed_from").is_not_null() | pl.col("symbol").is_in(seen.implode())
    return listed.join(valid, on="symbol", how="anti").with_columns(
        valid_from=pl.when(is_later)
        .then(session)
        .otherwise(pl.min_horizontal("listing_date", pl.lit(session)))
    )


def _restated(valid: pl.DataFrame, listed: pl.DataFrame, session: dt.date) -> pl.DataFrame:
    """Listings of which the list says something else, or more; with what it says."""
    both = valid.join(listed, on="symbol", suffix="_new")
    is_classified = pl.any_horizontal(pl.col("sector_new", "industry_group_new").is_not_null())
    says = {
        "name": pl.coalesce("name_new", "name"),
        "sector": pl.when(is_classified).then("sector_new").otherwise("sector"),
        "industry_group": pl.when(is_classified)
        .then("industry_group_new")
        .otherwise("industry_group"),
        "listing_date": pl.coalesce("listing_date_new", "listing_date"),
    }
    differs = pl.any_horizontal(expr.ne_missing(pl.col(name)) for name, expr in says.items())
    from_listing = pl.col("valid_from") == pl.col("listing_date")
    first = pl.min_horizontal("listing_date_new", pl.lit(session))
    valid_from = pl.when(from_listing).then(first).otherwise("valid_from")
    return both.filter(differs).with_columns(**says, valid_from=valid_from)


def _closed(
    gone: pl.DataFrame, last_days: pl.DataFrame, opened: pl.DataFrame, session: dt.date
) -> pl.DataFrame:
    """Listings that are over, each with its last day and, if it was renamed, what it became."""
    became = opened.select(symbol="renamed_from", became="symbol").drop_nulls()
    return (
        gone.join(last_days.select("symbol", "last_listed"), on="symbol", how="left")
        .join(became, on="symbol", how="left")
        .with_columns(valid_to=pl.col("last_listed").fill_null(session - _DAY), renamed_to="became")
    )


def _with_suffix(day_list: pl.DataFrame, suffix: str) -> pl.DataFrame:
    return day_list.with_columns(pl.col("symbol", "renamed_from") + suffix)


def _fit(rows: pl.DataFrame) -> pl.DataFrame:
    """The universe's columns; null where there are none yet."""
    absent = [name for name in UNIVERSE.schema if name not in rows.columns]
    return rows.with_columns(pl.lit(None).alias(name) for name in absent).select(
        pl.col(name).cast(dtype) for name, dtype in UNIVERSE.schema.items()
    )


def _merged(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Each key once; a later row takes the place of an earlier one."""
    rows = pl.concat(frame.select(UNIVERSE.schema.names()) for frame in frames)
    return rows.unique(UNIVERSE.key, keep="last").sort(UNIVERSE.key)
