"""The event engine on compiled kernels: everything a strategy does and sees is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from stockstream.backtest.desks import Journal
from stockstream.backtest.event import run_event
from stockstream.backtest.sleeves import Manager
from stockstream.errors import StrategyError
from stockstream.strategy.orders import Action, Bracket
from stockstream.strategy.strategy import Strategy
from stockstream.testing.market import panel_for, simulated_lake
from stockstream.testing.play import config_of, panel_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from stockstream.backtest.outcome import Outcome
    from stockstream.strategy.portfolio import Fill, Portfolio

pytestmark = pytest.mark.slow

TERMS: tuple[dict[str, Any], ...] = (
    {},
    {"fill": "next_close", "fractional": True, "costs": {"commission_bps": 10, "slippage_bps": 5}},
    {"fill": "same_close", "costs": {"commission_minimum": 5, "borrow_bps": 300}},
    {"size_at": "fill", "fractional": True, "margin": {"leverage": 2.0}},
)


class Busy(Strategy):
    """Uses every order there is, and writes down all that it can see."""

    last: ClassVar[Any] = None

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.log: list[Any] = []
        Busy.last = self

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        number = date.toordinal() * 31 + sum(map(ord, symbol)) * 17
        price = data["price"]
        self.log.append((date, symbol, portfolio.quantity(symbol), portfolio.weight(symbol)))
        watched = Bracket(stop_loss=0.04, take_profit=0.06, max_bars=15, cooldown=2)
        orders = {
            1: Action.target_weight(0.2, bracket=watched),
            3: Action.target_weight(-0.15, bracket=Bracket(trailing_stop=0.05)),
            5: Action.buy(40, limit=price * 0.99, day=True),
            7: Action.sell(30, stop=price * 0.98),
            9: Action.target_value(5_000.0, limit=price * 1.01, stop=price * 1.005),
            11: Action.close(),
            13: Action.cancel(),
            15: Action.target_quantity(-25.0),
        }
        return orders.get(number % 23)

    def on_order_filled(self, fill: Fill, portfolio: Portfolio) -> None:
        self.log.append((fill, portfolio.cash, portfolio.equity, dict(portfolio.positions)))
        self.log.append(portfolio.closed_positions[-1:])


def both(strategy: Any, panel: Any, **terms: Any) -> list[tuple[Outcome, Journal, list[Any]]]:
    runs = []
    for compiles in (False, True):
        journal = Journal()
        done = run_event(
            strategy, panel, config_of(**terms), journal=journal, compile_kernels=compiles
        )
        runs.append((done, journal, getattr(Busy.last, "log", [])))
    return runs


def assert_same(one: Outcome, other: Outcome) -> None:
    assert one.account == other.account
    for what in ("fills", "trades", "days"):
        assert getattr(one, what).tobytes() == getattr(other, what).tobytes(), what


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: terms.get("fill", str(len(terms))))
def test_compiled_and_interpreted_bars_are_the_same(terms: dict[str, Any]) -> None:
    panel = panel_for(Busy(), simulated_lake())
    (one, told, saw), (other, told_too, saw_too) = both(
        Busy(), panel, initial_capital=200_000.0, **terms
    )
    assert len(one.fills) > 500
    assert_same(one, other)
    assert told.decisions == told_too.decisions
    assert repr(saw) == repr(saw_too)


def test_two_strategies_in_one_book() -> None:
    managers = [Manager("first", Busy(), 0.6), Manager("second", Busy(), 0.4)]
    panel = panel_for(Busy(), simulated_lake())
    (one, *_), (other, *_) = both(managers, panel, initial_capital=200_000.0)
    assert_same(one, other)
    assert one.fills["symbol"].max() >= len(panel.symbols)


def test_more_orders_than_there_was_room_for() -> None:
    class Everything(Strategy):
        def on_bar(
            self, date: dt.date, bars: Mapping[str, dict[str, float]], portfolio: Portfolio
        ) -> list[Action]:
            weight = 0.009 if date.day % 2 else 0.005
            return [Action.target_weight(weight, symbol) for symbol in bars]

    panel = panel_of({f"S{i}": [10.0 + i + 0.1 * t for t in range(60)] for i in range(100)})
    (one, *_), (other, *_) = both(Everything(), panel, initial_capital=1e6)
    assert len(one.fills) > 4_000
    assert_same(one, other)


def test_a_run_that_stops_early_ends_with_its_last_bar() -> None:
    panel = panel_of({"A": [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]})

    class Holder(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            return Action.target_weight(0.9)

    one, other = (
        run_event(Holder(), panel, config_of(), stop=4, compile_kernels=compiles)
        for compiles in (False, True)
    )
    assert_same(one, other)


def test_an_error_says_where() -> None:
    class Failing(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            raise ValueError("no")

    panel = panel_of({"A": [10.0, 11.0]})
    with pytest.raises(StrategyError, match="Failing failed on 2024-01-01: ValueError: no"):
        run_event(Failing(), panel, config_of(), compile_kernels=True)


@pytest.mark.parametrize(("mode", "compiles"), [("always", True), ("never", False)])
def test_the_environment_decides(
    monkeypatch: pytest.MonkeyPatch, mode: str, compiles: bool
) -> None:
    made = []

    class Asked(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            made.append(type(portfolio.ledger).__name__)
            return None

    monkeypatch.setenv("STOCKSTREAM_JIT", mode)
    run_event(Asked(), panel_of({"A": [10.0, 11.0]}), config_of())
    assert set(made) == {"CompiledLedger" if compiles else "LiveLedger"}
