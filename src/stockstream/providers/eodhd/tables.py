"""From EODHD's rows to bars and actions.

Its prices are as traded, but its volumes and the ``value`` of its dividends are already divided by
later splits, as of the fetch. Here everything is brought back to what was traded and paid.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from stockstream.errors import DataError, MalformedError
from stockstream.market.actions import ACTION_SCHEMA, conform_actions
from stockstream.market.bars import BAR_SCHEMA, PRICES
from stockstream.providers.ratios import whole_ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["EODHD_SCHEMA", "NAME", "SHOWN", "Split", "read_actions", "read_bars", "read_splits"]

NAME: Final = "eodhd"
EODHD_SCHEMA: Final = pl.Schema({**BAR_SCHEMA, "is_final": pl.Boolean()})
"""A bar, and whether it is final."""

SHOWN: Final = 200
"""Characters of what EODHD says that a message shows."""

_NUMBERS: Final = (*PRICES, "adjusted_close", "volume")
_SENT: Final = pl.Schema({"date": pl.String(), **dict.fromkeys(_NUMBERS, pl.Float64())})


class Split(NamedTuple):
    """New shares for an old one, from a day on."""

    day: dt.date
    ratio: float


def read_bars(
    rows: Sequence[Mapping[str, Any]], symbol: str, splits: Iterable[Split]
) -> pl.DataFrame:
    """The bars of a report ``eod``, as traded. A bar is final if it has its four prices.

    Args:
        rows: of the report.
        symbol: as it was asked for.
        splits: every one from the first row to the present.

    Returns:
        Frame of :data:`EODHD_SCHEMA`.

    Raises:
        MalformedError: a field is missing, or something else than a day or a number.
    """
    for row in rows:
        if missing := _SENT.keys() - row.keys():
            raise MalformedError(f"a bar of EODHD without {', '.join(sorted(missing))}")
    try:
        sent = pl.DataFrame([dict(row) for row in rows], _SENT, strict=True)
        dated = sent.with_columns(pl.col("date").str.to_date("%Y-%m-%d"))
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise MalformedError(
            f"a bar of EODHD has something odd in it: {error!s:.{SHOWN}}"
        ) from error
    since = pl.lit(1.0)
    for split in splits:
        since *= pl.when(pl.col("date") < split.day).then(split.ratio).otherwise(1.0)
    whole = pl.all_horizontal(pl.col(PRICES).is_not_null())
    return dated.select(
        pl.lit(symbol).alias("symbol"),
        "date",
        *PRICES,
        (pl.col("volume") / since).round().cast(pl.Int64),
        "adjusted_close",
        pl.lit(NAME).alias("provider"),
        pl.lit("raw").alias("basis"),
        (whole & pl.col("date").is_last_distinct()).alias("is_final"),
    )


def read_splits(rows: Iterable[Mapping[str, Any]]) -> list[Split]:
    """The splits of a report ``splits``.

    Raises:
        MalformedError: one cannot be read. Prices as traded are of no use without it.
    """
    splits = []
    for row in rows:
        new, _, old = str(row.get("split")).partition("/")
        try:
            split = Split(_day(row), whole_ratio(float(new) / float(old)))
            _demand(0 < split.ratio < math.inf)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            raise MalformedError(f"a split of EODHD cannot be read: {row!s:.{SHOWN}}") from None
        splits.append(split)
    return splits


def read_actions(
    dividends: Iterable[Mapping[str, Any]],
    splits: Iterable[Split],
    symbol: str,
    currency: str,
    left_out: list[str],
) -> pl.DataFrame:
    """Splits and dividends as one frame of :data:`stockstream.market.actions.ACTION_SCHEMA`.

    Args:
        dividends: rows of a report ``div``.
        splits: every one from the first row to the present.
        symbol: as it was asked for.
        currency: of the prices; a dividend in another one is left out.
        left_out: gets one line about each dividend that cannot be used.

    Raises:
        MalformedError: two splits of one day contradict each other.
    """
    rows = [(symbol, split.day, "split", split.ratio) for split in splits]
    for row in dividends:
        try:
            paid = _paid(row, splits)
        except (KeyError, TypeError, ValueError):
            left_out.append(f"a dividend cannot be used and was left out: {row!s:.{SHOWN}}")
            continue
        if (row.get("currency") or currency) != currency:
            left_out.append(
                f"the dividend of {row['date']} is in {row['currency']} and the prices are in "
                f"{currency}; left out"
            )
        else:
            rows.append((symbol, _day(row), "dividend", paid))
    columns = {name: ACTION_SCHEMA[name] for name in ("symbol", "date", "kind", "value")}
    try:
        return conform_actions(pl.DataFrame(rows, columns, orient="row"), provider=NAME)
    except DataError as error:
        raise MalformedError(f"EODHD's events: {error}") from error


def _day(row: Mapping[str, Any]) -> dt.date:
    return dt.date.fromisoformat(row["date"])


def _paid(dividend: Mapping[str, Any], splits: Iterable[Split]) -> float:
    """What a dividend was for one share of its day."""
    day, paid = _day(dividend), dividend.get("unadjustedValue")
    if paid is None:
        later = math.prod(split.ratio for split in splits if split.day > day)
        paid = dividend["value"] * later
    _demand(0 <= paid < math.inf)
    return float(paid)


def _demand(possible: bool) -> None:
    if not possible:
        raise ValueError
