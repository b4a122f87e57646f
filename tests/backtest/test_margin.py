"""Leverage, margin calls and money owed, by numbers worked out by hand (docs/semantics.md)."""

from __future__ import annotations

import pytest

from stockstream.backtest.config import Costs, Margin
from stockstream.strategy.orders import Action, Bracket
from stockstream.testing.play import panel_of, play

buy, sell, weight, close = Action.buy, Action.sell, Action.target_weight, Action.close
TWICE = Margin(leverage=2.0)


class TestLeverage:
    def test_a_purchase_is_cut_to_leverage_times_equity(self) -> None:
        panel = panel_of({"A": [10.0] * 3, "B": [20.0] * 3})
        ran = play(panel, {(0, "A"): weight(1.5), (0, "B"): weight(1.5)}, margin=TWICE)
        # 15,000 in A leave room for 5,000 in B
        assert [row[2:4] for row in ran.rows] == [(1500.0, 10.0), (250.0, 20.0)]
        assert ran.cash[-1] == -10_000.0

    def test_commission_is_part_of_it(self) -> None:
        costs = Costs(commission_bps=100)
        panel = panel_of({"A": [10.0] * 3})
        ran = play(panel, {(0, "A"): weight(3.0)}, margin=TWICE, costs=costs, fractional=True)
        quantity = ran.rows[0][2]
        # q x 10 = 2 x (10,000 - q x 0.1)
        assert quantity == pytest.approx(20_000 / 10.2, rel=1e-12)
        assert quantity * 10.0 == pytest.approx(2.0 * ran.equity[-1], rel=1e-12)

    def test_positions_count_at_the_prices_of_the_fill(self) -> None:
        panel = panel_of({"A": [10.0, 10.0, 12.0], "B": [10.0] * 3})
        script = {(0, "A"): weight(1.5), (1, "B"): weight(1.5)}
        ran = play(panel, script, margin=TWICE)
        # A is worth 18,000 then, equity is 13,000: 26,000 - 18,000 may go into B
        assert ran.rows[1] == (2, "B", 800.0, 10.0, "order")

    def test_short_sales_are_cut_as_well(self) -> None:
        panel = panel_of({"A": [10.0, 12.5, 12.5]})
        assert play(panel, {(0, "A"): weight(-1.0)}).rows == [(1, "A", -800.0, 12.5, "order")]
        ran = play(panel, {(0, "A"): weight(-1.0)}, margin=TWICE)
        assert ran.rows == [(1, "A", -1000.0, 12.5, "order")]

    def test_the_proceeds_of_a_short_sale_do_not_pay_for_a_purchase(self) -> None:
        panel = panel_of({"A": [10.0] * 3, "B": [10.0] * 3})
        script = {(0, "A"): weight(-0.8), (0, "B"): weight(0.5)}
        assert [row[2] for row in play(panel, script).rows] == [-800.0, 200.0]

    def test_exits_are_never_cut(self) -> None:
        panel = panel_of({"A": [10.0, 10.0, 25.0]})
        ran = play(panel, {(0, "A"): weight(-1.0), (1, "A"): close()})
        assert ran.rows[-1] == (2, "A", 1000.0, 25.0, "order")
        assert ran.equity[-1] == -5000.0

    def test_a_reversal_closes_first(self) -> None:
        panel = panel_of({"A": [10.0] * 4})
        ran = play(panel, {(0, "A"): weight(2.0), (1, "A"): weight(-2.0)}, margin=TWICE)
        assert [row[2] for row in ran.rows] == [2000.0, -2000.0, -2000.0]


class TestMarginCall:
    def test_every_position_is_cut_back_to_the_line(self) -> None:
        panel = panel_of({"A": [10.0, 10.0, 6.0, 6.0, 6.0], "B": [10.0] * 5})
        script = {(0, "A"): weight(1.5), (0, "B"): weight(0.5)}
        ran = play(panel, script, margin=Margin(leverage=2.0, maintenance=0.3))
        # equity 10,000 - 6,000 = 4,000; 9,000 + 5,000 may be 4,000 / 0.3 = 13,333
        kept = 4000.0 / (0.3 * 14_000.0)
        assert ran.rows[2:] == [
            (3, "A", float(int(1500 * kept)) - 1500.0, 6.0, "margin_call"),
            (3, "B", float(int(500 * kept)) - 500.0, 10.0, "margin_call"),
        ]
        assert ran.outcome.account["margin_calls"] == 1
        day = ran.outcome.days[-1]
        assert day["equity"] >= 0.3 * day["invested"]

    def test_nothing_left_means_all_out(self) -> None:
        panel = panel_of({"A": [10.0, 10.0, 4.0, 4.0]})
        ran = play(panel, {(0, "A"): weight(2.0)}, margin=TWICE)
        assert ran.rows[1:] == [(3, "A", -2000.0, 4.0, "margin_call")]

    def test_it_replaces_a_waiting_order_unless_that_leaves_as_much(self) -> None:
        bars = {"A": [10.0, 10.0, 6.0, 6.0]}
        margin = Margin(leverage=2.0, maintenance=0.4)
        leaving = {(0, "A"): weight(2.0), (2, "A"): close()}
        assert play(panel_of(bars), leaving, margin=margin).rows[1:] == [
            (3, "A", -2000.0, 6.0, "order")
        ]
        adding = {(0, "A"): weight(2.0), (2, "A"): buy(10)}
        assert play(panel_of(bars), adding, margin=margin).rows[1][4] == "margin_call"

    def test_at_the_same_close_where_orders_fill_there(self) -> None:
        panel = panel_of({"A": [10.0, 4.0, 4.0]})
        ran = play(panel, {(0, "A"): weight(2.0)}, margin=TWICE, fill="same_close")
        assert ran.rows[1:] == [(1, "A", -2000.0, 4.0, "margin_call")]

    def test_long_without_borrowing_never_meets_one(self) -> None:
        ran = play(panel_of({"A": [10.0, 10.0, 0.01, 0.01]}), {(0, "A"): weight(1.0)})
        assert ran.outcome.account["margin_calls"] == 0


class TestFinancing:
    def test_money_owed_costs_interest_by_the_session(self) -> None:
        panel = panel_of({"A": [10.0] * 4})
        costs = Costs(financing_bps=252)  # 1 bps a session
        ran = play(panel, {(0, "A"): weight(2.0)}, margin=TWICE, costs=costs)
        first = -10_000.0 * 1.0001
        assert ran.cash[1:] == pytest.approx([first, first * 1.0001, first * 1.0001**2], rel=1e-12)
        assert ran.outcome.account["financing"] == pytest.approx(10_000.0 * (1.0001**3 - 1.0))

    def test_who_owes_nothing_pays_nothing(self) -> None:
        ran = play(
            panel_of({"A": [10.0] * 4}), {(0, "A"): weight(1.0)}, costs=Costs(financing_bps=500)
        )
        assert ran.outcome.account["financing"] == 0.0


def test_the_time_exit_still_finds_its_bar() -> None:
    panel = panel_of({"A": [10.0] * 8})
    order = buy(10, bracket=Bracket(max_bars=3))
    ran = play(panel, {(0, "A"): order, (4, "A"): order})
    assert [(row[0], row[4]) for row in ran.rows] == [
        (1, "order"),
        (4, "time_exit"),
        (5, "order"),
    ]
