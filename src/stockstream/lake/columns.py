"""What was known of the symbols of a panel at each of its rows, beside their bars."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockstream.errors import UnknownNameError
from stockstream.lake.factor_panel import factor_panel
from stockstream.lake.faults import reading
from stockstream.lake.records import of_names
from stockstream.lake.tables import FACTORS, UNIVERSE
from stockstream.lake.version import versions_in
from stockstream.market.columns import FACTOR, KNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from stockstream.lake.delta import Snapshot
    from stockstream.lake.records import Records
    from stockstream.lake.tables import TableSpec
    from stockstream.market.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["sector_codes", "with_columns"]


def with_columns(
    lake: Records, bars: Snapshot, panel: Panel, names: Sequence[str], version: str = ""
) -> Panel:
    """A panel with more columns, each as it was known at the close of the row's session.

    - ``factor:NAME``: the newest value known, see :mod:`stockstream.lake.factor_panel`.
    - ``sector``: a number for the sector, see :func:`sector_codes`, as the lists that were known
      that day say; NaN where they say none.
    - ``listed``: 1.0 where the lists that were known that day have the symbol, else 0.0. Before
      the first list nobody can say, and a bar shows that the symbol traded: 1.0.
    - ``age``: bars that the symbol has had before, those before the panel included.

    Args:
        lake: whose factors and lists of companies.
        bars: the table that the panel was read from.
        panel: to add to.
        names: of the columns.
        version: the data version; a table that it does not name is read at its latest.

    Returns:
        The panel; its version names the tables that were read, and its flags what they lack.

    Raises:
        UnknownNameError: a column, or a factor that the lake does not have.
        LakeError: a table cannot be read.
    """
    factors = [name.removeprefix(FACTOR) for name in names if name.startswith(FACTOR)]
    for name in names:
        if name not in KNOWN and not name.startswith(FACTOR):
            raise UnknownNameError("column of a panel", name, (*KNOWN, f"{FACTOR}NAME"))
    named = versions_in(version)
    columns: dict[str, Floats] = {}
    read = [panel.version]
    if factors:
        with _reading(lake, FACTORS):
            figures = _Table.of(lake, FACTORS, named)
            columns |= _factors(figures, panel, factors)
        read.append(figures.version)
    if {"listed", "sector"} & set(names):
        with _reading(lake, UNIVERSE):
            lists = _Table.of(lake, UNIVERSE, named)
            rows = lists.rows()
        made = {"listed": _listed(rows, panel), "sector": _sector(rows, panel)}
        columns |= {name: column for name, column in made.items() if name in names}
        read.append(lists.version)
    if "age" in names:
        columns["age"] = _age(bars, panel)
    flags = (*panel.flags, *_flags(columns))
    return replace(panel, columns={**panel.columns, **columns}, version=" ".join(read), flags=flags)


def sector_codes(lake: Records) -> dict[str, int]:
    """The number that stands for each sector, from 1 on in the order in which they became known."""
    with _reading(lake, UNIVERSE):
        return _codes(_Table.of(lake, UNIVERSE, {}).rows())


class _Table(NamedTuple):
    """A table at one version; None is one that is yet to be made."""

    spec: TableSpec
    snapshot: Snapshot | None

    @classmethod
    def of(cls, lake: Records, spec: TableSpec, named: Mapping[str, int]) -> _Table:
        table = lake.table(spec)
        latest = table.find()
        if latest is None or spec.name not in named:
            return cls(spec, latest)
        return cls(spec, table.snapshot(named[spec.name]))

    @property
    def version(self) -> str:
        return f"{self.spec.name}@{0 if self.snapshot is None else self.snapshot.version}"

    def rows(self, *chosen: pl.Expr) -> pl.DataFrame:
        if self.snapshot is None:
            return self.spec.schema.to_frame()
        return self.snapshot.scan().filter(*chosen).collect()


def _factors(figures: _Table, panel: Panel, names: list[str]) -> dict[str, Floats]:
    rows = figures.rows(of_names(panel.symbols), of_names(names, "name"))
    if set(names) - set(rows["name"]):
        existing = set(figures.rows()["name"])
        for name in names:
            if name not in existing:
                hint = "`stockstream factors import FILE` adds one"
                raise UnknownNameError("factor of the lake", name, existing, hint=hint)
    matrices = factor_panel(rows, panel.symbols, panel.dates, names)
    return {f"{FACTOR}{name}": matrix.reshape(-1)[panel.place] for name, matrix in matrices.items()}


def _age(bars: Snapshot, panel: Panel) -> Floats:
    first = panel.dates[0].astype("datetime64[D]").item()
    earlier = (
        bars.scan(range(1, first.year + 1))
        .filter(pl.col("symbol").is_in(list(panel.symbols)), pl.col("date") < first)
        .group_by("symbol")
        .len()
        .collect()
    )
    counts = dict(earlier.iter_rows())
    before = np.array([counts.get(symbol, 0) for symbol in panel.symbols], np.float64)
    inside = np.arange(len(panel.bar)) - panel.offsets[panel.row_symbol]
    return before[panel.row_symbol] + inside


def _listed(rows: pl.DataFrame, panel: Panel) -> Floats:
    since = rows["known_from"].min()
    days = panel.dates[panel.bar]
    column = np.ones(len(days))
    if since is not None:
        column[days >= np.datetime64(str(since), "D")] = 0.0
    _paint(column, rows.with_columns(value=1.0), panel)
    return column


def _sector(rows: pl.DataFrame, panel: Panel) -> Floats:
    column = np.full(len(panel.bar), np.nan)
    coded = rows.drop_nulls("sector").with_columns(
        value=pl.col("sector").replace_strict(_codes(rows), return_dtype=pl.Float64)
    )
    _paint(column, coded, panel)
    return column


def _paint(column: Floats, rows: pl.DataFrame, panel: Panel) -> None:
    """Write the value of each row of the universe on the days on which it was believed and held."""
    place = {symbol: s for s, symbol in enumerate(panel.symbols)}
    held = (
        rows.filter(pl.col("symbol").is_in(list(place)))
        .sort("known_from", maintain_order=True)
        .select(
            "symbol",
            pl.max_horizontal("known_from", "valid_from"),
            pl.min_horizontal(
                pl.col("known_to").dt.offset_by("-1d").fill_null(dt.date.max),
                pl.col("valid_to").fill_null(dt.date.max),
            ),
            "value",
        )
    )
    for symbol, start, end, value in held.iter_rows():
        rows_of = panel.rows(place[symbol])
        days = panel.dates[panel.bar[rows_of]]
        low = np.searchsorted(days, np.datetime64(start, "D"))
        high = np.searchsorted(days, np.datetime64(end, "D"), side="right")
        column[rows_of.start + low : rows_of.start + max(low, high)] = value


def _codes(rows: pl.DataFrame) -> dict[str, int]:
    first = rows.drop_nulls("sector").group_by("sector").agg(pl.col("known_from").min())
    names = first.sort("known_from", "sector")["sector"].to_list()
    return {name: code for code, name in enumerate(names, start=1)}


def _flags(columns: Mapping[str, Floats]) -> list[str]:
    """What a reader must know: a column that says nothing decides nothing."""
    empty = [name for name, column in columns.items() if not np.isfinite(column).any()]
    return [f"{name.removeprefix(FACTOR)}: no value was known in the window" for name in empty]


def _reading(lake: Records, spec: TableSpec) -> AbstractContextManager[None]:
    return reading(
        f"the {spec.name} of the lake at {lake.location}", "see `stockstream lake verify`"
    )
