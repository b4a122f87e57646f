"""What must hold whatever is traded: random markets, random orders, random terms."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockstream.backtest.config import Costs, Margin, MarketRules
from stockstream.backtest.event import run_event
from stockstream.market.panel import Actions, Panel
from stockstream.strategy.orders import Action, Bracket
from stockstream.strategy.portfolio import REASONS, FillReason
from stockstream.strategy.strategy import Strategy
from stockstream.testing.play import config_of

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome
    from stockstream.strategy.portfolio import Portfolio

OFF_MARKET = [REASONS.index(FillReason.DELISTED), REASONS.index(FillReason.CASH_IN_LIEU)]


def market(seed: int, symbols: int = 4, sessions: int = 60) -> Panel:
    """A wild market with halts, splits, dividends, a delisting and thin volumes."""
    random = np.random.default_rng(seed)
    shape = (symbols, sessions)
    close = np.round(20.0 * np.exp(np.cumsum(random.normal(0.0, 0.04, shape), axis=1)), 2) + 0.01
    opens = close * np.exp(random.normal(0.0, 0.02, shape))
    high = np.maximum(opens, close) * np.exp(np.abs(random.normal(0.0, 0.02, shape)))
    low = np.minimum(opens, close) * np.exp(-np.abs(random.normal(0.0, 0.02, shape)))
    there = random.random(shape) >= 0.06
    delisted = np.full(symbols, sessions)
    delisted[0] = sessions * 3 // 4
    there[0, delisted[0] :] = False
    there[-1] = True  # every session of the axis has a bar
    _, bar = np.nonzero(there)
    kinds = random.integers(0, 2, 6)
    actions = Actions(
        np.sort(random.choice(np.arange(1, sessions), 6, replace=False)),
        random.integers(0, symbols, 6),
        kinds,
        np.where(kinds == 0, random.choice([2.0, 3.0, 0.1], 6), 0.3),
    )
    return Panel(
        tuple(f"S{i}" for i in range(symbols)),
        np.datetime64("2020-01-01") + np.arange(sessions).astype("timedelta64[D]"),
        np.concatenate(([0], np.cumsum(there.sum(axis=1)))),
        bar,
        opens[there],
        high[there],
        low[there],
        close[there],
        np.round(random.lognormal(6.0, 1.0, int(there.sum()))),
        actions=actions,
        delisted=delisted,
    )


class Restless(Strategy):
    """Any order at any time; what a symbol is given does not depend on the other symbols.

    Args:
        seed: of the orders.
        size: largest weight of a position.
        weights: orders in weights only.
        priced: limits and stops too.
    """

    seed: int = 0
    size: float = 0.7
    weights: bool = False
    priced: bool = True

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        random = np.random.default_rng([self.seed, zlib.crc32(symbol.encode()), date.toordinal()])
        if random.random() > 0.3:
            return None
        price, size = data["price"], float(random.uniform(-self.size, self.size))
        terms: dict[str, Any] = {"day": bool(random.random() < 0.3)}
        for name in ("limit", "stop"):
            if self.priced and random.random() < 0.3:
                terms[name] = price * float(random.uniform(0.94, 1.06))
        bracket = Bracket(
            stop_loss=float(random.choice([0.0, 0.05])),
            take_profit=float(random.choice([0.0, 0.06])),
            trailing_stop=float(random.choice([0.0, 0.07])),
            max_bars=int(random.choice([0, 4])),
            cooldown=int(random.choice([0, 2])),
        )
        kind = 0 if self.weights else random.integers(0, 6)
        if kind == 4:
            return Action.close(symbol, **terms)
        if kind == 5:
            return Action.cancel(symbol)
        if kind == 3:
            shares = 1.0 + abs(size) * 1000.0 / price
            return (Action.buy if size > 0.0 else Action.sell)(shares, symbol, bracket, **terms)
        make = (Action.target_weight, Action.target_value, Action.target_quantity)[kind]
        unit = (1.0, 10_000.0, 10_000.0 / price)[kind]
        return make(size * unit, symbol, bracket, **terms)


COSTS = st.builds(
    Costs,
    commission_tiers=st.sampled_from([(), ((0.0, 30.0), (2000.0, 10.0))]),
    commission_per_share=st.sampled_from([0.0, 0.01]),
    commission_fixed=st.sampled_from([0.0, 2.0]),
    commission_minimum=st.sampled_from([0.0, 5.0]),
    slippage_bps=st.sampled_from([0.0, 20.0]),
    spread_bps=st.sampled_from([0.0, 10.0]),
    impact=st.sampled_from([0.0, 0.1]),
)
MARGINS = st.builds(
    Margin, leverage=st.sampled_from([0.5, 1.0, 2.0, 3.0]), maintenance=st.sampled_from([0.0, 0.3])
)
RULES = st.builds(
    MarketRules,
    lot=st.sampled_from([1, 10]),
    minimum_parcel=st.sampled_from([0.0, 500.0]),
    tick=st.sampled_from([None, "asx", 0.25]),
    max_volume_share=st.sampled_from([0.0, 0.2]),
)
CONFIGS = st.builds(
    config_of,
    costs=COSTS,
    margin=MARGINS,
    market_rules=RULES,
    fill=st.sampled_from(["next_open", "next_close", "same_close"]),
    size_at=st.sampled_from(["order", "fill"]),
    fractional=st.booleans(),
)
SEEDS = st.integers(0, 100_000)


@pytest.mark.slow
@example(  # what rounding left of a used-up volume was bought at the limit, above the bar
    seed=224,
    config=config_of(
        margin=Margin(leverage=2.0, maintenance=0.0),
        market_rules=MarketRules(max_volume_share=0.2),
        fractional=True,
    ),
)
@given(seed=SEEDS, config=CONFIGS)
def test_books_balance(seed: int, config: BacktestConfig) -> None:
    panel = market(seed)
    if config.fill != "same_close":  # what is opened at this close has cost nothing yet
        held = config.costs.model_copy(update={"borrow_bps": 400.0, "financing_bps": 500.0})
        config = config.model_copy(update={"costs": held})
    outcome = run_event(Restless(seed=seed), panel, config)
    assert_equity_is_cash_and_positions(outcome, panel, config)
    assert_fills_within_bars(outcome, panel, config)
    financing = outcome.account["financing"]
    profit = outcome.days["equity"][-1] - config.initial_capital
    assert outcome.trades["pnl"].sum() - financing == pytest.approx(profit, rel=1e-9, abs=1e-6)


def assert_equity_is_cash_and_positions(
    outcome: Outcome, panel: Panel, config: BacktestConfig
) -> None:
    """Rebuild cash and positions from fills, actions, borrow and interest alone, bar by bar."""
    cash, shares = config.initial_capital, np.zeros(len(panel.symbols))
    close, last = panel.matrix("close"), np.full(len(panel.symbols), np.nan)
    borrow, interest = (
        bps / 1e4 / config.periods_per_year
        for bps in (config.costs.borrow_bps, config.costs.financing_bps)
    )
    for t in range(panel.sessions):
        for i in np.flatnonzero(panel.actions.bar == t):
            s, value = panel.actions.symbol[i], panel.actions.value[i]
            if panel.actions.kind[i] == 0:
                shares[s], last[s] = shares[s] * value, last[s] / value
            else:
                cash += shares[s] * value
        for fill in outcome.fills[outcome.fills["bar"] == t]:
            shares[fill["symbol"]] += fill["quantity"]
            cash -= fill["quantity"] * fill["price"] + fill["commission"]
        last = np.where(np.isnan(close[t]), last, close[t])
        held = np.abs(shares) > 1e-7
        values = np.where(held, shares * np.nan_to_num(last), 0.0)
        charge = -borrow * float(np.minimum(values, 0.0).sum()) - interest * min(cash, 0.0)
        cash -= charge
        day = outcome.days[t]
        scale = 1e-9 * max(float(np.abs(values).sum()), abs(cash), 1.0)
        assert day["cash"] == pytest.approx(cash, abs=1e-6 + scale)
        assert day["equity"] == pytest.approx(cash + float(values.sum()), abs=1e-6 + scale)
        assert day["invested"] == pytest.approx(float(np.abs(values).sum()), abs=1e-6 + scale)


def assert_fills_within_bars(outcome: Outcome, panel: Panel, config: BacktestConfig) -> None:
    """No fill outside [low, high] but for slippage and one price step; none above the volume."""
    high, low, volume = (panel.matrix(name) for name in ("high", "low", "volume"))
    costs, tick = config.costs, config.market_rules.tick
    slip = costs.slippage_bps / 1e4 + costs.spread_bps / 2e4 + costs.impact
    step = 0.0 if tick is None else 0.01 if tick == "asx" else tick
    traded = np.zeros_like(volume)
    for fill in outcome.fills[~np.isin(outcome.fills["reason"], OFF_MARKET)]:
        t, s = fill["bar"], fill["symbol"]
        assert low[t, s] * (1 - slip) - step - 1e-9 <= fill["price"]
        assert fill["price"] <= high[t, s] * (1 + slip) + step + 1e-9
        traded[t, s] += abs(fill["quantity"])
    share = config.market_rules.max_volume_share
    if share > 0.0:
        there = ~np.isnan(volume)
        assert (traded[there] <= share * volume[there] * (1 + 1e-12)).all()


@pytest.mark.slow
@given(
    seed=SEEDS,
    margin=MARGINS,
    costs=st.sampled_from([Costs(), Costs(commission_bps=25, commission_minimum=3)]),
    fractional=st.booleans(),
)
def test_an_opening_fill_never_exceeds_the_leverage(
    seed: int, margin: Margin, costs: Costs, *, fractional: bool
) -> None:
    panel = market(seed)
    config = config_of(margin=margin, costs=costs, fractional=fractional)
    strategy = Restless(seed=seed, size=2.0, priced=False)
    outcome = run_event(strategy, panel, config)
    opens, close = panel.matrix("open"), panel.matrix("close")
    cash, shares = config.initial_capital, np.zeros(len(panel.symbols))
    last = np.full(len(panel.symbols), np.nan)
    for t in range(panel.sessions):
        for i in np.flatnonzero(panel.actions.bar == t):
            s, value = panel.actions.symbol[i], panel.actions.value[i]
            if panel.actions.kind[i] == 0:
                shares[s], last[s] = shares[s] * value, last[s] / value
            else:
                cash += shares[s] * value
        marks = np.where(np.isnan(opens[t]), last, opens[t])
        for fill in outcome.fills[outcome.fills["bar"] == t]:
            opening = shares[fill["symbol"]] * fill["quantity"] >= -1e-9
            shares[fill["symbol"]] += fill["quantity"]
            cash -= fill["quantity"] * fill["price"] + fill["commission"]
            values = np.where(np.abs(shares) > 1e-7, shares * np.nan_to_num(marks), 0.0)
            if opening:
                equity = cash + float(values.sum())
                assert np.abs(values).sum() <= margin.leverage * equity * (1 + 1e-9) + 1e-6
        last = np.where(np.isnan(close[t]), last, close[t])


@pytest.mark.slow
@given(seed=SEEDS, leverage=st.sampled_from([1.0, 2.0]), tick=st.sampled_from([None, 0.01]))
def test_doubling_capital_doubles_profit_with_fractional_shares(
    seed: int, leverage: float, tick: float | None
) -> None:
    panel, strategy = market(seed), Restless(seed=seed, weights=True)
    config = config_of(
        fractional=True,
        margin=Margin(leverage=leverage),
        market_rules=MarketRules(tick=tick),
        costs=Costs(commission_bps=10, commission_per_share=0.01, slippage_bps=5, borrow_bps=100),
    )
    double = config.changed(initial_capital=2 * config.initial_capital)
    once, twice = (run_event(strategy, panel, terms).days["equity"] for terms in (config, double))
    np.testing.assert_allclose(twice, 2.0 * once, rtol=1e-9)


@pytest.mark.slow
@given(seed=SEEDS, rules=RULES)
def test_permuting_symbols_changes_nothing_while_cash_suffices(
    seed: int, rules: MarketRules
) -> None:
    panel = market(seed)
    order = np.random.default_rng(seed).permutation(len(panel.symbols)).tolist()
    config = config_of(market_rules=rules, costs=Costs(commission_bps=10))
    strategy = Restless(seed=seed, size=0.1)
    one, other = (
        run_event(strategy, chosen, config).days for chosen in (panel, panel.select(order))
    )
    np.testing.assert_allclose(one["equity"], other["equity"], rtol=1e-12)


@pytest.mark.slow
@given(seed=SEEDS, config=CONFIGS)
def test_a_flat_market_without_costs_changes_nothing(seed: int, config: BacktestConfig) -> None:
    panel = market(seed)
    ones = np.full(len(panel.bar), 5.0)
    flat = Panel(
        panel.symbols, panel.dates, panel.offsets, panel.bar, ones, ones, ones, ones, panel.volume
    )
    equity = run_event(Restless(seed=seed), flat, config.model_copy(update={"costs": Costs()})).days
    np.testing.assert_allclose(equity["equity"], config.initial_capital, rtol=1e-12)


def test_no_order_leaves_the_capital_alone() -> None:
    outcome = run_event(Restless(size=0.0, weights=True, priced=False), market(3), config_of())
    assert set(outcome.days["equity"].tolist()) == {10_000.0}
