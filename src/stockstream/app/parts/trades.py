"""Trades as a table that stays fast however many there are, and as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import streamlit as st

from stockstream.market.spreadsheet import escape_formulas
from stockstream.report.trade_table import COLUMNS

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["between", "filtered", "show_trades", "trades_file"]

SIDES: Final = {"long": pl.col("quantity") > 0, "short": pl.col("quantity") < 0}
ENDS: Final = {
    "won": ~pl.col("open") & (pl.col("pnl") > 0.0),
    "lost": ~pl.col("open") & (pl.col("pnl") <= 0.0),
    "still open": pl.col("open"),
}
LAZY: Final = 1_000
"""Rows from which on the browser is sent only those that it shows."""


def between(trades: pl.DataFrame, first: dt.date, last: dt.date) -> pl.DataFrame:
    """Those that were held on some session of a span."""
    left = pl.col("open") | (pl.col("exit_date") >= first)
    return trades.filter((pl.col("entry_date") <= last) & left)


def filtered(trades: pl.DataFrame, text: str, kinds: list[str]) -> pl.DataFrame:
    """Those that have a text in their symbol, reason or days, and are of some kinds.

    Args:
        trades: of a result.
        text: any part, whatever its case; blank is all of them.
        kinds: names of :data:`SIDES` and :data:`ENDS`; of each of the two, any that is named.
    """
    found = trades
    for group in (SIDES, ENDS):
        wanted = [group[kind] for kind in kinds if kind in group]
        if wanted:
            found = found.filter(pl.any_horizontal(wanted))
    sought = text.strip().casefold()
    if sought:
        names = [name for name in ("symbol", "reason", "strategy") if name in found.columns]
        texts = [pl.col(name).str.to_lowercase().fill_null("") for name in names]
        days = [pl.col(name).cast(pl.String).fill_null("") for name in ("entry_date", "exit_date")]
        found = found.filter(
            pl.any_horizontal([one.str.contains(sought, literal=True) for one in (*texts, *days)])
        )
    return found


def trades_file(trades: pl.DataFrame) -> bytes:
    """The trades as CSV, no cell of which a spreadsheet would run as a formula."""
    return escape_formulas(trades).write_csv(line_terminator="\r\n").encode()


def show_trades(trades: pl.DataFrame, key: str) -> None:
    """The table; it scrolls by itself, and its heads sort it."""
    st.dataframe(
        _shown(trades),
        hide_index=True,
        key=key,
        lazy=True if trades.height > LAZY else None,
        height=min(38 + 35 * max(trades.height, 1), 560),
        column_config=_columns(),
        alt="Trades, a row each",
    )


def _shown(trades: pl.DataFrame) -> pl.DataFrame:
    own = ["strategy"] if "strategy" in trades.columns else []
    return escape_formulas(
        trades.select(
            *own,
            "symbol",
            side=pl.when(pl.col("quantity") < 0).then(pl.lit("short")).otherwise(pl.lit("long")),
            entry="entry_date",
            exit="exit_date",
            shares=pl.col("quantity").abs(),
            entry_price="entry_price",
            exit_price="exit_price",
            pnl="pnl",
            gained=pl.col("return") * 100.0,
            bars="bars",
            mae=pl.col("mae") * 100.0,
            mfe=pl.col("mfe") * 100.0,
            reason=pl.when(pl.col("open"))
            .then(pl.lit("still open"))
            .otherwise(pl.col("reason").str.replace_all("_", " ")),
        )
    )


def _columns() -> dict[str, Any]:
    why = {column.label: column.why for column in COLUMNS}
    text, number, day = st.column_config.TextColumn, st.column_config.NumberColumn, _day
    return {
        "strategy": text("Strategy"),
        "symbol": text("Symbol", help=why["Symbol"], pinned=True),
        "side": text("Side", help=why["Side"]),
        "entry": day("Entry", help=why["Entry"]),
        "exit": day("Exit", help=why["Exit"]),
        "shares": number("Shares", help=why["Shares"], format="localized"),
        "entry_price": number("Entry price", help=why["Entry price"], format="%.3f"),
        "exit_price": number("Exit price", help=why["Exit price"], format="%.3f"),
        "pnl": number("Profit", help=why["Profit"], format="%,.2f", width=100),
        "gained": number("Return", help=why["Return"], format="%.1f%%"),
        "bars": number("Bars", help=why["Bars"], format="localized"),
        "mae": number("MAE", help=why["Worst"], format="%.1f%%"),
        "mfe": number("MFE", help=why["Best"], format="%.1f%%"),
        "reason": text("Reason", help=why["Why"]),
    }


def _day(label: str, **options: Any) -> Any:
    return st.column_config.DateColumn(label, format="YYYY-MM-DD", **options)
