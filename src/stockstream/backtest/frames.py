"""The Polars frames of a result: what people filter, join and write to files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stockstream.metrics.drawdown import deepest_drawdowns, drawdowns
from stockstream.metrics.periods import monthly_returns
from stockstream.metrics.returns import per_bar, simple_returns
from stockstream.metrics.rolling import rolling_beta, rolling_sharpe, rolling_volatility

if TYPE_CHECKING:
    import polars as pl

    from stockstream.backtest.result import BacktestResult

__all__ = [
    "MONTHS",
    "By",
    "contribution_by",
    "drawdown_frame",
    "equity_frame",
    "month_frame",
    "rolling_frame",
]

By = Literal["symbol", "year", "strategy"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def equity_frame(result: BacktestResult) -> pl.DataFrame:
    """A row a session: date, equity, cash, invested, return, drawdown, benchmark.

    ``benchmark`` is its equity, null in every row where there is none.
    """
    import polars as pl

    return pl.DataFrame(
        {
            "date": result.dates,
            "equity": result.equity,
            "cash": result.cash,
            "invested": result.invested,
            "return": simple_returns(result.equity),
            "drawdown": drawdowns(result.equity),
            "benchmark": None if result.benchmark is None else result.benchmark.equity,
        },
        schema_overrides={"benchmark": pl.Float64},
    )


def month_frame(result: BacktestResult) -> pl.DataFrame:
    """A row a calendar year: year, Jan to Dec, total; null where there was no session."""
    import polars as pl

    table = monthly_returns(result.dates, result.equity)
    columns = {name: table.months[:, place] for place, name in enumerate(MONTHS)}
    frame = pl.DataFrame({"year": table.years, **columns, "total": table.total})
    return frame.with_columns(pl.exclude("year").fill_nan(None))


def drawdown_frame(result: BacktestResult) -> pl.DataFrame:
    """Every drawdown, the deepest first: peak, trough, recovery, depth, length.

    ``recovery`` is null for one that is not over; ``length`` counts sessions from the peak to the
    recovery or the end.
    """
    import polars as pl

    falls = deepest_drawdowns(result.equity, None)
    days = result.dates.astype("datetime64[D]").tolist()
    return pl.DataFrame(
        {
            "peak": [days[fall.peak] for fall in falls],
            "trough": [days[fall.trough] for fall in falls],
            "recovery": [None if f.recovery is None else days[f.recovery] for f in falls],
            "depth": [fall.depth for fall in falls],
            "length": [fall.length for fall in falls],
        },
        schema={
            "peak": pl.Date,
            "trough": pl.Date,
            "recovery": pl.Date,
            "depth": pl.Float64,
            "length": pl.Int64,
        },
    )


def rolling_frame(result: BacktestResult, window: int = 126) -> pl.DataFrame:
    """A row a session: date, and sharpe, volatility, beta of the last ``window`` returns.

    Null until there are so many; ``beta`` is null in every row without a benchmark.
    """
    import polars as pl

    periods, returns = result.config.periods_per_year, simple_returns(result.equity)
    cash = per_bar(result.config.risk_free, periods)
    held = result.benchmark
    other = None if held is None else rolling_beta(returns, simple_returns(held.equity), window)
    return pl.DataFrame(
        {
            "date": result.dates,
            "sharpe": rolling_sharpe(returns, window, cash, periods),
            "volatility": rolling_volatility(returns, window, periods),
            "beta": other,
        },
        schema_overrides={"beta": pl.Float64},
    ).with_columns(pl.exclude("date").fill_nan(None))


def contribution_by(result: BacktestResult, by: By) -> pl.DataFrame:
    """Contributions added up: the key, pnl, contribution, share; largest first, years in order.

    ``contribution`` is profit over initial capital, so that it adds up to the total return;
    ``share`` is profit over the profit of the run, null where that is zero.
    """
    import polars as pl

    frame = result.contributions.group_by(by).agg(pl.col("pnl").sum())
    if by == "year":  # those too in which nothing was held
        every = result.frame.select(year=pl.col("date").dt.year()).unique()
        frame = every.join(frame, on="year", how="left").with_columns(pl.col("pnl").fill_null(0.0))
    total = float(result.equity[-1]) - result.config.initial_capital
    return frame.sort(
        *(("year",) if by == "year" else ("pnl", by)),
        descending=False if by == "year" else [True, False],
        nulls_last=True,
    ).with_columns(
        contribution=pl.col("pnl") / result.config.initial_capital,
        share=pl.col("pnl") / total if total else pl.lit(None, pl.Float64),
    )
