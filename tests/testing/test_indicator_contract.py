"""The contract of indicators passes what is honest and says what is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pytest

from stockstream.indicators import ATR, MACD, OBV, SMA, Indicator, KernelIndicator
from stockstream.indicators.trend.sma import SPEC, sma_array, sma_step
from stockstream.testing.indicator_contract import IndicatorContract, KernelIndicatorContract

if TYPE_CHECKING:
    from collections.abc import Callable


class TestAverage(KernelIndicatorContract):
    indicator = SMA(7)


class TestSeveralOutputs(KernelIndicatorContract):
    indicator = MACD()


class TestSeveralInputs(KernelIndicatorContract):
    indicator = ATR(5)


class TestCumulative(KernelIndicatorContract):
    indicator = OBV()
    cumulative = True


class DailyRange(Indicator):
    name = "daily_range"

    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        return df.with_columns((pl.col("high") - pl.col("low")).alias("daily_range"))


class TestOnlyCalculate(IndicatorContract):
    indicator = DailyRange()


@dataclass
class Made(Indicator):
    """An indicator from an expression."""

    expression: pl.Expr
    whole: bool = False

    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        column = self.expression if self.whole else self.expression.over("symbol")
        return df.with_columns(column.alias("made"))


CLOSE = pl.col("close")


@pytest.mark.parametrize(
    ("indicator", "test", "message"),
    [
        (Made(CLOSE.rolling_mean(5, center=True)), "test_the_future_is_not_needed", "without the"),
        (Made(CLOSE.shift(-1)), "test_another_future_changes_nothing", "made of .* became"),
        (Made(CLOSE.mean()), "test_the_future_is_not_needed", "made of"),
        (Made(CLOSE.shift(1), whole=True), "test_symbols_do_not_touch_each_other", "alone"),
    ],
)
def test_what_is_wrong_with_frames_is_found(indicator: Made, test: str, message: str) -> None:
    contract = type("Contract", (IndicatorContract,), {"indicator": indicator})()
    with pytest.raises(AssertionError, match=message):
        getattr(contract, test)()


class Dropped(Indicator):
    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        return df.drop_nulls().head(10).with_columns(made=1.0)


class Idle(Indicator):
    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        return df


class Words(Indicator):
    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        return df.with_columns(made=pl.lit("rising"))


@pytest.mark.parametrize(
    ("kind", "message"),
    [(Dropped, "have changed"), (Idle, "adds no column"), (Words, "not all are numbers")],
)
def test_frames_that_do_not_do(kind: type[Indicator], message: str) -> None:
    contract = type("Contract", (IndicatorContract,), {"indicator": kind()})()
    with pytest.raises(AssertionError, match=message):
        contract.test_it_adds_columns_and_leaves_the_others_alone()


def _forgets_to_begin_afresh(x: Any, offsets: Any, period: int, state: Any, out: Any) -> None:
    for t in range(offsets[0], offsets[-1]):
        out[t] = sma_step(state, x[t], period)


def _a_day_late(x: Any, offsets: Any, period: int, state: Any, out: Any) -> None:
    sma_array(x, offsets, period, state, out)
    for t in range(offsets[-1] - 1, 0, -1):
        out[t] = out[t - 1]


def _counts_gaps(state: Any, x: float, period: int) -> float:
    return sma_step(state, 0.0 if x != x else x, period)  # noqa: PLR0124 - NaN


def _array_of(step: Callable[..., float]) -> Callable[..., None]:
    def array(x: Any, offsets: Any, period: int, state: Any, out: Any) -> None:
        for series in range(len(offsets) - 1):
            state[:] = [0.0] * len(state)
            for t in range(offsets[series], offsets[series + 1]):
                out[t] = step(state, x[t], period)

    return array


@pytest.mark.parametrize(
    ("changes", "test", "message"),
    [
        ({"array": _a_day_late}, "test_streaming_gives_the_bits_of_the_array", "differ"),
        ({"reach": lambda period: period - 3}, "test_the_lookback_is_enough", "another value"),
        (
            {"reach": lambda period: period - 3},
            "test_it_is_nan_until_warmed_up_and_a_number_after",
            "warms up longer",
        ),
        ({"array": _array_of(_counts_gaps)}, "test_a_gap_counts_as_no_bar", "has no value"),
    ],
)
def test_what_is_wrong_with_kernels_is_found(
    changes: dict[str, Any], test: str, message: str
) -> None:
    @dataclass(frozen=True)
    class Wrong(KernelIndicator):
        spec: ClassVar = replace(SPEC, name="wrong", **changes)
        period: int = 6

    contract = type("Contract", (KernelIndicatorContract,), {"indicator": Wrong()})()
    with pytest.raises(AssertionError, match=message):
        getattr(contract, test)()
