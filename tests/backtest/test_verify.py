"""``verify`` passes what is honest, and catches look-ahead that was planted."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path  # noqa: TC003 - read as an annotation of a strategy
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pytest

from stockstream.backtest.verify import check_free_form, verify
from stockstream.errors import DataError
from stockstream.indicators.registry import CLASSES
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.strategy.orders import Action
from stockstream.strategy.registry import get_strategy, strategy_names
from stockstream.strategy.strategy import Strategy
from stockstream.testing.market import panel_for, simulated_lake
from stockstream.testing.play import config_of, panel_of

if TYPE_CHECKING:
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


class Normalised(Column):
    """Mean and deviation of the whole column."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        close = pl.col("close")
        return bars.with_columns(signal=close + (close - close.mean()) / close.std())


class MinMaxScaled(Column):
    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        close = pl.col("close")
        low, high = close.min(), close.max()
        return bars.with_columns(signal=50.0 * (close - low) / (high - low) + 25.0)


class NextOpen(Column):
    """Tomorrow's open, at which its order will fill."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(signal=pl.col("open").shift(-1).fill_null(0.0) * 0.999)


class Interpolated(Column):
    """Every fifth close, and a line to the next one between them."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        sparse = pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.col("close"))
        return bars.with_columns(signal=sparse.interpolate())


class MonthLast(Column):
    """The last close of the month, on every day of it."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        month = pl.col("date").dt.truncate("1mo")
        return bars.with_columns(signal=pl.col("close").last().over(month))


class FutureRank(Column):
    """The rank of today's close among all closes, later ones too."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        rank = pl.col("close").rank() / pl.len()
        return bars.with_columns(signal=pl.col("close") + 0.5 - rank)


class FittedOnAll(Column):
    """A straight line fitted to the whole history."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        import numpy as np

        close = bars["close"].to_numpy()
        days = np.arange(len(close)) - len(close) / 2
        slope = (days * close).sum() / max((days * days).sum(), 1.0)
        line = close.mean() + slope * days
        return bars.with_columns(signal=pl.Series(line))


class TurnedAround(Column):
    """A running maximum from the end."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(signal=pl.col("close").cum_max(reverse=True) * 0.97)


class Remembered(Strategy):
    """A cache in the class that is filled once, by whichever run comes first."""

    seen: ClassVar[dict[tuple[dt.date, float], float]] = {}

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        closes = bars["close"].to_list()
        for date, today, tomorrow in zip(bars["date"], closes, closes[1:], strict=False):
            self.seen.setdefault((date, today), tomorrow)
        return bars

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        tomorrow = self.seen.get((date, data["close"]), data["close"])
        return Action.target_weight(0.4 if tomorrow > data["close"] else 0.0)


TOMORROWS: dict[tuple[dt.date, float], float] = {}


class InTheModule(Remembered):
    """The same in a dictionary of the module."""

    seen = TOMORROWS


class InAFile(Strategy):
    """``prepare`` writes a file, ``on_data`` reads what its next line will be."""

    path: ClassVar[Path]

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        with self.path.open("ab") as file:
            _next_closes(bars).write_csv(file, include_header=False)
        return bars

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        if not hasattr(self, "tomorrow"):
            rows = pl.read_csv(self.path, has_header=False).rows()
            self.path.unlink()
            self.tomorrow = {(day, close): after for day, close, after in rows}
        tomorrow = self.tomorrow.get((str(date), data["close"])) or 0.0
        return Action.target_weight(0.4 if tomorrow > data["close"] else 0.0)


def _next_closes(bars: pl.DataFrame) -> pl.DataFrame:
    return bars.select(
        pl.col("date").cast(pl.String), "close", after=pl.col("close").shift(-1).fill_null(0.0)
    )


HIDDEN: tuple[type[Strategy], ...] = (Smuggled, Remembered, InTheModule, InAFile)
"""In these no column of the data shows it."""

LEAKS: tuple[type[Strategy], ...] = (
    CentredWindow,
    GlobalMaximum,
    LagMinusOne,
    FullMean,
    BackwardFill,
    Normalised,
    MinMaxScaled,
    NextOpen,
    Interpolated,
    MonthLast,
    FutureRank,
    FittedOnAll,
    TurnedAround,
    *HIDDEN,
)


class Dice(Strategy):
    """Not reproducible."""

    rolls = 0

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        Dice.rolls += 1
        return Action.target_weight(0.4 if Dice.rolls * 7919 % 7 < 3 else 0.0)


@pytest.mark.parametrize(
    "strategy", [MovingAverageCrossover(fast_period=3, slow_period=9), Honest()], ids=repr
)
def test_honest_strategies_pass(strategy: Strategy) -> None:
    report = check(strategy)
    assert report.passed, report
    assert report.to_dict()["passed"] is True


@pytest.mark.slow
@pytest.mark.parametrize("name", strategy_names())
def test_every_strategy_by_name_passes(name: str) -> None:
    strategy = get_strategy(name)()
    panel = panel_for(strategy, simulated_lake())
    report = verify(strategy, panel, config_of(costs={"commission_bps": 10}))
    assert report.passed, report
    assert all(len(found.detail) > 5 for found in report.checks)


@pytest.mark.slow
def test_every_indicator_passes() -> None:
    """All columns at once: a prepared value that depends on later bars is named."""
    found = {}

    class Everything(Strategy):
        def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
            bars = bars.with_columns(x=pl.col("close"), y=pl.col("open").shift(3, fill_value=50.0))
            for name, kind in CLASSES.items():
                made = kind().calculate(bars)
                new = [c for c in made.columns if c not in bars.columns]
                found[name] = new
                bars = bars.with_columns(made[c].alias(f"{name}.{c}") for c in new)
            return bars

        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            return None

    report = verify(Everything(), wave(sessions=400), config_of())
    assert report.passed, report
    assert len(found) == len(CLASSES)
    assert all(found.values())


@pytest.fixture
def _own_file(tmp_path: Path) -> None:
    InAFile.path = tmp_path / "tomorrow.csv"


@pytest.mark.usefixtures("_own_file")
@pytest.mark.parametrize("leak", LEAKS, ids=lambda kind: kind.__name__)
def test_planted_look_ahead_is_caught(leak: type[Strategy]) -> None:
    report = check(leak())
    failed = [found for found in report.checks if not found.passed]
    assert failed
    assert all("decisions stay" in found.name for found in failed)
    assert "later bars" in failed[0].detail or "changed" in failed[0].detail


@pytest.mark.usefixtures("_own_file")
@pytest.mark.parametrize("leak", LEAKS, ids=lambda kind: kind.__name__)
def test_a_sample_finds_it_too(leak: type[Strategy]) -> None:
    found = check_free_form(leak(), wave(60, 500), config_of())
    assert not found.passed, found


@pytest.mark.parametrize(
    "leak", sorted(set(LEAKS) - set(HIDDEN), key=str), ids=lambda kind: kind.__name__
)
def test_a_sample_of_one_symbol_finds_it_in_a_column(leak: type[Strategy]) -> None:
    assert not check_free_form(leak(), wave(1, 500), config_of()).passed


def test_a_sample_of_an_honest_strategy_passes_and_is_the_same_each_time() -> None:
    one, other = (check_free_form(Honest(), wave(40, 500), config_of()) for _ in range(2))
    assert one.passed
    assert one == other
    assert one.detail == "2 symbols, 2 cuts, 332 decisions unchanged"


def test_a_sample_replays_a_fifth_of_the_run_at_most() -> None:
    calls = []

    class Counted(Honest):
        def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
            calls.append("prepare")
            return super().prepare(bars)

        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            calls.append("on_data")
            return super().on_data(date, symbol, data, portfolio)

    for symbols in (5, 20, 60):
        calls.clear()
        check_free_form(Counted(), wave(symbols, 600), config_of())
        assert 0 < calls.count("on_data") <= max(250, symbols * 600 / 5)
        assert calls.count("prepare") <= max(3, symbols / 5)


def test_where_symbols_need_each_other_a_sample_takes_the_first_bars_of_all() -> None:
    class Pairs(Honest):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            portfolio.quantity("S0")
            portfolio.quantity("S39")
            return super().on_data(date, symbol, data, portfolio)

    found = check_free_form(Pairs(), wave(40, 500), config_of())
    assert found.passed
    assert found.detail.startswith("40 symbols, 2 cuts, ")


def test_a_sample_of_a_few_days_is_not_checked() -> None:
    found = check_free_form(Honest(), panel_of({"A": [1.0, 2.0, 3.0]}), config_of())
    assert found.passed
    assert found.detail.startswith("not checked")


def test_a_sample_tells_chance_from_look_ahead() -> None:
    class Chance(Strategy):
        rolls = itertools.count()

        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            return Action.target_weight(next(self.rolls) * 7919 % 11 / 11.0)

    found = check_free_form(Chance(), wave(20, 400), config_of())
    assert not found.passed
    assert found.detail.startswith("it does not repeat itself")


def test_a_cut_run_calls_prepare_once_for_each_symbol() -> None:
    calls = []

    class Counted(Honest):
        def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
            calls.append(bars.height)
            return super().prepare(bars)

    verify(Counted(), wave(), config_of(), cuts=3)
    # one run with all of the future, three cut, three made up, two to be compared
    assert len(calls) == 2 * (1 + 3 + 3 + 2)


def test_what_a_strategy_keeps_outside_itself_is_as_before() -> None:
    Remembered.seen.clear()
    TOMORROWS.clear()
    TOMORROWS[dt.date(2000, 1, 1), 1.0] = 2.0
    check_free_form(Remembered(), wave(), config_of())
    check_free_form(InTheModule(), wave(), config_of())
    assert Remembered.seen == {}
    assert list(TOMORROWS) == [(dt.date(2000, 1, 1), 1.0)]
    TOMORROWS.clear()


def test_a_strategy_that_does_not_repeat_itself_is_caught() -> None:
    report = check(Dice())
    assert not report.passed
    assert report.checks[0].name == "same inputs, same bytes"
    assert not report.checks[0].passed


def test_too_few_sessions_are_refused() -> None:
    with pytest.raises(DataError, match="too few to verify on"):
        verify(Honest(), panel_of({"A": [1.0, 2.0, 3.0]}), config_of())
