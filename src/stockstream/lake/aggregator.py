"""One way to read both zones: checked bars, and raw batches that are not ingested yet."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.errors import ConfigError, NoDataError
from stockstream.lake.cache import FileCache
from stockstream.lake.faults import reading
from stockstream.lake.location import Location
from stockstream.lake.raw import RAW_SCHEMA, RawZone
from stockstream.lake.store import Lake
from stockstream.lake.symbols import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.lake.raw import Batch

__all__ = ["AGGREGATED_SCHEMA", "DataAggregator", "LoadReport"]

_ADVICE: Final = "check the place and its permissions"
_LOG = logging.getLogger(__name__)

RAW_PREFIX: Final = "raw-data"
_COLUMNS = [name for name in RAW_SCHEMA if name not in ("is_final", "dividends", "splits")]

AGGREGATED_SCHEMA: Final = pl.Schema({name: RAW_SCHEMA[name] for name in _COLUMNS})
"""Columns of what is loaded. ``fetch_timestamp`` and ``batch_number`` are null for checked bars."""


@dataclass(frozen=True)
class LoadReport:
    """What a load found.

    Attributes:
        batches: raw batches read.
        failed: batches that could not be read, with the reason.
        missing: batches below the highest number of their session that are not there.
        duplicates: raw rows that a newer one of the same symbol and date replaced.
        curated: checked bars among the rows.
    """

    batches: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    duplicates: int = 0
    curated: int = 0


class DataAggregator:
    """Loads daily bars from a folder or bucket, checked ones and raw batches alike.

    For each symbol and date there is one row. A checked bar wins over a raw row, and a raw row that
    the check rejected does not come back. Among raw rows the latest ``fetch_timestamp`` wins, then
    the later session and the higher batch number. Batches that are missing or damaged do not stop
    a load: they are in :attr:`report` and in the log.

    Args:
        bucket: folder, or URL such as ``s3://my-bucket/market``.
        cache: folder for copies of remote files; none are kept by default.
    """

    def __init__(self, bucket: str | Path, *, cache: str | Path | None = None) -> None:
        self.bucket = Location.of(bucket)
        self.report = LoadReport()
        self._cache = None if cache is None else FileCache(cache)

    def load_all_data(
        self, bucket: str | Path | None = None, prefix: str = RAW_PREFIX
    ) -> pl.DataFrame:
        """Every bar.

        Args:
            bucket: another folder or URL than the aggregator's.
            prefix: folder of the raw batches in it.

        Returns:
            Columns of :data:`AGGREGATED_SCHEMA`, sorted by symbol and date. The same holds for the
            other methods.

        Raises:
            NoDataError: there is nothing.
        """
        place = self.bucket if bucket is None else Location.of(bucket)
        return self._load(place, prefix, RawZone(place, prefix).batches(), [])

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
        batches = RawZone(self.bucket, RAW_PREFIX).batches(first, last)
        inside = pl.col("date").is_between(first, last)
        return self._load(self.bucket, RAW_PREFIX, batches, [inside])

    def load_symbols(self, symbols: Sequence[str]) -> pl.DataFrame:
        """Every bar of some symbols; ``BHP`` finds ``BHP.AX``.

        Raises:
            UnknownNameError: a symbol has no bar.
        """
        everything = self.scan()
        with reading(str(self.bucket), _ADVICE):
            known = everything.select(pl.col("symbol").unique()).collect()["symbol"].to_list()
            found = resolve(symbols, known, str(self.bucket))
            rows = everything.filter(pl.col("symbol").is_in(found)).collect()
        return rows.sort("symbol", "date")

    def merge_daily_batches(self, date: str | dt.date) -> pl.DataFrame:
        """All raw batches of one session as one frame, each symbol and date once.

        Raises:
            ConfigError: the date cannot be read.
            NoDataError: the session has no batch that can be read.
        """
        session = _date(date)
        zone = RawZone(self.bucket, RAW_PREFIX)
        batches = zone.batches(session, session)
        rows = self._newest(zone, batches, [])
        if rows.is_empty():
            raise NoDataError(self._nothing(zone, f"no batch of {session} that can be read"))
        return rows.sort("symbol", "date")

    def scan(self) -> pl.LazyFrame:
        """Every bar, lazily: of the checked bars only what a query needs is read."""
        zone = RawZone(self.bucket, RAW_PREFIX)
        return self._combined(self.bucket, self._newest(zone, zone.batches(), []), [])

    def _load(
        self, place: Location, prefix: str, batches: list[Batch], predicates: list[pl.Expr]
    ) -> pl.DataFrame:
        zone = RawZone(place, prefix)
        raw = self._newest(zone, batches, predicates)
        with reading(str(place), _ADVICE):
            rows = self._combined(place, raw, predicates).collect().sort("symbol", "date")
        if rows.is_empty():
            raise NoDataError(self._nothing(zone, "no bars"))
        curated = len(rows) - rows["batch_number"].count()
        self.report = LoadReport(**{**vars(self.report), "curated": curated})
        return rows

    def _newest(
        self, zone: RawZone, batches: list[Batch], predicates: list[pl.Expr]
    ) -> pl.DataFrame:
        """The newest raw row of each symbol and date; sets :attr:`report`."""
        found = zone.read(batches, predicates, self._cache)
        fetched = pl.col("fetch_timestamp").str.to_datetime(time_zone="UTC", strict=False)
        # Batches come in order, and a stable sort keeps it where the times are equal.
        newest = (
            found.rows.sort(fetched, nulls_last=False, maintain_order=True)
            .unique(("symbol", "date"), keep="last", maintain_order=True)
            .select(_COLUMNS)
        )
        self.report = LoadReport(
            batches=len(batches) - len(found.failures),
            failed=found.failures,
            missing=_missing(batches),
            duplicates=len(found.rows) - len(newest),
        )
        for name, reason in found.failures.items():
            _LOG.warning("%s cannot be read: %s", zone.location.path(name), reason)
        for name in self.report.missing:
            _LOG.warning("%s is missing", zone.location.path(f"{zone.prefix}/{name}"))
        return newest

    def _combined(
        self, place: Location, raw: pl.DataFrame, predicates: list[pl.Expr]
    ) -> pl.LazyFrame:
        if not Lake.exists(place):
            return raw.lazy()
        lake = Lake.open(place)
        key = ("symbol", "date")
        rejected = lake.quarantine().select(key)
        checked = lake.scan_bars().filter(*predicates)
        fresh = (
            raw.lazy()
            .join(rejected.lazy(), on=key, how="anti")
            .join(checked.select(key), on=key, how="anti")
        )
        absent = {
            "fetch_timestamp": pl.lit(None, pl.String),
            "batch_number": pl.lit(None, pl.Int32),
        }
        return pl.concat([checked.with_columns(**absent).select(_COLUMNS), fresh])

    def _nothing(self, zone: RawZone, what: str) -> str:
        sessions = [batch.session for batch in zone.batches()]
        have = f"batches from {sessions[0]} to {sessions[-1]}" if sessions else "no batches"
        failed = f"; {len(self.report.failed)} could not be read" if self.report.failed else ""
        return f"{what} in {zone.location.path(zone.prefix)}, which has {have}{failed}"


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
