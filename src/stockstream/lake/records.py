"""What a lake knows beside its bars: what was rejected and noted, who was listed, figures, runs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

import polars as pl

from stockstream.errors import ConfigError
from stockstream.lake.commit import commit_rows
from stockstream.lake.delta import Table
from stockstream.lake.factors import as_known, conform_factors
from stockstream.lake.faults import reading
from stockstream.lake.health import conform_health
from stockstream.lake.tables import FACTORS, FINDINGS, HEALTH, QUARANTINE, TABLES, UNIVERSE
from stockstream.lake.universe import as_believed, conform_universe, revise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from stockstream.lake.delta import Snapshot
    from stockstream.lake.location import Location
    from stockstream.lake.tables import TableSpec

__all__ = ["Records", "between", "demand_order", "of_names", "today"]


class Records:
    """The tables of a lake that are not published with its bars; each has one version, the latest.

    A table that the lake does not have yet reads as empty and is made when it is first written.

    Args:
        location: of the lake.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self._tables = {spec: Table(spec, location.child(spec.name)) for spec in TABLES}

    def table(self, spec: TableSpec) -> Table:
        """A table itself, with its versions and files, for its upkeep."""
        return self._tables[spec]

    def quarantine(self) -> pl.DataFrame:
        """Every row that was rejected, with the rule it broke and where it came from."""
        return self._whole(QUARANTINE)

    def findings(self) -> pl.DataFrame:
        """What is odd about rows that were kept."""
        return self._whole(FINDINGS)

    def universe(self, on: dt.date | None = None, known: dt.date | None = None) -> pl.DataFrame:
        """Who was listed, as far as was known; see :mod:`stockstream.lake.universe`.

        Args:
            on: the day on the list; every row by default.
            known: the day of knowledge; what is believed now by default.
        """
        return as_believed(self._whole(UNIVERSE), on, known)

    def listed(self, on: dt.date, known: dt.date | None = None) -> list[str]:
        """The symbols on the list of a day, sorted; see :meth:`universe`."""
        return self.universe(on, known)["symbol"].unique().sort().to_list()

    def universe_since(self) -> dt.date | None:
        """Day of the first list that is known; what was listed before it nobody can say."""
        return cast("dt.date | None", self._whole(UNIVERSE)["known_from"].min())

    def record_universe(self, rows: pl.DataFrame, source: str) -> int:
        """Add what is known of listings. Rows that say nothing new change nothing.

        Args:
            rows: see :func:`stockstream.lake.universe.conform_universe`; a row without
                ``known_from`` is known from today.
            source: who says so.

        Returns:
            Rows that were added or closed.

        Raises:
            DataError: a row cannot be used. Nothing was written.
        """
        fitted = conform_universe(rows, source=source, today=today())
        change = commit_rows(self._tables[UNIVERSE], fitted, source=source, revise=revise)
        return change.added + change.updated

    def factors(
        self,
        names: Sequence[str] | None = None,
        symbols: Sequence[str] | None = None,
        start: dt.date | None = None,
        end: dt.date | None = None,
        known_by: dt.date | None = None,
    ) -> pl.DataFrame:
        """Figures of companies: for each symbol, name and date the newest value that was known.

        Args:
            names: which figures; all by default.
            symbols: exact symbols; all by default.
            start: first date of the figures.
            end: last date, included.
            known_by: the day of knowledge; today's by default.
        """
        chosen = of_names(symbols) & of_names(names, "name")
        return as_known(self._window(FACTORS, start, end, chosen), known_by)

    def add_factors(self, rows: pl.DataFrame, source: str) -> int:
        """Add figures of companies. The same rows again change nothing.

        Args:
            rows: see :func:`stockstream.lake.factors.conform_factors`.
            source: where they come from.

        Returns:
            Rows that were added or updated.

        Raises:
            DataError: a row cannot be used. Nothing was written.
        """
        fitted = conform_factors(rows, source=source, today=today())
        change = commit_rows(self._tables[FACTORS], fitted, source=source)
        return change.added + change.updated

    def health(self, start: dt.date | None = None, end: dt.date | None = None) -> pl.DataFrame:
        """What runs had to say about some sessions (all by default)."""
        return self._window(HEALTH, start, end).sort(HEALTH.key)

    def record_health(self, rows: pl.DataFrame) -> int:
        """Add what a run has to say; see :func:`stockstream.lake.health.conform_health`.

        Returns:
            Rows that were added or updated.
        """
        change = commit_rows(self._tables[HEALTH], conform_health(rows), source="health")
        return change.added + change.updated

    def _whole(self, spec: TableSpec) -> pl.DataFrame:
        return self._window(spec, None, None)

    def _window(
        self,
        spec: TableSpec,
        start: dt.date | None,
        end: dt.date | None,
        chosen: pl.Expr | None = None,
    ) -> pl.DataFrame:
        demand_order(start, end)
        with self._reading():
            snapshot = self._tables[spec].find()
            if snapshot is None:
                return spec.schema.to_frame()
            rows = between(snapshot, start, end)
            return (rows if chosen is None else rows.filter(chosen)).collect()

    def _reading(self) -> AbstractContextManager[None]:
        return reading(
            f"the lake at {self.location}",
            "see `stockstream lake verify` and `stockstream lake repair`, or import the data into "
            "a new lake",
        )


def today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def demand_order(start: dt.date | None, end: dt.date | None) -> None:
    if start is not None and end is not None and end < start:
        raise ConfigError(f"the window ends on {end}, before it starts on {start}; swap the dates")


def of_names(names: Sequence[str] | None, column: str = "symbol") -> pl.Expr:
    """Rows of some names; of all where none are given."""
    return pl.lit(value=True) if names is None else pl.col(column).is_in(list(names))


def between(snapshot: Snapshot, start: dt.date | None, end: dt.date | None) -> pl.LazyFrame:
    """Rows of some dates, from the files of their years."""
    low, high = start.year if start else 0, end.year if end else 9999
    rows = snapshot.scan({f.year for f in snapshot.files if f.year and low <= f.year <= high})
    if start is not None:
        rows = rows.filter(pl.col("date") >= start)
    return rows if end is None else rows.filter(pl.col("date") <= end)
