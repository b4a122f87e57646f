"""The trades of a run as a table and as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from stockstream.market.spreadsheet import escape_formulas
from stockstream.report.formats import count, money_digits, percent, plain_number, price
from stockstream.report.view import Cell, Column, Row, TradeTable, tone_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

__all__ = ["CSV_BYTES", "SHOWN_TRADES", "trade_csv", "trade_table"]

SHOWN_TRADES = 500
CSV_BYTES = 250_000
"""Room for the CSV in a page that has to stay under 6 MB with the chart library in it."""

COLUMNS = (
    Column("Symbol", "what was held", text=True),
    Column("Side", "long or short", text=True),
    Column("Entry", "session of the first fill", text=True),
    Column("Exit", "session of the last fill; open trades are marked at the last close", text=True),
    Column("Shares", "shares opened in all"),
    Column("Entry price", "average per share, slippage included"),
    Column("Exit price", "average per share, slippage included; the last close while open"),
    Column("Profit", "money won after fees, dividends and borrow included"),
    Column("Return", "profit as a fraction of the entry's value"),
    Column("Bars", "sessions from entry to exit"),
    Column("Worst", "MAE: worst excursion against the entry price"),
    Column("Best", "MFE: best excursion from the entry price"),
    Column("Why", "why it ended", text=True),
)


def trade_table(trades: pl.DataFrame) -> TradeTable:
    """The first trades as rows, oldest first, and the CSV of as many as fit.

    Args:
        trades: the trades frame of a result.
    """
    total = trades.height
    head = trades.head(SHOWN_TRADES)
    cents = money_digits(head["pnl"])
    text, written = trade_csv(trades)
    return TradeTable(
        summary=_summary(total, int(trades["open"].sum()), written),
        columns=COLUMNS,
        rows=tuple(_row(trade, cents) for trade in head.iter_rows(named=True)),
        csv=text,
    )


def _summary(total: int, still_open: int, written: int) -> str:
    if total == 0:
        return "There were none."
    parts = [f"{count(total)} trade{'s' if total > 1 else ''}"]
    if still_open:
        parts.append(f"{count(still_open)} still open at the end, marked at the last close")
    if total > SHOWN_TRADES:
        parts.append(f"the first {count(SHOWN_TRADES)} are shown")
    if total > written:
        parts.append(f"the CSV holds the first {count(written)}")
    return "; ".join(parts) + "."


def _row(trade: Mapping[str, Any], cents: int) -> Row:
    entry, left = str(trade["entry_date"]), trade["exit_date"]
    side = "short" if trade["quantity"] < 0 else "long"
    held = abs(trade["quantity"])
    why = "still open" if trade["open"] else str(trade["reason"] or "").replace("_", " ")
    return Row(
        cells=(
            Cell(trade["symbol"], "text"),
            Cell(side, "text"),
            Cell(entry, "text"),
            Cell("open", "quiet") if trade["open"] else Cell(str(left), "text"),
            Cell(plain_number(held, 0 if held == int(held) else 2), sort=held),
            Cell(price(trade["entry_price"]), sort=trade["entry_price"]),
            Cell(price(trade["exit_price"]), sort=trade["exit_price"]),
            Cell(
                plain_number(trade["pnl"], cents, signed=True), tone_of(trade["pnl"]), trade["pnl"]
            ),
            Cell(percent(trade["return"], 2), tone_of(trade["return"]), trade["return"]),
            Cell(count(trade["bars"]), sort=trade["bars"]),
            Cell(percent(trade["mae"]), sort=trade["mae"]),
            Cell(percent(trade["mfe"]), sort=trade["mfe"]),
            Cell(why, "text"),
        ),
        start=entry,
        # an open trade is held on every later session
        end="9999-12-31" if trade["open"] else str(left),
    )


def trade_csv(trades: pl.DataFrame, most: int = CSV_BYTES) -> tuple[str, int]:
    """The trades as CSV, no cell of which a spreadsheet would run as a formula.

    Args:
        trades: the trades frame of a result.
        most: bytes after which no more trades are added.

    Returns:
        The text, and how many trades are in it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(trades.columns)
    written = 0
    for row in escape_formulas(trades).iter_rows():
        writer.writerow(row)
        written += 1
        if out.tell() > most:
            break
    return out.getvalue(), written
