"""The bars of a panel in the order of time, as a strategy's code sees them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.errors import StrategyError, UnknownNameError
from stockstream.market.panel import PRICE_FIELDS
from stockstream.strategy.strategy import overrides

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from stockstream.market.panel import Panel
    from stockstream.strategy.strategy import Strategy

__all__ = ["Feed", "prepared_columns"]


class Feed:
    """Gives each bar once, and the history up to it; nothing later can be reached through it.

    Args:
        panel: the data.
        strategy: its ``prepare`` may add columns; None for the five fields and the price alone.
    """

    def __init__(self, panel: Panel, strategy: Strategy | None = None) -> None:
        self._panel = panel
        self._columns: dict[str, NDArray[np.float64]] = {
            **panel.signal_columns(),
            "price": panel.close,
            **(prepared_columns(strategy, panel) if strategy else {}),
        }
        # rows are sorted by symbol: a stable sort by bar leaves symbols ascending
        order = np.argsort(panel.bar, kind="stable")
        self._start = np.searchsorted(panel.bar[order], np.arange(panel.sessions + 1)).tolist()
        self._symbol: list[int] = panel.row_symbol[order].tolist()
        values = {name: column[order] for name, column in self._columns.items()}
        self._basic = [values.pop(name) for name in (*PRICE_FIELDS, "price")]
        self._added = list(values.items())
        self._bars: list[tuple[int, dict[str, float]]] = []
        self._bar = -1

    def bars(self, t: int) -> list[tuple[int, dict[str, float]]]:
        """The symbols with a bar in session ``t``, ascending, each with its data.

        Sessions are asked for in order; asking again for the latest one is free.
        """
        if t != self._bar:
            now = slice(self._start[t], self._start[t + 1])
            # numbers become Python's a bar at a time: fresh ones are still in the cache
            basic = [column[now].tolist() for column in self._basic]
            rows = zip(self._symbol[now], *basic, strict=True)
            bars: list[tuple[int, dict[str, float]]] = [
                (s, {"open": o, "high": h, "low": lo, "close": c, "volume": v, "price": p})
                for s, o, h, lo, c, v, p in rows
            ]
            for name, column in self._added:
                for (_, data), value in zip(bars, column[now].tolist(), strict=True):
                    data[name] = value
            self._bars, self._bar = bars, t
        return self._bars

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
    whole = _frame(panel)
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


def _frame(panel: Panel) -> pl.DataFrame:
    """All rows of the panel as ``prepare`` gets them, symbol after symbol."""
    import polars as pl

    dates = panel.dates[panel.bar].astype("datetime64[D]")
    return pl.DataFrame({"date": dates, **panel.signal_columns(), "price": panel.close})


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
