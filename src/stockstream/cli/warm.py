"""Compiling every kernel before it is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stockstream.backtest.compiled import run_compiled
from stockstream.backtest.config import BacktestConfig
from stockstream.indicators.registry import compute, get_spec
from stockstream.jit import part_of
from stockstream.market.panel import Panel
from stockstream.strategies import SHIPPED
from stockstream.strategy.registry import get_strategy
from stockstream.strategy.rule import RuleStrategy
from stockstream.study.planning.planning import plan_block
from stockstream.study.trials import run_planned

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compile_kernels"]

USUAL = (
    *("sma", "ema", "wma", "rsi", "macd", "stochastic", "bollinger", "atr", "obv", "vwap"),
    *("roc", "std", "highest", "lowest"),
)
"""Indicators that most rules are made of; any other is compiled when a large run first uses it."""

SESSIONS = 300
SERIES = 5
"""Four for the dense form of an indicator, one more for its array form."""

LARGE = 1 << 62
"""Kernel steps of a work for which compiling pays."""


def compile_kernels(progress: Callable[[int, int], None]) -> None:
    """Run the usual indicators, the broker and the shipped strategies once, compiled.

    The cache on disk keeps what is made.

    Args:
        progress: is told (done, total) after each piece.
    """
    panel = _panel()
    total = len(USUAL) + len(SHIPPED) + 1
    with part_of(LARGE):
        columns = {name: np.tile(x, SERIES) for name, x in panel.signal_columns().items()}
        offsets = np.arange(SERIES + 1) * SESSIONS
        for done, name in enumerate(USUAL, start=1):
            compute(name, [columns[field] for field in get_spec(name).inputs], offsets)
            progress(done, total)
        for done, name in enumerate(SHIPPED, start=len(USUAL) + 1):
            strategy = get_strategy(name)()
            if isinstance(strategy, RuleStrategy):
                read = replace(panel, columns=dict.fromkeys(strategy.columns(), panel.close))
                run_compiled(strategy.plan(), read, _config(name, panel), compile_kernels=True)
            progress(done, total)
        _run_sparse(panel)
        progress(total, total)


def _run_sparse(panel: Panel) -> None:
    """The path of sweeps of one symbol."""
    name = "MovingAverageCrossover"
    config = _config(name, panel)
    days = (config.start_date, config.end_date)
    run_planned(plan_block(get_strategy(name), {}, {}), panel, config, days, ())


def _panel() -> Panel:
    """One symbol that goes up and down."""
    close = 100.0 + 20.0 * np.sin(np.arange(SESSIONS) / 10.0)
    return Panel(
        symbols=("WARM",),
        dates=np.datetime64("2024-01-01") + np.arange(SESSIONS).astype("timedelta64[D]"),
        offsets=np.array([0, SESSIONS]),
        bar=np.arange(SESSIONS),
        open=close,
        high=close + 1.0,
        low=close - 1.0,
        close=close,
        volume=np.full(SESSIONS, 1e6),
    )


def _config(strategy: str, panel: Panel) -> BacktestConfig:
    first, last = panel.dates[[0, -1]].tolist()
    return BacktestConfig(strategy_class=strategy, start_date=first, end_date=last)
