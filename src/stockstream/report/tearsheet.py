"""One backtest on one self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockstream.backtest.archive import run_id
from stockstream.metrics.drawdown import deepest_drawdowns, drawdowns
from stockstream.metrics.periods import monthly_returns
from stockstream.metrics.returns import per_bar, simple_returns
from stockstream.metrics.rolling import rolling_sharpe
from stockstream.metrics.trades import HOLDING_EDGES, holding_counts
from stockstream.report import charts, contributions, doubt, trust
from stockstream.report.cards import cards
from stockstream.report.metric_rows import metric_rows, statistic_groups
from stockstream.report.page import render_page, write_page
from stockstream.report.periods import WORST, drawdown_rows, year_rows
from stockstream.report.reproduce import command_line
from stockstream.report.robustness import fan_of
from stockstream.report.trade_table import trade_table
from stockstream.report.view import Sheet

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go
    import polars as pl

    from stockstream.backtest.result import BacktestResult
    from stockstream.report.robustness import Robustness

__all__ = [
    "ROLLING",
    "equity_figure",
    "figures",
    "render_tear_sheet",
    "tear_sheet",
    "write_tear_sheet",
]

ROLLING = 126
"""Sessions of the rolling Sharpe ratio: half a year."""


def write_tear_sheet(
    result: BacktestResult,
    path: Path,
    *,
    costs: pl.DataFrame | None = None,
    robustness: Robustness | None = None,
) -> Path:
    """Write the tear sheet of a result; an older file at that path is replaced whole or not at all.

    The page holds everything it needs and asks no server for anything. The same result gives the
    same bytes.

    Args:
        result: the backtest.
        path: where to; its folder is made if it is missing.
        costs: a cost sensitivity run to show: ``factor`` and metrics, a row a factor.
        robustness: what was measured of it, in place of ``costs``.

    Returns:
        ``path``.

    Raises:
        DataError: it cannot be written there.
    """
    return write_page(
        render_tear_sheet(result, costs=costs, robustness=robustness), path, "the tear sheet"
    )


def render_tear_sheet(
    result: BacktestResult,
    *,
    costs: pl.DataFrame | None = None,
    robustness: Robustness | None = None,
) -> str:
    """The page as text; see :func:`write_tear_sheet`."""
    sheet = tear_sheet(result, costs, robustness)
    drawn = {**figures(result), **({} if robustness is None else robustness.figures)}
    resampled = fan_of(result)
    if resampled is not None:
        drawn["fan"] = resampled
    return render_page("tearsheet", title=sheet.title, figures=drawn, script=True, sheet=sheet)


def tear_sheet(
    result: BacktestResult,
    costs: pl.DataFrame | None = None,
    robustness: Robustness | None = None,
) -> Sheet:
    """Everything the page says."""
    config = result.config
    multiples = None if costs is None else doubt.cost_table(costs)
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
        confidence=doubt.confidence_table(result),
        benchmark=doubt.benchmark_table(result),
        years=year_rows(result),
        contribution=contributions.year_table(result),
        contributors=contributions.by_symbol(result).note,
        strategies=contributions.strategy_table(result),
        costs=multiples if robustness is None else robustness.table,
        walk=None if robustness is None or robustness.walk is None else robustness.walk.table,
        trades=trade_table(result.trades),
        drawdowns=drawdown_rows(result),
        flags=result.flags,
        metrics=metric_rows(result.metrics),
        statistics=statistic_groups(result.statistics),
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
    return {**_curves(result), **_risk(result), **_trading(result)}


def equity_figure(result: BacktestResult, unseen: str | None = None) -> go.Figure:
    """Equity over drawdown with the worst drawdowns numbered, as in the table of them.

    Args:
        result: the backtest.
        unseen: ISO date of the first session that the parameters were not chosen on.
    """
    held, depth = result.benchmark, drawdowns(result.equity)
    falls = deepest_drawdowns(result.equity, WORST)
    return charts.equity_chart(
        result.dates,
        charts.Curve("Strategy", result.equity, depth),
        None
        if held is None
        else charts.Curve(_capital(held.name), held.equity, drawdowns(held.equity)),
        out_of_sample=None if unseen is None else np.datetime64(unseen),
        falls=[(result.dates[fall.trough], fall.depth) for fall in falls],
    )


def _curves(result: BacktestResult) -> dict[str, go.Figure]:
    months = monthly_returns(result.dates, result.equity)
    return {
        "equity": equity_figure(result),
        "months": charts.monthly_heat_map(months.years.tolist(), months.months),
    }


def _risk(result: BacktestResult) -> dict[str, go.Figure]:
    """Rolling Sharpe ratio where there are enough sessions, exposure where there was any."""
    periods, held = result.config.periods_per_year, result.benchmark
    cash = per_bar(result.config.risk_free, periods)
    drawn = {}
    if len(result.dates) > ROLLING:
        other = None if held is None else simple_returns(held.equity)
        drawn["rolling"] = charts.rolling_chart(
            result.dates,
            rolling_sharpe(result.returns, ROLLING, cash, periods),
            None if other is None else rolling_sharpe(other, ROLLING, cash, periods),
            name="" if held is None else _capital(held.name),
        )
    if result.invested.any():
        owned = result.equity > 0.0
        gross, net = (
            np.divide(value, result.equity, out=np.full(len(owned), np.nan), where=owned)
            for value in (result.invested, result.equity - result.cash)
        )
        drawn["exposure"] = charts.exposure_chart(result.dates, gross, net)
    return drawn


def _trading(result: BacktestResult) -> dict[str, go.Figure]:
    """What symbols earned, and what the closed trades were like."""
    drawn = {}
    if result.contributions.height:
        found = contributions.by_symbol(result)
        drawn["contribution"] = charts.contribution_chart(found.names, found.contribution)
    closed = result.trades.filter(~result.trades["open"])
    if not closed.height:
        return drawn
    returns, bars = closed["return"].to_numpy(), closed["bars"].to_numpy()
    symbols, won = closed["symbol"].to_list(), closed["pnl"].to_numpy() > 0.0
    drawn["trades"] = charts.trade_chart(closed["exit_date"].to_numpy(), returns, bars, symbols)
    drawn["excursions"] = charts.excursion_chart(
        closed["mae"].to_numpy(), closed["mfe"].to_numpy(), returns, symbols
    )
    drawn["holding"] = charts.holding_chart(
        _spans(), holding_counts(bars[won]), holding_counts(bars[~won])
    )
    return drawn


def _spans() -> list[str]:
    """The classes of holding times in words: 0, 1, 2 to 5, and so on."""
    lasts = [after - 1 for after in HOLDING_EDGES[1:]]
    pairs = zip(HOLDING_EDGES, lasts, strict=False)
    named = [f"{first}" if first == last else f"{first}\u2013{last}" for first, last in pairs]
    return [*named, f"{HOLDING_EDGES[-1]}+"]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
