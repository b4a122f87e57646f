"""What was held and what it earned, read back from the fills: it must be what the broker booked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockstream.backtest.config import BacktestConfig, Costs, Margin
from stockstream.backtest.run import run_on_panel
from stockstream.market.panel import DIVIDEND, SPLIT, Actions, Panel
from stockstream.strategy.orders import Bracket
from stockstream.strategy.rule import RuleStrategy
from stockstream.strategy.signals import Signals
from stockstream.strategy.technical import rsi

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult
    from stockstream.strategy.expression import Bars

CAPITAL = 50_000.0


class BothWays(RuleStrategy):
    """Long when weak, short when strong."""

    weight: float = 0.2

    def rules(self, bars: Bars) -> Signals:
        strength = rsi(bars.close, 5)
        return Signals(
            enter_long=strength < 40.0,
            exit_long=strength > 60.0,
            enter_short=strength > 70.0,
            exit_short=strength < 45.0,
            weight=self.weight,
            bracket=Bracket(stop_loss=0.1, max_bars=40),
        )


def market(seed: int, sessions: int = 700, symbols: int = 4) -> Panel:
    """Halts, splits that leave fractions, dividends and a delisting, over three years."""
    random = np.random.default_rng(seed)
    shape = (symbols, sessions)
    close = 20.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, shape), axis=1))
    opens = close * np.exp(random.normal(0.0, 0.01, shape))
    count = 24
    kinds = random.integers(0, 2, count)
    bars = np.sort(random.choice(np.arange(1, sessions), count, replace=False))
    owners = random.integers(0, symbols, count)
    ratios = random.choice([2.0, 3.0, 0.1, 7.000007], count)
    for bar, owner, ratio in zip(bars, owners, np.where(kinds == SPLIT, ratios, 1.0), strict=True):
        close[owner, bar:] /= ratio
        opens[owner, bar:] /= ratio
    there = random.random(shape) >= 0.05
    delisted = np.full(symbols, sessions)
    delisted[0] = sessions * 3 // 4
    there[0, delisted[0] :] = False
    there[-1] = True
    return Panel(
        symbols=tuple(f"S{i}" for i in range(symbols)),
        dates=np.busday_offset("2020-01-01", np.arange(sessions), roll="forward"),
        offsets=np.concatenate(([0], np.cumsum(there.sum(axis=1)))),
        bar=np.nonzero(there)[1],
        open=opens[there],
        high=np.maximum(opens, close)[there] * 1.01,
        low=np.minimum(opens, close)[there] * 0.99,
        close=close[there],
        volume=np.full(int(there.sum()), 1e6),
        actions=Actions(bars, owners, kinds, np.where(kinds == SPLIT, ratios, 0.3)),
        delisted=delisted,
        first=30,
    )


def run(seed: int, *, fractional: bool = False, weight: float = 0.2) -> BacktestResult:
    panel = market(seed)
    config = BacktestConfig(
        strategy_class="BothWays",
        start_date=str(panel.dates[30]),
        end_date=str(panel.dates[-1]),
        initial_capital=CAPITAL,
        costs=Costs(commission_bps=10, slippage_bps=5, borrow_bps=300, financing_bps=800),
        margin=Margin(leverage=2.0, maintenance=0.25),
        fractional=fractional,
    )
    return run_on_panel(BothWays(weight=weight), panel, config)


@pytest.mark.parametrize("fractional", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_positions_are_what_the_account_held(seed: int, fractional: bool) -> None:
    result = run(seed, fractional=fractional)
    worth = (
        result.frame.select("date")
        .join(
            result.positions.group_by("date").agg(
                net=pl.col("value").sum(), gross=pl.col("value").abs().sum()
            ),
            on="date",
            how="left",
        )
        .fill_null(0.0)
    )
    np.testing.assert_allclose(worth["net"], result.equity - result.cash, atol=1e-6)
    np.testing.assert_allclose(worth["gross"], result.invested, atol=1e-6)
    assert not result.positions["quantity"].is_in([0.0]).any()


@pytest.mark.parametrize("fractional", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_contributions_add_up_to_the_profit(seed: int, fractional: bool) -> None:
    result = run(seed, fractional=fractional)
    profit = float(result.equity[-1]) - CAPITAL
    assert result.contributions["pnl"].sum() == pytest.approx(profit, abs=1e-6)
    # no row without a symbol: everything is explained
    assert result.contributions["symbol"].null_count() == 0
    by_trade = result.trades.group_by("symbol").agg(pl.col("pnl").sum())
    by_symbol = result.contribution("symbol").join(by_trade, on="symbol")
    assert by_symbol.height == by_trade.height > 2
    np.testing.assert_allclose(by_symbol["pnl"], by_symbol["pnl_right"], atol=1e-6)
    years = result.contribution("year")
    ends = result.frame.group_by(pl.col("date").dt.year()).agg(pl.col("equity").last()).sort("date")
    np.testing.assert_allclose(years["pnl"], np.diff(ends["equity"], prepend=CAPITAL), atol=1e-6)
    assert years["contribution"].sum() == pytest.approx(result.metrics.total_return)
    assert years["share"].sum() == pytest.approx(1.0)
    assert result.contribution("strategy")["strategy"].to_list() == ["BothWays"]


def test_interest_on_borrowed_cash_belongs_to_no_symbol() -> None:
    result = run(3, weight=0.9)
    nobody = result.contributions.filter(pl.col("symbol").is_null())
    assert nobody["strategy"].null_count() == nobody.height > 0
    assert nobody["pnl"].sum() == pytest.approx(-result.totals["financing"], abs=1e-6)
    profit = float(result.equity[-1]) - CAPITAL
    assert result.contributions["pnl"].sum() == pytest.approx(profit, abs=1e-6)


def test_a_market_with_everything_is_tried() -> None:
    results = [run(seed) for seed in range(6)]
    reasons = {reason for result in results for reason in result.fills["reason"]}
    assert {"order", "stop_loss", "time_exit", "delisted", "cash_in_lieu"} <= reasons
    assert any(result.totals["dividends"] for result in results)
    assert all(result.totals["borrow"] for result in results)
    kinds = {int(kind) for seed in range(6) for kind in market(seed).actions.kind}
    assert kinds == {SPLIT, DIVIDEND}
