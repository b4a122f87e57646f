"""The sparse path against the broker: the same fills to the last bit, the same measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from tests.backtest.sparse.market import (
    by_broker,
    random_config,
    random_numbers,
    random_panel,
    random_programs,
)

from stockstream.backtest.sparse.runner import SparseRunner, sparse_refusal
from stockstream.backtest.trial_rows import METRICS, TrialRows, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome
    from stockstream.backtest.sparse.programs import Programs
    from stockstream.market.panel import Panel

EXACT = ("max_drawdown_length", "exposure", "trades", "open_trades", "win_rate")


class Case(NamedTuple):
    """A market, terms and programs."""

    panel: Panel
    config: BacktestConfig
    programs: Programs
    numbers: NDArray[np.float64]
    conditions: NDArray[np.uint8]
    edges: NDArray[np.int64]
    curve: NDArray[np.int64]

    def runner(self, *, compile_kernels: bool) -> SparseRunner:
        return SparseRunner(
            self.panel,
            self.config,
            edges=self.edges,
            curve=self.curve,
            compile_kernels=compile_kernels,
        )


def case_of(seed: int, *, programs: int = 5) -> Case:
    random = np.random.default_rng(seed)
    sessions = int(random.choice([45, 110, 300]))
    panel = random_panel(random, sessions)
    numbers = random_numbers(random, panel, 6)
    conditions = (random.random((2, sessions)) < 0.1).astype(np.uint8)
    bars = sessions - panel.first
    edges = np.sort(random.integers(0, bars + 1, 5))
    return Case(
        panel,
        random_config(random),
        random_programs(random, numbers, 2, programs),
        numbers,
        conditions,
        np.concatenate(([0], edges, [bars])),
        random.integers(-1, bars, 4),
    )


def assert_same_fills(case: Case, place: int, expected: Outcome, runner: SparseRunner) -> None:
    fills = runner.fills(case.programs, case.numbers, case.conditions, place)
    np.testing.assert_array_equal(fills, expected.fills)


def assert_close(rows: TrialRows, place: int, expected: TrialRows) -> None:
    """Within 1e-9, relative; sums that may cancel, relative to what they are sums of."""
    for column, name in enumerate(METRICS):
        ours, theirs = rows.metrics[place, column], expected.metrics[0, column]
        if name in EXACT:
            np.testing.assert_equal(ours, theirs, err_msg=name)
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=name)
    scale = float(np.sqrt(np.nan_to_num(expected.squares).max(initial=0.0))) + 1e-300
    np.testing.assert_allclose(rows.sums[place], expected.sums[0], rtol=1e-9, atol=1e-9 * scale)
    for name in ("squares", "cubes", "fourths", "downside"):
        power = 3 if name == "cubes" else 4 if name == "fourths" else 2
        np.testing.assert_allclose(
            getattr(rows, name)[place],
            getattr(expected, name)[0],
            rtol=1e-9,
            atol=1e-12 * scale**power,
            err_msg=name,
        )
    np.testing.assert_allclose(rows.curve[place], expected.curve[0], rtol=1e-6)


def check(seed: int, *, compile_kernels: bool) -> int:
    """Compare every program of a case. Returns how many fills there were."""
    case = case_of(seed)
    assert sparse_refusal(case.panel, case.config) == ""
    runner = case.runner(compile_kernels=compile_kernels)
    rows = runner.run(case.programs, case.numbers, case.conditions)
    fills = 0
    for place in range(len(case.programs.points)):
        outcome = by_broker(
            case.programs, place, case.numbers, case.conditions, case.panel, case.config
        )
        if place not in runner.left:
            assert_same_fills(case, place, outcome, runner)
        assert_close(rows, place, rows_of(outcome, case.config, case.edges, case.curve))
        fills += len(outcome.fills)
    return fills


@pytest.mark.parametrize("seed", range(20))
def test_fills_to_the_last_bit_and_measures(seed: int) -> None:
    check(seed, compile_kernels=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_fills_to_the_last_bit_and_measures_at_length(seed: int) -> None:
    for part in range(15):
        check(1000 * seed + part, compile_kernels=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 220))
def test_interpreted_and_compiled_bits_are_the_same(seed: int) -> None:
    case = case_of(seed)
    arguments = (case.programs, case.numbers, case.conditions)
    one, other = (
        case.runner(compile_kernels=compiles).run(*arguments) for compiles in (True, False)
    )
    for name in TrialRows._fields[:-1]:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
