"""Values of expressions: arrays, compiled or not, and streams give the same bits."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockstream.errors import DataError
from stockstream.indicators.evaluation import apply_many
from stockstream.strategy import (
    Bars,
    Condition,
    Expr,
    atr,
    bollinger,
    constant,
    ema,
    indicator,
    macd,
    maximum,
    minimum,
    obv,
    rsi,
    sma,
    stochastic,
    vwap,
    where,
    wma,
)
from stockstream.strategy.evaluate import evaluate
from stockstream.strategy.node import in_order
from stockstream.strategy.operations import CROSS_SECTION, OPERATIONS
from stockstream.strategy.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from stockstream.strategy import Number

    Columns = dict[str, NDArray[np.float64]]

PROPERTY = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
bars = Bars()
PERIODS = st.integers(2, 6)
FIELDS = (bars.open, bars.high, bars.low, bars.close, bars.volume)
CONSTANTS = (0.0, -0.0, 1.0, -2.5, 3.0, 1e300, math.inf, -math.inf, math.nan)

ON_A_NUMBER: tuple[Callable[[Number, int], Number], ...] = (
    sma,
    ema,
    wma,
    rsi,
    lambda x, n: x.std(n),
    lambda x, n: x.highest(n),
    lambda x, n: x.lowest(n),
    lambda x, n: x.sum(n),
    lambda x, n: x.median(n),
    lambda x, n: macd(x, n, n + 2, 3).histogram,
    lambda x, n: macd(x, n, n + 2, 3).signal,
    lambda x, n: bollinger(x, n, 1.5).upper,
    lambda x, n: indicator("roc", x, parameters=(n,))[0],
    lambda x, n: x.lag(n - 2),
    lambda x, n: x.change(n),
    lambda x, _: -x,
    lambda x, _: abs(x),
)
ON_BARS: tuple[Callable[[int], Number], ...] = (
    lambda n: atr(bars, n),
    lambda n: stochastic(bars, n, 2, 3).k,
    lambda n: stochastic(bars, n, 2, 3).d,
    lambda n: vwap(bars, n),
    lambda _: obv(bars),
)
ON_TWO: tuple[Callable[[Number, Number], Number], ...] = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    minimum,
    maximum,
)
COMPARED: tuple[Callable[[Number, Number], Condition], ...] = (
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
    lambda a, b: a.equals(b),
    lambda a, b: a.crosses_above(b),
    lambda a, b: a.crosses_below(b),
    lambda _, b: b.is_finite(),
)


@st.composite
def numbers(draw: st.DrawFn, depth: int = 3) -> Number:
    """A random graph that gives numbers."""
    shape = draw(st.integers(0, 5 if depth else 1))
    if shape == 0:
        return draw(st.sampled_from(FIELDS))
    if shape == 1:
        leaf = st.one_of(
            st.sampled_from(CONSTANTS).map(constant),
            st.builds(lambda make, n: make(n), st.sampled_from(ON_BARS), PERIODS),
        )
        return draw(leaf)
    a = draw(numbers(depth - 1))
    if shape == 2:
        return draw(st.sampled_from(ON_A_NUMBER))(a, draw(PERIODS))
    b = draw(numbers(depth - 1))
    if shape == 3:
        return where(draw(conditions(depth - 1)), a, b)
    return draw(st.sampled_from(ON_TWO))(a, b)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> Condition:
    """A random graph that gives conditions."""
    shape = draw(st.integers(0, 3 if depth else 0))
    if shape == 0:
        a, b = draw(numbers(max(depth - 1, 0))), draw(numbers(max(depth - 1, 0)))
        return draw(st.sampled_from(COMPARED))(a, b)
    one = draw(conditions(depth - 1))
    if shape == 1:
        return ~one
    if shape == 2:
        return one.lag(draw(st.integers(0, 3)))
    other = draw(conditions(depth - 1))
    return one & other if draw(st.booleans()) else one | other


GRAPHS = st.lists(st.one_of(numbers(), conditions()), min_size=1, max_size=3)


@st.composite
def markets(draw: st.DrawFn) -> tuple[Columns, NDArray[np.int64]]:
    """Bars of a few symbols, coarse so that ties and flat stretches are common."""
    lengths = draw(st.lists(st.integers(0, 30), min_size=1, max_size=4))
    rows = sum(lengths)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps = draw(st.sampled_from([1.0, 0.01, 1e6]))
    close = random.integers(1, 7, rows) * steps
    spread = random.integers(0, 3, rows) * steps * 0.1
    columns = {
        "open": close + random.integers(-1, 2, rows) * spread,
        "high": close + spread,
        "low": close - spread,
        "close": close,
        "volume": random.integers(0, 4, rows) * 100.0,
    }
    return columns, np.cumsum([0, *lengths])


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKSTREAM_JIT", "never")


def streamed(
    expressions: list[Expr], columns: Columns, offsets: NDArray[np.int64]
) -> list[NDArray[Any]]:
    """What one stream per symbol gives, put together as arrays."""
    rows: list[list[float | bool]] = []
    for start, stop in itertools.pairwise(offsets):
        stream = Stream(expressions)
        for t in range(start, stop):
            bar = {name: column[t] for name, column in columns.items()}
            rows.append([value for [value] in stream.update([0], [bar])])
    kinds = [bool if isinstance(e, Condition) else float for e in expressions]
    return [np.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds)]


def same_bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Equal down to the sign of zero; every NaN is as good as another."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype == bool:
        return bool((a == b).all())
    unknown = np.isnan(a)
    return bool(
        (unknown == np.isnan(b)).all()
        and (a[~unknown].view(np.int64) == b[~unknown].view(np.int64)).all()
    )


def each_operation() -> list[Expr]:
    """Every operation and indicator, on prices that tie, cross and stand still."""
    one, other = bars.close, bars.open.lag(1)
    made: list[Expr] = [make(one, 3) for make in ON_A_NUMBER]
    made += [make(3) for make in ON_BARS]
    made += [make(one, other) for make in ON_TWO]
    made += [make(one, other) for make in COMPARED]
    up = one > other
    made += [up.lag(2), ~up, up & up.lag(1), up | up.lag(1), where(up, one, 0.0)]
    return made


def drifting(seed: int = 5) -> tuple[Columns, NDArray[np.int64]]:
    """Three symbols, one of them empty, whose prices move in whole steps."""
    random = np.random.default_rng(seed)
    close = (20 + np.cumsum(random.integers(-1, 2, 240))).astype(np.float64)
    volume = (random.integers(0, 4, 240) * 100).astype(np.float64)
    opened = close + random.integers(-1, 2, 240)
    columns: Columns = {"open": opened, "close": close, "volume": volume}
    columns["high"] = np.maximum(opened, close) + 1
    columns["low"] = np.minimum(opened, close) - 1
    return columns, np.array([0, 100, 100, 240])


def test_the_list_of_operations_is_whole() -> None:
    assert {
        node.operation for node in in_order(each_operation())
    } == OPERATIONS.keys() - CROSS_SECTION


@pytest.mark.usefixtures("interpreted")
def test_each_operation_streams_the_bits_of_arrays() -> None:
    expressions, (columns, offsets) = each_operation(), drifting()
    arrays = evaluate(expressions, columns, offsets)
    streams = streamed(expressions, columns, offsets)
    for expression, array, stream in zip(expressions, arrays, streams, strict=True):
        assert same_bits(array, stream), expression
        known = array if array.dtype == bool else array[~np.isnan(array)]
        assert len(np.unique(known)) > 1, f"{expression} tests nothing"


@pytest.mark.slow
@given(GRAPHS, markets())
@settings(PROPERTY, max_examples=120)
def test_streams_give_the_bits_of_arrays(
    expressions: list[Expr], market: tuple[Columns, NDArray[np.int64]]
) -> None:
    columns, offsets = market
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKSTREAM_JIT", "never")
        arrays = evaluate(expressions, columns, offsets)
    for array, stream in zip(arrays, streamed(expressions, columns, offsets), strict=True):
        assert same_bits(array, stream)


@pytest.mark.slow
@given(GRAPHS, markets())
@settings(PROPERTY, max_examples=120)
def test_compiled_gives_the_bits_of_interpreted(
    expressions: list[Expr], market: tuple[Columns, NDArray[np.int64]]
) -> None:
    columns, offsets = market
    assert_compiled_agrees(expressions, columns, offsets)


@pytest.mark.slow
def test_each_operation_compiles_to_the_bits_of_interpreted() -> None:
    assert_compiled_agrees(each_operation(), *drifting())


def assert_compiled_agrees(
    expressions: list[Expr], columns: Columns, offsets: NDArray[np.int64]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKSTREAM_JIT", "never")
        plain = evaluate(expressions, columns, offsets)
        patch.setenv("STOCKSTREAM_JIT", "always")
        fast = evaluate(expressions, columns, offsets)
    for expression, a, b in zip(expressions, plain, fast, strict=True):
        assert same_bits(a, b), expression


@pytest.mark.slow
@given(GRAPHS, markets(), st.integers(0, 30))
@settings(PROPERTY, max_examples=80)
def test_no_graph_sees_the_future(
    expressions: list[Expr], market: tuple[Columns, NDArray[np.int64]], cut: int
) -> None:
    columns, offsets = market
    kept = np.concatenate(
        [np.arange(start, min(start + cut, stop)) for start, stop in itertools.pairwise(offsets)]
    ).astype(np.int64)
    lengths = np.minimum(np.diff(offsets), cut)
    past = {name: column[kept] for name, column in columns.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKSTREAM_JIT", "never")
        whole = evaluate(expressions, columns, offsets)
        known = evaluate(expressions, past, np.concatenate(([0], np.cumsum(lengths))))
    assert all(same_bits(a[kept], b) for a, b in zip(whole, known, strict=True))


@given(st.lists(GRAPHS, min_size=2, max_size=4), markets())
@settings(PROPERTY, max_examples=30)
def test_a_memo_changes_nothing(
    calls: list[list[Expr]], market: tuple[Columns, NDArray[np.int64]]
) -> None:
    columns, offsets = market
    memo: dict[Expr, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKSTREAM_JIT", "never")
        for expressions in calls:
            remembered = evaluate(expressions, columns, offsets, memo)
            fresh = evaluate(expressions, columns, offsets)
            assert all(same_bits(a, b) for a, b in zip(remembered, fresh, strict=True))
    assert all(expression.operation == "indicator" for expression in memo)


@given(st.one_of(numbers(), conditions()))
@settings(PROPERTY, max_examples=80)
def test_json_round_trip_of_any_graph(expression: Expr) -> None:
    assert Expr.from_json(expression.to_json()) is expression


def one(values: list[float], expression: Expr) -> list[Any]:
    """Values of an expression on one symbol whose close is given."""
    columns = {"close": np.array(values)}
    offsets = np.array([0, len(values)])
    [result] = evaluate([expression], columns, offsets)
    assert same_bits(result, *streamed([expression], columns, offsets))
    return list(result.tolist())


@pytest.mark.usefixtures("interpreted")
class TestMeaning:
    """What each operation gives."""

    nan = math.nan

    def test_crosses_above_waits_through_ties(self) -> None:
        up = bars.close.crosses_above(2.0)
        assert one([1, 2, 3, 2, 3, 1, 3], up) == [False, False, True, False, False, False, True]

    def test_no_cross_without_a_side_before(self) -> None:
        up, down = bars.close.crosses_above(2.0), bars.close.crosses_below(2.0)
        assert one([3, 3, 2, 3], up) == [False] * 4
        assert one([2, 3, 1, 2, 1], up) == [False] * 5
        assert one([2, 3, 1, 2, 1], down) == [False, False, True, False, False]

    def test_a_nan_forgets_the_side(self) -> None:
        gap = where(bars.close.equals(0), math.nan, bars.close)
        assert one([1, 0, 3, 1, 3], gap.crosses_above(2)) == [False, False, False, False, True]

    def test_symbols_do_not_touch(self) -> None:
        close = np.array([1.0, 1.0, 3.0, 3.0])
        offsets = np.array([0, 2, 2, 4])
        expressions: list[Expr] = [
            bars.close.crosses_above(2),
            bars.close.lag(1),
            (bars.close > 2).lag(1),
            sma(bars.close, 2),
        ]
        cross, lag, was, mean = evaluate(expressions, {"close": close}, offsets)
        assert not cross.any()
        np.testing.assert_array_equal(lag, [self.nan, 1.0, self.nan, 3.0])
        assert was.tolist() == [False, False, False, True]
        np.testing.assert_array_equal(mean, [self.nan, 1.0, self.nan, 3.0])

    def test_a_lag_longer_than_the_series(self) -> None:
        assert all(math.isnan(x) for x in one([1, 2], bars.close.lag(5)))
        assert one([1, 2], (bars.close > 0).lag(5)) == [False, False]
        assert one([], bars.close.lag(1)) == []

    def test_division_by_zero_is_that_of_ieee(self) -> None:
        expected = [math.inf, -math.inf, math.nan]
        found = one([1, -1, 0], bars.close / 0.0)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(
            one([1, -1, 0], bars.close / -0.0), [-math.inf, math.inf, self.nan]
        )

    def test_comparisons_with_nan_are_false(self) -> None:
        late = bars.close.lag(1)
        for made in (late < 5, late <= 5, late > 0, late >= 0, late.equals(1), late.is_finite()):
            assert one([1, 1], made) == [False, True]
        assert one([1, 1], ~(late < 5)) == [True, False]

    def test_nan_wins_in_minimum_and_maximum(self) -> None:
        late = bars.close.lag(1)
        for made in (minimum(late, 1), minimum(1, late), maximum(late, 1), maximum(1, late)):
            assert math.isnan(one([3, 3], made)[0])
        assert one([3, 3], minimum(late, 1))[1] == 1.0
        assert one([3, 3], maximum(1, late))[1] == 3.0

    def test_of_two_zeros_the_second_is_taken(self) -> None:
        for pick in (minimum, maximum):
            found = one([0.0] * 16, 1 / pick(bars.close, -0.0))
            assert found == [-math.inf] * 16

    def test_change_is_relative(self) -> None:
        assert one([2, 3], bars.close.change()) == pytest.approx([math.nan, 0.5], nan_ok=True)

    def test_constants_fill_the_series(self) -> None:
        assert one([1, 2], constant(0.5)) == [0.5, 0.5]
        assert one([1, 2], constant(0.5).lag(1))[1] == 0.5
        assert one([1, 2, 3], sma(constant(0.5), 2))[1:] == [0.5, 0.5]
        assert one([1, 2], where(constant(1) > 0, 1, 2)) == [1.0, 1.0]


@pytest.mark.usefixtures("interpreted")
def test_the_memo_holds_every_output_and_spares_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(wanted: Any, *rest: Any, **more: Any) -> Any:
        calls.extend(spec.name for spec, *_ in wanted)
        return apply_many(wanted, *rest, **more)

    monkeypatch.setattr("stockstream.strategy.evaluate.apply_many", counted)
    close = np.arange(1.0, 61.0)
    memo: dict[Expr, Any] = {}
    lines = macd(bars.close)
    for made in (lines.line, lines.signal, lines.histogram, lines.line - sma(bars.close, 3)):
        evaluate([made], {"close": close}, np.array([0, 60]), memo)
    assert calls == ["macd", "sma"]


def test_bad_columns_are_named() -> None:
    offsets = np.array([0, 3])
    with pytest.raises(DataError, match="no column 'close'"):
        evaluate([bars.close], {"open": np.ones(3)}, offsets)
    with pytest.raises(DataError, match="the offsets say 3 rows"):
        evaluate([bars.close], {"close": np.ones(4)}, offsets)
    with pytest.raises(DataError, match="offsets"):
        evaluate([bars.close], {"close": np.ones(4)}, np.array([], np.int64))
    with pytest.raises(DataError, match="no field 'close'"):
        Stream([bars.close]).update([0], [{"open": 1.0}])


def test_a_stream_shares_the_state_of_one_indicator() -> None:
    lines = macd(bars.close, 2, 3, 2)
    stream = Stream([lines.histogram, lines.line, lines.line - lines.signal])
    for t in range(1, 30):
        histogram, _, difference = stream.update([0], [{"close": float(t * t % 7)}])
    assert histogram == difference


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Arithmetic on purpose outside of what NumPy likes must not warn."""
    with np.errstate(all="raise"):
        yield
