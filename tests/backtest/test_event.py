"""The hooks of a free-form strategy, and what it can see and do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockstream.backtest.config import Costs
from stockstream.backtest.event import run_event
from stockstream.errors import StrategyError, UnknownNameError
from stockstream.strategy.orders import Action, Bracket
from stockstream.strategy.portfolio import FillReason
from stockstream.strategy.strategy import Strategy
from stockstream.testing.play import config_of, panel_of, play

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from stockstream.strategy.portfolio import Fill, Portfolio

TWO = panel_of({"A": [10.0, 11.0, 12.0, 13.0], "B": [20.0, None, 22.0, 23.0]})


def test_on_bar_sees_the_whole_cross_section_once_a_session() -> None:
    seen: list[tuple[int, list[str]]] = []

    class Cross(Strategy):
        def on_bar(
            self, date: dt.date, bars: Mapping[str, dict[str, float]], portfolio: Portfolio
        ) -> Iterable[Action]:
            seen.append((date.day, list(bars)))
            yield from (Action.target_weight(0.1, symbol) for symbol in bars)

    outcome = run_event(Cross(), TWO, config_of())
    assert seen == [(1, ["A", "B"]), (2, ["A"]), (3, ["A", "B"]), (4, ["A", "B"])]
    assert len(outcome.fills) >= 2


def test_fills_are_told_before_the_decisions_at_the_close_of_their_bar() -> None:
    told: list[tuple[str, int, float]] = []

    class Told(Strategy):
        def on_order_filled(self, order: Fill, portfolio: Portfolio) -> None:
            assert portfolio.quantity(order.symbol) == order.quantity
            told.append(("fill", order.date.day, order.price))

        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            told.append(("data", date.day, data["price"]))
            return Action.buy(5) if date.day == 1 else None

    run_event(Told(), panel_of({"A": [10.0, 11.0, 12.0]}), config_of())
    assert told == [
        ("data", 1, 10.0),
        ("fill", 2, 11.0),
        ("data", 2, 11.0),
        ("data", 3, 12.0),
    ]


def test_the_portfolio_is_live_and_complete() -> None:
    seen: dict[int, Any] = {}
    script = {
        1: Action.buy(100, bracket=Bracket(stop_loss=0.2)),
        3: Action.close(),
        5: Action.sell(10),
    }

    class Looking(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            position = portfolio.position(symbol)
            seen[date.day] = (
                portfolio.cash,
                portfolio.equity,
                position and (position.quantity, position.entry_price, position.entry_date.day),
                len(portfolio.transactions),
                len(portfolio.closed_positions),
            )
            assert (symbol in portfolio.positions) == (position is not None)
            return script.get(date.day)

    panel = panel_of({"A": [10.0, 10.0, 12.0, 15.0, 15.0, 14.0, 13.0]})
    outcome = run_event(Looking(), panel, config_of(costs=Costs(commission_minimum=1)))
    assert seen[1] == (10_000.0, 10_000.0, None, 0, 0)
    assert seen[2] == (8_999.0, 9_999.0, (100.0, 10.0, 2), 1, 0)
    assert seen[4] == (10_498.0, 10_498.0, None, 2, 1)
    assert seen[6][2] == (-10.0, 14.0, 6)
    assert outcome.trades["reason"].tolist() == [0, -1]


def test_a_closed_position_says_everything() -> None:
    closed: list[Any] = []

    class Asking(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            closed[:] = portfolio.closed_positions
            return Action.buy(10, bracket=Bracket(take_profit=0.1)) if date.day == 1 else None

    panel = panel_of(
        {"A": [100.0, (100.0, 105.0, 98.0, 104.0), (104.0, 112.0, 103.0, 111.0), 111.0]}
    )
    run_event(Asking(), panel, config_of())
    (trade,) = closed
    assert trade.reason is FillReason.TAKE_PROFIT
    assert (trade.entry_date.day, trade.exit_date.day, trade.bars) == (2, 3, 1)
    assert trade.exit_price == pytest.approx(110.0)
    assert (trade.pnl, trade.return_) == (pytest.approx(100.0), pytest.approx(0.1))
    assert (trade.mae, trade.mfe) == (pytest.approx(-0.02), pytest.approx(0.1))


def test_history_reaches_into_the_warm_up_but_decisions_do_not() -> None:
    seen: list[list[float]] = []

    class Warm(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> None:
            seen.append(self.history(symbol, "close", 3))

    run_event(Warm(), panel_of({"A": [1.0, 2.0, 3.0, 4.0]}, first=2), config_of())
    assert seen == [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]


def test_prepared_columns_arrive_in_data() -> None:
    seen: list[float] = []

    class Prepared(Strategy):
        def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
            return bars.with_columns(
                up=pl.col("close") > pl.col("close").shift(), note=pl.lit("not a number")
            )

        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> None:
            assert "note" not in data
            seen.append(data["up"])

    run_event(Prepared(), panel_of({"A": [1.0, 2.0, 1.5]}), config_of())
    assert np.isnan(seen[0])
    assert seen[1:] == [1.0, 0.0]


class Returns(Strategy):
    """Hands back whatever a test says."""

    _what: Any = None
    _hook = "on_data"

    def on_data(self, *_: Any) -> Any:
        return self._what if self._hook == "on_data" else None

    def on_bar(self, *_: Any) -> Any:
        return self._what if self._hook == "on_bar" else None


@pytest.mark.parametrize(
    ("hook", "what", "message"),
    [
        ("on_data", 5, "an order is an Action, not 5"),
        ("on_data", Action.buy(1, "Z"), "unknown symbol of this run 'Z'"),
        ("on_bar", Action.buy(1, "A"), "return a list of them"),
        ("on_bar", [Action.buy(1)], "does not say its symbol"),
    ],
)
def test_what_is_no_order_is_refused(hook: str, what: Any, message: str) -> None:
    class Wrong(Returns):
        pass

    Wrong._what, Wrong._hook = what, hook
    with pytest.raises(StrategyError, match=rf"Wrong failed on 2024-01-01: .*{message}"):
        run_event(Wrong(), TWO, config_of())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda bars: bars.head(1), "did not return the rows it was given"),
        (lambda bars: bars.sort("date", descending=True), "neither filtered nor sorted"),
        (lambda _: None, "did not return the rows"),
        (lambda bars: bars.with_columns(pl.col("nothing")), "prepare failed for A: ColumnNotFound"),
    ],
)
def test_a_prepare_that_goes_wrong_is_named(change: Any, message: str) -> None:
    class Bad(Strategy):
        def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
            changed: pl.DataFrame = change(bars)
            return changed

    with pytest.raises(StrategyError, match=message):
        run_event(Bad(), TWO, config_of())


def test_every_symbol_gets_the_same_columns() -> None:
    class Uneven(Strategy):
        def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
            return bars.with_columns(extra=1.0) if bars.height == 4 else bars

    with pytest.raises(StrategyError, match=r"added \[\] for B but \['extra'\] for A"):
        run_event(Uneven(), TWO, config_of())


@pytest.mark.parametrize(
    ("symbol", "field", "message"),
    [("A", "clsoe", "unknown field 'clsoe'; did you mean 'close'"), ("Z", "close", "symbol")],
)
def test_history_of_what_is_not_there(symbol: str, field: str, message: str) -> None:
    class Asking(Strategy):
        def on_data(
            self, date: dt.date, own: str, data: dict[str, float], portfolio: Portfolio
        ) -> None:
            self.history(symbol, field, 2)

    with pytest.raises(StrategyError, match=message) as caught:
        run_event(Asking(), TWO, config_of())
    assert isinstance(caught.value.__cause__, UnknownNameError)


def test_values_and_quantities_can_be_targets() -> None:
    panel = panel_of({"A": [10.0] * 6})
    script = {
        (0, "A"): Action.target_value(505.0),
        (1, "A"): Action.target_quantity(20),
        (2, "A"): Action.target_quantity(-5),
        (3, "A"): Action.target_value(0.0),
    }
    assert [row[2] for row in play(panel, script).rows] == [50.0, -30.0, -20.0, -5.0, 5.0]


def test_a_weight_of_a_symbol_without_a_price_is_dropped_and_counted() -> None:
    class Blind(Strategy):
        def on_bar(
            self, date: dt.date, bars: Mapping[str, dict[str, float]], portfolio: Portfolio
        ) -> Iterable[Action]:
            return [Action.target_weight(0.5, "B")] if date.day == 2 else []

    outcome = run_event(Blind(), TWO, config_of())
    assert (len(outcome.fills), outcome.account["unpriced"]) == (0, 1)


def test_a_strategy_starts_afresh_in_every_run() -> None:
    class Counting(Strategy):
        def __init__(self, **values: Any) -> None:
            super().__init__(**values)
            self.calls = 0

        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            self.calls += 1
            return Action.buy(self.calls)

    mine = Counting()
    one, other = (run_event(mine, TWO, config_of()) for _ in range(2))
    assert mine.calls == 0
    assert one.fills.tobytes() == other.fills.tobytes()
