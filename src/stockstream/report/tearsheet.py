"""One backtest on one self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.archive import run_id
from stockstream.metrics.drawdown import drawdowns
from stockstream.metrics.periods import monthly_returns
from stockstream.report import charts, trust
from stockstream.report.cards import cards
from stockstream.report.metric_rows import metric_rows
from stockstream.report.page import render_page, write_page
from stockstream.report.periods import drawdown_rows, year_rows
from stockstream.report.reproduce import command_line
from stockstream.report.trade_table import trade_table
from stockstream.report.view import Sheet

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go

    from stockstream.backtest.result import BacktestResult

__all__ = ["render_tear_sheet", "write_tear_sheet"]


def write_tear_sheet(result: BacktestResult, path: Path) -> Path:
    """Write the tear sheet of a result; an older file at that path is replaced whole or not at all.

    The page holds everything it needs and asks no server for anything. The same result gives the
    same bytes.

    Args:
        result: the backtest.
        path: where to; its folder is made if it is missing.

    Returns:
        ``path``.

    Raises:
        DataError: it cannot be written there.
    """
    return write_page(render_tear_sheet(result), path, "the tear sheet")


def render_tear_sheet(result: BacktestResult) -> str:
    """The page as text."""
    sheet = tear_sheet(result)
    return render_page(
        "tearsheet", title=sheet.title, figures=figures(result), script=True, sheet=sheet
    )


def tear_sheet(result: BacktestResult) -> Sheet:
    """Everything the page says."""
    config = result.config
    return Sheet(
        title=trust.strategy_title(config),
        run=run_id(result),
        subtitle=trust.subtitle(result),
        parameters=trust.parameters(config),
        badges=trust.badges(result),
        identity=trust.identity(result),
        alarm=trust.alarm(result),
        cards=cards(result),
        benchmark_name="" if result.benchmark is None else result.benchmark.name,
        years=year_rows(result),
        trades=trade_table(result.trades),
        drawdowns=drawdown_rows(result),
        flags=result.flags,
        metrics=metric_rows(result.metrics),
        command=command_line(config),
        command_note=(
            f"Gives the same numbers on the same data ({result.identity.data_version}), code and "
            "lock; the digests above tell."
        ),
        code_version=result.identity.code_version,
        engine=result.engine,
    )


def figures(result: BacktestResult) -> dict[str, go.Figure]:
    """The charts of the page by name."""
    months = monthly_returns(result.dates, result.equity)
    held = result.benchmark
    drawn = {
        "equity": charts.equity_chart(
            result.dates,
            charts.Curve("Strategy", result.equity, drawdowns(result.equity)),
            None
            if held is None
            else charts.Curve(_capital(held.name), held.equity, drawdowns(held.equity)),
        ),
        "months": charts.monthly_heat_map(months.years.tolist(), months.months),
    }
    closed = result.trades.filter(~result.trades["open"])
    if closed.height:
        drawn["trades"] = charts.trade_chart(
            closed["exit_date"].to_numpy(),
            closed["return"].to_numpy(),
            closed["bars"].to_numpy(),
            closed["symbol"].to_list(),
        )
    return drawn


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
