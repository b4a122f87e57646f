"""The second layer of measures: what a sweep does not need for each trial.

``describe`` takes what a run left behind and measures all of it; everything it calls can be called
alone. Fractions, not percent; NaN where undefined, never infinite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.metrics import relative, shape, tails, trades
from stockstream.metrics.drawdown import (
    calmar,
    deepest_drawdowns,
    max_drawdown,
    recovery_factor,
    ulcer_index,
    ulcer_performance_index,
)
from stockstream.metrics.periods import monthly_returns
from stockstream.metrics.returns import (
    annualised_return,
    downside_deviation,
    per_bar,
    sharpe,
    simple_returns,
    total_return,
    volatility,
)
from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.metrics.series import Floats, SeriesLike

__all__ = [
    "STATISTICS",
    "BenchmarkStatistics",
    "ReturnStatistics",
    "Statistics",
    "TradeStatistics",
    "describe_benchmark",
    "describe_returns",
    "describe_trades",
]

OF_RETURNS = {
    "value_at_risk": "return that one bar in twenty undercuts (historical VaR, 95 %)",
    "conditional_value_at_risk": "mean of the worst twentieth of the bars (CVaR, 95 %)",
    "downside_deviation": "root mean square of the returns below the risk-free rate, per year",
    "ulcer_index": "root mean square of the drawdowns",
    "ulcer_performance_index": "excess return per year over the ulcer index; none without a fall",
    "recovery_factor": "total return over the size of the maximum drawdown; none without a fall",
    "average_drawdown": "mean depth of the drawdowns, each counted once",
    "average_drawdown_length": "mean bars of a drawdown, from its peak to recovery or the end",
    "omega": "sum of the gains over the sum of the losses of the bars; none without a loss",
    "tail_ratio": "size of the 95th percentile of the returns over that of the 5th",
    "common_sense_ratio": "omega times tail ratio",
    "gain_to_pain": "sum of monthly returns over the sum of monthly losses; none without a loss",
    "skew": "third standardised moment of the returns; 0 for a normal distribution",
    "kurtosis": "fourth standardised moment of the returns; 3 for a normal distribution",
    "stability": "R squared of a straight line through the cumulated log returns",
    "best_day": "highest return of a bar",
    "worst_day": "lowest return of a bar",
    "best_month": "highest return of a calendar month",
    "worst_month": "lowest return of a calendar month",
    "best_year": "highest return of a calendar year",
    "worst_year": "lowest return of a calendar year",
    "positive_days": "share of bars that gained",
    "positive_months": "share of calendar months that gained",
    "positive_years": "share of calendar years that gained",
    "longest_winning_days": "most bars in a row that gained",
    "longest_losing_days": "most bars in a row that lost",
}

OF_BENCHMARK = {
    "benchmark_total_return": "total return of the benchmark",
    "benchmark_annualised_return": "compound growth of the benchmark per year",
    "benchmark_volatility": "volatility of the benchmark",
    "benchmark_sharpe": "Sharpe ratio of the benchmark",
    "benchmark_max_drawdown": "maximum drawdown of the benchmark",
    "benchmark_calmar": "Calmar ratio of the benchmark",
    "excess_return": "annualised return less that of the benchmark",
    "alpha": "return per year that beta does not explain (Jensen), compounded",
    "beta": "percent it moves for one percent of the benchmark (least squares)",
    "correlation": "Pearson correlation of the returns with the benchmark's",
    "r_squared": "share of the variance that the benchmark explains",
    "tracking_error": "volatility of the returns less the benchmark's",
    "information_ratio": "mean return over the benchmark's, over tracking error, per year",
    "treynor": "excess return per year over beta",
    "up_capture": "growth over the benchmark's, in the bars in which the benchmark rose",
    "down_capture": "growth over the benchmark's, in the bars in which the benchmark fell",
    "months_ahead": "share of calendar months with a return above the benchmark's",
}

OF_TRADES = {
    "expectancy": "mean profit of a closed trade, in money",
    "expectancy_return": "mean return of a closed trade on its entry cost",
    "payoff_ratio": "average win over the size of the average loss",
    "system_quality": "mean over standard deviation of profits, times the root of trades (SQN)",
    "kelly": "Kelly fraction from win rate and payoff ratio; an upper limit at best",
    "best_trade": "highest return of a closed trade",
    "worst_trade": "lowest return of a closed trade",
    "longest_winning_streak": "most closed trades in a row that made money, by exit",
    "longest_losing_streak": "most closed trades in a row that lost money, by exit",
    "average_bars": "mean sessions held, closed trades",
    "median_bars": "median sessions held, closed trades",
    "longest_bars": "most sessions held, closed trades",
    "average_bars_winning": "mean sessions held by trades that made money",
    "average_bars_losing": "mean sessions held by trades that lost money",
    "average_mae": "mean worst excursion against the entry price (MAE)",
    "average_mfe": "mean best excursion from the entry price (MFE)",
    "worst_mae_of_winners": "worst excursion that a trade lived through and still made money",
    "edge_ratio": "mean MFE over the size of the mean MAE; none without an excursion against",
}

STATISTICS: dict[str, str] = {**OF_RETURNS, **OF_BENCHMARK, **OF_TRADES}
"""What each statistic means, in one line, as reports print it."""


@dataclass(frozen=True, slots=True)
class ReturnStatistics:
    """Measures of the equity curve; ``STATISTICS`` says what each one is."""

    value_at_risk: float
    conditional_value_at_risk: float
    downside_deviation: float
    ulcer_index: float
    ulcer_performance_index: float
    recovery_factor: float
    average_drawdown: float
    average_drawdown_length: float
    omega: float
    tail_ratio: float
    common_sense_ratio: float
    gain_to_pain: float
    skew: float
    kurtosis: float
    stability: float
    best_day: float
    worst_day: float
    best_month: float
    worst_month: float
    best_year: float
    worst_year: float
    positive_days: float
    positive_months: float
    positive_years: float
    longest_winning_days: int
    longest_losing_days: int


@dataclass(frozen=True, slots=True)
class BenchmarkStatistics:
    """Measures against a benchmark; ``STATISTICS`` says what each one is."""

    benchmark_total_return: float
    benchmark_annualised_return: float
    benchmark_volatility: float
    benchmark_sharpe: float
    benchmark_max_drawdown: float
    benchmark_calmar: float
    excess_return: float
    alpha: float
    beta: float
    correlation: float
    r_squared: float
    tracking_error: float
    information_ratio: float
    treynor: float
    up_capture: float
    down_capture: float
    months_ahead: float


@dataclass(frozen=True, slots=True)
class TradeStatistics:
    """Measures of the closed trades; ``STATISTICS`` says what each one is."""

    expectancy: float
    expectancy_return: float
    payoff_ratio: float
    system_quality: float
    kelly: float
    best_trade: float
    worst_trade: float
    longest_winning_streak: int
    longest_losing_streak: int
    average_bars: float
    median_bars: float
    longest_bars: float
    average_bars_winning: float
    average_bars_losing: float
    average_mae: float
    average_mfe: float
    worst_mae_of_winners: float
    edge_ratio: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """All of them.

    Attributes:
        returns: of the equity curve.
        trades: of the closed trades.
        benchmark: against the benchmark; None where there is none.
    """

    returns: ReturnStatistics
    trades: TradeStatistics
    benchmark: BenchmarkStatistics | None = None

    def as_dict(self) -> dict[str, Any]:
        """Name and value of each, in the order of ``STATISTICS``."""
        groups = (self.returns, self.benchmark, self.trades)
        return {
            one.name: getattr(group, one.name)
            for group in groups
            if group is not None
            for one in fields(group)
        }


def describe_returns(
    dates: NDArray[np.datetime64],
    equity: SeriesLike,
    *,
    periods: float = 252,
    risk_free: float = 0.0,
) -> ReturnStatistics:
    """Measure an equity curve.

    Args:
        dates: ``datetime64 [T]``, ascending.
        equity: ``[T]``, in money.
        periods: bars in a year.
        risk_free: return of cash per year, a fraction.
    """
    curve = floats(equity)
    returns = simple_returns(curve)
    table = monthly_returns(dates, curve)
    months, years = _known(table.months), _known(table.total)
    skew, kurtosis = shape.skew_and_kurtosis(returns)
    falls = deepest_drawdowns(curve, None)
    ulcer = ulcer_index(curve)
    yearly = annualised_return(returns, periods)
    return ReturnStatistics(
        value_at_risk=tails.value_at_risk(returns),
        conditional_value_at_risk=tails.conditional_value_at_risk(returns),
        downside_deviation=downside_deviation(returns, per_bar(risk_free, periods), periods),
        ulcer_index=ulcer,
        ulcer_performance_index=ulcer_performance_index(yearly - risk_free, ulcer),
        recovery_factor=recovery_factor(total_return(returns), max_drawdown(curve)),
        average_drawdown=_mean(np.array([fall.depth for fall in falls])),
        average_drawdown_length=_mean(np.array([float(fall.length) for fall in falls])),
        omega=shape.omega(returns),
        tail_ratio=shape.tail_ratio(returns),
        common_sense_ratio=shape.common_sense_ratio(returns),
        gain_to_pain=shape.gain_to_pain(months),
        skew=skew,
        kurtosis=kurtosis,
        stability=shape.stability(returns),
        best_day=_highest(returns),
        worst_day=_lowest(returns),
        best_month=_highest(months),
        worst_month=_lowest(months),
        best_year=_highest(years),
        worst_year=_lowest(years),
        positive_days=_share(returns > 0.0),
        positive_months=_share(months > 0.0),
        positive_years=_share(years > 0.0),
        longest_winning_days=shape.longest_run(returns > 0.0),
        longest_losing_days=shape.longest_run(returns < 0.0),
    )


def describe_benchmark(
    dates: NDArray[np.datetime64],
    equity: SeriesLike,
    benchmark: SeriesLike,
    *,
    periods: float = 252,
    risk_free: float = 0.0,
) -> BenchmarkStatistics:
    """Measure an equity curve against another one over the same bars.

    Args:
        dates: ``datetime64 [T]``, ascending.
        equity: ``[T]``, in money.
        benchmark: ``[T]``, equity of the benchmark, in any unit.
        periods: bars in a year.
        risk_free: return of cash per year, a fraction.
    """
    own, other = simple_returns(equity), simple_returns(benchmark)
    held = floats(benchmark)
    cash = per_bar(risk_free, periods)
    yearly, base = annualised_return(own, periods), annualised_return(other, periods)
    deepest = max_drawdown(held)
    slope, together = relative.beta(own, other), relative.correlation(own, other)
    ahead = monthly_returns(dates, equity).months - monthly_returns(dates, held).months
    return BenchmarkStatistics(
        benchmark_total_return=total_return(other),
        benchmark_annualised_return=base,
        benchmark_volatility=volatility(other, periods),
        benchmark_sharpe=sharpe(other, cash, periods),
        benchmark_max_drawdown=deepest,
        benchmark_calmar=calmar(base, deepest),
        excess_return=yearly - base,
        alpha=relative.alpha(own, other, cash, periods),
        beta=slope,
        correlation=together,
        r_squared=together * together,
        tracking_error=relative.tracking_error(own, other, periods),
        information_ratio=relative.information_ratio(own, other, periods),
        treynor=relative.treynor(yearly - risk_free, slope),
        up_capture=relative.capture(own, other, up=True, periods=periods),
        down_capture=relative.capture(own, other, up=False, periods=periods),
        months_ahead=_share(_known(ahead) > 0.0),
    )


def describe_trades(
    pnl: SeriesLike, returns: SeriesLike, bars: SeriesLike, mae: SeriesLike, mfe: SeriesLike
) -> TradeStatistics:
    """Measure closed trades, in the order in which they ended.

    Args:
        pnl: ``[n]``, profit after fees, in money.
        returns: ``[n]``, profit as a fraction of the cost at entry.
        bars: ``[n]``, sessions held.
        mae: ``[n]``, worst excursion, a fraction of the entry price, zero or less.
        mfe: ``[n]``, best excursion, zero or more.
    """
    gains, made, held = floats(pnl), floats(returns), floats(bars)
    worst, best = floats(mae), floats(mfe)
    won, lost = gains > 0.0, gains < 0.0
    against = -_mean(worst)
    return TradeStatistics(
        expectancy=trades.expectancy(gains),
        expectancy_return=trades.expectancy(made),
        payoff_ratio=trades.payoff_ratio(gains, made),
        system_quality=trades.system_quality(gains),
        kelly=trades.kelly(gains, made),
        best_trade=_highest(made),
        worst_trade=_lowest(made),
        longest_winning_streak=shape.longest_run(won),
        longest_losing_streak=shape.longest_run(lost),
        average_bars=_mean(held),
        median_bars=float(np.median(held)) if len(held) else math.nan,
        longest_bars=_highest(held),
        average_bars_winning=_mean(held[won]),
        average_bars_losing=_mean(held[lost]),
        average_mae=_mean(worst),
        average_mfe=_mean(best),
        worst_mae_of_winners=_lowest(worst[won]),
        edge_ratio=_mean(best) / against if against > 0.0 else math.nan,
    )


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else math.nan


def _highest(values: Floats) -> float:
    return float(values.max()) if len(values) else math.nan


def _lowest(values: Floats) -> float:
    return float(values.min()) if len(values) else math.nan


def _share(held: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(held)) / len(held) if len(held) else math.nan
