"""The contract of strategies passes what is honest and says what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pytest

from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.strategies.rsi_mean_reversion import RSIMeanReversion
from stockstream.strategy import Action, RuleStrategy, Signals, Strategy
from stockstream.testing.strategy_contract import StrategyContract

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.strategy import Bars, Portfolio


class TestCrossover(StrategyContract):
    strategy = MovingAverageCrossover
    parameters: ClassVar = {"fast_period": 10}


class TestReversion(StrategyContract):
    strategy = RSIMeanReversion


class Rises(Strategy):
    """Hold what closed above its opening price."""

    least: float = 0.01

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        return Action.target_weight(0.05 if data["close"] > data["open"] * 1.01 else 0.0)


class TestFreeForm(StrategyContract):
    strategy = Rises


class Never(RuleStrategy):
    """Waits for a price that does not come."""

    def rules(self, bars: Bars) -> Signals:
        return Signals(enter_long=bars.close < 0.0)


class TestSilent(StrategyContract):
    strategy = Never
    silent = "no price is below zero"


class Undocumented(RuleStrategy):
    def rules(self, bars: Bars) -> Signals:
        return Signals(enter_long=bars.close > bars.open)


class Centred(Strategy):
    """Knows two days too much."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(smooth=pl.col("close").rolling_mean(5, center=True))

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        return Action.target_weight(0.05 if data["smooth"] > data["close"] else 0.0)


class Dice(Strategy):
    """Another run, another decision."""

    rolled: ClassVar = [0]

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        self.rolled[0] += 1
        return Action.target_weight(0.05 if self.rolled[0] * 7919 % 5 < 2 else 0.0)


class Forgetful(Strategy):
    """Does not keep what it was given."""

    period: int = 5

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.period += 1


class Deaf(Strategy):
    """Takes any keyword."""

    def __init__(self, **values: Any) -> None:
        super().__init__()


@pytest.mark.parametrize(
    ("strategy", "test", "message"),
    [
        (Undocumented, "test_it_says_what_it_does", "a docstring"),
        (Centred, "test_the_future_changes_nothing", "later bars"),
        (Dice, "test_the_same_run_gives_the_same_fills", "first of the fills that differ"),
        (Forgetful, "test_parameters_bind_and_round_trip", "period"),
        (Deaf, "test_a_parameter_that_is_none_is_refused", "passed over in silence"),
        (Never, "test_it_trades_or_says_why", "zero trades"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_wrong_is_found(strategy: type[Strategy], test: str, message: str) -> None:
    contract = type("Contract", (StrategyContract,), {"strategy": strategy})()
    with pytest.raises(AssertionError, match=message):
        getattr(contract, test)()


def test_a_reason_for_silence_must_be_true() -> None:
    given = {"strategy": MovingAverageCrossover, "silent": "it sleeps"}
    contract = type("Contract", (StrategyContract,), given)()
    with pytest.raises(AssertionError, match="it trades after all"):
        contract.test_it_trades_or_says_why()


def test_the_market_has_what_makes_real_ones_hard() -> None:
    panel = TestCrossover().panel()
    kinds = set(panel.actions.kind.tolist())
    assert len(kinds) == 2, "splits and dividends"
    assert (panel.delisted < panel.sessions).any()
    assert len(panel.bar) < panel.sessions * len(panel.symbols), "halts and new listings"
