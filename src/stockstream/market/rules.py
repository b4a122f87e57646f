"""The rules that a bar must keep; one that breaks any of them is rejected, with the rule's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from stockstream.market.bars import BAR_SCHEMA, KEY, PRICES

if TYPE_CHECKING:
    from stockstream.market.calendars import Calendar
    from stockstream.market.ticks import TickTable

__all__ = ["NOISE", "QUARANTINE_SCHEMA", "RULES", "drop_repeated", "reject", "set_aside"]

RULES: Final = {
    "missing_symbol_or_date": "the row does not say whose bar it is, or of which day",
    "not_finite": "a price is null, NaN or infinite",
    "not_positive": "a price is zero or negative",
    "negative_volume": "the volume is negative",
    "high_below_low": "the high is below the low",
    "open_outside_range": "the open is outside low..high by more than half a tick",
    "close_outside_range": "the close is outside low..high by more than half a tick",
    "not_a_session": "the exchange was closed on that day",
    "duplicate": "another row of the same symbol and date, with other values, came later",
    "hundredfold": "the close is about 100 times the symbol's other closes, or a hundredth, and no "
    "known split explains it: cents for dollars",
}
"""Every rule and what it finds. A row that breaks several is listed once, under the first of them
in this order; its ``detail`` names them all."""

QUARANTINE_SCHEMA: Final = pl.Schema(
    {**BAR_SCHEMA, "rule": pl.String(), "severity": pl.String(), "detail": pl.String()}
)
"""A rejected row as it came, the rule that rejected it, ``"error"``, and all rules it broke."""

NOISE: Final = 1e-6
"""Relative error of prices that have been through 32-bit floats."""

_VALUES: Final = (*KEY, *PRICES, "volume", "adjusted_close", "basis")


def reject(
    bars: pl.DataFrame, calendar: Calendar | None, ticks: TickTable | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the rows that keep every rule about a single row from those that do not.

    Args:
        bars: frame of :data:`~stockstream.market.bars.BAR_SCHEMA`.
        calendar: the sessions; None, or a day outside its table, leaves ``not_a_session`` unasked.
        ticks: price steps; None allows no half tick.

    Returns:
        The rows kept, and the rows rejected in :data:`QUARANTINE_SCHEMA`.
    """
    broken = _broken(bars, calendar, ticks)
    unsound = bars.select(pl.any_horizontal(broken.values())).to_series()
    if not unsound.any():
        return bars, pl.DataFrame(schema=QUARANTINE_SCHEMA)
    names = [pl.when(rule).then(pl.lit(name)) for name, rule in broken.items()]
    rule, detail = pl.coalesce(names), pl.concat_str(names, separator=", ", ignore_nulls=True)
    return bars.filter(~unsound), set_aside(bars.filter(unsound), rule, detail)


def set_aside(rows: pl.DataFrame, rule: pl.Expr, detail: pl.Expr | None = None) -> pl.DataFrame:
    """Rejected rows in :data:`QUARANTINE_SCHEMA`; without a detail the rule says it all."""
    return rows.with_columns(
        rule=rule, severity=pl.lit("error"), detail=rule if detail is None else detail
    )


def drop_repeated(
    bars: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Leave one row for each symbol and date.

    Rows that are equal in every value are one bar sent twice and count once. Where values differ,
    the last row wins, as the newest word of a source that appends its corrections, and the others
    are rejected: which of them is true cannot be seen here, so none is thrown away.

    Args:
        bars: sound rows, sorted by symbol and date, otherwise in the order they came in.

    Returns:
        The bars; the rejected rows in :data:`QUARANTINE_SCHEMA`; and the symbol, date and number of
        rows ``len`` of those that were sent more than once.
    """
    symbol, date = (pl.col(name) for name in KEY)
    same = (symbol == symbol.shift()) & (date == date.shift())
    again = bars.select(again=same.fill_null(value=False)).to_series()
    if not again.any():
        none = bars.clear().select(*KEY, len=pl.len())
        return bars, pl.DataFrame(schema=QUARANTINE_SCHEMA), none
    one_of_many = again | again.shift(-1, fill_value=False)
    many = bars.filter(one_of_many)
    repeats = many.group_by(_VALUES, maintain_order=True).len().filter(pl.col("len") > 1)
    versions = many.unique(_VALUES, keep="last", maintain_order=True)
    newest = pl.struct(KEY).is_last_distinct()
    kept = pl.concat([bars.filter(~one_of_many), versions.filter(newest)]).sort(KEY)
    rejected = set_aside(versions.filter(~newest), pl.lit("duplicate"))
    return kept, rejected, repeats.select(*KEY, "len")


def _broken(
    bars: pl.DataFrame, calendar: Calendar | None, ticks: TickTable | None
) -> dict[str, pl.Expr]:
    """For each rule about a single row, whether the row breaks it; never null."""
    prices = pl.col(PRICES)
    high, low = pl.col("high"), pl.col("low")
    noise = high.abs() * NOISE
    slack = noise if ticks is None else noise + ticks.size(high) / 2

    def outside(price: pl.Expr) -> pl.Expr:
        return (price > high + slack) | (price < low - slack)

    broken = {
        "missing_symbol_or_date": pl.col("date").is_null()
        | (pl.col("symbol").fill_null("").str.strip_chars() == ""),
        "not_finite": ~pl.all_horizontal(prices.is_finite().fill_null(value=False)),
        "not_positive": pl.any_horizontal(prices <= 0.0),
        "negative_volume": pl.col("volume") < 0,
        "high_below_low": high < low - noise,
        "open_outside_range": outside(pl.col("open")),
        "close_outside_range": outside(pl.col("close")),
        "not_a_session": pl.col("date").is_in(_closed_days(bars["date"], calendar).implode()),
    }
    return {name: rule.fill_null(value=False) for name, rule in broken.items()}


def _closed_days(dates: pl.Series, calendar: Calendar | None) -> pl.Series:
    """The days among the dates on which the exchange was closed."""
    if calendar is None:
        return dates.clear()
    days = dates.drop_nulls().unique().to_numpy()
    days = days[calendar.covers(days)]
    return pl.Series(np.extract(~calendar.is_session(days), days), dtype=pl.Date)
