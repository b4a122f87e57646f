"""Specs, names, parameters, errors, and indicators that others add."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import polars as pl
import pytest

import stockstream.indicators as package
from stockstream.errors import ConfigError, DataError, UnknownNameError
from stockstream.indicators import (
    CLASSES,
    INDICATORS,
    MACD,
    RSI,
    SMA,
    BollingerBands,
    Indicator,
    KernelIndicator,
    compute,
    get_indicator,
    get_spec,
    register,
    registry,
    shipped,
    stream,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.indicators import (
        IndicatorSpec,
    )
    from stockstream.indicators.spec import Params


@pytest.fixture
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_classes", dict(CLASSES))
    monkeypatch.setattr(registry, "_specs", dict(INDICATORS))
    monkeypatch.setattr(registry, "CLASSES", registry._classes)
    monkeypatch.setattr(registry, "INDICATORS", registry._specs)


def test_all_names_of_the_package_exist() -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'SMMA'"):
        package.SMMA  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = (
        "import sys, stockstream.indicators.registry;"
        "sys.exit(bool({'numba', 'polars', 'talib'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_indicator_is_imported_when_it_is_used() -> None:
    script = (
        "import sys; from stockstream.indicators.registry import CLASSES, get_spec;"
        "assert len(CLASSES) > 60 and 'adx' in CLASSES and 'nothing' not in CLASSES;"
        "get_spec('sma');"
        "rooms = {name for name in sys.modules if name.startswith('stockstream.indicators.t')};"
        "sys.exit(rooms != {'stockstream.indicators.trend', 'stockstream.indicators.trend.sma'})"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_every_shipped_indicator_is_listed_under_its_name() -> None:
    assert list(CLASSES)[: len(shipped.SHIPPED)] == list(shipped.SHIPPED)
    for name, made in CLASSES.items():
        assert made.name == name
        assert issubclass(made, KernelIndicator) is (name not in shipped.FREE_FORM)
        assert made.__name__ in package.__all__ or name not in shipped.SHIPPED
    with pytest.raises(KeyError):
        CLASSES["nothing"]


@pytest.mark.parametrize("spec", INDICATORS.values(), ids=INDICATORS)
def test_specs_hold_together(spec: IndicatorSpec) -> None:
    assert spec.check(spec.defaults) == spec.defaults
    assert spec.state_size(spec.defaults) > 0
    assert len(spec.columns(spec.defaults)) == len(spec.outputs)
    assert spec.outputs == (spec.name,) or len(spec.outputs) > 1
    made = CLASSES[spec.name]()
    assert isinstance(made, KernelIndicator)
    assert made.params == spec.defaults


def test_columns_have_the_documented_names() -> None:
    names = {column for spec in INDICATORS.values() for column in spec.columns(spec.defaults)}
    assert names >= {"sma_20", "rsi_14", "macd", "macd_signal", "macd_hist", "atr_14", "vwap_20"}
    assert names >= {"bollinger_upper", "bollinger_middle", "bollinger_lower", "obv"}
    assert names >= {"stochastic_k", "stochastic_d"}
    assert SMA(50).columns == ("sma_50",)
    assert SMA(50).lookback == 49
    assert MACD(5, 35, 5).columns == ("macd_5_35_5", "macd_signal_5_35_5", "macd_hist_5_35_5")
    assert BollingerBands(20, 2.5).columns[0] == "bollinger_upper_20_2.5"


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("sma", (0,), "sma: period must be at least 1, not 0"),
        ("rsi", (1,), "rsi: period must be at least 2, not 1"),
        ("sma", (2.5,), "whole number"),
        ("sma", (True,), "whole number"),
        ("sma", ("x",), "whole number"),
        ("sma", (), r"sma takes \(period\)"),
        ("obv", (3,), r"obv takes \(no parameters\)"),
        ("bollinger", (20, float("nan")), "a number"),
        ("bollinger", (20, float("inf")), "a number"),
        ("bollinger", (20, -1.0), "deviations must be at least 0.0"),
        ("macd", (26, 12, 9), "macd needs fast < slow, got fast=26, slow=12"),
    ],
)
def test_parameters_that_do_not_fit_are_named(name: str, params: Params, message: str) -> None:
    for use in (lambda: compute(name, [], [0], params), lambda: stream(name, params)):
        with pytest.raises(ConfigError, match=message):
            use()


def test_whole_floats_and_numpy_numbers_are_whole_numbers() -> None:
    (checked,) = INDICATORS["sma"].check(cast("list[int]", [np.int64(5)]))
    assert type(checked) is int
    assert INDICATORS["sma"].check((5.0,)) == (5,)
    assert INDICATORS["bollinger"].check((20, 2)) == (20, 2.0)


def test_an_indicator_checks_its_parameters_when_it_is_made() -> None:
    with pytest.raises(ConfigError, match="rsi: period"):
        RSI(1)


@pytest.mark.parametrize(
    ("inputs", "offsets", "message"),
    [
        ([], [0], r"sma takes \(close\), got 0 arrays"),
        ([[1.0, 2.0], [1.0, 2.0]], [0, 2], "got 2 arrays"),
        ([[[1.0], [2.0]]], [0, 2], r"must be \[N\]"),
        ([[1.0, 2.0]], [0, 3], "run from 0 to 2"),
        ([[1.0, 2.0]], [], "run from 0 to 2"),
        ([[1.0, 2.0]], [0, 2, 1, 2], "must not fall"),
    ],
)
def test_inputs_that_do_not_fit_are_named(
    inputs: list[Any], offsets: list[int], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        compute("sma", inputs, offsets)


def test_inputs_of_two_lengths_are_an_error() -> None:
    with pytest.raises(DataError, match="one length"):
        compute("obv", [np.ones(3), np.ones(4)], [0, 3])


def test_a_stream_takes_one_number_for_each_input() -> None:
    with pytest.raises(DataError, match="atr takes"):
        stream("atr").update(1.0)
    assert np.isnan(stream("sma").update(1.0)[0])


@pytest.mark.parametrize(
    "use", [get_spec, get_indicator, stream, lambda name: compute(name, [], [0])]
)
def test_a_misspelt_name_is_met_with_the_nearest(use: Callable[[str], object]) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'stochastic'"):
        use("stochastik")


@pytest.mark.usefixtures("_own_registry")
def test_others_can_add_an_indicator() -> None:
    @register
    class Range(Indicator):
        name = "range"

        def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
            return df.with_columns((pl.col("high") - pl.col("low")).alias("range"))

    assert get_indicator("range") is Range
    assert register(Range) is Range
    assert get_spec("range").outputs == ("range",)  # in rules and streams as well
    frame = pl.DataFrame({"high": [3.0], "low": [1.0]})
    assert Range().calculate(frame)["range"].to_list() == [2.0]


@pytest.mark.usefixtures("_own_registry")
def test_others_can_add_a_kernel() -> None:
    @register
    @dataclass(frozen=True)
    class Typical(KernelIndicator):
        spec: ClassVar[IndicatorSpec] = replace(INDICATORS["sma"], name="mean", outputs=("mean",))

        period: int = 20

    assert Typical.name == "mean"
    assert compute("mean", [np.ones(3)], [0, 3], (2,))[0][2] == 1.0


@pytest.mark.usefixtures("_own_registry")
def test_registering_says_what_is_wrong() -> None:
    class Nameless(Indicator):
        def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
            return df

    class Taken(Indicator):
        name = "sma"

        def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
            return df

    with pytest.raises(ConfigError, match="has no name"):
        register(Nameless)
    with pytest.raises(ConfigError, match=r"'sma' exists already \(.*sma.SMA\)"):
        register(Taken)
    with pytest.raises(ConfigError, match="subclass of Indicator"):
        register(cast("type[Indicator]", int))


def test_a_spec_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ConfigError, match="of one length"):
        replace(INDICATORS["sma"], minimums=())
    with pytest.raises(ConfigError, match="needs a name"):
        replace(INDICATORS["sma"], inputs=())


def test_a_period_beyond_any_history_is_refused() -> None:
    with pytest.raises(ConfigError, match="period must be at most 100,000"):
        get_spec("sma").check([10**9])
