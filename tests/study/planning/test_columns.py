"""The columns of programs hold what evaluating each expression by itself gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.errors import DataError
from stockstream.indicators.evaluation import apply
from stockstream.jit import part_of
from stockstream.strategy import (
    RuleStrategy,
    Signals,
    constant,
    ema,
    macd,
    maximum,
    minimum,
    rsi,
    sma,
    where,
)
from stockstream.strategy.evaluate import evaluate
from stockstream.study.planning import columns as columns_module
from stockstream.study.planning.columns import evaluate_columns
from stockstream.study.planning.planning import plan_block

if TYPE_CHECKING:
    from stockstream.backtest.sparse.programs import Programs
    from stockstream.market.panel import Panel


class Everything(RuleStrategy):
    """Each kind of node, as what is compared, below it, and inside conditions."""

    n: int = 3
    k: int = 0

    def rules(self, bars: Any) -> Any:
        close, n = bars.close, self.n
        line = macd(close, n, n * 3, 4)
        enter, leave = [
            (close > sma(close, n), line.line.crosses_below(line.signal)),
            (close.change(n) > 0.01 * n, close.lag(n) <= bars.open),
            (minimum(close, sma(close, n)) >= maximum(bars.low, 3.0), -close < abs(line.histogram)),
            (
                (close > bars.open) & ~(rsi(close, n).crosses_above(50.0)),
                (close > n).lag(2) | close.is_finite(),
            ),
            (
                where(close > ema(close, n), close, n) > bars.factor("Value"),
                sma(close, n).crosses_above(sma(close, 2 * n))
                | sma(close, n).crosses_below(sma(close, 2 * n)),
            ),
            (bars.age >= n, constant(n) > close / 0.0 - close / 0.0),
            (bars.close.equals(bars.high), constant(2.0) < n),
            (constant(float("nan")) * close > n, sma(where(bars.listed, n, 1.0), n) > 0.5),
        ][self.k]
        return Signals(enter_long=enter, exit_long=leave)


@pytest.fixture(scope="module")
def symbol(market: Panel) -> Panel:
    """The first symbol: halts, a split; with a factor."""
    alone = market.select([0])
    random = np.random.default_rng(3)
    value = np.where(
        random.random(len(alone.bar)) < 0.1, np.nan, random.normal(20, 4, len(alone.bar))
    )
    listed = (random.random(len(alone.bar)) < 0.9).astype(np.float64)
    return replace(alone, columns={"factor:Value": value, "listed": listed})


def programs_of(strategy: type[RuleStrategy], **axes: Any) -> list[Programs]:
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    columns = {name: values.ravel() for name, values in zip(axes, mesh, strict=True)}
    groups = plan_block(strategy, columns, {}).groups
    return [group.programs for group in groups if group.programs is not None]


def assert_evaluated(programs: Programs, panel: Panel) -> int:
    """Compares bit for bit; returns how many parts there were."""
    given = {**panel.signal_columns(), **panel.columns, "age": panel.column("age")}
    points, parts = [], 0
    for part, numbers, conditions in evaluate_columns(programs, panel):
        for roots, rows in ((part.numbers, numbers), (part.conditions, conditions)):
            assert rows.shape == (len(roots), len(panel.bar))
            assert rows.flags.c_contiguous
            expected = evaluate(roots, given, panel.offsets)
            for row, values in zip(rows, expected, strict=True):
                assert row.tobytes() == values.astype(row.dtype).tobytes()
        points += part.points.tolist()
        parts += 1
    assert points == programs.points.tolist()
    return parts


@pytest.mark.parametrize("compiles", [False, True])
def test_the_bits_of_evaluating_one_by_one(symbol: Panel, compiles: bool) -> None:
    every = programs_of(Everything, n=np.array([2, 3, 5, 30]), k=np.arange(8))
    assert sum(len(programs.points) for programs in every) == 32
    with part_of(10**9 if compiles else 0):
        for programs in every:
            assert assert_evaluated(programs, symbol) == 1


class Means(RuleStrategy):
    """Rolling means that are compared, of prices or of what has gaps; one is read on from too."""

    n: int = 3
    gaps: int = 0

    def rules(self, bars: Any) -> Any:
        value = bars.factor("Value") if self.gaps else bars.close
        mean = sma(value, self.n)
        return Signals(enter_long=mean > sma(value, 7), exit_long=mean.lag(1) > value)


@pytest.mark.parametrize("compiles", [False, True])
@pytest.mark.parametrize("gaps", [0, 1])
@pytest.mark.parametrize("rows", [5, 2000])
def test_means_side_by_side(symbol: Panel, compiles: bool, gaps: int, rows: int) -> None:
    """Also where they cannot be: of a series with a gap, or a short one."""
    short = symbol.truncate(rows) if rows < symbol.sessions else symbol
    with part_of(10**9 if compiles else 0):
        for programs in programs_of(Means, n=np.arange(2, 12), gaps=np.array([gaps])):
            assert_evaluated(programs, short)


def test_shared_columns_are_made_once(symbol: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def counted(*given: Any) -> Any:
        called.append(given)
        return apply(*given)

    monkeypatch.setattr(columns_module, "apply", counted)
    monkeypatch.setenv("STOCKSTREAM_JIT", "never")
    [programs] = programs_of(Everything, n=np.array([2, 5]), k=np.array([4]))
    assert_evaluated(programs, symbol)
    assert len(called) == 6  # ema of 2 and 5; sma of 2, 4, 5 and 10


def test_few_columns_at_a_time(symbol: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "MOST_BYTES", 8 * len(symbol.bar) * 10)
    for programs in programs_of(Everything, n=np.arange(2, 40), k=np.arange(5)):
        parts = assert_evaluated(programs, symbol)
        assert parts > 1
        for part, numbers, conditions in evaluate_columns(programs, symbol):
            assert len(numbers) + len(conditions) <= 10
            for name in ("weight", "stop_loss", "cooldown"):
                assert len(getattr(part, name)) == len(part.points)
            for test in (part.enter, part.exit):
                assert len(test.a) == len(test.b) == len(test.constant) == len(part.points)


def test_parts_read_what_the_whole_read(symbol: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    [programs] = programs_of(Everything, n=np.arange(2, 40), k=np.array([0]))
    monkeypatch.setattr(columns_module, "MOST_BYTES", 8 * len(symbol.bar) * 12)
    seen = []
    for part, _, _ in evaluate_columns(programs, symbol):
        for place, point in enumerate(part.points.tolist()):
            for mine, whole in ((part.enter, programs.enter), (part.exit, programs.exit)):
                for name in ("a", "b"):
                    row, of_whole = getattr(mine, name)[place], getattr(whole, name)[point]
                    assert part.numbers[row] is programs.numbers[of_whole]
            seen.append(point)
    assert seen == list(range(38))


def test_a_symbol_without_bars(symbol: Panel) -> None:
    nothing = symbol.window(0, 0, 0)
    for programs in programs_of(Everything, n=np.array([2, 5]), k=np.arange(8)):
        [(_, numbers, conditions)] = evaluate_columns(programs, nothing)
        assert numbers.shape[1] == conditions.shape[1] == 0


def test_a_column_that_is_not_there(symbol: Panel) -> None:
    [programs] = programs_of(Everything, n=np.array([2, 5]), k=np.array([4]))
    with pytest.raises(DataError, match="factor:Value"):
        list(evaluate_columns(programs, replace(symbol, columns={})))


def test_the_next_symbol_is_prepared_for(symbol: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    [programs] = programs_of(Everything, n=np.array([2, 5]), k=np.array([0]))
    assert_evaluated(programs, symbol)
    monkeypatch.setattr(columns_module, "_Tape", None)
    assert_evaluated(programs, symbol.window(0, 300, 0))
