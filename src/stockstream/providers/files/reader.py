"""Reading one file: its rows with their meaning, and the events that came beside the prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
from polars.exceptions import PanicException, PolarsError

from stockstream.errors import ConfigError, DataError
from stockstream.market.actions import from_columns
from stockstream.providers.base import Failure
from stockstream.providers.files.dates import to_dates
from stockstream.providers.files.layout import recognise
from stockstream.providers.files.text import read_csv
from stockstream.providers.files.values import to_floats
from stockstream.providers.ratios import whole_ratios

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.providers.files.layout import Layout

__all__ = ["FileReader", "FileRows"]

_NUMBERS: Final = (
    *("open", "high", "low", "close", "volume", "adjusted_close"),
    *("dividends", "capital_gains", "splits"),
)
_TEXTS: Final = ("provider", "basis")


@dataclass(frozen=True, eq=False)
class FileRows:
    """What one file holds.

    Attributes:
        rows: symbol, date, prices and volume as numbers, ``source`` (the file's name) and, where
            the file has them, adjusted_close, provider, basis and utc_offset; every row.
        actions: frame of :data:`stockstream.market.actions.ACTION_SCHEMA`.
        is_yahoo: whether the headers are Yahoo's.
        left_out: events that cannot be used.
    """

    rows: pl.DataFrame
    actions: pl.DataFrame
    is_yahoo: bool
    left_out: tuple[Failure, ...]


@dataclass(frozen=True)
class FileReader:
    """How to read files; see :class:`stockstream.providers.files.provider.FilesProvider`."""

    columns: Sequence[str] | None = None
    symbol: str | None = None
    suffix: str = ""
    date_format: str | None = None

    def read(self, path: Path) -> FileRows:
        """Read a file.

        Raises:
            DataError: it cannot be read; the message names the file and what is wrong with it.
            ConfigError: a symbol was given and the file has its own.
        """
        if path.suffix.lower() == ".parquet":
            frame, layout = _read_parquet(path)
        else:
            frame, layout = self._read_text(path)
        what = path.name
        if frame.is_empty():
            raise DataError(f"{what} has a header and no rows; fetch it again")
        dates = to_dates(frame["date"], what, self.date_format)
        rows = frame.select(
            self._symbols(frame, path).alias("symbol"),
            dates.alias("date"),
            *(to_floats(frame[name], name, what) for name in _NUMBERS if name in frame.columns),
            *(frame[name].cast(pl.String) for name in _TEXTS if name in frame.columns),
            pl.lit(what).alias("source"),
            *_offsets(frame["date"]),
        )
        _demand_daily(rows, frame["date"], what)
        actions, left_out = _events(rows, what)
        return FileRows(
            rows.drop("dividends", "capital_gains", "splits", strict=False),
            actions,
            layout.is_yahoo,
            left_out,
        )

    def _read_text(self, path: Path) -> tuple[pl.DataFrame, Layout]:
        try:
            return read_csv(path, self.columns)
        except OSError as error:
            raise DataError(f"{path.name} cannot be read: {error.strerror}") from error

    def _symbols(self, frame: pl.DataFrame, path: Path) -> pl.Series:
        if "symbol" not in frame.columns:
            named = pl.Series([self.symbol or path.stem])
            symbols = named.new_from_index(0, len(frame))
        elif self.symbol is not None:
            raise ConfigError(
                f"symbol {self.symbol!r} was given, but {path.name} has a column of symbols"
            )
        else:
            symbols = frame["symbol"].cast(pl.String).str.strip_chars()
        return _with_suffix(symbols, self.suffix)


def _read_parquet(path: Path) -> tuple[pl.DataFrame, Layout]:
    try:
        scan = pl.scan_parquet(path, glob=False)
        layout = recognise(scan.collect_schema().names(), path.name)
        chosen = {field: pl.col(header) for field, header in layout.fields.items()}
        return scan.select(**chosen).collect(), layout
    except (OSError, PolarsError, PanicException) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path.name} is no whole Parquet file ({reason}); it may be cut off: fetch it again"
        ) from error


def _with_suffix(symbols: pl.Series, suffix: str) -> pl.Series:
    """``bhp`` -> ``BHP.AX``, once for each distinct symbol."""
    if not suffix:
        return symbols
    ending = suffix.upper()
    distinct = symbols.unique().drop_nulls()
    upper = [symbol.upper() for symbol in distinct]
    named = [symbol if symbol.endswith(ending) else symbol + ending for symbol in upper]
    return symbols.replace_strict(distinct, named, default=None, return_dtype=pl.String)


def _offsets(stamps: pl.Series) -> list[pl.Series]:
    """A column ``utc_offset`` if the dates are text with an offset from UTC, else none."""
    if stamps.dtype != pl.String:
        return []
    offsets = stamps.str.extract(r"\d{2}:\d{2}.*([+-]\d{2}:\d{2})$").alias("utc_offset")
    return [] if offsets.null_count() == len(offsets) else [offsets]


def _demand_daily(rows: pl.DataFrame, stamps: pl.Series, what: str) -> None:
    """Bars of an hour or a minute would look like repeated days.

    Raises:
        DataError: one symbol has two times of one day.
    """
    if stamps.dtype == pl.Date:
        return
    stamped = rows.select("symbol", "date", stamp=stamps).drop_nulls()
    stamped = stamped.filter(pl.struct("symbol", "date").is_duplicated())
    times = stamped.group_by("symbol", "date").agg(pl.col("stamp").unique().sort())
    several = times.filter(pl.col("stamp").list.len() > 1).sort("symbol", "date")
    if len(several):
        first, second = several["stamp"][0][:2]
        raise DataError(
            f"{what} holds several bars of one day ({first} and {second}); "
            "daily bars are needed: resample it first"
        )


def _events(rows: pl.DataFrame, what: str) -> tuple[pl.DataFrame, tuple[Failure, ...]]:
    """Dividends (with capital gains, which are paid like them) and splits that can be used."""
    present = set(rows.columns)
    cash = [pl.col(n).fill_nan(None) for n in ("dividends", "capital_gains") if n in present]
    ratio = pl.col("splits").fill_nan(None) if "splits" in present else pl.lit(None, pl.Float64)
    dividends, splits = pl.col("dividends"), pl.col("splits")
    events = rows.select(
        "symbol",
        "date",
        dividends=pl.sum_horizontal(cash) if cash else pl.lit(None, pl.Float64),
        splits=ratio,
    ).filter((dividends.fill_null(0.0) != 0.0) | ~splits.fill_null(1.0).is_in([0.0, 1.0]))
    keyed = pl.all_horizontal(pl.col("symbol", "date").is_not_null())
    values = pl.col("dividends", "splits").fill_null(0.0)
    usable = keyed & pl.all_horizontal(values.is_finite() & (values >= 0.0))
    bad = events.filter(~usable)
    left_out = tuple(
        Failure(what, f"an event cannot be used and was left out: {row}")
        for row in bad.iter_rows(named=True)
    )
    good = events.filter(usable)
    return from_columns(good.with_columns(whole_ratios(good["splits"])), provider="files"), left_out
