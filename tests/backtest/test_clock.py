"""The ten lines of the clock (docs/semantics.md), one test each, named after the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stockstream.backtest.config import Costs
from stockstream.backtest.event import run_event
from stockstream.errors import StrategyError
from stockstream.strategy.orders import Action, Bracket
from stockstream.strategy.strategy import Strategy
from stockstream.testing.play import config_of, panel_of, play

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.strategy.portfolio import Portfolio

buy, sell, weight, close = Action.buy, Action.sell, Action.target_weight, Action.close


def test_01_at_the_close_of_bar_t_a_strategy_sees_bars_up_to_t_and_nothing_else() -> None:
    panel = panel_of({"A": [1.0, 2.0, None, 4.0, 5.0], "B": [10.0, None, 30.0, 40.0, 50.0]})
    seen: list[tuple[int, str, float, list[float]]] = []

    class Watching(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> None:
            seen.append((date.day, symbol, data["close"], self.history(symbol, "close", 99)))

    run_event(Watching(), panel, config_of())
    assert seen == [
        (1, "A", 1.0, [1.0]),
        (1, "B", 10.0, [10.0]),
        (2, "A", 2.0, [1.0, 2.0]),
        (3, "B", 30.0, [10.0, 30.0]),
        (4, "A", 4.0, [1.0, 2.0, 4.0]),
        (4, "B", 40.0, [10.0, 30.0, 40.0]),
        (5, "A", 5.0, [1.0, 2.0, 4.0, 5.0]),
        (5, "B", 50.0, [10.0, 30.0, 40.0, 50.0]),
    ]


class TestLine02OrdersWorkInTheNextBar:
    BARS = ((10.0, 10.0, 10.0, 10.0), (11.0, 13.0, 10.5, 12.0), (14.0, 14.0, 14.0, 14.0))

    def test_02_market_orders_fill_at_the_next_open(self) -> None:
        ran = play(panel_of({"A": self.BARS}), {(0, "A"): buy(100)})
        assert ran.rows == [(1, "A", 100.0, 11.0, "order")]

    def test_02_or_at_the_next_close(self) -> None:
        ran = play(panel_of({"A": self.BARS}), {(0, "A"): buy(100)}, fill="next_close")
        assert ran.rows == [(1, "A", 100.0, 12.0, "order")]

    def test_02_the_same_close_only_where_it_is_asked_for(self) -> None:
        ran = play(panel_of({"A": self.BARS}), {(0, "A"): buy(100)}, fill="same_close")
        assert ran.rows == [(0, "A", 100.0, 10.0, "order")]
        assert ran.equity[0] == 10_000.0

    def test_02_an_order_of_the_last_bar_never_fills(self) -> None:
        ran = play(panel_of({"A": self.BARS}), {(2, "A"): buy(100)})
        assert ran.rows == []


def test_03_exits_before_entries_then_the_universes_order() -> None:
    flat = [10.0] * 4
    panel = panel_of({"A": flat, "B": flat, "C": flat})
    script = {
        (0, "C"): weight(1.0),
        (1, "B"): weight(0.6),
        (1, "A"): weight(0.6),
        (1, "C"): close(),
    }
    ran = play(panel, script)
    # C is sold first although it stands last; A is served before B, which gets what cash is left
    assert ran.rows == [
        (1, "C", 1000.0, 10.0, "order"),
        (2, "C", -1000.0, 10.0, "order"),
        (2, "A", 600.0, 10.0, "order"),
        (2, "B", 400.0, 10.0, "order"),
    ]


class TestLine04SharesAreFixedWhenTheOrderIsPlaced:
    BARS = ((10.0, 10.0, 10.0, 10.0), (8.0, 8.0, 8.0, 8.0), (8.0, 8.0, 8.0, 8.0))

    def test_04_from_equity_and_price_at_the_close(self) -> None:
        ran = play(panel_of({"A": self.BARS}), {(0, "A"): weight(0.5)})
        assert ran.rows == [(1, "A", 500.0, 8.0, "order")]

    def test_04_size_at_fill_sizes_at_the_fill_price(self) -> None:
        ran = play(panel_of({"A": self.BARS}), {(0, "A"): weight(0.5)}, size_at="fill")
        assert ran.rows == [(1, "A", 625.0, 8.0, "order")]

    def test_04_cut_to_the_cash_at_hand(self) -> None:
        panel = panel_of({"A": [10.0, 16.0, 16.0]})
        ran = play(panel, {(0, "A"): weight(1.0)}, costs=Costs(commission_bps=100))
        quantity = ran.rows[0][2]
        assert quantity == 618.0  # floor(10,000 / (16 x 1.01))
        assert 0.0 <= ran.cash[1] < 16.0 * 1.01

    def test_04_whole_shares_unless_fractional(self) -> None:
        panel = panel_of({"A": [3.0, 3.0]})
        assert play(panel, {(0, "A"): weight(1.0)}).rows[0][2] == 3333.0
        ran = play(panel, {(0, "A"): weight(1.0)}, fractional=True)
        assert ran.rows[0][2] == pytest.approx(10_000 / 3, rel=1e-15)
        assert ran.cash[1] == 0.0


class TestLine05Brackets:
    def test_05_watched_from_the_entry_bar_on(self) -> None:
        panel = panel_of({"A": [100.0, (100.0, 101.0, 94.0, 99.0), 100.0]})
        ran = play(panel, {(0, "A"): buy(10, bracket=Bracket(stop_loss=0.05))})
        assert ran.rows[1:] == [(1, "A", -10.0, 95.0, "stop_loss")]

    def test_05_stop_before_target_in_one_bar(self) -> None:
        panel = panel_of({"A": [100.0, 100.0, (100.0, 120.0, 80.0, 100.0)]})
        bracket = Bracket(stop_loss=0.1, take_profit=0.1)
        ran = play(panel, {(0, "A"): buy(10, bracket=bracket)})
        assert ran.rows[1:] == [(2, "A", -10.0, 90.0, "stop_loss")]

    def test_05_a_gap_fills_at_the_open_not_at_the_stop(self) -> None:
        panel = panel_of({"A": [100.0, 100.0, (85.0, 86.0, 84.0, 85.0)]})
        ran = play(panel, {(0, "A"): buy(10, bracket=Bracket(stop_loss=0.1))})
        assert ran.rows[1:] == [(2, "A", -10.0, 85.0, "stop_loss")]

    def test_05_a_gap_over_the_target_fills_at_the_open(self) -> None:
        panel = panel_of({"A": [100.0, 100.0, (115.0, 116.0, 114.0, 115.0)]})
        ran = play(panel, {(0, "A"): buy(10, bracket=Bracket(take_profit=0.1))})
        assert ran.rows[1:] == [(2, "A", -10.0, 115.0, "take_profit")]

    def test_05_the_trailing_stop_hangs_from_the_best_price_of_the_bars_before(self) -> None:
        up, down = (110.0, 120.0, 109.0, 118.0), (118.0, 119.0, 107.0, 110.0)
        ran = play(
            panel_of({"A": [100.0, 100.0, up, down]}),
            {(0, "A"): buy(10, bracket=Bracket(trailing_stop=0.1))},
        )
        assert ran.rows[1:] == [(3, "A", -10.0, 108.0, "trailing_stop")]

    def test_05_short_positions_mirror_it(self) -> None:
        panel = panel_of({"A": [100.0, 100.0, (100.0, 107.0, 99.0, 100.0)]})
        ran = play(panel, {(0, "A"): sell(10, bracket=Bracket(stop_loss=0.05))})
        assert ran.rows[1:] == [(2, "A", 10.0, 105.0, "stop_loss")]

    def test_05_the_time_exit_sells_at_the_open_after_its_last_bar(self) -> None:
        panel = panel_of({"A": [100.0, 101.0, 102.0, 103.0, 104.0]})
        ran = play(panel, {(0, "A"): buy(10, bracket=Bracket(max_bars=2))})
        assert ran.rows == [(1, "A", 10.0, 101.0, "order"), (3, "A", -10.0, 103.0, "time_exit")]


class TestLine06Costs:
    def test_06_slippage_moves_the_price_against_you(self) -> None:
        panel = panel_of({"A": [100.0] * 4})
        script = {(0, "A"): buy(10), (1, "A"): close()}
        ran = play(panel, script, costs=Costs(slippage_bps=100))
        assert [row[3] for row in ran.rows] == [101.0, 99.0]
        assert ran.fills["slippage"].to_list() == pytest.approx([10.0, 10.0])

    def test_06_commission_on_every_fill_minimum_included(self) -> None:
        panel = panel_of({"A": [100.0] * 4})
        costs = Costs(commission_bps=10, commission_minimum=6)
        ran = play(panel, {(0, "A"): buy(90), (1, "A"): sell(10)}, costs=costs)
        assert ran.fills["commission"].to_list() == [9.0, 6.0]
        assert ran.cash[-1] == 10_000.0 - 9_000.0 - 9.0 + 1_000.0 - 6.0

    def test_06_shorts_pay_borrow(self) -> None:
        panel = panel_of({"A": [100.0] * 4})
        ran = play(panel, {(0, "A"): sell(10)}, costs=Costs(borrow_bps=252))
        assert ran.equity == pytest.approx([10_000.0, 9_999.9, 9_999.8, 9_999.7], rel=1e-12)


class TestLine07MissingBarsSplitsDividends:
    def test_07_a_missing_bar_fills_nothing_and_marks_at_the_last_close(self) -> None:
        panel = panel_of({"A": [10.0, 11.0, None, 13.0], "B": [1.0] * 4})
        ran = play(panel, {(0, "A"): buy(100), (1, "A"): close()})
        assert ran.rows == [(1, "A", 100.0, 11.0, "order"), (3, "A", -100.0, 13.0, "order")]
        assert ran.equity[2] == 10_000.0

    def test_07_splits_adjust_positions(self) -> None:
        panel = panel_of({"A": [70.0, 70.0, 10.0, 11.0]}, actions=[(2, "A", 0, 7.0)])
        ran = play(panel, {(0, "A"): buy(100)})
        assert ran.equity == [10_000.0, 10_000.0, 10_000.0, 10_700.0]
        trade = ran.trades.row(0, named=True)
        assert (trade["quantity"], trade["entry_price"], trade["pnl"]) == (700.0, 10.0, 700.0)

    def test_07_a_split_turns_a_waiting_order_too(self) -> None:
        panel = panel_of({"A": [70.0, 10.0, 10.0]}, actions=[(1, "A", 0, 7.0)])
        assert play(panel, {(0, "A"): buy(100)}).rows == [(1, "A", 700.0, 10.0, "order")]

    def test_07_the_fraction_that_a_consolidation_leaves_is_paid_in_cash(self) -> None:
        panel = panel_of({"A": [1.0, 1.0, 10.0]}, actions=[(2, "A", 0, 0.1)])
        ran = play(panel, {(0, "A"): buy(105)})
        assert ran.rows[1:] == [(2, "A", -0.5, 10.0, "cash_in_lieu")]
        assert ran.equity[-1] == 10_000.0

    def test_07_dividends_pay_cash(self) -> None:
        panel = panel_of({"A": [10.0, 10.0, 9.5, 9.5]}, actions=[(2, "A", 1, 0.5)])
        ran = play(panel, {(0, "A"): buy(100)})
        assert ran.equity == [10_000.0] * 4
        assert ran.trades["pnl"].to_list() == [0.0]

    def test_07_who_buys_on_the_ex_date_gets_no_dividend(self) -> None:
        panel = panel_of({"A": [10.0, 9.5, 9.5]}, actions=[(1, "A", 1, 0.5)])
        assert play(panel, {(0, "A"): buy(100)}).equity == [10_000.0] * 3

    def test_07_a_split_is_no_jump_in_what_a_strategy_sees(
        self,
    ) -> None:
        panel = panel_of({"A": [70.0, 77.0, 11.0, 12.0]}, actions=[(2, "A", 0, 7.0)])
        assert panel.signal_column("close").tolist() == [70.0, 77.0, 77.0, 84.0]
        assert panel.truncate(2).signal_column("close").tolist() == [70.0, 77.0]


class TestLine08Cooldown:
    DIP = ((100.0, 100.0, 89.0, 100.0), *[(100.0, 100.0, 100.0, 100.0)] * 5)

    @pytest.mark.parametrize(("cooldown", "entry"), [(0, 3), (1, 4), (2, 5)])
    def test_08_a_stopped_out_symbol_waits(self, cooldown: int, entry: int) -> None:
        panel = panel_of({"A": [100.0, 100.0, *self.DIP]})
        always = buy(10, bracket=Bracket(stop_loss=0.1, cooldown=cooldown))
        script = {(0, "A"): always} | {(bar, "A"): always for bar in range(2, 8)}
        ran = play(panel, script)
        assert ran.rows[1] == (2, "A", -10.0, 90.0, "stop_loss")
        assert ran.rows[2][0] == entry


class TestLine09TheEnd:
    def test_09_open_positions_are_marked_not_sold(self) -> None:
        ran = play(panel_of({"A": [10.0, 10.0, 12.0]}), {(0, "A"): buy(100)})
        assert len(ran.rows) == 1
        trade = ran.trades.row(0, named=True)
        assert (trade["open"], trade["exit_date"], trade["reason"]) == (True, None, None)
        assert (trade["exit_price"], trade["pnl"]) == (12.0, 200.0)

    def test_09_a_delisted_position_is_closed_at_the_last_close_and_flagged(self) -> None:
        panel = panel_of({"A": [10.0, 10.0, 8.0], "B": [1.0] * 6}, delisted={"A": 3})
        ran = play(panel, {(0, "A"): buy(100)}, costs=Costs(slippage_bps=50))
        assert ran.rows[1] == (3, "A", -100.0, 8.0, "delisted")
        assert ran.trades["reason"].to_list() == ["delisted"]


def test_10_same_inputs_same_bytes() -> None:
    panel = panel_of({"A": [10.0, 11.0, 12.0, 11.0], "B": [5.0, 4.0, 6.0, 7.0]})
    script = {(0, "A"): weight(0.5), (1, "B"): weight(0.5), (2, "A"): close()}
    one, other = (play(panel, script, costs=Costs(commission_bps=7)).outcome for _ in range(2))
    for a, b in zip(one[:3], other[:3], strict=True):
        assert a.tobytes() == b.tobytes()
    assert (
        panel.digest == panel_of({"A": [10.0, 11.0, 12.0, 11.0], "B": [5.0, 4.0, 6.0, 7.0]}).digest
    )


def test_a_ruined_account_opens_nothing_any_more() -> None:
    panel = panel_of({"A": [10.0, 10.0, 20.0, 35.0, 40.0, 20.0, 20.0]})
    script = {(0, "A"): weight(-1.0), (3, "A"): close(), (4, "A"): buy(10), (5, "A"): sell(10)}
    ran = play(panel, script)
    assert [row[2] for row in ran.rows] == [-1000.0, 1000.0]
    assert ran.equity[-1] == -15_000.0
    assert ran.outcome.account["unaffordable"] == 2


def test_a_failing_strategy_says_when_and_where() -> None:
    class Broken(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            return Action.target_weight(0.1 / (data["close"] - 11.0))

    with pytest.raises(StrategyError, match=r"Broken failed on 2024-01-02: ZeroDivisionError"):
        run_event(Broken(), panel_of({"A": [10.0, 11.0, 12.0]}), config_of())


class TestSymbolChanges:
    """A position follows its column of the panel."""

    def test_a_rename_under_one_symbol_leaves_the_position_alone(self) -> None:
        panel = panel_of({"NEW": [10.0, 10.0, None, None, 12.0], "B": [1.0] * 5})
        ran = play(panel, {(0, "NEW"): buy(100)})
        assert len(ran.rows) == 1
        assert ran.equity == [10_000.0] * 4 + [10_200.0]

    def test_a_rename_to_a_second_symbol_closes_the_position(self) -> None:
        bars: dict[str, list[float | None]] = {
            "OLD": [10.0, 10.0, 11.0],
            "NEW": [None, None, None, 11.0, 12.0],
        }
        ran = play(panel_of(bars, delisted={"OLD": 3}), {(0, "OLD"): buy(100)})
        assert ran.rows[1:] == [(3, "OLD", -100.0, 11.0, "delisted")]
        assert ran.equity[-1] == 10_100.0


def test_a_halt_holds_brackets_orders_and_time_exits_back() -> None:
    bars = [100.0, 100.0, None, (80.0, 81.0, 79.0, 80.0), 80.0]
    panel = panel_of({"A": bars, "B": [1.0] * 5})
    stopped = play(panel, {(0, "A"): buy(10, bracket=Bracket(stop_loss=0.1))})
    assert stopped.rows[1:] == [(3, "A", -10.0, 80.0, "stop_loss")]
    timed = play(panel, {(0, "A"): buy(10, bracket=Bracket(max_bars=1))})
    assert timed.rows[1:] == [(3, "A", -10.0, 80.0, "time_exit")]


def test_a_split_turns_a_waiting_exit_into_whole_shares() -> None:
    panel = panel_of({"A": [1.0, 1.0, 10.0, 10.0]}, actions=[(2, "A", 0, 0.1)])
    ran = play(panel, {(0, "A"): buy(105), (1, "A"): close()})
    # 105 shares become 10 and cash for half a one; the order to sell 105 sells those 10
    assert [row[2:] for row in ran.rows[1:]] == [
        (-0.5, 10.0, "cash_in_lieu"),
        (-10.0, 10.0, "order"),
    ]
    assert ran.outcome.account["held"] == 0
