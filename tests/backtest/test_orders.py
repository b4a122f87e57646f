"""Order types, one by one, by numbers worked out by hand (docs/semantics.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.config import Costs, MarketRules
from stockstream.errors import StrategyError
from stockstream.strategy.orders import Action, Bracket, OrderType, TimeInForce
from stockstream.testing.play import panel_of, play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.testing.play import Ohlc, Played

buy, sell, weight, close = Action.buy, Action.sell, Action.target_weight, Action.close

FLAT = (100.0, 100.0, 100.0, 100.0)
DOWN = (100.0, 101.0, 94.0, 96.0)
UP = (100.0, 106.0, 99.0, 104.0)
GAP_DOWN = (90.0, 92.0, 89.0, 91.0)
GAP_UP = (110.0, 112.0, 109.0, 111.0)


def fills(
    bars: Sequence[Ohlc | float | None], *orders: Action, **terms: Any
) -> list[tuple[Any, ...]]:
    """(bar, quantity, price, reason) of orders given at the closes of bars 0, 1, ..."""
    script = {(bar, "A"): action for bar, action in enumerate(orders)}
    rows = play(panel_of({"A": bars}), script, **terms).rows
    return [(bar, quantity, price, reason) for bar, _, quantity, price, reason in rows]


class TestLimit:
    @pytest.mark.parametrize(
        ("order", "bar", "price"),
        [
            (buy(10, limit=95.0), DOWN, 95.0),
            (buy(10, limit=94.0), DOWN, 94.0),  # touched is filled
            (buy(10, limit=93.99), DOWN, None),
            (buy(10, limit=95.0), GAP_DOWN, 90.0),  # a better open is given
            (buy(10, limit=90.0), GAP_DOWN, 90.0),
            (sell(10, limit=105.0), UP, 105.0),
            (sell(10, limit=106.0), UP, 106.0),
            (sell(10, limit=106.01), UP, None),
            (sell(10, limit=105.0), GAP_UP, 110.0),
        ],
    )
    def test_at_the_limit_or_better(self, order: Action, bar: Ohlc, price: float | None) -> None:
        expected = [] if price is None else [(1, order.value, price, "order")]
        assert fills([FLAT, bar], order) == expected

    def test_it_knows_no_slippage(self) -> None:
        ran = play(
            panel_of({"A": [FLAT, DOWN, GAP_DOWN]}),
            {(0, "A"): buy(10, limit=95.0), (1, "A"): sell(5, limit=85.0)},
            costs=Costs(slippage_bps=100, spread_bps=50),
        )
        assert [row[3] for row in ran.rows] == [95.0, 90.0]
        assert ran.fills["slippage"].to_list() == [0.0, 0.0]

    def test_it_works_until_it_is_filled(self) -> None:
        assert fills([FLAT, FLAT, None, FLAT, DOWN], buy(10, limit=95.0)) == [
            (4, 10.0, 95.0, "order")
        ]

    def test_for_a_day_it_lapses_after_the_first_bar_in_which_it_worked(self) -> None:
        order = buy(10, limit=95.0, day=True)
        assert fills([FLAT, FLAT, DOWN], order) == []
        panel = panel_of({"A": [FLAT, None, DOWN], "B": [1.0] * 3})
        assert play(panel, {(0, "A"): order}).rows == [(2, "A", 10.0, 95.0, "order")]

    def test_a_later_order_replaces_it_and_cancel_takes_it_back(self) -> None:
        bars = [FLAT, FLAT, DOWN]
        assert fills(bars, buy(10, limit=95.0), buy(3, limit=96.0)) == [(2, 3.0, 96.0, "order")]
        assert fills(bars, buy(10, limit=95.0), Action.cancel()) == []

    @pytest.mark.parametrize("fill", ["next_close", "same_close"])
    def test_it_works_inside_the_bar_whatever_market_orders_do(self, fill: str) -> None:
        assert fills([FLAT, DOWN], buy(10, limit=95.0), fill=fill) == [(1, 10.0, 95.0, "order")]
        assert fills([FLAT, GAP_DOWN], buy(10, limit=95.0), fill=fill) == [(1, 10.0, 90.0, "order")]

    def test_its_shares_are_fixed_when_it_is_placed_even_with_size_at_fill(self) -> None:
        order = weight(0.5, limit=95.0)
        assert fills([FLAT, DOWN], order, size_at="fill") == [(1, 50.0, 95.0, "order")]

    def test_a_split_turns_its_price_too(self) -> None:
        panel = panel_of({"A": [FLAT, (50.0, 50.0, 47.0, 48.0)]}, actions=[(1, "A", 0, 2.0)])
        ran = play(panel, {(0, "A"): buy(10, limit=95.0)})
        assert ran.rows == [(1, "A", 20.0, 47.5, "order")]

    def test_it_closes_and_reverses_too(self) -> None:
        bars = [FLAT, FLAT, UP, FLAT]
        assert fills(bars, buy(10), close(limit=105.0)) == [
            (1, 10.0, 100.0, "order"),
            (2, -10.0, 105.0, "order"),
        ]
        assert fills(bars, buy(10), sell(15, limit=105.0)) == [
            (1, 10.0, 100.0, "order"),
            (2, -10.0, 105.0, "order"),
            (2, -5.0, 105.0, "order"),
        ]


class TestStop:
    @pytest.mark.parametrize(
        ("order", "bar", "price"),
        [
            (buy(10, stop=105.0), UP, 105.0),
            (buy(10, stop=106.0), UP, 106.0),
            (buy(10, stop=106.01), UP, None),
            (buy(10, stop=105.0), GAP_UP, 110.0),  # opened beyond it
            (sell(10, stop=95.0), DOWN, 95.0),
            (sell(10, stop=94.0), DOWN, 94.0),
            (sell(10, stop=93.99), DOWN, None),
            (sell(10, stop=95.0), GAP_DOWN, 90.0),
        ],
    )
    def test_at_the_stop_or_worse(self, order: Action, bar: Ohlc, price: float | None) -> None:
        expected = [] if price is None else [(1, order.value, price, "order")]
        assert fills([FLAT, bar], order) == expected

    def test_slippage_applies(self) -> None:
        costs = Costs(slippage_bps=100)
        assert fills([FLAT, UP], buy(10, stop=105.0), costs=costs)[0][2] == 105.0 * 1.01

    def test_its_rest_is_a_market_order(self) -> None:
        rules = MarketRules(max_volume_share=0.5)
        panel = replace(panel_of({"A": [FLAT, UP, FLAT]}), volume=np.array([10.0, 10.0, 10.0]))
        ran = play(panel, {(0, "A"): buy(8, stop=105.0)}, market_rules=rules)
        assert ran.rows == [(1, "A", 5.0, 105.0, "order"), (2, "A", 3.0, 100.0, "order")]


class TestStopLimit:
    def test_set_off_inside_the_bar_it_fills_at_the_stop_within_the_limit(self) -> None:
        assert fills([FLAT, UP], buy(10, stop=103.0, limit=104.0)) == [(1, 10.0, 103.0, "order")]
        assert fills([FLAT, DOWN], sell(10, stop=97.0, limit=96.0)) == [(1, -10.0, 97.0, "order")]

    def test_else_it_is_a_limit_order_from_the_next_bar(self) -> None:
        order = buy(10, stop=105.0, limit=100.0)
        assert fills([FLAT, UP, (103.0, 104.0, 99.0, 103.0)], order) == [(2, 10.0, 100.0, "order")]
        assert fills([FLAT, UP, (103.0, 104.0, 101.0, 103.0)], order) == []

    def test_a_gap_over_the_stop_makes_it_a_limit_order_from_the_open(self) -> None:
        assert fills([FLAT, GAP_UP], buy(10, stop=105.0, limit=110.0)) == [
            (1, 10.0, 110.0, "order")
        ]
        assert fills([FLAT, GAP_UP], buy(10, stop=105.0, limit=109.5)) == [
            (1, 10.0, 109.5, "order")
        ]
        assert fills([FLAT, GAP_UP, FLAT], buy(10, stop=105.0, limit=108.0)) == [
            (2, 10.0, 100.0, "order")
        ]

    def test_that_it_was_set_off_is_remembered(self) -> None:
        order = sell(10, stop=97.0, limit=98.0)
        calm = (96.0, 97.0, 95.0, 96.0)
        assert fills([FLAT, DOWN, calm, (96.0, 99.0, 96.0, 99.0)], order) == [
            (3, -10.0, 98.0, "order")
        ]


class TestInsideTheBar:
    """What nobody knows within a bar is decided against you."""

    def test_the_stop_of_a_limit_entry_is_watched_its_target_is_not(self) -> None:
        bracket = Bracket(stop_loss=0.05, take_profit=0.05)
        order = buy(10, limit=98.0, bracket=bracket)
        wild = (100.0, 110.0, 90.0, 100.0)
        assert fills([FLAT, wild], order)[1:] == [(1, -10.0, 98.0 * 0.95, "stop_loss")]
        assert fills([FLAT, (100.0, 110.0, 97.0, 100.0)], order)[1:] == []

    def test_where_the_bar_opened_beyond_the_stop_the_close_tells(self) -> None:
        order = buy(10, stop=105.0, bracket=Bracket(stop_loss=0.04))
        # the open lies below the stop at 100.8, and has to: the price came from there
        assert fills([FLAT, UP], order) == [(1, 10.0, 105.0, "order")]
        fallen = (100.0, 106.0, 99.0, 100.5)
        assert fills([FLAT, fallen], order)[1:] == [(1, -10.0, 105.0 * 0.96, "stop_loss")]

    def test_a_stop_order_comes_before_the_target(self) -> None:
        bars = [FLAT, FLAT, (100.0, 111.0, 94.0, 100.0)]
        entry = buy(10, bracket=Bracket(take_profit=0.1))
        assert fills(bars, entry, close(stop=95.0))[1:] == [(2, -10.0, 95.0, "order")]
        assert fills(bars, entry, close(stop=93.0))[1:] == [(2, -10.0, 100.0 * 1.1, "take_profit")]

    def test_a_bracket_comes_before_a_limit_order_and_takes_it_along(self) -> None:
        bars = [FLAT, FLAT, (100.0, 111.0, 94.0, 100.0), UP]
        entry = buy(10, bracket=Bracket(stop_loss=0.05))
        assert fills(bars, entry, close(limit=105.0))[1:] == [(2, -10.0, 95.0, "stop_loss")]

    def test_the_bar_before_the_entry_is_no_part_of_the_trade(self) -> None:
        ran = play(
            panel_of({"A": [FLAT, (100.0, 120.0, 90.0, 97.0), FLAT]}),
            {(0, "A"): buy(10, limit=95.0)},
        )
        trade = ran.trades.row(0, named=True)
        assert trade["mae"] == 0.0
        assert trade["mfe"] == 100.0 / 95.0 - 1.0

    def test_exits_before_entries_in_each_part_of_the_bar(self) -> None:
        panel = panel_of({"A": [FLAT] * 2 + [DOWN], "B": [FLAT] * 2 + [UP]})
        script = {
            (0, "B"): buy(100),
            (1, "A"): buy(100, limit=95.0),
            (1, "B"): close(limit=105.0),
        }
        assert play(panel, script).rows[1:] == [
            (2, "B", -100.0, 105.0, "order"),
            (2, "A", 100.0, 95.0, "order"),
        ]


class TestPartialFills:
    RULES = MarketRules(max_volume_share=0.1)

    def run(self, volumes: list[float], script: dict[int, Action], **terms: Any) -> Played:
        panel = replace(panel_of({"A": [100.0] * len(volumes)}), volume=np.array(volumes))
        orders = {(bar, "A"): action for bar, action in script.items()}
        return play(panel, orders, market_rules=terms.pop("rules", self.RULES), **terms)

    def test_the_rest_keeps_working(self) -> None:
        ran = self.run([1e3, 300.0, 250.0, 1e3], {0: buy(60)})
        assert [row[:3] for row in ran.rows] == [(1, "A", 30.0), (2, "A", 25.0), (3, "A", 5.0)]
        assert ran.trades.height == 1

    def test_for_a_day_it_lapses(self) -> None:
        ran = self.run([1e3, 300.0, 250.0], {0: buy(60, day=True)})
        assert [row[:3] for row in ran.rows] == [(1, "A", 30.0)]

    def test_exits_are_parted_too(self) -> None:
        ran = self.run([1e3, 1e3, 300.0, 1e3], {0: buy(60), 1: close()})
        assert [row[:3] for row in ran.rows] == [(1, "A", 60.0), (2, "A", -30.0), (3, "A", -30.0)]

    def test_a_bracket_leaves_the_rest_as_a_market_order_with_its_reason(self) -> None:
        panel = replace(
            panel_of({"A": [FLAT, FLAT, DOWN, (97.0, 98.0, 96.0, 97.0)]}),
            volume=np.array([1e3, 1e3, 200.0, 1e3]),
        )
        order = buy(60, bracket=Bracket(stop_loss=0.05))
        ran = play(panel, {(0, "A"): order}, market_rules=self.RULES)
        assert ran.rows[1:] == [
            (2, "A", -20.0, 95.0, "stop_loss"),
            (3, "A", -40.0, 97.0, "stop_loss"),
        ]

    def test_whole_lots_and_no_volume_no_fill(self) -> None:
        rules = MarketRules(max_volume_share=0.1, lot=10)
        ran = self.run([1e3, 290.0, 0.0, 1e3], {0: buy(64)}, rules=rules)
        assert [row[:3] for row in ran.rows] == [(1, "A", 20.0), (3, "A", 40.0)]

    def test_one_bar_has_one_volume_for_all_its_fills(self) -> None:
        ran = self.run([1e3, 1e3, 1e3, 1e3], {0: buy(60), 1: sell(130)})
        assert [row[:3] for row in ran.rows] == [
            (1, "A", 60.0),
            (2, "A", -60.0),
            (2, "A", -40.0),
            (3, "A", -30.0),
        ]


class TestAction:
    def test_the_prices_say_the_type(self) -> None:
        kinds = [buy(1), buy(1, limit=9.0), buy(1, stop=9.0), buy(1, limit=9.0, stop=8.0)]
        assert [action.order_type for action in kinds] == list(OrderType)
        assert buy(1).time_in_force is TimeInForce.GTC
        assert buy(1, day=True).time_in_force is TimeInForce.DAY

    @pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
    def test_a_price_is_a_number_above_zero(self, price: float) -> None:
        with pytest.raises(StrategyError, match=r"limit=.*give a price as traded"):
            buy(10, "A", limit=price)
        with pytest.raises(StrategyError, match=r"stop=.*above zero"):
            close(stop=price)
