"""From the arrays of a chart to bars."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import polars as pl

from stockstream.errors import MalformedError
from stockstream.market.bars import PRICES
from stockstream.providers.yahoo.schema import NAME, YAHOO_SCHEMA
from stockstream.providers.yahoo.stamps import live_stamp, moments_of, offset_text, session_end

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    Arrays: TypeAlias = dict[str, list[Any]]

__all__ = ["read_bars"]

_STAMP: Final = "stamp"


def read_bars(
    chart: Mapping[str, Any], symbol: str, zone: dt.tzinfo, start: dt.date, end: dt.date
) -> pl.DataFrame:
    """The bars of a chart from ``start`` to ``end``, in order of time.

    Every row is kept, with prices or without, but one that repeats the row before it in everything.
    A row is final if it has its four prices and its day is over; of several such rows of a day the
    last one is. The row of a day so far is not, and where it lies before the end of that day's
    session, no row of the day is.

    Everything but the last step is plain Python: for the twenty rows of a daily run, waking the
    threads behind a data frame costs more than the work.

    Args:
        chart: of :func:`stockstream.providers.yahoo.reply.read_chart`.
        symbol: as it was asked for.
        zone: of the exchange; it dates the rows.
        start: first day.
        end: last day.

    Returns:
        Frame of :data:`YAHOO_SCHEMA`; without a row if none is of these days.

    Raises:
        MalformedError: arrays of different lengths, or of something else than numbers.
    """
    arrays = _in_order(_arrays(chart))
    moments = moments_of(arrays[_STAMP], zone)
    dates = [moment.date() for moment in moments]
    final = _final(arrays, moments, dates, chart["meta"])
    inside = slice(bisect_left(dates, start), bisect_right(dates, end))
    rows = {name: array[inside] for name, array in arrays.items()}
    rows["date"], rows["is_final"] = dates[inside], final[inside]
    rows["utc_offset"] = [offset_text(moment.utcoffset()) for moment in moments[inside]]
    return _frame(symbol, rows)


def _arrays(chart: Mapping[str, Any]) -> Arrays:
    """The arrays of a chart, of one length."""
    match chart.get("indicators"):
        case {"quote": [dict(quote)], **others}:
            arrays = {name: quote.get(name, []) for name in (*PRICES, "volume")}
        case _:
            raise MalformedError("the chart has no quotes")
    arrays[_STAMP] = chart.get("timestamp") or []
    match others.get("adjclose"):
        case [{"adjclose": adjusted}]:
            arrays["adjusted_close"] = adjusted
    lengths = {name: len(array) for name, array in arrays.items() if isinstance(array, list)}
    if len(lengths) < len(arrays) or len(set(lengths.values())) > 1:
        raise MalformedError(f"the arrays of the chart differ in length: {lengths}")
    arrays.setdefault("adjusted_close", [None] * lengths[_STAMP])  # not every instrument has it
    return arrays


def _in_order(arrays: Arrays) -> Arrays:
    """Rows by their stamps, without those that repeat the one before in everything."""
    stamps = arrays[_STAMP]
    try:
        if all(stamp < later for stamp, later in pairwise(stamps)):
            return arrays
        order = sorted(zip(stamps, *arrays.values(), strict=True), key=itemgetter(0))
    except TypeError:
        raise MalformedError("a time stamp is not a moment") from None
    rows = [row for row, before in zip(order, (None, *order), strict=False) if row != before]
    _, *columns = zip(*rows, strict=True)
    return {name: list(column) for name, column in zip(arrays, columns, strict=True)}


def _final(
    arrays: Arrays,
    moments: Sequence[dt.datetime],
    dates: Sequence[dt.date],
    meta: Mapping[str, Any],
) -> list[bool]:
    """Which rows are final."""
    stamps = arrays[_STAMP]
    whole = [None not in four for four in zip(*(arrays[name] for name in PRICES), strict=True)]
    live = live_stamp(stamps, moments, meta) if stamps else None
    if live is None and len(set(dates)) == len(dates):
        return whole
    chosen = {
        date: row
        for row, (stamp, date) in enumerate(zip(stamps, dates, strict=True))
        if whole[row] and stamp != live
    }
    end = None if live is None else session_end(meta, moments[-1])
    if end is not None:
        if moments[-1] < end:
            chosen.pop(dates[-1], None)
        elif whole[-1]:
            chosen.setdefault(dates[-1], len(dates) - 1)
    rows = set(chosen.values())
    return [row in rows for row in range(len(dates))]


def _frame(symbol: str, rows: Arrays) -> pl.DataFrame:
    count = len(rows["date"])
    rows |= {"symbol": [symbol] * count, "provider": [NAME] * count, "basis": ["split"] * count}
    try:
        rows["volume"] = [None if shares is None else round(shares) for shares in rows["volume"]]
        return pl.DataFrame(
            [pl.Series(name, rows[name], dtype) for name, dtype in YAHOO_SCHEMA.items()]
        )
    except (TypeError, OverflowError):
        raise MalformedError("the chart has prices or volumes that are not numbers") from None
