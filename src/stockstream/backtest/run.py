"""One call from a configuration to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from stockstream.backtest.codes import TARGET
from stockstream.backtest.compiled import run_compiled, run_decisions
from stockstream.backtest.config import Costs
from stockstream.backtest.decisions import Decisions
from stockstream.backtest.event import run_event, step_rules
from stockstream.backtest.identity import identify
from stockstream.backtest.result import BacktestResult, Benchmark
from stockstream.errors import ConfigError
from stockstream.strategy.orders import NO_BRACKET
from stockstream.strategy.registry import get_strategy
from stockstream.strategy.rule import RuleStrategy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome
    from stockstream.market.panel import Panel
    from stockstream.strategy.strategy import Strategy

__all__ = [
    "Engine",
    "Source",
    "buy_and_hold",
    "config_flags",
    "prepare",
    "run_backtest",
    "run_on_panel",
]

Engine = Literal["auto", "compiled", "event"]


class Source(Protocol):
    """Where panels come from: a lake."""

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        """Full symbols for what a person typed."""

    def symbols(self) -> list[str]:
        """Every symbol."""

    def panel(self, symbols: Sequence[str], start: dt.date, end: dt.date, warmup: int) -> Panel:
        """Bars of some symbols, with ``warmup`` sessions from before the start."""


def run_backtest(
    config: BacktestConfig, lake: Source, *, engine: Engine = "auto", benchmark: bool = True
) -> BacktestResult:
    """Run one backtest.

    Args:
        config: what to run.
        lake: where the bars are.
        engine: ``auto`` compiles rules and steps free-form code; rules can be stepped too.
        benchmark: run buy and hold of the same symbols beside it.

    Raises:
        ConfigError: the configuration does not fit the strategy or the lake.
        NoDataError: there are no bars for it.
        StrategyError: the strategy failed.
    """
    strategy, resolved = prepare(config, lake)
    panel = lake.panel(
        resolved.universe or (), resolved.start_date, resolved.end_date, strategy.lookback()
    )
    return run_on_panel(strategy, panel, resolved, engine=engine, benchmark=benchmark)


def prepare(config: BacktestConfig, lake: Source) -> tuple[Strategy, BacktestConfig]:
    """The strategy, and the configuration with its parameters and symbols written out."""
    if config.param_grid:
        raise ConfigError(
            f"param_grid has several values for {', '.join(config.param_grid)}: one backtest takes "
            "one value each; run a grid with `stockstream sweep`"
        )
    found = get_strategy(config.strategy_class)
    strategy = found(**config.parameters)
    names = lake.symbols() if config.universe is None else lake.resolve(config.universe)
    given = config.strategy_class
    named = f"{given}:{found.__name__}" if given.endswith(".py") else given
    resolved = config.changed(
        strategy_class=named, universe=tuple(names), parameters=strategy.parameters
    )
    return strategy, resolved


def run_on_panel(
    strategy: Strategy,
    panel: Panel,
    config: BacktestConfig,
    *,
    engine: Engine = "auto",
    benchmark: bool = True,
) -> BacktestResult:
    """Run a strategy over a panel that is at hand already."""
    compiles = isinstance(strategy, RuleStrategy) and engine != "event"
    if engine == "compiled" and not compiles:
        raise ConfigError(
            f"{type(strategy).__name__} decides bar by bar in Python: it runs on the event engine"
        )
    outcome = _outcome(strategy, panel, config, compiles=compiles)
    return BacktestResult.of(
        outcome,
        panel,
        config=config,
        identity=identify(config, panel),
        engine="compiled" if compiles else "event",
        flags=_flags(outcome, strategy, panel, config),
        benchmark=buy_and_hold(panel, config) if benchmark else None,
    )


def _outcome(
    strategy: Strategy, panel: Panel, config: BacktestConfig, *, compiles: bool
) -> Outcome:
    if not isinstance(strategy, RuleStrategy):
        return run_event(strategy, panel, config)
    runner = run_compiled if compiles else step_rules
    return runner(strategy.plan(), panel, config)


def buy_and_hold(panel: Panel, config: BacktestConfig) -> Benchmark:
    """Equal weights of every symbol, bought at its first bar and held, at no cost."""
    rows = panel.offsets[:-1] + _rows_before(panel)
    rows = rows[rows < panel.offsets[1:]]
    weight = np.full(len(rows), 1.0 / len(panel.symbols))
    code = np.full(len(rows), TARGET)
    decisions = Decisions.at_rows(panel, rows, code, weight, NO_BRACKET)
    free = config.changed(costs=Costs(), fractional=True)
    equity = run_decisions(decisions, panel, free).days["equity"]
    name = panel.symbols[0] if len(panel.symbols) == 1 else f"{len(panel.symbols)} symbols equally"
    return Benchmark(f"buy and hold {name}", np.ascontiguousarray(equity))


def _rows_before(panel: Panel) -> NDArray[np.int64]:
    """``[S]``: rows of each symbol before the trading window."""
    early = panel.row_symbol[panel.bar < panel.first]
    return np.bincount(early, minlength=len(panel.symbols))


def _flags(
    outcome: Outcome, strategy: Strategy, panel: Panel, config: BacktestConfig
) -> tuple[str, ...]:
    """What a reader must know before believing a number."""
    flags = [*panel.flags, *config_flags(config)]
    if float(outcome.days["cash"].min()) < 0.0:
        flags.append("cash fell below zero: a short position or a fee cost more than there was")
    ruined = np.flatnonzero(outcome.days["equity"] <= 0.0)
    if len(ruined):
        day = panel.dates[panel.first + int(ruined[0])]
        flags.append(f"ruined: nothing was left on {day}; no position was opened after it")
    if not len(outcome.trades):
        flags.append(_why_no_trades(outcome, strategy, panel))
    return tuple(flags)


def config_flags(config: BacktestConfig) -> list[str]:
    """What a reader must know of how orders worked and what they cost."""
    flags = []
    if config.fill == "same_close":
        flags.append("fills at the close that made the decision: nobody can trade like this")
    if config.size_at == "fill":
        flags.append("shares sized at the fill price, which is not known when the order is placed")
    if config.costs.free:
        flags.append("no costs: commission and slippage are zero")
    return flags


def _why_no_trades(outcome: Outcome, strategy: Strategy, panel: Panel) -> str:
    account, sessions = outcome.account, panel.sessions - panel.first
    if account["unaffordable"]:
        return (
            f"zero trades: {account['unaffordable']} orders could not buy a single share with the "
            "cash at hand; raise the capital or trade fractions"
        )
    if panel.sessions <= strategy.lookback():
        return (
            f"zero trades: the strategy looks back {strategy.lookback()} bars and there are "
            f"{panel.sessions}; start later or shorten its periods"
        )
    return f"zero trades: no entry in {sessions} sessions; the rule never fired"
