"""Rows of a damaged data file, brought back from what is still whole."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockstream.lake.admission import unchecked
from stockstream.lake.data_file import digest_in, digest_of, encode
from stockstream.lake.maintenance.examine import examine
from stockstream.lake.raw import RAW_SCHEMA, RawZone
from stockstream.lake.tables import BARS, QUARANTINE
from stockstream.market.bars import BAR_SCHEMA, KEY, conform

if TYPE_CHECKING:
    from stockstream.lake.delta import Table
    from stockstream.lake.log import LoggedFile
    from stockstream.lake.maintenance.logs import Readable
    from stockstream.lake.store import Lake

__all__ = ["Rescue", "rescue"]

_TOLD = "_told"


class Rescue(NamedTuple):
    """What could be brought back of a file.

    Attributes:
        rows: sorted by the key.
        exact: whether they are the rows of the file, value for value: their bytes have its digest.
        lost: how many rows are missing.
        origin: where they come from, for people.
    """

    rows: pl.DataFrame
    exact: bool
    lost: int
    origin: str


class _Base(NamedTuple):
    """Rows of a whole file that an older version had for the same year."""

    rows: pl.DataFrame
    version: int
    when: dt.datetime


def rescue(lake: Lake, table: Table, readable: Readable, damaged: LoggedFile) -> Rescue:
    """Bring back the rows of a damaged file of the latest version, as far as that can be done.

    Best is an older file of the same content. Else it is the newest older file of the year, and for
    bars what raw batches say takes the place of its rows where it was fetched later than that file
    was committed, and before the damaged one was.

    Args:
        lake: whose raw zone may help.
        table: of the file.
        readable: the table's log.
        damaged: the file.
    """
    base = _older(table, readable, damaged)
    rows = table.spec.schema.to_frame() if base is None else base.rows
    origin = "nothing older" if base is None else f"{table.spec.name}@{base.version}"
    if table.spec is BARS and damaged.file.year is not None and not _is_exact(rows, damaged):
        fetched = _fetched(lake, damaged.file.year, _made(readable, damaged))
        if len(fetched):
            rows = _newest(lake, base, fetched).select(BAR_SCHEMA.names()).sort(BARS.key)
            origin += " and the raw zone"
    expected = int(damaged.statistics["numRecords"])
    return Rescue(rows, _is_exact(rows, damaged), max(expected - len(rows), 0), origin)


def _is_exact(rows: pl.DataFrame, damaged: LoggedFile) -> bool:
    return digest_in(damaged.file.path) == digest_of(encode(rows))


def _older(table: Table, readable: Readable, damaged: LoggedFile) -> _Base | None:
    """A whole file of the same year: of the same content if there is one, else the newest."""
    found: dict[str, tuple[int, LoggedFile]] = {}
    for entry, files in reversed(readable.history):
        for path, logged in files.items():
            if path != damaged.file.path and logged.file.year == damaged.file.year:
                found.setdefault(path, (entry.version, logged))
    wanted = digest_in(damaged.file.path)
    for version, logged in sorted(
        found.values(), key=lambda one: (digest_in(one[1].file.path) != wanted, -one[0])
    ):
        rows, fault = examine(table, logged)
        if rows is not None and fault is None:
            return _Base(rows, version, _made(readable, logged))
    return None


def _made(readable: Readable, logged: LoggedFile) -> dt.datetime:
    """When a file was committed first."""
    return next(e.when for e, files in readable.history if logged.file.path in files)


def _fetched(lake: Lake, year: int, until: dt.datetime) -> pl.DataFrame:
    """The newest final bar of each symbol and day of a year in the raw zone, with when it came."""
    zone = RawZone(lake.location)
    told = pl.col("fetch_timestamp").str.to_datetime(time_zone="UTC", strict=False)
    final = pl.col("is_final").fill_null(value=True)
    newest = RAW_SCHEMA.to_frame().with_columns(told.alias(_TOLD))
    for batch in zone.batches(start=dt.date(year, 1, 1)):
        rows = zone.read([batch], [pl.col("date").dt.year() == year, final]).rows
        sound = rows.join(unchecked(rows).select(KEY), on=KEY, how="anti", nulls_equal=True)
        came = sound.with_columns(told.alias(_TOLD)).filter(pl.col(_TOLD) <= until)
        both = pl.concat([newest, came]).sort(_TOLD, maintain_order=True)
        newest = both.unique(KEY, keep="last", maintain_order=True)
    return newest


def _newest(lake: Lake, base: _Base | None, fetched: pl.DataFrame) -> pl.DataFrame:
    """Bars of both, and where both have one the bar that came last."""
    old = (BAR_SCHEMA.to_frame() if base is None else base.rows).with_columns(
        pl.lit(base and base.when, pl.Datetime("us", "UTC")).alias(_TOLD)
    )
    basis = old.select("symbol", known="basis").unique("symbol", keep="any")
    named = fetched.join(basis, on="symbol", how="left").with_columns(
        pl.col("provider").fill_null("files"),
        pl.col("basis").fill_null(pl.col("known")).fill_null("raw"),
        adjusted_close=pl.lit(None, pl.Float64),  # it goes stale: only whole imports keep theirs
    )
    bars = conform(named).join(named.select(*KEY, _TOLD), on=KEY, maintain_order="left")
    rejected = lake.table(QUARANTINE).find()
    if rejected is not None:
        away = rejected.scan().select(KEY).collect()
        refused = bars.join(old, on=KEY, how="anti").join(away, on=KEY, how="semi")
        bars = bars.join(refused, on=KEY, how="anti")
    both = pl.concat([old, bars.select(old.columns)]).sort(_TOLD, maintain_order=True)
    kept = pl.col("adjusted_close").max().over(KEY)
    return both.with_columns(kept).unique(KEY, keep="last", maintain_order=True)
