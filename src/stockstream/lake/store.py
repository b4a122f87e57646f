"""The lake: versioned tables of bars and their events in one folder or bucket."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import ConfigError, LakeError, NoDataError
from stockstream.lake import admission
from stockstream.lake.commit import commit_rows
from stockstream.lake.delta import Table
from stockstream.lake.descriptor import Descriptor
from stockstream.lake.faults import reading
from stockstream.lake.location import Location
from stockstream.lake.panels import load_panel
from stockstream.lake.symbols import resolve
from stockstream.lake.tables import ACTIONS, BARS, FINDINGS, LISTINGS, QUARANTINE, TABLES
from stockstream.lake.version import DataVersion
from stockstream.market.adjust import adjust as adjust_bars

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from stockstream.lake.commit import Guard
    from stockstream.lake.delta import Commit, Snapshot
    from stockstream.lake.descriptor import CalendarName
    from stockstream.lake.merge import Change
    from stockstream.lake.tables import TableSpec
    from stockstream.market.adjust import Convention, Mode
    from stockstream.market.panel import Panel

__all__ = ["Lake", "LakeInfo", "MergeSummary"]


@dataclass(frozen=True)
class MergeSummary:
    """What a merge did.

    Attributes:
        added, updated, unchanged: bars.
        actions_added, actions_updated: corporate actions.
        quarantined, findings: rows that those tables did not have yet.
        before, after: data versions.
    """

    added: int
    updated: int
    unchanged: int
    actions_added: int
    actions_updated: int
    quarantined: int
    findings: int
    before: str
    after: str


@dataclass(frozen=True)
class LakeInfo:
    """What a lake holds. ``first`` and ``last`` are sessions, None in an empty lake."""

    address: str
    version: str
    calendar: CalendarName
    simulated: bool
    symbols: int
    bars: int
    first: dt.date | None
    last: dt.date | None
    actions: int
    quarantined: int
    findings: int
    size: int


class Lake:
    """Daily bars, their corporate actions, what was rejected and what was noted.

    Reading never waits for writing: each call reads one version of each table. Writing is one
    atomic commit for each table, events before bars, so no reader sees bars without their events.

    Args:
        place: folder or URL of an existing lake.

    Raises:
        LakeError: there is no lake, or it cannot be read.
    """

    def __init__(self, place: str | Path | Location) -> None:
        self.location = Location.of(place)
        self._descriptor = Descriptor.read(self.location)
        self._tables = {spec: Table(spec, self.location.child(spec.name)) for spec in TABLES}

    def __repr__(self) -> str:
        return f"Lake({str(self.location)!r})"

    @classmethod
    def open(cls, place: str | Path | Location) -> Lake:
        """Open an existing lake; the same as ``Lake(place)``."""
        return cls(place)

    @classmethod
    def create(
        cls,
        place: str | Path | Location,
        *,
        calendar: CalendarName = "none",
        simulated: bool = False,
    ) -> Lake:
        """Make an empty lake.

        Args:
            place: folder or URL; it may exist, and hold other things (a raw zone).
            calendar: sessions its bars are checked against.
            simulated: whether its bars are made up; real and made-up bars never share a lake.

        Raises:
            LakeError: there is a lake already, or the place cannot be written to.
        """
        location = Location.of(place)
        descriptor = Descriptor(calendar=calendar, simulated=simulated)
        if cls.exists(location):
            raise LakeError(f"there is a lake at {location} already; open it, or choose another")
        for spec in TABLES:
            Table(spec, location.child(spec.name)).create()
        descriptor.write(location)
        return cls(location)

    @staticmethod
    def exists(place: str | Path | Location) -> bool:
        """Whether there is a lake."""
        try:
            Descriptor.read(Location.of(place))
        except LakeError as error:
            if isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError)):
                return False
            raise
        return True

    @property
    def calendar(self) -> CalendarName:
        """Name of the calendar that bars are checked against, or ``"none"``."""
        return self._descriptor.calendar

    @property
    def simulated(self) -> bool:
        """Whether the bars are made up."""
        return self._descriptor.simulated

    def version(self) -> str:
        """The data version: ``"bars@3 actions@1"``."""
        bars, actions = self._snapshots(None)
        return str(DataVersion(bars.version, actions.version))

    def symbols(self, version: str | None = None) -> list[str]:
        """Every symbol with a bar, sorted."""
        with self._reading():
            column = self.scan_bars(version).select(pl.col("symbol").unique()).collect()
        return column.to_series().sort().to_list()

    def resolve(self, names: Sequence[str], version: str | None = None) -> list[str]:
        """The symbols that names mean: ``BHP`` finds ``BHP.AX``. The order is kept.

        Raises:
            UnknownNameError: a name means no symbol of the lake.
            ConfigError: a name means several, or two names mean one.
        """
        return resolve(names, self.symbols(version), f"the lake at {self.location}")

    def scan_bars(self, version: str | None = None) -> pl.LazyFrame:
        """Every bar, lazily, in the schema of :data:`stockstream.market.bars.BAR_SCHEMA`."""
        return self._snapshots(version)[0].scan()

    def bars(
        self,
        symbols: Sequence[str] | None = None,
        start: dt.date | None = None,
        end: dt.date | None = None,
        version: str | None = None,
        adjust: Mode = "none",
        convention: Convention = "yahoo",
    ) -> pl.DataFrame:
        """Bars of some symbols and sessions (all by default), sorted by symbol and date.

        Args:
            symbols: names, see :meth:`resolve`.
            start: first session.
            end: last session, included.
            version: data version; the latest by default.
            adjust: ``none``: as they came; ``split`` or ``total_return``: prices of the shares of
                the lake's last bar (see :func:`stockstream.market.adjust.adjust`).
            convention: how a dividend becomes a factor.
        """
        _demand_order(start, end)
        if adjust != "none":
            # what happened after `end` adjusts the bars before it
            later = self.bars(symbols, start, None, version)
            adjusted = adjust_bars(later, self.actions(symbols, version), adjust, convention)
            return adjusted if end is None else adjusted.filter(pl.col("date") <= end)
        snapshot, _ = self._snapshots(version)
        rows = snapshot.scan(_years(snapshot, start, end))
        if symbols is not None:
            rows = rows.filter(pl.col("symbol").is_in(self.resolve(symbols, version)))
        if start is not None:
            rows = rows.filter(pl.col("date") >= start)
        if end is not None:
            rows = rows.filter(pl.col("date") <= end)
        with self._reading():
            return rows.collect().sort(BARS.key)

    def actions(
        self, symbols: Sequence[str] | None = None, version: str | None = None
    ) -> pl.DataFrame:
        """Splits, dividends and delistings, sorted by symbol, date and kind."""
        rows = self._snapshots(version)[1].scan()
        if symbols is not None:
            rows = rows.filter(pl.col("symbol").is_in(self.resolve(symbols, version)))
        with self._reading():
            return rows.collect()

    def quarantine(self) -> pl.DataFrame:
        """Every row that was rejected, with the rule it broke and where it came from."""
        return self._whole(QUARANTINE)

    def findings(self) -> pl.DataFrame:
        """What is odd about rows that were kept."""
        return self._whole(FINDINGS)

    def listings(self) -> pl.DataFrame:
        """Who the symbols are, where a provider said so."""
        return self._whole(LISTINGS)

    def last_session(self) -> dt.date:
        """Date of the newest bar.

        Raises:
            NoDataError: the lake is empty.
        """
        last: dt.date | None = self._snapshots(None)[0].bounds("date")[1]
        if last is None:
            raise NoDataError(
                f"the lake at {self.location} holds no bars yet; "
                "import some with `stockstream import FILE`"
            )
        return last

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int = 0,
        version: str | None = None,
    ) -> Panel:
        """Aligned bars for a backtest.

        Args:
            symbols: names, see :meth:`resolve`; the panel keeps their order.
            start: first day of the trading window.
            end: last day, included.
            warmup: sessions before ``start`` that warm indicators up, as far as there are any.
            version: data version; the latest by default.

        Raises:
            ConfigError: the window ends before it starts, or a symbol is given twice.
            UnknownNameError: a symbol is not in the lake.
            NoDataError: no symbol has a bar in the window.
        """
        _demand_order(start, end)
        bars, actions = self._snapshots(version)
        with self._reading():
            known = bars.scan().select(pl.col("symbol").unique()).collect().to_series().to_list()
            found = resolve(symbols, known, f"the lake at {self.location}")
            panel = load_panel(bars, actions, found, start, end, warmup)
        if not self.simulated:
            return panel
        return replace(panel, flags=("simulated data: the market is made up", *panel.flags))

    def history(self) -> list[Commit]:
        """Every commit of every table, the newest first."""
        with self._reading():
            commits = [c for table in self._tables.values() for c in table.snapshot().history()]
        return sorted(commits, key=lambda commit: commit.when, reverse=True)

    def info(self) -> LakeInfo:
        """What the lake holds."""
        bars, actions = self._snapshots(None)
        quarantine, findings = (self._tables[spec].snapshot() for spec in (QUARANTINE, FINDINGS))
        first, last = bars.bounds("date")
        return LakeInfo(
            address=str(self.location),
            version=str(DataVersion(bars.version, actions.version)),
            calendar=self.calendar,
            simulated=self.simulated,
            symbols=len(self.symbols()),
            bars=bars.rows,
            first=first,
            last=last,
            actions=actions.rows,
            quarantined=quarantine.rows,
            findings=findings.rows,
            size=bars.size + actions.size + quarantine.size + findings.size,
        )

    def merge(
        self,
        bars: pl.DataFrame,
        actions: pl.DataFrame | None = None,
        quarantine: pl.DataFrame | None = None,
        findings: pl.DataFrame | None = None,
        listings: pl.DataFrame | None = None,
        source: str = "",
    ) -> MergeSummary:
        """Add and update rows. Nothing is ever deleted; the same rows again change nothing.

        Args:
            bars: checked bars, each (symbol, date) once.
            actions: their events.
            quarantine: rejected rows.
            findings: what was noted.
            listings: who the symbols are.
            source: file or provider they came from.

        Raises:
            DataError: the bars are unchecked, on another basis than the lake's bars of the same
                symbols, or made up while the lake is real (or the reverse). Nothing was written.
            LakeError: the place cannot be written to, or too many others write at the same time.
        """
        admission.demand_same_kind(bars, simulated=self.simulated, place=str(self.location))
        admission.demand_checked(bars)
        before, bars_before = self.version(), self._tables[BARS].snapshot()
        with self._reading():
            admission.demand_same_basis(bars_before, bars)
            if self.simulated:
                admission.demand_same_market(bars_before, bars)
        today = dt.datetime.now(dt.UTC).date()
        sourced = {"source": pl.lit(source), "ingested": pl.lit(today)}

        def commit(
            spec: TableSpec, rows: pl.DataFrame | None, guard: Guard | None = None
        ) -> Change:
            return commit_rows(self._tables[spec], rows, source=source, fill=sourced, guard=guard)

        commit(LISTINGS, listings)
        events = commit(ACTIONS, actions)
        rejected = commit(QUARANTINE, quarantine)
        noted = commit(FINDINGS, findings)
        rows = commit(BARS, bars, admission.demand_same_basis)
        return MergeSummary(
            added=rows.added,
            updated=rows.updated,
            unchanged=rows.unchanged,
            actions_added=events.added,
            actions_updated=events.updated,
            quarantined=rejected.added,
            findings=noted.added,
            before=before,
            after=self.version(),
        )

    def _snapshots(self, version: str | None) -> tuple[Snapshot, Snapshot]:
        """Bars, then actions: whatever is committed in between, the bars' events are there."""
        wanted = None if version is None else DataVersion.parse(version)
        bars = self._tables[BARS].snapshot(wanted and wanted.bars)
        return bars, self._tables[ACTIONS].snapshot(wanted and wanted.actions)

    def _whole(self, spec: TableSpec) -> pl.DataFrame:
        with self._reading():
            return self._tables[spec].snapshot().scan().collect()

    def _reading(self) -> AbstractContextManager[None]:
        return reading(
            f"the lake at {self.location}",
            "restore the file from a copy, or import the data into a new lake",
        )


def _demand_order(start: dt.date | None, end: dt.date | None) -> None:
    if start is not None and end is not None and end < start:
        raise ConfigError(f"the window ends on {end}, before it starts on {start}; swap the dates")


def _years(snapshot: Snapshot, start: dt.date | None, end: dt.date | None) -> set[int]:
    low = start.year if start else 0
    high = end.year if end else 9999
    return {f.year for f in snapshot.files if f.year is not None and low <= f.year <= high}
