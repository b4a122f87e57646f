"""Every shipped strategy that says signals, through the sparse path and through the broker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.backtest.sparse.market import config, random_panel
from tests.backtest.sparse.test_against_broker import assert_close

from stockstream.backtest.compiled import CompiledRunner
from stockstream.backtest.config import Costs
from stockstream.backtest.sparse.runner import NO_BARS, SparseRunner
from stockstream.backtest.trial_rows import rows_of
from stockstream.strategies import (
    MeanReversion,
    Momentum,
    MovingAverageCrossover,
    RSIMeanReversion,
)
from stockstream.strategy import Bracket, RuleStrategy, Signals, ema, sma
from stockstream.study.planning.columns import evaluate_columns
from stockstream.study.planning.planning import plan_block


class Guarded(RuleStrategy):
    """A crossover with every exit there is, and tests that are no plain comparisons."""

    fast: int = 5
    stop: float = 0.03

    def rules(self, bars: Any) -> Signals:
        fast, slow = ema(bars.close, self.fast), sma(bars.close, 20)
        return Signals(
            enter_long=(fast > slow) & (bars.close > bars.open),
            exit_long=fast.crosses_below(slow) | (bars.close < slow * 0.97),
            weight=0.7,
            bracket=Bracket(
                stop_loss=self.stop, take_profit=0.1, trailing_stop=0.06, max_bars=12, cooldown=2
            ),
        )


GRIDS: list[tuple[type[RuleStrategy], dict[str, list[float]]]] = [
    (MovingAverageCrossover, {"fast_period": [3, 5, 8], "slow_period": [12, 20, 30]}),
    (RSIMeanReversion, {"period": [5, 9, 14], "oversold": [30.0, 40.0, 45.0]}),
    (MeanReversion, {"lookback_period": [8, 15, 20], "entry_threshold": [1.0, 1.5, 2.0]}),
    (Momentum, {"momentum_period": [5, 10, 21], "stop_loss_pct": [0.0, 0.02, 0.08]}),
    (Guarded, {"fast": [3, 5, 9], "stop": [0.0, 0.02, 0.05]}),
]
TERMS: list[dict[str, Any]] = [
    {"costs": Costs(commission_bps=10, slippage_bps=5)},
    {"costs": Costs(commission_minimum=6), "fractional": True, "size_at": "fill"},
]


@pytest.mark.parametrize("terms", TERMS, ids=["whole shares", "sized at the fill"])
@pytest.mark.parametrize(("strategy", "grid"), GRIDS, ids=[one.__name__ for one, _ in GRIDS])
def test_equals_a_single_run(
    strategy: type[RuleStrategy], grid: dict[str, list[float]], terms: dict[str, Any]
) -> None:
    panel, settings = random_panel(np.random.default_rng(5), 300), config(**terms)
    edges = np.linspace(0, 300 - panel.first, 5).astype(np.int64)
    columns = {name: np.array(values) for name, values in grid.items()}
    planned = plan_block(strategy, columns, {})
    sparse = SparseRunner(panel, settings, edges=edges, compile_kernels=False)
    single, fills = CompiledRunner(panel, settings, compile_kernels=False), 0
    for group in planned.groups:
        assert group.programs is not None, group.why
        for part, numbers, conditions in evaluate_columns(group.programs, panel):
            rows = sparse.run(part, numbers, conditions)
            for place, point in enumerate(part.points.tolist()):
                expected = single.run(planned.rules(point))
                made = sparse.fills(part, numbers, conditions, place)
                np.testing.assert_array_equal(made, expected.fills)
                assert_close(rows, place, rows_of(expected, settings, edges, NO_BARS))
                fills += len(made)
    assert fills > 0
