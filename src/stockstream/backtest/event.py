"""The event engine: the same broker, with Python deciding each bar.

Free-form strategies run here; rule strategies may, bar by bar, to be debugged and verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.broker import Broker
from stockstream.backtest.broker.terms import Terms
from stockstream.backtest.broker.turn import TurnBroker
from stockstream.backtest.desks import FreeDesk, RuleDesk
from stockstream.backtest.sleeves import as_managers
from stockstream.jit import pays_to_compile
from stockstream.strategy.rule import RuleStrategy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.desks import Desk, Journal
    from stockstream.backtest.outcome import Outcome
    from stockstream.backtest.sleeves import Manager
    from stockstream.market.panel import Panel
    from stockstream.strategy.signals import Rules
    from stockstream.strategy.strategy import Strategy

__all__ = ["run_event", "step_rules"]

WORTH = 8
"""Compiled kernels save so many times less where Python decides each bar as where it does not."""


def run_event(
    strategy: Strategy | Sequence[Manager],
    panel: Panel,
    config: BacktestConfig,
    *,
    journal: Journal | None = None,
    stop: int | None = None,
    compile_kernels: bool | None = None,
) -> Outcome:
    """Run one strategy, or several that share the cash of one book, bar by bar.

    In each bar the strategies decide in their order, all of them after its fills.

    Args:
        strategy: a fresh copy of each is run, so that no run sees another's state.
        panel: what they trade.
        config: capital, costs and how orders work.
        journal: what a strategy in free form prepares and orders is written here.
        stop: walk no further than the bar before this one; None is to the end.
        compile_kernels: walk the bars with compiled code or the interpreter, with the same
            numbers; None lets the size of the work decide. Rules are always stepped by the latter.

    Raises:
        StrategyError: a strategy failed or returned something unusable; says when and where.
    """
    managers = as_managers(strategy)
    if compile_kernels is None:
        compile_kernels = pays_to_compile(panel.symbol_bars // WORTH)
    free = not any(isinstance(manager.strategy, RuleStrategy) for manager in managers)
    broker = _broker(panel, config, len(managers), compile_kernels=compile_kernels and free)
    dates: list[dt.date] = panel.dates.astype("datetime64[D]").tolist()
    desks: list[Desk] = [
        RuleDesk(manager.strategy.plan(), broker, sleeve, manager.weight)
        if isinstance(manager.strategy, RuleStrategy)
        else FreeDesk(manager.strategy, broker, dates, sleeve, manager.weight, journal)
        for sleeve, manager in enumerate(managers)
    ]
    return _walk(broker, desks, panel.sessions if stop is None else stop)


def step_rules(rules: Rules, panel: Panel, config: BacktestConfig) -> Outcome:
    """Run rules bar by bar with streaming indicators: the compiled engine's second opinion."""
    broker = _broker(panel, config, 1, compile_kernels=False)
    return _walk(broker, [RuleDesk(rules, broker)], panel.sessions)


def _broker(panel: Panel, config: BacktestConfig, sleeves: int, *, compile_kernels: bool) -> Broker:
    terms, capital = Terms.of(config), config.initial_capital
    if compile_kernels:
        return TurnBroker(panel, terms, capital, sleeves=sleeves)
    return Broker(panel, terms, capital, compile_kernels=False, sleeves=sleeves)


def _walk(broker: Broker, desks: Sequence[Desk], stop: int) -> Outcome:
    """Each bar up to ``stop``: what happens up to the close, the decisions, the end of the bar."""
    try:
        for t in range(broker.panel.first, stop):
            broker.open_bar(t)
            for desk in desks:
                desk.decide(t)
            broker.close_bar(t)
    finally:
        for desk in desks:
            desk.leave()
    return broker.finish()
