from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl

from stockstream.report.trade_table import SHOWN_TRADES, trade_csv, trade_table

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult


def repeated(result: BacktestResult, times: int) -> pl.DataFrame:
    return pl.concat([result.trades] * times)


def test_rows_show_the_frame(result: BacktestResult) -> None:
    table = trade_table(result.trades)
    assert len(table.rows) == result.trades.height
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    first, trade = table.rows[0], result.trades.row(0, named=True)
    assert first.cells[0].text == trade["symbol"]
    assert first.cells[7].sort == trade["pnl"]
    assert (first.start, first.end) == (str(trade["entry_date"]), str(trade["exit_date"]))


def test_open_trades_are_open_and_reach_to_the_end(result: BacktestResult) -> None:
    still = result.trades.with_columns(
        open=pl.lit(value=True), reason=pl.lit(None, pl.String), exit_date=pl.lit(None, pl.Date)
    )
    table = trade_table(still)
    assert table.rows[0].cells[3].text == "open"
    assert table.rows[0].cells[12].text == "still open"
    assert table.rows[0].end > "2100"
    assert "still open at the end" in table.summary


def test_long_tables_are_cut_and_say_so(result: BacktestResult) -> None:
    many = repeated(result, 60)
    table = trade_table(many)
    assert len(table.rows) == SHOWN_TRADES
    assert f"{many.height:,} trades" in table.summary
    assert "the first 500 are shown" in table.summary


def test_csv_is_complete_while_it_fits(result: BacktestResult) -> None:
    text, written = trade_csv(result.trades)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert written == len(rows) == result.trades.height
    assert float(rows[0]["pnl"]) == result.trades["pnl"][0]


def test_csv_stops_at_its_budget(result: BacktestResult) -> None:
    text, written = trade_csv(repeated(result, 200), 10_000)
    assert 10_000 < len(text) < 11_000
    assert text.count("\r\n") == written + 1


def test_a_hostile_symbol_cannot_run_in_a_spreadsheet(result: BacktestResult) -> None:
    hostile = result.trades.with_columns(symbol=pl.lit("=HYPERLINK(1)"))
    rows = list(csv.DictReader(io.StringIO(trade_csv(hostile)[0])))
    assert {row["symbol"] for row in rows} == {"'=HYPERLINK(1)"}
    assert [float(row["pnl"]) for row in rows] == hostile["pnl"].to_list()


def test_no_trades(idle: BacktestResult) -> None:
    table = trade_table(idle.trades)
    assert (table.rows, table.summary) == ((), "There were none.")
