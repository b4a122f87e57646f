"""One way to read both zones: checked bars, and raw batches that are not ingested yet."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.errors import ConfigError, NoDataError, UnknownNameError
from stockstream.lake.cache import CACHE_LIMIT, FileCache
from stockstream.lake.checked import load_checked, scan_checked
from stockstream.lake.faults import reading
from stockstream.lake.location import Location
from stockstream.lake.order import in_key_order
from stockstream.lake.raw import RAW_PREFIX, RAW_SCHEMA, RawZone
from stockstream.lake.raw_bars import find_news, keep_bars, keep_newest
from stockstream.lake.records import of_names
from stockstream.lake.store import Lake
from stockstream.lake.symbols import FEW, may_be, resolve
from stockstream.market.bars import KEY
from stockstream.market.frames import sort_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.lake.raw import Batch

__all__ = ["AGGREGATED_SCHEMA", "DataAggregator", "LoadReport"]

_ADVICE: Final = "check the place and its permissions"
_LOG = logging.getLogger(__name__)

_COLUMNS = [name for name in RAW_SCHEMA if name not in ("basis", "is_final", "dividends", "splits")]

AGGREGATED_SCHEMA: Final = pl.Schema({name: RAW_SCHEMA[name] for name in _COLUMNS})
"""Columns of what is loaded. ``fetch_timestamp`` and ``batch_number`` are null for checked bars."""


@dataclass(frozen=True)
class LoadReport:
    """What a load found.

    Attributes:
        batches: raw batches read.
        failed: batches that could not be read, with the reason.
        missing: batches below the highest number of their session that are not there.
        unfinished: raw rows left out because they are not final or lack a price.
        duplicates: raw rows that a newer one of the same symbol and date replaced.
        apart: symbols whose raw bars are left out because their prices are on another scale than
            the checked ones: a split that is not ingested yet.
        curated: checked bars among the rows.
    """

    batches: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unfinished: int = 0
    duplicates: int = 0
    apart: tuple[str, ...] = ()
    curated: int = 0


class DataAggregator:
    """Loads daily bars from a folder or bucket, checked ones and raw batches alike.

    For each symbol and date there is one row. A checked bar wins over a raw row, and a raw row that
    the check rejected does not come back; rows that are not final or lack a price are no bars yet.
    Among raw rows the latest ``fetch_timestamp`` wins, then the later session and the higher batch
    number. Batches that are missing or damaged do not stop a load: they are in :attr:`report` and
    in the log, and so are symbols whose raw prices are on another scale than the checked ones.

    ``adjusted_close`` is what the source sent; for checked bars without one it is worked out from
    the lake's splits and dividends, in Yahoo's convention.

    Args:
        bucket: folder, or URL such as ``s3://my-bucket/market``.
        prefix: folder of the raw batches in it.
        cache: folder for copies of remote batches; none are kept by default.
        cache_limit: bytes that the copies may take.

    Raises:
        ConfigError: the prefix leads out of the bucket, or the limit is negative.
    """

    def __init__(
        self,
        bucket: str | Path,
        *,
        prefix: str = RAW_PREFIX,
        cache: str | Path | None = None,
        cache_limit: int = CACHE_LIMIT,
    ) -> None:
        self.bucket = Location.of(bucket)
        self._zone = RawZone(self.bucket, prefix)
        self.report = LoadReport()
        self._cache = None if cache is None else FileCache(cache, cache_limit)

    def load_all_data(
        self, bucket: str | Path | None = None, prefix: str | None = None
    ) -> pl.DataFrame:
        """Every bar.

        Args:
            bucket: another folder or URL than the aggregator's.
            prefix: another folder of raw batches than the aggregator's.

        Returns:
            Columns of :data:`AGGREGATED_SCHEMA`, sorted by symbol and date. The same holds for the
            other methods.

        Raises:
            NoDataError: there is nothing.
        """
        place = self.bucket if bucket is None else bucket
        zone = RawZone(place, self._zone.prefix if prefix is None else prefix)
        return self._load(zone, zone.batches())

    def load_date(self, date: str | dt.date) -> pl.DataFrame:
        """The bars of one session, from the checked bars and that session's batches.

        Raises:
            ConfigError: the date cannot be read.
            NoDataError: there is no bar of that session.
        """
        return self.load_date_range(date, date)

    def load_date_range(self, start: str | dt.date, end: str | dt.date) -> pl.DataFrame:
        """The bars of the sessions from ``start`` to ``end``, both included.

        Raw batches named after these sessions are read; corrections that later batches bring are
        there once they are ingested.

        Raises:
            ConfigError: a date cannot be read, or the range ends before it starts.
            NoDataError: there is no bar in it.
        """
        first, last = _date(start), _date(end)
        if last < first:
            raise ConfigError(f"the range ends on {last}, before it starts on {first}")
        return self._load(self._zone, self._zone.batches(first, last), first, last)

    def load_symbols(self, symbols: Sequence[str]) -> pl.DataFrame:
        """Every bar of some symbols; ``BHP`` finds ``BHP.AX``.

        Raises:
            UnknownNameError: a symbol has no bar.
            ConfigError: a name means several symbols, or two names mean one.
        """
        batches = self._zone.batches()
        near = [may_be(symbols)] if 0 < len(symbols) <= FEW else []
        raw = self._raw_bars(self._zone, batches, near)
        lake, place = _lake_at(self.bucket), str(self.bucket)
        with reading(place, _ADVICE):
            try:
                found = resolve(symbols, _symbols(raw, lake, near), place)
            except (UnknownNameError, NoDataError):
                everything = self._raw_bars(self._zone, batches)  # to say which symbols there are
                found = resolve(symbols, _symbols(everything, lake), place)
            return self._combined(raw.filter(of_names(found)), lake, found)

    def merge_daily_batches(self, date: str | dt.date) -> pl.DataFrame:
        """All raw batches of one session as one frame, each symbol and date once.

        Raises:
            ConfigError: the date cannot be read.
            NoDataError: the session has no batch that can be read.
        """
        session = _date(date)
        bars = self._raw_bars(self._zone, self._zone.batches(session, session))
        if bars.is_empty():
            raise NoDataError(self._nothing(self._zone, f"no batch of {session} that can be read"))
        return sort_rows(bars.select(_COLUMNS), KEY)

    def scan(self) -> pl.LazyFrame:
        """Every bar, lazily and in no particular order: of the checked bars only what is needed."""
        raw = self._raw_bars(self._zone, self._zone.batches())
        lake = _lake_at(self.bucket)
        if lake is None:
            return raw.lazy().select(_COLUMNS)
        with reading(str(self.bucket), _ADVICE):
            checked = scan_checked(lake.published.read())
            fresh = self._news(raw, lake, checked)
            return pl.concat([_documented(checked), fresh.lazy()])

    def _load(
        self,
        zone: RawZone,
        batches: list[Batch],
        start: dt.date | None = None,
        end: dt.date | None = None,
    ) -> pl.DataFrame:
        inside = [] if start is None else [pl.col("date").is_between(start, end)]
        raw = self._raw_bars(zone, batches, inside)
        with reading(str(zone.location), _ADVICE):
            rows = self._combined(raw, _lake_at(zone.location), None, start, end)
        if rows.is_empty():
            raise NoDataError(self._nothing(zone, "no bars"))
        return rows

    def _raw_bars(
        self, zone: RawZone, batches: list[Batch], predicates: Sequence[pl.Expr] = ()
    ) -> pl.DataFrame:
        """Bars of batches, each symbol and date once; begins a new :attr:`report`."""
        found = zone.read(batches, predicates, self._cache)
        bars = keep_bars(found.rows)
        newest = keep_newest(bars)
        self.report = LoadReport(
            batches=len(batches) - len(found.failures),
            failed=found.failures,
            missing=_missing(batches),
            unfinished=len(found.rows) - len(bars),
            duplicates=len(bars) - len(newest),
        )
        for name, reason in found.failures.items():
            _LOG.warning("%s cannot be read: %s", zone.location.path(name), reason)
        for name in self.report.missing:
            _LOG.warning("%s is missing", zone.location.path(f"{zone.prefix}/{name}"))
        return newest

    def _news(self, raw: pl.DataFrame, lake: Lake, checked: pl.LazyFrame) -> pl.DataFrame:
        """Raw bars of days that are neither among the checked ones nor were rejected."""
        if raw.is_empty():
            return raw.select(_COLUMNS)
        news = find_news(raw, checked, lake.quarantine().select(KEY))
        self.report = replace(self.report, apart=tuple(news.apart))
        for symbol in news.apart:
            _LOG.warning("%s: raw bars left out until a split is ingested", symbol)
        return news.bars.select(_COLUMNS)

    def _combined(
        self,
        raw: pl.DataFrame,
        lake: Lake | None,
        symbols: Sequence[str] | None = None,
        start: dt.date | None = None,
        end: dt.date | None = None,
    ) -> pl.DataFrame:
        """Checked bars, and the raw ones that tell of other days."""
        if lake is None:
            return sort_rows(raw.select(_COLUMNS), KEY)
        checked = load_checked(lake.published.read(), symbols, start, end)
        fresh = self._news(raw, lake, checked.lazy())
        self.report = replace(self.report, curated=len(checked))
        rows = _documented(checked.lazy()).collect()
        if fresh.is_empty():
            return rows
        return sort_rows(in_key_order(pl.concat([rows, sort_rows(fresh, KEY)])), KEY)

    def _nothing(self, zone: RawZone, what: str) -> str:
        sessions = [batch.session for batch in zone.batches()]
        have = f"batches from {sessions[0]} to {sessions[-1]}" if sessions else "no batches"
        failed = f"; {len(self.report.failed)} could not be read" if self.report.failed else ""
        return f"{what} in {zone.location.path(zone.prefix)}, which has {have}{failed}"


def _lake_at(place: Location) -> Lake | None:
    return Lake.open(place) if Lake.exists(place) else None


def _symbols(raw: pl.DataFrame, lake: Lake | None, near: Sequence[pl.Expr] = ()) -> set[str]:
    """Symbols that have a bar in either zone."""
    symbols = set(raw["symbol"])
    if lake is not None:
        symbols |= set(lake.scan_bars().filter(*near).select("symbol").unique().collect()["symbol"])
    return symbols


def _documented(checked: pl.LazyFrame) -> pl.LazyFrame:
    absent = {name: pl.lit(None, RAW_SCHEMA[name]) for name in ("fetch_timestamp", "batch_number")}
    return checked.with_columns(**absent).select(_COLUMNS)


def _missing(batches: list[Batch]) -> tuple[str, ...]:
    present: dict[dt.date, set[int]] = {}
    for batch in batches:
        present.setdefault(batch.session, set()).add(batch.number)
    return tuple(
        f"{session}-batch-{number}.parquet"
        for session, numbers in present.items()
        for number in range(max(numbers))
        if number not in numbers
    )


def _date(value: str | dt.date) -> dt.date:
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise ConfigError(f"{value!r} is not a date; write it as 2025-12-26") from error
