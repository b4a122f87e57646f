"""Costs and the rules of an exchange, by numbers worked out by hand (docs/semantics.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.backtest.broker.fees import affordable, commission
from stockstream.backtest.broker.pricing import stepped
from stockstream.backtest.broker.terms import Terms
from stockstream.backtest.config import Costs, MarketRules
from stockstream.strategy.orders import Action
from stockstream.testing.play import config_of, panel_of, play

buy, sell, weight, close = Action.buy, Action.sell, Action.target_weight, Action.close
TIERS = ((0.0, 100.0), (10_000.0, 50.0), (50_000.0, 10.0))


class TestCommission:
    @pytest.mark.parametrize(
        ("costs", "fee"),
        [
            (Costs(commission_bps=10), 9.0),
            (Costs(commission_per_share=0.02), 1.8),
            (Costs(commission_fixed=5), 5.0),
            (Costs(commission_bps=10, commission_fixed=5, commission_per_share=0.1), 23.0),
            (Costs(commission_bps=1, commission_minimum=6), 6.0),
            (Costs(commission_tiers=TIERS), 90.0),
        ],
    )
    def test_on_90_shares_at_100(self, costs: Costs, fee: float) -> None:
        terms = Terms.of(config_of(costs=costs))
        assert commission(90.0, 100.0, terms.fees) == pytest.approx(fee, rel=1e-14)
        assert commission(-90.0, 100.0, terms.fees) == pytest.approx(fee, rel=1e-14)

    @pytest.mark.parametrize(
        ("shares", "fee"), [(99.99, 99.99), (100, 50.0), (499, 249.5), (500, 50), (900, 90)]
    )
    def test_the_tier_is_that_of_the_whole_value(self, shares: float, fee: float) -> None:
        fees = Terms.of(config_of(costs=Costs(commission_tiers=TIERS))).fees
        assert commission(shares, 100.0, fees) == pytest.approx(fee, rel=1e-14)

    @given(
        cash=st.floats(0.0, 200_000.0),
        price=st.floats(0.01, 500.0),
        lot=st.sampled_from([0, 1, 100]),
        costs=st.builds(
            Costs,
            commission_tiers=st.sampled_from([(), TIERS, ((0.0, 5.0), (900.0, 80.0))]),
            commission_per_share=st.sampled_from([0.0, 0.03]),
            commission_fixed=st.sampled_from([0.0, 4.0]),
            commission_minimum=st.sampled_from([0.0, 9.5]),
        ),
    )
    def test_what_cash_affords_is_the_most_it_pays_for(
        self, cash: float, price: float, lot: int, costs: Costs
    ) -> None:
        rules = MarketRules(lot=max(lot, 1))
        terms = Terms.of(config_of(costs=costs, market_rules=rules, fractional=lot == 0))
        shares = affordable(cash, price, 1.0, terms)

        def cost(quantity: float) -> float:
            return quantity * price + commission(quantity, price, terms.fees)

        assert shares >= 0.0
        if shares > 0.0:
            assert cost(shares) <= cash * (1.0 + 1e-12)
        more = shares + (lot or max(shares, 1.0) * 1e-6)
        richer = [more * (1.0 + i / 7.0) // max(lot, 1) * max(lot, 1) for i in range(8)]
        tried = [
            more,
            *(q for q in richer if q >= more),
            *(level / price for level, _ in TIERS[1:]),
        ]
        for quantity in tried:
            whole = quantity if lot == 0 else quantity // lot * lot
            if whole > shares * (1.0 + 1e-9):
                assert cost(whole) > cash * (1.0 - 1e-9)


class TestSlippage:
    def test_half_the_spread_is_paid_on_each_side(self) -> None:
        panel = panel_of({"A": [100.0] * 4})
        costs = Costs(slippage_bps=50, spread_bps=100)
        ran = play(panel, {(0, "A"): buy(10), (1, "A"): close()}, costs=costs)
        assert [row[3] for row in ran.rows] == [101.0, 99.0]

    def test_a_large_fill_moves_the_price_by_the_square_of_its_share_of_the_volume(self) -> None:
        panel = replace(panel_of({"A": [100.0] * 4}), volume=np.full(4, 200.0))
        ran = play(panel, {(0, "A"): buy(20), (1, "A"): sell(10)}, costs=Costs(impact=0.1))
        assert [row[3] for row in ran.rows] == [
            pytest.approx(100.0 * (1 + 0.1 * 0.1**2)),
            pytest.approx(100.0 * (1 - 0.1 * 0.05**2)),
        ]

    def test_impact_never_takes_cash_below_zero(self) -> None:
        panel = replace(panel_of({"A": [100.0] * 4}), volume=np.full(4, 120.0))
        ran = play(panel, {(0, "A"): weight(1.0)}, costs=Costs(impact=0.5, commission_bps=10))
        assert min(ran.cash) >= 0.0
        assert ran.rows[0][2] > 60.0


class TestTicks:
    ASX = Terms.of(config_of(market_rules=MarketRules.asx())).pricing

    @pytest.mark.parametrize(
        ("price", "down", "up"),
        [
            (0.0004, 0.001, 0.001),
            (0.0123, 0.012, 0.013),
            (0.1, 0.1, 0.1),
            (0.1021, 0.1, 0.105),
            (1.15, 1.15, 1.15),
            (1.9999, 1.995, 2.0),
            (2.0, 2.0, 2.0),
            (2.005, 2.0, 2.01),
            (45.678, 45.67, 45.68),
        ],
    )
    def test_of_the_australian_exchange(self, price: float, down: float, up: float) -> None:
        assert stepped(price, up=False, pricing=self.ASX) == down
        assert stepped(price, up=True, pricing=self.ASX) == up

    def test_prices_are_rounded_against_you_after_slippage(self) -> None:
        panel = panel_of({"A": [1.5] * 4})
        rules, costs = MarketRules(tick="asx"), Costs(slippage_bps=10)
        ran = play(panel, {(0, "A"): buy(10), (1, "A"): close()}, market_rules=rules, costs=costs)
        assert [row[3] for row in ran.rows] == [1.505, 1.495]
        assert ran.fills["slippage"].to_list() == pytest.approx([0.05, 0.05])

    def test_limits_are_rounded_to_where_they_fill_later(self) -> None:
        bars = [(10.0, 10.0, 10.0, 10.0), (10.0, 11.0, 9.0, 10.0)]
        for order, price in [
            (buy(5, limit=9.33), 9.25),
            (sell(5, limit=10.33), 10.5),
            (buy(5, stop=10.33), 10.5),
            (sell(5, stop=9.33), 9.25),
        ]:
            ran = play(
                panel_of({"A": bars}), {(0, "A"): order}, market_rules=MarketRules(tick=0.25)
            )
            assert [row[3] for row in ran.rows] == [price]


class TestLotsAndParcels:
    def test_orders_are_cut_to_whole_lots(self) -> None:
        panel = panel_of({"A": [3.0] * 4})
        ran = play(panel, {(0, "A"): weight(1.0)}, market_rules=MarketRules(lot=100))
        assert ran.rows[0][2] == 3300.0

    def test_a_first_purchase_below_the_parcel_is_dropped_and_counted(self) -> None:
        panel = panel_of({"A": [10.0] * 6})
        script = {(0, "A"): buy(49), (1, "A"): buy(50), (2, "A"): buy(1), (3, "A"): sell(30)}
        ran = play(panel, script, market_rules=MarketRules.asx())
        assert [row[2] for row in ran.rows] == [50.0, 1.0, -30.0]
        assert ran.outcome.account["below_parcel"] == 1

    def test_the_parcel_is_that_of_the_order_not_of_its_first_part(self) -> None:
        panel = replace(panel_of({"A": [10.0] * 4}), volume=np.full(4, 400.0))
        rules = MarketRules.asx(max_volume_share=0.1)
        ran = play(panel, {(0, "A"): buy(60)}, market_rules=rules)
        assert [row[2] for row in ran.rows] == [40.0, 20.0]


class TestScaled:
    COSTS = Costs(
        commission_tiers=TIERS, commission_minimum=6, slippage_bps=5, spread_bps=4, borrow_bps=100
    )

    def test_every_cost_grows_and_the_levels_of_tiers_stay(self) -> None:
        double = self.COSTS.scaled(2.0)
        assert double.commission_tiers == ((0.0, 200.0), (10_000.0, 100.0), (50_000.0, 20.0))
        assert (double.commission_minimum, double.slippage_bps, double.borrow_bps) == (12, 10, 200)
        assert self.COSTS.scaled(1.0) == self.COSTS

    def test_free_means_that_nothing_costs_anything(self) -> None:
        assert Costs().free
        assert self.COSTS.scaled(0.0).free
        assert Costs(commission_tiers=((0.0, 0.0),)).free
        prices: list[dict[str, Any]] = [{"impact": 0.1}, {"financing_bps": 1}, {"spread_bps": 1}]
        assert not any(Costs(**given).free for given in prices)
