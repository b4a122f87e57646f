"""What every indicator must keep, as tests that the author of one inherits.

One that has only ``calculate``::

    class TestDailyRange(IndicatorContract):
        indicator = DailyRange()

One that is made of a kernel::

    class TestStreak(KernelIndicatorContract):
        indicator = Streak()

The bars are those of the simulated market: twelve companies, four years, with halts and splits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from stockstream.errors import ConfigError
from stockstream.indicators.evaluation import Stream, apply
from stockstream.indicators.spec import AGREEMENT
from stockstream.jit import part_of
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from stockstream.indicators.base import Indicator, KernelIndicator
    from stockstream.indicators.spec import IndicatorSpec, Params

    Floats = NDArray[np.float64]

__all__ = ["IndicatorContract", "KernelIndicatorContract"]

KEYS = ("symbol", "date")
PRICES = ("open", "high", "low", "close")
LARGE = 1_000_000_000
"""Bars of a piece of work that is worth compiling."""

ROUNDING = 1e-9
"""Relative difference up to which two values are the same: libraries sum in other orders."""


class IndicatorContract:
    """Tests of a :class:`stockstream.indicators.Indicator` on frames of bars.

    Attributes:
        indicator: an instance.
        cuts: days at which the future is taken away and made up anew.
    """

    indicator: ClassVar[Indicator]
    cuts: ClassVar[int] = 20

    def bars(self) -> pl.DataFrame:
        """symbol, date, open, high, low, close and volume (Float64), sorted; override it."""
        columns = [*KEYS, *PRICES, "volume"]
        return (
            simulated_lake().bars().select(columns).with_columns(pl.col("volume").cast(pl.Float64))
        )

    def added(self, bars: pl.DataFrame) -> pl.DataFrame:
        """The columns that it adds, beside symbol and date."""
        return self.indicator.calculate(bars).drop(set(bars.columns) - set(KEYS))

    def test_it_adds_columns_and_leaves_the_others_alone(self) -> None:
        bars = self.bars()
        made = self.indicator.calculate(bars)
        assert made.select(bars.columns).equals(bars), "rows or columns of the frame have changed"
        new = made.drop(bars.columns)
        assert new.width, "it adds no column"
        kinds = new.schema.values()
        assert all(kind.is_numeric() or kind == pl.Boolean for kind in kinds), "not all are numbers"

    def test_the_same_bars_give_the_same_values(self) -> None:
        _demand_same(self.added(self.bars()), self.added(self.bars()), "at the second time")

    def test_symbols_do_not_touch_each_other(self) -> None:
        bars = self.bars()
        together = self.added(bars)
        for (symbol,), alone in bars.group_by("symbol", maintain_order=True):
            _demand_same(together.filter(symbol=symbol), self.added(alone), f"with {symbol} alone")

    def test_the_future_is_not_needed(self) -> None:
        bars = self.bars()
        whole = self.added(bars)
        for day in self._days(bars):
            past = self.added(bars.filter(pl.col("date") <= day))
            known = whole.filter(pl.col("date") <= day)
            _demand_same(known, past, f"without the bars after {day}")

    def test_another_future_changes_nothing(self) -> None:
        bars = self.bars()
        whole = self.added(bars)
        for number, day in enumerate(self._days(bars)):
            other = self.added(_another_future(bars, day, number))
            known, past = (frame.filter(pl.col("date") <= day) for frame in (whole, other))
            _demand_same(known, past, f"when the bars after {day} were changed")

    def _days(self, bars: pl.DataFrame) -> list[dt.date]:
        days = bars["date"].unique().sort()
        return [days[int(i)] for i in np.linspace(1, len(days) - 2, self.cuts)]


class KernelIndicatorContract(IndicatorContract):
    """Tests of a :class:`stockstream.indicators.KernelIndicator`, beside those of any indicator.

    Attributes:
        indicator: an instance.
        cumulative: its level depends on the bar where the series begins, as that of OBV does.
    """

    indicator: ClassVar[KernelIndicator]
    cumulative: ClassVar[bool] = False

    def series(self) -> list[Floats]:
        """Its inputs for the symbol with the most bars."""
        bars = self.bars()
        longest = bars.group_by("symbol").len().sort("len", "symbol")["symbol"][-1]
        chosen = bars.filter(symbol=longest)
        return [chosen[name].to_numpy().astype(float) for name in self.indicator.spec.inputs]

    def array(self, inputs: list[Floats]) -> list[Floats]:
        """The array form over one series."""
        made = apply(self.indicator.spec, inputs, [0, len(inputs[0])], self.indicator.params)
        return list(made)

    def test_streaming_gives_the_bits_of_the_array(self) -> None:
        inputs = self.series()
        stream = Stream(self.indicator.spec, self.indicator.params)
        bars = zip(*(column.tolist() for column in inputs), strict=True)
        rows = np.array([stream.update(*bar) for bar in bars], np.float64)
        for column, values in zip(rows.T, self.array(inputs), strict=True):
            assert _same_bits(column, values), "stream and array differ"

    def test_compiled_gives_the_bits_of_interpreted(self) -> None:
        inputs = self.series()
        interpreted = self.array(inputs)
        with part_of(LARGE):
            fast = self.array(inputs)
        for one, other in zip(interpreted, fast, strict=True):
            assert _same_bits(one, other), "interpreted and compiled differ"

    def test_it_is_nan_until_warmed_up_and_a_number_after(self) -> None:
        for values in self.array(self.series()):
            known = np.flatnonzero(np.isfinite(values))
            assert len(known), "it never gives a number"
            assert known[0] <= self.indicator.lookback, "it warms up longer than its lookback"
            assert np.isfinite(values[known[0] :]).all(), "it loses its value after warming up"

    def test_the_lookback_is_enough(self) -> None:
        inputs, back = self.series(), self.indicator.lookback
        last = len(inputs[0]) - 1
        if self.cumulative or back > last:
            return
        whole = self.array(inputs)
        short = self.array([column[last - back :] for column in inputs])
        scale = max(float(np.abs(column).max()) for column in inputs)
        for full, cut in zip(whole, short, strict=True):
            apart = abs(full[-1] - cut[-1])
            assert apart <= AGREEMENT * max(scale, 100.0), f"{back} bars give another value"

    def test_a_gap_counts_as_no_bar(self) -> None:
        inputs = self.series()
        holes = np.arange(5, len(inputs[0]), 17)
        kept = np.setdiff1d(np.arange(len(inputs[0])), holes)
        torn = [column.copy() for column in inputs]
        for column in torn:
            column[holes] = np.nan
        without = self.array([column[kept] for column in inputs])
        for values, expected in zip(self.array(torn), without, strict=True):
            assert np.isnan(values[holes]).all(), "a bar without a number has no value"
            assert _same_bits(values[kept], expected), "a gap changes what comes after it"

    def test_parameters_below_their_minimum_are_refused(self) -> None:
        spec = self.indicator.spec
        for place, least in enumerate(spec.minimums):
            wrong = (*spec.defaults[:place], least - 1, *spec.defaults[place + 1 :])
            name = spec.parameters[place]
            assert name in _refusal(spec, wrong), f"{name}={least - 1} passes"


def _refusal(spec: IndicatorSpec, params: Params) -> str:
    """What it says against these parameters."""
    try:
        spec.check(params)
    except ConfigError as error:
        return str(error)
    return ""


def _another_future(bars: pl.DataFrame, day: dt.date, seed: int) -> pl.DataFrame:
    """The same bars up to a day, and another market after it."""
    random = np.random.default_rng(seed)
    later = (bars["date"] > day).to_numpy()
    scale = pl.Series(np.where(later, np.exp(random.normal(0.0, 0.25, len(bars))), 1.0))
    numbers = [name for name, kind in bars.schema.items() if kind.is_numeric()]
    return bars.with_columns((pl.col(name) * scale).alias(name) for name in numbers)


def _demand_same(one: pl.DataFrame, other: pl.DataFrame, when: str) -> None:
    for name in one.columns:
        if name in KEYS:
            continue
        a, b = (frame[name].cast(pl.Float64).to_numpy() for frame in (one, other))
        same = np.isclose(a, b, rtol=ROUNDING, atol=0.0, equal_nan=True)
        if not same.all():
            row = int(np.flatnonzero(~same)[0])
            place = ", ".join(str(one[key][row]) for key in KEYS if key in one.columns)
            raise AssertionError(f"{name} of {place}: {a[row]} became {b[row]} {when}")


def _same_bits(a: Floats, b: Floats) -> bool:
    nan = np.isnan(a)
    return np.array_equal(nan, np.isnan(b)) and a[~nan].tobytes() == b[~nan].tobytes()
