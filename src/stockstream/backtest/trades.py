"""Fills and round trips: from the broker's records to what people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.codes import STILL_OPEN
from stockstream.strategy.portfolio import REASONS, Fill, Trade

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.market.panel import Panel

__all__ = ["fill_frame", "fill_of", "trade_frame", "trade_of", "trade_returns"]


def fill_of(row: Any, symbols: Sequence[str], dates: Sequence[dt.date]) -> Fill:
    """One fill as a strategy sees it."""
    return Fill(
        date=dates[row.bar],
        symbol=symbols[row.symbol % len(symbols)],
        quantity=row.quantity,
        price=row.price,
        commission=row.commission,
        slippage=row.slippage,
        reason=REASONS[row.reason],
    )


def trade_of(row: Any, symbols: Sequence[str], dates: Sequence[dt.date]) -> Trade:
    """One closed round trip as a strategy sees it."""
    worst, best = _excursions(row.quantity, row.entry_price, row.lowest, row.highest)
    return Trade(
        symbol=symbols[row.symbol % len(symbols)],
        entry_date=dates[row.entry_bar],
        exit_date=dates[row.exit_bar],
        quantity=row.quantity,
        entry_price=row.entry_price,
        exit_price=row.exit_price,
        fees=row.fees,
        pnl=row.pnl,
        return_=row.pnl / abs(row.quantity * row.entry_price),
        bars=row.exit_bar - row.entry_bar,
        mae=float(worst),
        mfe=float(best),
        reason=REASONS[row.reason],
        open=False,
    )


def trade_returns(trades: NDArray[Any]) -> NDArray[np.float64]:
    """``[n]``: profit of each round trip as a fraction of its entry value."""
    value = np.abs(trades["quantity"] * trades["entry_price"])
    return np.asarray(trades["pnl"] / value, np.float64)


def fill_frame(fills: NDArray[Any], panel: Panel, sleeves: Sequence[str] = ()) -> pl.DataFrame:
    """Fills: date, symbol, quantity, price, commission, slippage, reason; in order of time.

    Args:
        fills: records of the broker.
        panel: what was traded.
        sleeves: names of the strategies that shared the book; of several, a column ``strategy``
            says whose fill it was.
    """
    import polars as pl

    return pl.DataFrame(
        {
            "date": panel.dates[fills["bar"]].astype("datetime64[D]"),
            **_whose(fills["symbol"], panel, sleeves),
            **{n: fills[n].copy() for n in ("quantity", "price", "commission", "slippage")},
            "reason": [str(REASONS[code]) for code in fills["reason"]],
        },
        schema_overrides={"reason": pl.String},
    )


def trade_frame(trades: NDArray[Any], panel: Panel, sleeves: Sequence[str] = ()) -> pl.DataFrame:
    """Round trips, those still open last; quantity and prices on the exit day's share basis.

    Arguments as for :func:`fill_frame`.
    """
    import polars as pl

    still_open = trades["reason"] == STILL_OPEN
    exits = panel.dates[trades["exit_bar"]].astype("datetime64[D]")
    worst, best = _excursions(
        trades["quantity"], trades["entry_price"], trades["lowest"], trades["highest"]
    )
    reasons = [None if code == STILL_OPEN else str(REASONS[code]) for code in trades["reason"]]
    return pl.DataFrame(
        {
            **_whose(trades["symbol"], panel, sleeves),
            "entry_date": panel.dates[trades["entry_bar"]].astype("datetime64[D]"),
            "exit_date": np.where(still_open, np.datetime64("NaT", "D"), exits),
            "quantity": trades["quantity"].copy(),
            "entry_price": trades["entry_price"].copy(),
            "exit_price": trades["exit_price"].copy(),
            "fees": trades["fees"].copy(),
            "income": trades["income"].copy(),
            "pnl": trades["pnl"].copy(),
            "return": trade_returns(trades),
            "bars": trades["exit_bar"] - trades["entry_bar"],
            "mae": worst,
            "mfe": best,
            "reason": reasons,
            "open": still_open,
        },
        schema_overrides={"reason": pl.String},
    )


def _whose(slots: NDArray[np.int64], panel: Panel, sleeves: Sequence[str]) -> dict[str, pl.Series]:
    """The columns that say of which symbol, and of several strategies of which one, a row is."""
    import polars as pl

    count, names = len(panel.symbols), {"symbol": panel.symbols, "strategy": sleeves}
    places = {"symbol": slots % count, "strategy": slots // count}
    wanted = ("strategy", "symbol") if len(sleeves) > 1 else ("symbol",)
    return {
        column: pl.Series([names[column][i] for i in places[column].tolist()], dtype=pl.String)
        for column in wanted
    }


def _excursions(quantity: Any, entry: Any, lowest: Any, highest: Any) -> tuple[Any, Any]:
    """Worst (<= 0) and best (>= 0) price move since the entry, as fractions of the entry price."""
    down, up = np.minimum(lowest / entry - 1.0, 0.0), np.maximum(highest / entry - 1.0, 0.0)
    long = np.asarray(quantity) > 0
    return np.where(long, down, -up), np.where(long, up, -down)
