"""Corporate actions: splits, dividends and delistings, kept beside the bars and never inside them.

Because they are frames of their own, an event survives the loss of its bar: where a provider sends
a dividend on a row without prices, the row is rejected and the dividend still works, at the next
bar.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import polars as pl

from stockstream.errors import DataError
from stockstream.market.bars import KEY
from stockstream.market.frames import fit

__all__ = [
    "ACTION_SCHEMA",
    "KINDS",
    "Kind",
    "at_bars",
    "conform_actions",
    "empty_actions",
    "from_columns",
]

Kind = Literal["split", "dividend", "delisting"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)

ACTION_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "date": pl.Date(),
        "kind": pl.String(),
        "value": pl.Float64(),
        "provider": pl.String(),
        "first_seen": pl.Date(),
    }
)
"""Columns of a frame of actions; unique on symbol, date and kind, sorted by them.

``value``: for a split the new shares for one old share (7.0 for 7:1, 0.1 for a 1:10 consolidation);
for a dividend the cash for one share of that day, on the basis of the bars; for a delisting the
last price, dated on the first session after the last bar. ``first_seen`` may be null.
"""

_IDENTITY: Final = ("symbol", "date", "kind")


def empty_actions() -> pl.DataFrame:
    """A frame of actions without a row."""
    return pl.DataFrame(schema=ACTION_SCHEMA)


def conform_actions(frame: pl.DataFrame, *, provider: str | None = None) -> pl.DataFrame:
    """Bring a frame into :data:`ACTION_SCHEMA`: columns, types, order, one row per event.

    Events that change nothing (a split of 1, a dividend of 0) are left out, repeated rows count
    once, and different dividends of one day (ordinary and special) are added.

    Raises:
        DataError: a column is missing, a kind is unknown, a value is not a positive number, or two
            splits of one day contradict each other.
    """
    defaults = {"provider": provider}
    events = fit(frame, ACTION_SCHEMA, defaults=defaults, optional=("first_seen",))
    split, dividend = pl.col("kind") == "split", pl.col("kind") == "dividend"
    neutral = (split & (pl.col("value") == 1.0)) | (dividend & (pl.col("value") == 0.0))
    events = events.filter(~neutral.fill_null(value=False))
    _demand_sound(events)
    return _one_row_each(events)


def from_columns(
    frame: pl.DataFrame,
    *,
    provider: str,
    dividends: str | None = "dividends",
    splits: str | None = "splits",
) -> pl.DataFrame:
    """Take the events out of columns that stand beside the bars, one row per symbol and date.

    Rows without prices give their events too. Both marks for "no split" are understood: 1.0 (Alpha
    Vantage) and 0.0 (Yahoo).

    Args:
        frame: has symbol, date and the named columns; null means no event.
        provider: who sent the rows.
        dividends: column of cash amounts, or None.
        splits: column of new shares for one old share, or None.
    """
    named = {"dividend": dividends, "split": splits}
    pieces = [
        frame.filter(pl.col(column).cast(pl.Float64).fill_nan(None).fill_null(0.0) != 0.0).select(
            *KEY, kind=pl.lit(kind), value=pl.col(column)
        )
        for kind, column in named.items()
        if column is not None
    ]
    if not pieces:
        return empty_actions()
    return conform_actions(pl.concat(pieces, how="vertical_relaxed"), provider=provider)


def at_bars(actions: pl.DataFrame, bars: pl.DataFrame, *kinds: Kind) -> pl.DataFrame:
    """The actions of the given kinds with ``bar_date``, the bar at which each works.

    That is the symbol's bar of the action's date, else its next one (a halt, a day without prices).
    Actions after the symbol's last bar still wait for theirs and are not in the answer.

    Args:
        actions: frame of :data:`ACTION_SCHEMA`.
        bars: frame with symbol and date, sorted by them.
        kinds: which kinds of action.

    Returns:
        symbol, date, kind, value, bar_date; sorted by symbol and date.
    """
    wanted = actions.filter(pl.col("kind").is_in(kinds)).select(*_IDENTITY, "value")
    if wanted.is_empty() or bars.is_empty():
        return wanted.clear().with_columns(bar_date=pl.lit(None, pl.Date))
    traded = bars.filter(pl.col("symbol").is_in(wanted["symbol"].unique().implode()))
    return (
        wanted.sort(KEY)
        .join_asof(
            traded.select("symbol", pl.col("date").alias("bar_date")),
            left_on="date",
            right_on="bar_date",
            by="symbol",
            strategy="forward",
            check_sortedness=False,
            coalesce=False,
        )
        .drop_nulls("bar_date")
    )


def _demand_sound(events: pl.DataFrame) -> None:
    known = pl.col("kind").is_in(KINDS)
    keyed = pl.col("symbol").is_not_null() & pl.col("date").is_not_null()
    positive = pl.col("value").is_finite() & (pl.col("value") > 0.0)
    unsound = events.filter(~(known & keyed & positive).fill_null(value=False))
    if len(unsound):
        raise DataError(
            f"{len(unsound):,} action(s) cannot be used, such as {unsound.row(0, named=True)}; "
            f"an action needs a symbol, a date, a kind ({', '.join(KINDS)}) and a positive value"
        )


def _one_row_each(events: pl.DataFrame) -> pl.DataFrame:
    events = events.unique((*_IDENTITY, "value"), keep="first", maintain_order=True)
    repeated = events.filter(pl.struct(_IDENTITY).is_duplicated())
    contradicted = repeated.filter(pl.col("kind") != "dividend")
    if len(contradicted):
        raise DataError(
            f"two {contradicted['kind'][0]} actions of {contradicted['symbol'][0]} on "
            f"{contradicted['date'][0]} contradict each other: "
            f"{contradicted['value'][0]} and {contradicted['value'][1]}; keep one of them"
        )
    if len(repeated):
        total = pl.col("value").sum()
        first = pl.col("provider", "first_seen").first()
        events = events.group_by(_IDENTITY, maintain_order=True).agg(total, first)
    return events.select(ACTION_SCHEMA.names()).sort(_IDENTITY)
