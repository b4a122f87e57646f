"""Indicators that have only ``calculate``: everywhere, and found out where they know the future."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import polars as pl
import pytest

from stockstream.errors import DataError, LookAheadError
from stockstream.indicators import (
    CLASSES,
    SMA,
    Indicator,
    apply,
    get_spec,
    register,
    registry,
    stream,
)
from stockstream.indicators.lookahead import check_look_ahead
from stockstream.strategy.evaluate import evaluate
from stockstream.strategy.expression import BARS
from stockstream.strategy.technical import indicator

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class Mean(Indicator):
    name: ClassVar[str] = "my_mean"

    period: int = 3

    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        return df.with_columns(my_mean=pl.col("close").rolling_mean(self.period))


class Channel(Indicator):
    name: ClassVar[str] = "my_channel"
    outputs: ClassVar[tuple[str, ...]] = ("top", "bottom")

    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        return df.with_columns(
            top=pl.col("high").rolling_max(4), bottom=pl.col("low").rolling_min(4)
        )


@dataclass(frozen=True)
class Leak(Indicator):
    name: ClassVar[str] = "my_leak"

    kind: Literal["shift", "centre", "level", "scale", "last"] = "shift"

    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        close = pl.col("close")
        found = {
            "shift": close.shift(-1),
            "centre": close.rolling_mean(5, center=True),
            "level": close - close.mean(),
            "scale": close / close.max(),
            "last": close > close.last(),
        }[self.kind]
        return df.with_columns(my_leak=found)


class Peek(Indicator):
    name: ClassVar[str] = "my_peek"

    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        return df.with_columns(my_peek=pl.col("close").shift(-1))


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    before = set(CLASSES)
    for one in (Mean, Channel, Peek):
        register(one)
    yield
    for name in set(CLASSES) - before:
        registry._classes.pop(name)
        registry._specs.pop(name, None)


def _bars(rows: int = 60, symbols: int = 2) -> pl.DataFrame:
    random = np.random.default_rng(4)
    close = 20.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, rows * symbols)))
    return pl.DataFrame(
        {
            "symbol": np.repeat([f"S{i}" for i in range(symbols)], rows),
            "date": np.tile(np.arange(rows).astype("datetime64[D]"), symbols),
            "open": close,
            "high": close * 1.01,
            "low": close * 0.99,
            "close": close,
            "volume": random.integers(1, 9999, rows * symbols),
        }
    )


def _columns(bars: pl.DataFrame) -> dict[str, np.ndarray]:
    return {name: bars[name].cast(float).to_numpy().copy() for name in FIELDS}


def test_in_rules_bar_by_bar_and_on_arrays() -> None:
    bars = _bars()
    columns, offsets = _columns(bars), np.array([0, 60, 120])
    fields = (BARS.open, BARS.high, BARS.low, BARS.close, BARS.volume)
    mean = indicator("my_mean", *fields, parameters=(5,))[0]
    top, bottom = indicator("my_channel", *fields, parameters=())
    found = evaluate([mean, top - bottom], columns, offsets)
    expected = bars.with_columns(
        mean=pl.col("close").rolling_mean(5).over("symbol"),
        width=(pl.col("high").rolling_max(4) - pl.col("low").rolling_min(4)).over("symbol"),
    )
    for values, name in zip(found, ("mean", "width"), strict=True):
        np.testing.assert_allclose(values, expected[name].to_numpy(), rtol=1e-12)
    fed = stream("my_mean", (5,))
    for t, bar in enumerate(zip(*(columns[name][:60].tolist() for name in FIELDS), strict=True)):
        [value] = fed.update(*bar)
        assert math.isnan(value) if t < 4 else value == pytest.approx(found[0][t], rel=1e-12)


def test_large_runs_do_not_compile_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKSTREAM_JIT", "always")
    columns = _columns(_bars())
    [found] = apply(get_spec("my_mean"), [columns[name] for name in FIELDS], [0, 120], (3,))
    np.testing.assert_allclose(found[2:], SMA(3).calculate(_bars(120, 1))["sma_3"][2:], rtol=1e-12)


def test_a_bar_without_a_number_is_left_out() -> None:
    columns = _columns(_bars(30, 1))
    columns["close"][10] = np.nan
    spec = get_spec("my_mean")
    [found] = apply(spec, [columns[name] for name in FIELDS], [0, 30], (3,))
    kept = np.delete(np.arange(30), 10)
    [without] = apply(spec, [columns[name][kept] for name in FIELDS], [0, 29], (3,))
    assert math.isnan(found[10])
    np.testing.assert_array_equal(found[kept], without)


def test_the_first_use_finds_look_ahead() -> None:
    columns = _columns(_bars())
    with pytest.raises(LookAheadError, match="Peek knows the future: column 'my_peek' at row"):
        apply(get_spec("my_peek"), [columns[name] for name in FIELDS], [0, 60, 120], ())


@pytest.mark.parametrize("kind", ["shift", "centre", "level", "scale", "last"])
def test_planted_leaks_are_found(kind: Literal["shift", "centre"]) -> None:
    with pytest.raises(LookAheadError, match=r"'my_leak' at row \d+ \(symbol S\d, date 1970"):
        check_look_ahead(Leak(kind), _bars())
    with pytest.raises(LookAheadError, match="at row"):
        check_look_ahead(Leak(kind), _bars(symbols=1).drop("symbol", "date"))


@pytest.mark.parametrize("honest", [Mean(), Channel(), SMA(10)])
def test_honest_ones_pass(honest: Indicator) -> None:
    check_look_ahead(honest, _bars(symbols=1))
    check_look_ahead(honest, _bars(symbols=1).drop("symbol", "date"))


def test_what_does_not_fit_is_said() -> None:
    class Loses(Indicator):
        name: ClassVar[str] = "loses"

        def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
            return df.with_columns(a=1.0, b=2.0)

    register(Loses)
    columns = _columns(_bars())
    with pytest.raises(DataError, match="`outputs`"):
        apply(get_spec("loses"), [columns[name] for name in FIELDS], [0, 120], ())
    with pytest.raises(DataError, match="too few"):
        check_look_ahead(Mean(), _bars(2, 1))


def test_one_that_needs_arguments_works_on_frames_only() -> None:
    class Needs(Indicator):
        name: ClassVar[str] = "needs"

        def __init__(self, table: pl.DataFrame) -> None:
            self.table = table

        def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
            return df

    register(Needs)
    assert "needs" in CLASSES
    assert "needs" not in registry.INDICATORS
