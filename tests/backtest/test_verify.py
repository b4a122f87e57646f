"""``verify`` passes what is honest, and catches look-ahead that was planted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.backtest.verify import verify
from stockstream.errors import DataError
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.strategies.rsi_mean_reversion import RSIMeanReversion
from stockstream.strategy.orders import Action
from stockstream.strategy.strategy import Strategy
from stockstream.testing.play import config_of, panel_of

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.backtest.verify import VerifyReport
    from stockstream.strategy.portfolio import Portfolio


def wave(symbols: int = 2, sessions: int = 160) -> Any:
    import numpy as np

    random = np.random.default_rng(5)
    bars: dict[str, Any] = {
        f"S{i}": (50.0 * np.exp(np.cumsum(random.normal(0, 0.02, sessions)))).tolist()
        for i in range(symbols)
    }
    return panel_of(bars)


def check(strategy: Strategy, **options: Any) -> VerifyReport:
    return verify(strategy, wave(), config_of(), **options)


class Column(Strategy):
    """Long while a prepared column is above the close."""

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        return Action.target_weight(0.4 if data["signal"] > data["close"] else 0.0)


class Honest(Column):
    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(signal=pl.col("close").rolling_mean(5))


class CentredWindow(Column):
    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(signal=pl.col("close").rolling_mean(5, center=True))


class GlobalMaximum(Column):
    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        close = pl.col("close")
        return bars.with_columns(signal=close / close.max() + close.rolling_mean(5) * 0.99)


class LagMinusOne(Strategy):
    """Buys what will rise: tomorrow's close, carried into ``on_data``."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(tomorrow=pl.col("close").shift(-1))

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        return Action.target_weight(0.4 if data["tomorrow"] > data["close"] else 0.0)


class Smuggled(Strategy):
    """The same through an attribute, so that no column shows it."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.tomorrow: dict[tuple[dt.date, float], float] = {}

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        closes = bars["close"].to_list()
        for date, today, tomorrow in zip(bars["date"], closes, closes[1:], strict=False):
            self.tomorrow[date, today] = tomorrow
        return bars

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        tomorrow = self.tomorrow.get((date, data["close"]), data["close"])
        return Action.target_weight(0.4 if tomorrow > data["close"] else 0.0)


class FullMean(Column):
    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(signal=pl.col("close").mean())


class BackwardFill(Column):
    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        sparse = pl.when(pl.col("date").dt.day() % 5 == 0).then(pl.col("close"))
        return bars.with_columns(signal=sparse.fill_null(strategy="backward"))


class Dice(Strategy):
    """Not reproducible."""

    rolls = 0

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        Dice.rolls += 1
        return Action.target_weight(0.4 if Dice.rolls * 7919 % 5 < 2 else 0.0)


@pytest.mark.parametrize(
    "strategy", [MovingAverageCrossover(fast_period=3, slow_period=9), Honest()], ids=repr
)
def test_honest_strategies_pass(strategy: Strategy) -> None:
    report = check(strategy)
    assert report.passed, report
    assert report.to_dict()["passed"] is True


@pytest.mark.slow
def test_every_shipped_strategy_passes() -> None:
    for strategy in (MovingAverageCrossover(), RSIMeanReversion(oversold=45, overbought=55)):
        assert check(strategy).passed


@pytest.mark.parametrize(
    "leak",
    [CentredWindow, GlobalMaximum, LagMinusOne, Smuggled, FullMean, BackwardFill],
    ids=lambda kind: kind.__name__,
)
def test_planted_look_ahead_is_caught(leak: type[Strategy]) -> None:
    report = check(leak())
    failed = [found for found in report.checks if not found.passed]
    assert failed
    assert all("decisions stay" in found.name for found in failed)
    assert "later bars" in failed[0].detail or "changed" in failed[0].detail


def test_a_strategy_that_does_not_repeat_itself_is_caught() -> None:
    report = check(Dice())
    assert not report.passed
    assert report.checks[0].name == "same inputs, same bytes"


def test_too_few_sessions_are_refused() -> None:
    with pytest.raises(DataError, match="too few to verify on"):
        verify(Honest(), panel_of({"A": [1.0, 2.0, 3.0]}), config_of())
