"""From tables to a panel: the aligned arrays that a backtest reads."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from stockstream.errors import NoDataError
from stockstream.lake.delistings import find_delistings
from stockstream.lake.version import DataVersion
from stockstream.market.panel import DIVIDEND, PRICE_FIELDS, SPLIT, Actions, Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockstream.lake.delta import Snapshot

    Ints = NDArray[np.int64]

__all__ = ["load_panel"]

_KIND = {"split": SPLIT, "dividend": DIVIDEND}


class _Rows(NamedTuple):
    """Rows sorted by (symbol, day). ``symbol``: place in the universe; ``day``: days since 1970."""

    symbol: Ints
    day: Ints
    columns: dict[str, NDArray[np.float64]]


def load_panel(
    bars: Snapshot,
    actions: Snapshot,
    symbols: Sequence[str],
    start: dt.date,
    end: dt.date,
    warmup: int | dt.date,
) -> Panel:
    """Read a panel; see :meth:`stockstream.lake.store.Lake.panel`.

    The axis is the sessions on which at least one of the symbols has a bar. Splits of a symbol
    whose prices the provider has already split-adjusted are left out: they are in the prices.

    Args:
        bars: the table of bars.
        actions: the table of actions, at least as new.
        symbols: symbols of the lake, each once; the panel keeps their order.
        start: first day of the trading window.
        end: last day, included.
        warmup: sessions before ``start``, or the day from which on bars are wanted.

    Raises:
        NoDataError: no symbol has a bar in the window.
    """
    rows = _read(bars, symbols, start, end, warmup)
    axis = np.unique(rows.day)
    first = int(np.searchsorted(axis, _day(start)))
    if first == len(axis):
        raise NoDataError(_nothing_there(bars, symbols, start, end))
    rows, axis, first = _cut_head(rows, axis, first, warmup)
    counts = np.bincount(rows.symbol, minlength=len(symbols))
    offsets = np.concatenate(([0], np.cumsum(counts)))
    events = _events(actions, symbols)
    last = _last_days(rows, offsets)
    gone = find_delistings(bars, events, symbols, last, axis, (_day(start), _day(end)))
    working, flags = _working_actions(bars, events, symbols, rows, offsets, axis)
    return Panel(
        symbols=tuple(symbols),
        dates=axis.astype("datetime64[D]"),
        offsets=offsets,
        bar=np.searchsorted(axis, rows.day),
        open=rows.columns["open"],
        high=rows.columns["high"],
        low=rows.columns["low"],
        close=rows.columns["close"],
        volume=rows.columns["volume"],
        actions=working,
        delisted=gone.bars,
        first=first,
        version=str(DataVersion(bars.version, actions.version)),
        flags=(*gone.flags, *flags, *_absent(symbols, last, _day(start))),
    )


def _read(
    bars: Snapshot, symbols: Sequence[str], start: dt.date, end: dt.date, warmup: int | dt.date
) -> _Rows:
    """Rows up to ``end``, from early enough for the warm-up sessions."""
    if isinstance(warmup, dt.date):
        return _query(bars, symbols, min(warmup, start), end)
    # A session is 1.45 days on average; halts and holes in the data need some more.
    days = min(warmup * 3 // 2 + 30, (start - dt.date.min).days) if warmup else 0
    since = start - dt.timedelta(days=days)
    rows = _query(bars, symbols, since, end)
    before = len(np.unique(rows.day[rows.day < _day(start)]))
    earliest = bars.bounds("date")[0]
    if before < warmup and earliest is not None and earliest < since:
        rows = _query(bars, symbols, earliest, end)
    return rows


def _query(bars: Snapshot, symbols: Sequence[str], since: dt.date, end: dt.date) -> _Rows:
    years = range(since.year, end.year + 1)
    place = pl.Enum(symbols)
    frame = (
        bars.scan(years)
        .filter(
            pl.col("symbol").is_in(list(symbols)),
            pl.col("date").is_between(since, end),
        )
        .select(
            pl.col("symbol").cast(place).to_physical().cast(pl.Int64),
            pl.col("date").to_physical().cast(pl.Int64),
            *(pl.col(name).cast(pl.Float64) for name in PRICE_FIELDS),
        )
        .collect()
    )
    symbol, day = frame["symbol"].to_numpy(), frame["date"].to_numpy()
    # Each file is sorted, so the keys are a few ascending runs: a stable sort merges them.
    order = np.argsort(symbol * 1_000_000 + day, kind="stable")
    columns: dict[str, NDArray[np.float64]] = {
        name: frame[name].to_numpy()[order] for name in PRICE_FIELDS
    }
    return _Rows(symbol[order], day[order], columns)


def _cut_head(
    rows: _Rows, axis: Ints, first: int, warmup: int | dt.date
) -> tuple[_Rows, Ints, int]:
    """Leave the last ``warmup`` sessions before the window; rows from a day on are those."""
    if isinstance(warmup, dt.date):
        return rows, axis, first
    extra = first - warmup
    if extra <= 0:
        return rows, axis, first
    kept = rows.day >= axis[extra]
    columns = {name: column[kept] for name, column in rows.columns.items()}
    return _Rows(rows.symbol[kept], rows.day[kept], columns), axis[extra:], warmup


def _last_days(rows: _Rows, offsets: Ints) -> Ints:
    """``[S]``: day of each symbol's last row, -1 without rows."""
    last = np.full(len(offsets) - 1, -1)
    some = np.diff(offsets) > 0
    last[some] = rows.day[offsets[1:][some] - 1]
    return last


def _events(actions: Snapshot, symbols: Sequence[str]) -> pl.DataFrame:
    """Actions of the symbols, with ``place`` in the universe."""
    places = pl.DataFrame({"symbol": symbols, "place": np.arange(len(symbols))})
    return (
        actions.scan()
        .filter(pl.col("symbol").is_in(list(symbols)))
        .select("symbol", "kind", "value", "date")
        .join(places.lazy(), on="symbol", how="inner")
        .collect()
        .with_columns(day=pl.col("date").to_physical().cast(pl.Int64))
    )


def _working_actions(
    bars: Snapshot,
    events: pl.DataFrame,
    symbols: Sequence[str],
    rows: _Rows,
    offsets: Ints,
    axis: Ints,
) -> tuple[Actions, list[str]]:
    """Splits and dividends at the symbol's bar of their date, or its next one.

    One that works at or before the symbol's first bar of the panel meets no position and is left
    out; so is one that waits for a bar after the last.
    """
    splits = events.filter(pl.col("kind") == "split")
    adjusted = _adjusted_symbols(bars, splits["symbol"].unique().to_list())
    in_prices = (pl.col("kind") == "split") & pl.col("symbol").is_in(adjusted)
    usable = events.filter(pl.col("kind").is_in(list(_KIND)) & ~in_prices)
    place, day = usable["place"].to_numpy(), usable["day"].to_numpy()
    row = np.searchsorted(rows.symbol * 1_000_000 + rows.day, place * 1_000_000 + day)
    works = (row > offsets[place]) & (row < offsets[place + 1])
    row, place = row[works], place[works]
    bar = np.searchsorted(axis, rows.day[row])
    kind = usable["kind"].replace_strict(_KIND, return_dtype=pl.Int64).to_numpy()[works]
    value = usable["value"].to_numpy()[works]
    order = np.lexsort((kind, place, bar))
    flags = [f"{name}: split-adjusted by the provider" for name in symbols if name in adjusted]
    return Actions(bar[order], place[order], kind[order], value[order]), flags


def _adjusted_symbols(bars: Snapshot, symbols: list[str]) -> set[str]:
    """Those of the symbols whose prices the provider has split-adjusted."""
    if not symbols:
        return set()
    adjusted = (pl.col("basis") == "split") & pl.col("symbol").is_in(symbols)
    return set(bars.scan().filter(adjusted).select(pl.col("symbol").unique()).collect()["symbol"])


def _absent(symbols: Sequence[str], last: Ints, first_day: int) -> list[str]:
    pairs = zip(symbols, last, strict=True)
    return [f"{symbol}: no bar in the window" for symbol, day in pairs if day < first_day]


def _nothing_there(bars: Snapshot, symbols: Sequence[str], start: dt.date, end: dt.date) -> str:
    span = (
        bars.scan()
        .filter(pl.col("symbol").is_in(list(symbols)))
        .select(pl.col("date").min().alias("first"), pl.col("date").max().alias("last"))
        .collect()
        .row(0, named=True)
    )
    who = symbols[0] if len(symbols) == 1 else f"{symbols[0]} and {len(symbols) - 1} more"
    return (
        f"no bar of {who} from {start} to {end}; the lake has them from {span['first']} to "
        f"{span['last']}: choose dates within that"
    )


def _day(date: dt.date) -> int:
    return date.toordinal() - dt.date(1970, 1, 1).toordinal()
