"""Many indicators at once: the bits of one after the other, whatever the series are like."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl
import pytest

from stockstream.errors import ConfigError, DataError
from stockstream.indicators import (
    ATR,
    EMA,
    INDICATORS,
    MACD,
    OBV,
    RSI,
    SMA,
    BollingerBands,
    Indicator,
    KernelIndicator,
    Stochastic,
)
from stockstream.indicators.batch import add_indicators, compute_many
from stockstream.jit import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.indicators import (
        IndicatorSpec,
    )

    Floats: TypeAlias = NDArray[np.float64]

FIELDS = ("open", "high", "low", "close", "volume")
DENSE = [name for name, spec in INDICATORS.items() if spec.dense is not None]
COMMON: list[KernelIndicator] = [
    *(SMA(20), EMA(20), RSI(14), MACD(), BollingerBands(), ATR(14), Stochastic(), OBV()),
]
SHORT = {"macd": (2, 4, 3), "stochastic": (3, 1, 1), "bollinger": (5, 0.5), "obv": ()}


def _offsets(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _market(kind: str, offsets: NDArray[np.int64], seed: int = 5) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    rows = int(offsets[-1])
    if kind == "walk":
        close = 50.0 * np.exp(np.cumsum(random.normal(0.0, 0.015, rows)))
    elif kind == "ticks":  # half cents, standing still for weeks: sums go stale
        close = 1.0 + 0.005 * np.abs(np.cumsum(random.choice([0, 0, 0, 0, 0, 0, 1, -1], rows)))
    else:
        close = np.full(rows, 3.0)
    wide = 0.01 * np.abs(random.normal(0.0, 1.0, (2, rows))) if kind == "walk" else np.zeros((2, 1))
    volume = np.round(np.exp(random.normal(9.0, 1.0, rows))) * (random.random(rows) > 0.1)
    high, low = close * (1.0 + wide[0]), close * (1.0 - wide[1])
    return dict(zip(FIELDS, (close + 0.0, high, low, close, volume), strict=True))


def _by_step(
    spec: IndicatorSpec,
    columns: dict[str, Floats],
    offsets: NDArray[np.int64],
    params: tuple[int | float, ...],
) -> list[Floats]:
    results = [np.empty(int(offsets[-1])) for _ in spec.outputs]
    inputs = [columns[name] for name in spec.inputs]
    compiled(spec.array)(*inputs, offsets, *params, np.zeros(spec.state_size(params)), *results)
    return results


def _same_bits(a: Floats, b: Floats) -> bool:
    nan = np.isnan(a)
    return np.array_equal(nan, np.isnan(b)) and a[~nan].tobytes() == b[~nan].tobytes()


@pytest.fixture
def always_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKSTREAM_JIT", "always")


def test_the_indicators_with_a_dense_form() -> None:
    assert {one.name for one in COMMON} <= set(DENSE)


@pytest.mark.usefixtures("always_compiled")
@pytest.mark.parametrize("kind", ["walk", "ticks", "flat"])
@pytest.mark.parametrize("name", DENSE)
def test_dense_forms_give_the_bits_of_the_step(name: str, kind: str) -> None:
    """Four series side by side, of one length and of several, some too short to be among them."""
    spec = INDICATORS[name]
    for lengths in ([150] * 8, [90, 210, 60, 61, 150, 0, 3, 70, 199, 200, 80]):
        offsets = _offsets(lengths)
        columns = _market(kind, offsets)
        for params in (spec.defaults, SHORT.get(name, (5,))):
            found = compute_many([_made(name, params)], columns, offsets)
            expected = _by_step(spec, columns, offsets, params)
            for one, two in zip(found.values(), expected, strict=True):
                assert _same_bits(one, two)


@pytest.mark.slow
@pytest.mark.usefixtures("always_compiled")
@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf, -1.0, -0.0, 1e300])
@pytest.mark.parametrize("name", DENSE)
def test_what_is_no_plain_number_goes_through_the_step(name: str, missing: float) -> None:
    spec = INDICATORS[name]
    offsets = _offsets([120] * 8)
    columns = _market("walk", offsets)
    for field in spec.inputs:
        columns[field][[7, 50, 51, 300]] = missing
    found = compute_many([_made(name, spec.defaults)], columns, offsets)
    expected = _by_step(spec, columns, offsets, spec.defaults)
    for one, two in zip(found.values(), expected, strict=True):
        assert _same_bits(one, two)


@pytest.mark.usefixtures("always_compiled")
@pytest.mark.parametrize("name", [name for name, spec in INDICATORS.items() if spec.beside])
def test_four_parameters_side_by_side_give_the_bits_of_the_step(name: str) -> None:
    spec = INDICATORS[name]
    assert spec.beside is not None
    for kind, periods in product(["walk", "ticks", "flat"], [(1, 7, 2, 90), (5, 5, 120, 6)]):
        columns = _market(kind, _offsets([120]))
        given = [columns[field] for field in spec.inputs]
        found = [np.empty(120) for _ in periods]
        assert compiled(spec.beside)(*given, *periods, *found)
        for period, values in zip(periods, found, strict=True):
            [expected] = _by_step(spec, columns, _offsets([120]), (period,))
            assert _same_bits(values, expected)
        assert not compiled(spec.beside)(*given, 1, 2, 3, 121, *found)  # longer than the series
        for gap in (np.nan, np.inf, -np.inf):
            given[0][-1] = gap
            assert not compiled(spec.beside)(*given, *periods, *found)


@pytest.mark.parametrize("mode", ["always", "never"])
@pytest.mark.parametrize("threads", [1, 3])
def test_many_are_each_alone(mode: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKSTREAM_JIT", mode)
    offsets = _offsets([100, 40, 130, 130, 20, 130, 0, 90, 77])
    columns = _market("walk", offsets)
    columns["close"][45] = np.nan
    many = [*COMMON, SMA(5), _made("wma", (10,))]
    found = compute_many(many, columns, offsets, threads=threads)
    assert list(found) == [name for one in many for name in one.columns]
    for one in many:
        alone = _by_step(one.spec, columns, offsets, one.params)
        for name, expected in zip(one.columns, alone, strict=True):
            assert _same_bits(found[name], expected)


@pytest.mark.usefixtures("always_compiled")
def test_memory_can_be_given() -> None:
    offsets = _offsets([100] * 4)
    columns = _market("walk", offsets)
    memory = np.full((4, 400), 7.0)
    found = compute_many([SMA(5), MACD()], columns, offsets, out=memory)
    assert all(np.shares_memory(column, memory) for column in found.values())
    assert _same_bits(memory[0], _by_step(SMA.spec, columns, offsets, (5,))[0])


def test_what_does_not_fit_is_said() -> None:
    offsets = _offsets([30])
    columns = _market("walk", offsets)
    with pytest.raises(ConfigError, match="sma_5"):
        compute_many([SMA(5), SMA(5)], columns, offsets)
    with pytest.raises(ConfigError, match="threads"):
        compute_many([SMA(5)], columns, offsets, threads=0)
    with pytest.raises(DataError, match="missing columns: volume"):
        compute_many([OBV()], {"close": columns["close"]}, offsets)
    with pytest.raises(DataError, match="out must be"):
        compute_many([SMA(5)], columns, offsets, out=np.empty((2, 30)))
    with pytest.raises(DataError, match="of one length"):
        compute_many([OBV()], {**columns, "volume": np.ones(3)}, offsets)


@pytest.mark.parametrize("order", ["sorted", "by date", "shuffled", "in pieces"])
def test_frames_in_any_order(order: str) -> None:
    offsets = _offsets([60, 45, 70])
    symbol = np.repeat(["B", "A", "C"], np.diff(offsets))
    day = np.concatenate([np.arange(n) for n in np.diff(offsets)]).astype("datetime64[D]")
    bars = pl.DataFrame({"symbol": symbol, "date": day, **_market("walk", offsets)})
    expected = add_indicators(bars, COMMON).sort("symbol", "date")
    turned = {
        "sorted": bars.sort("symbol", "date"),
        "by date": bars.sort("date", "symbol"),
        "shuffled": bars.sample(fraction=1.0, shuffle=True, seed=3),
        "in pieces": pl.concat([bars[100:], bars[:100]]),
    }[order]
    made = add_indicators(turned, COMMON)
    assert made.select(bars.columns).equals(turned)
    assert made.sort("symbol", "date").equals(expected)
    one_by_one = turned
    for indicator in COMMON:
        one_by_one = indicator.calculate(one_by_one)
    assert made.equals(one_by_one)


def test_free_form_ones_see_what_was_added_before() -> None:
    class Doubled(Indicator):
        def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
            return df.with_columns(doubled=2.0 * pl.col("sma_3"))

    bars = pl.DataFrame(_market("walk", _offsets([20])))
    made = add_indicators(bars, [SMA(3), Doubled(), EMA(3)])
    assert made.columns == [*FIELDS, "sma_3", "doubled", "ema_3"]


def _made(name: str, params: tuple[int | float, ...]) -> KernelIndicator:
    from stockstream.indicators.registry import get_indicator

    made = get_indicator(name)(*params)
    assert isinstance(made, KernelIndicator)
    return made
