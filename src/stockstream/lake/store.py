"""The lake: versioned tables of bars and their events in one folder or bucket."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import polars as pl

from stockstream.errors import LakeError, NoDataError
from stockstream.lake import admission
from stockstream.lake.catalogue import take_stock
from stockstream.lake.columns import with_columns
from stockstream.lake.commit import commit_rows
from stockstream.lake.delta import Table
from stockstream.lake.descriptor import Descriptor
from stockstream.lake.history import log_lines
from stockstream.lake.location import Location
from stockstream.lake.panels import load_panel
from stockstream.lake.publication import PairOfTables
from stockstream.lake.records import Records, between, demand_order, of_names, today
from stockstream.lake.summaries import LakeInfo, LogLine, MergeSummary
from stockstream.lake.symbols import find_symbols, symbols_of
from stockstream.lake.tables import ACTIONS, BARS, FINDINGS, QUARANTINE, UNIVERSE
from stockstream.lake.universe import renames_in
from stockstream.lake.version import DataVersion
from stockstream.market.adjust import adjust as adjust_bars
from stockstream.market.renaming import join_renamed, with_former
from stockstream.market.survivorship import survivorship_flag

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.lake.descriptor import CalendarName
    from stockstream.lake.publication import Pair
    from stockstream.market.adjust import Convention, Mode
    from stockstream.market.panel import Panel

__all__ = ["Lake", "LakeInfo", "LogLine", "MergeSummary"]


SIMULATED_FLAG = "simulated data: the market is made up"


class Lake(Records):
    """Daily bars, their corporate actions, and what else is known of their market.

    Reading never waits for writing: each call reads one version of each table. Bars and actions are
    published together, as one commit, so that no reader sees a half of what belongs together.

    Args:
        place: folder or URL of an existing lake.

    Raises:
        LakeError: there is no lake, or it cannot be read.
    """

    def __init__(self, place: str | Path | Location) -> None:
        super().__init__(Location.of(place))
        self._descriptor = Descriptor.read(self.location)

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
        for spec in (QUARANTINE, FINDINGS):
            Table(spec, location.child(spec.name)).create()
        PairOfTables(*(Table(spec, location.child(spec.name)) for spec in (BARS, ACTIONS))).create()
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

    @property
    def published(self) -> PairOfTables:
        """The tables that are published together."""
        return PairOfTables(self._tables[BARS], self._tables[ACTIONS])

    def version(self) -> str:
        """The data version: ``"bars@3 actions@1"``."""
        return str(self._pair(None).version)

    def symbols(self, version: str | None = None) -> list[str]:
        """Every symbol with a bar, sorted."""
        with self._reading():
            return sorted(symbols_of(self._pair(version).bars))

    def resolve(self, names: Sequence[str], version: str | None = None) -> list[str]:
        """The symbols that names mean: ``BHP`` finds ``BHP.AX``. The order is kept.

        Raises:
            UnknownNameError: a name means no symbol of the lake.
            ConfigError: a name means several, or two names mean one.
        """
        return self._find(names, self._pair(version))

    def scan_bars(self, version: str | None = None) -> pl.LazyFrame:
        """Every bar, lazily, in the schema of :data:`stockstream.market.bars.BAR_SCHEMA`."""
        return self._pair(version).bars.scan()

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
        demand_order(start, end)
        pair = self._pair(version)
        # what happened after `end` adjusts the bars before it
        last = end if adjust == "none" else None
        with self._reading():
            chosen = of_names(None if symbols is None else self._find(symbols, pair))
            bars = between(pair.bars, start, last).filter(chosen).collect().sort(BARS.key)
            if adjust == "none":
                return bars
            actions = pair.actions.scan().filter(chosen).collect()
        adjusted = adjust_bars(bars, actions, adjust, convention)
        return adjusted if end is None else adjusted.filter(pl.col("date") <= end)

    def actions(
        self, symbols: Sequence[str] | None = None, version: str | None = None
    ) -> pl.DataFrame:
        """Splits, dividends and delistings, sorted by symbol, date and kind."""
        pair = self._pair(version)
        with self._reading():
            chosen = of_names(None if symbols is None else self._find(symbols, pair))
            return pair.actions.scan().filter(chosen).collect()

    def last_session(self) -> dt.date:
        """Date of the newest bar.

        Raises:
            NoDataError: the lake is empty.
        """
        last: dt.date | None = self._pair(None).bars.bounds("date")[1]
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
        warmup: int | dt.date = 0,
        version: str | None = None,
        columns: Sequence[str] = (),
    ) -> Panel:
        """Aligned bars for a backtest.

        A company that changed its symbol stands under its newest one among the symbols, with its
        bars from before (:mod:`stockstream.market.renaming`).

        Args:
            symbols: names, see :meth:`resolve`; the panel keeps their order.
            start: first day of the trading window.
            end: last day, included.
            warmup: sessions before ``start`` that warm indicators up, as far as there are any; or
                the day from which on bars are wanted.
            version: data version; the latest by default.
            columns: what else is to be known of the symbols at each row, such as
                ``factor:DebtToEquity``; see :func:`stockstream.lake.columns.with_columns`.

        Raises:
            ConfigError: the window ends before it starts, or a symbol is given twice.
            UnknownNameError: a symbol, column or factor is not in the lake.
            NoDataError: no symbol has a bar in the window.
        """
        demand_order(start, end)
        pair = self._pair(version)
        lists = self._whole(UNIVERSE)
        became = renames_in(lists)
        with self._reading():
            found = self._find(symbols, pair)
            former = with_former(found, became) if became else found
            held = set(symbols_of(pair.bars)) if len(former) > len(found) else set(former)
            read = [symbol for symbol in former if symbol in held]
            panel = join_renamed(load_panel(*pair, read, start, end, warmup), became)
            if columns:
                panel = with_columns(self, pair.bars, panel, columns, version or "")
        listed = survivorship_flag(cast("dt.date | None", lists["known_from"].min()), start)
        about = SIMULATED_FLAG if self.simulated else listed
        return replace(panel, flags=(about, *panel.flags)) if about else panel

    def log(self) -> list[LogLine]:
        """Every commit of every table, the newest first."""
        with self._reading():
            return log_lines(self._tables.values())

    def info(self) -> LakeInfo:
        """What the lake holds."""
        pair = self._pair(None)
        with self._reading():
            symbols = len(symbols_of(pair.bars))
        return take_stock(self, pair, symbols)

    def merge(
        self,
        bars: pl.DataFrame,
        actions: pl.DataFrame | None = None,
        quarantine: pl.DataFrame | None = None,
        findings: pl.DataFrame | None = None,
        source: str = "",
    ) -> MergeSummary:
        """Add and update rows. Nothing is ever deleted; the same rows again change nothing.

        Args:
            bars: checked bars, each (symbol, date) once.
            actions: their events.
            quarantine: rejected rows.
            findings: what was noted.
            source: file or provider they came from.

        Raises:
            DataError: the bars are unchecked, on another basis than the lake's bars of the same
                symbols, or made up while the lake is real (or the reverse). Nothing was written.
            LakeError: the place cannot be written to, or too many others write at the same time.
        """
        admission.demand_same_kind(bars, simulated=self.simulated, place=str(self.location))
        admission.demand_checked(bars)
        before = self._pair(None)
        with self._reading():
            admission.demand_same_basis(before.bars, bars)
            if self.simulated:
                admission.demand_same_market(before.bars, bars)
        sourced = {"source": pl.lit(source), "ingested": pl.lit(today())}
        events = commit_rows(self._tables[ACTIONS], actions, source=source)
        rejected = commit_rows(self._tables[QUARANTINE], quarantine, source=source, fill=sourced)
        noted = commit_rows(self._tables[FINDINGS], findings, source=source, fill=sourced)
        rows = self.published.publish(bars, source=source, guard=admission.demand_same_basis)
        return MergeSummary(
            added=rows.added,
            updated=rows.updated,
            unchanged=rows.unchanged,
            actions_added=events.added,
            actions_updated=events.updated,
            quarantined=rejected.added,
            findings=noted.added,
            before=str(before.version),
            after=self.version(),
        )

    def _pair(self, version: str | None) -> Pair:
        return self.published.read(None if version is None else DataVersion.parse(version))

    def _find(self, names: Sequence[str], pair: Pair) -> list[str]:
        with self._reading():
            return find_symbols(names, pair.bars, f"the lake at {self.location}")
