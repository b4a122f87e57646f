"""From a table in one of the two layouts to rows: one value of one factor in each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import DataError
from stockstream.ingest.factors.known import known_days, plain_days
from stockstream.ingest.factors.layout import demand_known, recognise
from stockstream.providers.base import Failure
from stockstream.providers.files.values import NULLS

if TYPE_CHECKING:
    from stockstream.ingest.factors.layout import Layout
    from stockstream.market.calendars import Calendar

__all__ = ["FactorRows", "Reading"]


@dataclass(frozen=True, eq=False)
class FactorRows:
    """What a table holds.

    Attributes:
        rows: symbol, date, known_at, name, value, and ``text``: what stands where a number should
            be and is none. A row has one of the two.
        empty: how many values the table does not give.
        names: every factor that the table has, wanted or not.
        left_out: columns that hold no numbers.
    """

    rows: pl.DataFrame
    empty: int
    names: frozenset[str]
    left_out: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Reading:
    """How to read tables.

    Attributes:
        known_at: the column that says when a value became public; ``known_at`` by default.
        known_lag: days from the date to its publication, where no column says it.
        names: the factors wanted; all by default.
        suffix: put behind every symbol that does not end in it, such as ``".AX"``.
        date_format: strptime format of the dates, where they can be read in two ways.
        calendar: the exchange; decides when a moment counts.
    """

    known_at: str | None = None
    known_lag: int | None = None
    names: frozenset[str] | None = None
    suffix: str = ""
    date_format: str | None = None
    calendar: Calendar | None = None

    def read(self, table: pl.DataFrame, what: str) -> FactorRows:
        """Read a table.

        Args:
            table: as a source gives it.
            what: the source, for the messages.

        Raises:
            DataError: it has no rows, a column is missing, or a date cannot be read.
            ConfigError: nothing says when its values became public, or two things do.
        """
        layout = recognise(table.columns, what, self.known_at)
        demand_known(layout, self.known_lag, what)
        if table.is_empty():
            raise DataError(f"{what} has no rows")
        keys = self._keys(table, layout, what)
        if layout.long is None:
            return self._wide(table, keys, layout.wide, what)
        return self._long(table, keys, layout.long)

    def _keys(self, table: pl.DataFrame, layout: Layout, what: str) -> pl.DataFrame:
        """Symbol, date and known_at of each row of the table."""
        dates = plain_days(table[layout.date], what, self.date_format)
        if layout.known_at is None:
            known = dates + dt.timedelta(days=self.known_lag or 0)
        else:
            written = table[layout.known_at]
            known = known_days(written, what, self.calendar, self.date_format)
        symbols = table[layout.symbol].cast(pl.String).str.strip_chars()
        return pl.DataFrame(
            {"symbol": _with_suffix(symbols, self.suffix), "date": dates, "known_at": known}
        )

    def _long(
        self, table: pl.DataFrame, keys: pl.DataFrame, headers: tuple[str, str]
    ) -> FactorRows:
        name, value = headers
        names = table[name].cast(pl.String).str.strip_chars()
        rows = keys.with_columns(names.alias("name"), *_numbers(table[value]))
        if self.names is not None:
            rows = rows.filter(pl.col("name").is_in(list(self.names)))
        said = _said(rows)
        return FactorRows(said, len(rows) - len(said), frozenset(names.drop_nulls().unique()))

    def _wide(
        self, table: pl.DataFrame, keys: pl.DataFrame, headers: tuple[str, ...], what: str
    ) -> FactorRows:
        names = frozenset(header.strip() for header in headers)
        pieces, empty, left_out = [_said(_blank(keys))], 0, list[Failure]()
        for header in headers:
            if self.names is not None and header.strip() not in self.names:
                continue
            value, text = _numbers(table[header])
            if value.null_count() == len(value) > text.null_count():
                reason = f"column {header!r} holds no numbers, such as {text.drop_nulls()[0]!r}"
                left_out.append(Failure(what, f"{reason}, and was left out"))
                continue
            said = _said(keys.with_columns(value, text, name=pl.lit(header.strip())))
            empty += len(keys) - len(said)
            pieces.append(said)
        return FactorRows(pl.concat(pieces), empty, names, tuple(left_out))


def _blank(keys: pl.DataFrame) -> pl.DataFrame:
    texts = {name: pl.lit(None, pl.String) for name in ("name", "text")}
    return keys.with_columns(**texts, value=pl.lit(None, pl.Float64))


def _said(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in which something stands where the value belongs."""
    return rows.filter(pl.col("value").is_not_null() | pl.col("text").is_not_null()).select(
        "symbol", "date", "known_at", "name", "value", "text"
    )


def _numbers(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """``value``: the numbers; ``text``: what is no number. Both are null where nothing is said."""
    if column.dtype == pl.Null or column.dtype.is_numeric():
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(column))
        return column.cast(pl.Float64).fill_nan(None).alias("value"), nothing.alias("text")
    written = column if column.dtype == pl.String else map(_as_text, column)
    texts = pl.Series(written, dtype=pl.String).str.strip_chars()
    texts = texts.set(texts.str.to_lowercase().is_in(NULLS), None)
    value = texts.cast(pl.Float64, strict=False).fill_nan(None)
    return value.alias("value"), texts.set(value.is_not_null(), None).alias("text")


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


def _with_suffix(symbols: pl.Series, suffix: str) -> pl.Series:
    """``bhp`` -> ``BHP.AX``."""
    if not suffix:
        return symbols
    upper, ending = symbols.str.to_uppercase(), suffix.upper()
    return upper.set(~upper.str.ends_with(ending), None).fill_null(upper + ending)
