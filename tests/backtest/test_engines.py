"""Two engines, two ways to run a kernel, one set of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream import jit
from stockstream.backtest import compiled
from stockstream.backtest.compiled import run_compiled
from stockstream.backtest.config import Costs
from stockstream.backtest.decisions import decide_all
from stockstream.backtest.event import run_event, step_rules
from stockstream.backtest.result import measure
from stockstream.market.panel import Actions, Panel
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.strategies.rsi_mean_reversion import RSIMeanReversion
from stockstream.strategy.orders import Action, Bracket
from stockstream.strategy.rule import RuleStrategy
from stockstream.strategy.signals import Signals, Weights
from stockstream.strategy.strategy import Strategy
from stockstream.strategy.technical import rsi, sma
from stockstream.testing.play import config_of

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from stockstream.backtest.decisions import Decisions
    from stockstream.backtest.outcome import Outcome
    from stockstream.strategy.expression import Bars
    from stockstream.strategy.portfolio import Portfolio


def random_panel(
    seed: int, symbols: int = 5, sessions: int = 260, *, gaps: float = 0.05, first: int = 30
) -> Panel:
    """A lively market with halts, splits, dividends and a delisting."""
    random = np.random.default_rng(seed)
    shape = (symbols, sessions)
    close = 20.0 * np.exp(np.cumsum(random.normal(0.0, 0.03, shape), axis=1))
    opens = close * np.exp(random.normal(0.0, 0.01, shape))
    high = np.maximum(opens, close) * np.exp(np.abs(random.normal(0.0, 0.01, shape)))
    low = np.minimum(opens, close) * np.exp(-np.abs(random.normal(0.0, 0.01, shape)))
    there = random.random(shape) >= gaps
    delisted = np.full(symbols, sessions)
    delisted[0] = sessions * 3 // 4
    there[0, delisted[0] :] = False
    there[-1] = True  # every session of the axis has a bar
    _, bar = np.nonzero(there)
    count = 6
    order = np.sort(random.choice(np.arange(1, sessions), count, replace=False))
    kinds = random.integers(0, 2, count)
    actions = Actions(
        order,
        random.integers(0, symbols, count),
        kinds,
        np.where(kinds == 0, random.choice([2.0, 3.0, 0.1], count), 0.3),
    )
    return Panel(
        tuple(f"S{i}" for i in range(symbols)),
        np.datetime64("2020-01-01") + np.arange(sessions).astype("timedelta64[D]"),
        np.concatenate(([0], np.cumsum(there.sum(axis=1)))),
        bar,
        opens[there],
        high[there],
        low[there],
        close[there],
        close[there] * 1e4,
        actions=actions,
        delisted=delisted,
        first=first,
    )


class Bracketed(RuleStrategy):
    """Long and short with every exit there is."""

    def rules(self, bars: Bars) -> Signals:
        strength = rsi(bars.close, 5)
        return Signals(
            enter_long=strength < 35.0,
            exit_long=strength > 60.0,
            enter_short=strength > 70.0,
            exit_short=strength < 45.0,
            weight=0.2,
            bracket=Bracket(
                stop_loss=0.04, take_profit=0.08, trailing_stop=0.05, max_bars=9, cooldown=3
            ),
        )


class Tilted(RuleStrategy):
    """Weights by distance from the mean, rebalanced every fifth session."""

    def rules(self, bars: Bars) -> Weights:
        return Weights(target=(bars.close / sma(bars.close, 10) - 1.0) * 2.0, every=5)


RULES = [
    MovingAverageCrossover(fast_period=3, slow_period=8),
    RSIMeanReversion(period=5, oversold=40, overbought=60),
    Bracketed(),
    Tilted(),
]
TERMS: list[dict[str, Any]] = [
    {},
    {"fill": "next_close", "costs": Costs(commission_bps=10, slippage_bps=5)},
    {"fill": "same_close", "fractional": True},
    {"size_at": "fill", "fractional": True, "costs": Costs(commission_minimum=8, borrow_bps=300)},
    {"initial_capital": 300.0, "costs": Costs(commission_per_share=0.01)},
]


def assert_same(one: Outcome, other: Outcome) -> None:
    assert one.account == other.account
    for a, b in zip(one[:3], other[:3], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rules", RULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("terms", TERMS, ids=lambda t: "-".join(t) or "plain")
def test_event_and_compiled_engine_agree(rules: RuleStrategy, terms: dict[str, Any]) -> None:
    for seed in range(3):
        panel, config = random_panel(seed), config_of(**terms)
        stepped = step_rules(rules.plan(), panel, config)
        assert len(stepped.fills) > 10
        assert_same(stepped, run_compiled(rules.plan(), panel, config, compile_kernels=False))


@pytest.mark.slow
@pytest.mark.parametrize("rules", RULES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("terms", TERMS, ids=lambda t: "-".join(t) or "plain")
def test_interpreted_and_compiled_kernels_agree(rules: RuleStrategy, terms: dict[str, Any]) -> None:
    for seed in range(20):
        panel, config = random_panel(seed), config_of(**terms)
        slow, fast = (
            run_compiled(rules.plan(), panel, config, compile_kernels=compiles)
            for compiles in (False, True)
        )
        assert_same(slow, fast)


def test_a_log_that_runs_full_grows_and_loses_nothing() -> None:
    panel = random_panel(1, symbols=1, sessions=3000, gaps=0.0)
    rules = Tilted().plan()
    config = config_of(fractional=True)
    outcome = run_compiled(rules, panel, config, compile_kernels=False)
    assert len(outcome.fills) > 256
    assert_same(outcome, step_rules(rules, panel, config))


class Daily(Strategy):
    """The crossover of the published portfolio benchmark, decided in Python."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.up: dict[str, bool] = {}

    def prepare(self, bars: Any) -> Any:
        import polars as pl

        fast, slow = (pl.col("close").rolling_mean(n) for n in (10, 50))
        return bars.with_columns(fast=fast, slow=slow)

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        if data["slow"] != data["slow"]:
            return None
        up, was = data["fast"] > data["slow"], self.up.get(symbol)
        self.up[symbol] = up
        if was is None or up == was:
            return None
        return Action.target_weight(0.95 / 50 if up else 0.0)


class Fifty(RuleStrategy):
    """The same as rules."""

    def rules(self, bars: Bars) -> Signals:
        fast, slow = sma(bars.close, 10), sma(bars.close, 50)
        return Signals(
            enter_long=fast.crosses_above(slow),
            exit_long=fast.crosses_below(slow),
            weight=0.95 / 50,
        )


@pytest.mark.shared
def test_the_published_portfolio_benchmark_is_met(shared_data: Path) -> None:
    """50 symbols, shared cash, 10 bps: backtrader's final return on the same data."""
    panel = published_panel(shared_data, 50)
    config = config_of(initial_capital=1e6, costs=Costs(commission_bps=10))
    for outcome in (
        run_compiled(Fifty().plan(), panel, config, compile_kernels=False),
        run_event(Daily(), panel, config),
    ):
        assert measure(outcome, config).total_return == pytest.approx(0.5623965791943977, rel=1e-12)


def published_panel(shared_data: Path, symbols: int) -> Panel:
    """The simulated bars that the peers were measured on."""
    import importlib.util

    path = shared_data.parent / "peers-bench" / "common.py"
    if not path.is_file():
        pytest.skip(f"the peers' benchmark data is not at {path}")
    spec = importlib.util.spec_from_file_location("peers_common", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data = module.ohlcv(symbols)
    sessions = len(data["close"])
    opens, high, low, close, volume = (
        np.ascontiguousarray(data[name].T).ravel()
        for name in ("open", "high", "low", "close", "volume")
    )
    return Panel(
        tuple(f"S{i:03d}" for i in range(symbols)),
        np.datetime64("2010-01-01") + np.arange(sessions).astype("timedelta64[D]"),
        np.arange(symbols + 1) * sessions,
        np.tile(np.arange(sessions), symbols),
        opens,
        high,
        low,
        close,
        volume,
    )


@pytest.mark.parametrize("large", [False, True])
def test_small_pieces_of_a_large_run_are_compiled(
    monkeypatch: pytest.MonkeyPatch, *, large: bool
) -> None:
    """Rules are evaluated in blocks; that a block belongs to a large run must reach it."""
    panel = random_panel(1, symbols=20, sessions=300)
    monkeypatch.setattr(jit, "COMPILE_ABOVE", 1000 if large else 10**9)
    seen: list[bool] = []

    def spy(*arguments: Any) -> Decisions:
        seen.append(jit.pays_to_compile(10))
        return decide_all(*arguments)

    monkeypatch.setattr(compiled, "decide_all", spy)
    compiled.CompiledRunner(panel, config_of()).decide(RULES[0].plan())
    assert seen == [large]
