"""The bars of a panel in the order of time, as a strategy's code sees them."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.errors import StrategyError, UnknownNameError
from stockstream.market.columns import FACTOR, KNOWN
from stockstream.market.panel import PRICE_FIELDS
from stockstream.strategy.strategy import overrides

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.market.panel import Panel
    from stockstream.strategy.strategy import Strategy

__all__ = ["Feed", "prepared_columns"]

BLOCK_ROWS = 512
"""Rows that become Python's numbers at a time, whole sessions of them."""


class Feed:
    """Gives each bar once, and the history up to it; nothing later can be reached through it.

    Args:
        panel: the data.
        strategy: it may read columns of the panel, and its ``prepare`` may add some; None for the
            five fields and the price alone.
        columns: columns of the panel that rules read, by their full names.

    Attributes:
        prepared: ``[N]`` each, the columns that ``prepare`` added.

    Raises:
        DataError: the panel lacks a column.
    """

    def __init__(
        self, panel: Panel, strategy: Strategy | None = None, columns: Sequence[str] = ()
    ) -> None:
        self._panel = panel
        self.prepared = prepared_columns(strategy, panel) if strategy else {}
        self._columns: dict[str, NDArray[np.float64]] = {
            **panel.signal_columns(),
            "price": panel.close,
            **{name: panel.column(name) for name in columns},
            **(_known_columns(strategy, panel) if strategy else {}),
            **self.prepared,
        }
        # rows are sorted by symbol: a stable sort by bar leaves symbols ascending
        order = np.argsort(panel.bar, kind="stable")
        self._start = np.searchsorted(panel.bar[order], np.arange(panel.sessions + 1)).tolist()
        self._symbol: list[int] = panel.row_symbol[order].tolist()
        values = {name: column[order] for name, column in self._columns.items()}
        self._basic = [values.pop(name) for name in (*PRICE_FIELDS, "price")]
        self._added = list(values.items())
        self._read: list[dict[str, float]] = []
        self._read_from = self._read_to = 0
        self._bar = -1

    def session(self, t: int) -> tuple[list[int], list[dict[str, float]]]:
        """The symbols with a bar in session ``t``, ascending, and the data of each.

        Sessions are asked for in order; asking again for the latest one is free.
        """
        start, stop = self._start[t], self._start[t + 1]
        if stop > self._read_to:
            self._read_block(t)
        self._bar = t
        first = self._read_from
        return self._symbol[start:stop], self._read[start - first : stop - first]

    def bars(self, t: int) -> list[tuple[int, dict[str, float]]]:
        """The same as :meth:`session`, in pairs."""
        return list(zip(*self.session(t), strict=True))

    def _read_block(self, t: int) -> None:
        """Turn the numbers of session ``t`` and a few more into Python's.

        A few hundred rows share the price of the calls, and are still in the processor's cache.
        """
        start = self._start[t]
        stop = self._start[min(bisect_left(self._start, start + BLOCK_ROWS), len(self._start) - 1)]
        rows = slice(start, stop)
        columns = zip(*(column[rows].tolist() for column in self._basic), strict=True)
        read = [
            {"open": o, "high": h, "low": lo, "close": c, "volume": v, "price": p}
            for o, h, lo, c, v, p in columns
        ]
        for name, column in self._added:
            for data, value in zip(read, column[rows].tolist(), strict=True):
                data[name] = value
        self._read, self._read_from, self._read_to = read, start, stop

    def history(self, symbol: str, field: str, n: int) -> list[float]:
        """The last ``n`` values of a symbol's own bars up to today, oldest first."""
        if field not in self._columns:
            raise UnknownNameError("field", field, self._columns)
        if symbol not in self._panel.symbols:
            raise UnknownNameError("symbol of this run", symbol, self._panel.symbols)
        rows = self._panel.rows(self._panel.symbols.index(symbol))
        stop = rows.start + int(np.searchsorted(self._panel.bar[rows], self._bar, side="right"))
        start = max(stop - n, rows.start)
        values: list[float] = self._columns[field][start:stop].tolist()
        return values


def prepared_columns(strategy: Strategy, panel: Panel) -> dict[str, NDArray[np.float64]]:
    """The columns that a strategy's ``prepare`` adds, ``[N]`` each; none if it has no such hook.

    Raises:
        StrategyError: it failed, or did not return the same rows with the same columns added for
            every symbol.
    """
    if not overrides(type(strategy), "prepare"):
        return {}
    whole = _frame(strategy, panel)
    bounds = pairwise(panel.offsets.tolist())
    pieces = [
        _prepared(strategy, symbol, whole.slice(start, stop - start))
        for symbol, (start, stop) in zip(panel.symbols, bounds, strict=True)
    ]
    names = list(pieces[0])
    for symbol, piece in zip(panel.symbols, pieces, strict=True):
        if list(piece) != names:
            raise StrategyError(
                f"{type(strategy).__name__}.prepare added {list(piece)} for {symbol} "
                f"but {names} for {panel.symbols[0]}: add the same columns for every symbol"
            )
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in names}


def _known_columns(strategy: Strategy, panel: Panel) -> dict[str, NDArray[np.float64]]:
    """The columns that a strategy reads beside the bars: a factor by its plain name.

    A factor that is called like something else keeps the name of its column.
    """
    taken = {*PRICE_FIELDS, "price", *KNOWN}
    found = {}
    for name in strategy.columns():
        plain = name.removeprefix(FACTOR)
        found[name if plain in taken else plain] = panel.column(name)
    return found


def _frame(strategy: Strategy, panel: Panel) -> pl.DataFrame:
    """All rows of the panel as ``prepare`` gets them, symbol after symbol."""
    import polars as pl

    dates = panel.dates[panel.bar].astype("datetime64[D]")
    columns = {**panel.signal_columns(), "price": panel.close, **_known_columns(strategy, panel)}
    return pl.DataFrame({"date": dates, **columns})


def _prepared(
    strategy: Strategy, symbol: str, frame: pl.DataFrame
) -> dict[str, NDArray[np.float64]]:
    import polars as pl

    name = type(strategy).__name__
    try:
        result: Any = strategy.prepare(frame)
    except Exception as error:
        message = f"{name}.prepare failed for {symbol}"
        raise StrategyError(f"{message}: {type(error).__name__}: {error}") from error
    if not isinstance(result, pl.DataFrame) or not result["date"].equals(frame["date"]):
        raise StrategyError(
            f"{name}.prepare did not return the rows it was given: "
            "return bars.with_columns(...), neither filtered nor sorted anew"
        )
    added = [c for c in result.columns if c not in frame.columns and _is_number(result[c].dtype)]
    return {c: result[c].cast(pl.Float64).fill_null(float("nan")).to_numpy() for c in added}


def _is_number(dtype: Any) -> bool:
    import polars as pl

    return bool(dtype.is_numeric()) or dtype == pl.Boolean
