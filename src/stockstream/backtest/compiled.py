"""The compiled engine: rules evaluated to arrays, then the broker's own loop over them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from stockstream.backtest.broker.broker import Broker
from stockstream.backtest.broker.layout import market_of
from stockstream.backtest.broker.terms import Terms
from stockstream.backtest.decisions import decide_all
from stockstream.jit import COMPILE_ABOVE, part_of, pays_to_compile
from stockstream.strategy.rule import RuleStrategy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.backtest.broker.records import Market
    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.decisions import Decisions
    from stockstream.backtest.outcome import Outcome
    from stockstream.backtest.sleeves import Manager
    from stockstream.market.panel import Panel
    from stockstream.strategy.evaluate import Memo
    from stockstream.strategy.signals import Rules

__all__ = ["CompiledRunner", "run_compiled", "run_decisions"]

SHARED_VALUES = 1 << 27
"""Numbers that the rules of one panel may share before they are dropped: at most a GiB."""


class CompiledRunner:
    """Runs rules after rules over one panel, each with fresh capital; what they share is made once.

    Args:
        panel: what they trade.
        config: capital, costs and how orders work.
        compile_kernels: compiled code or the interpreter, with the same numbers; None lets the
            size of the work decide.
    """

    def __init__(
        self, panel: Panel, config: BacktestConfig, *, compile_kernels: bool | None = None
    ) -> None:
        if compile_kernels is None:
            compile_kernels = pays_to_compile(panel.symbol_bars)
        self._panel, self._compiles = panel, compile_kernels
        # indicators work on pieces of the panel, so they are told the size of the whole
        self._steps = max(panel.symbol_bars, COMPILE_ABOVE + 1) if compile_kernels else 0
        self._terms, self._capital = Terms.of(config), config.initial_capital
        self._memo: Memo = {}

    @cached_property
    def _market(self) -> Market:
        volumes = self._terms.needs_volume
        return market_of(self._panel, lists=not self._compiles, volumes=volumes)

    def run(self, rules: Rules) -> Outcome:
        """Run what a rule strategy plans."""
        if len(self._memo) * len(self._panel.bar) > SHARED_VALUES:
            self._memo.clear()
        return self.follow(self.decide(rules, self._memo))

    def decide(self, rules: Rules, memo: Memo | None = None) -> Decisions:
        """Evaluate rules; with a memo, what the next ones may share is kept in it."""
        with part_of(self._steps):
            return decide_all(rules, self._panel, memo)

    def decide_together(self, managers: Sequence[Manager]) -> list[Decisions]:
        """What the rules among some strategies decide, each for its share of the capital."""
        return [
            self.decide(manager.strategy.plan()).scaled(manager.weight)
            for manager in managers
            if isinstance(manager.strategy, RuleStrategy)
        ]

    def follow(self, *decisions: Decisions) -> Outcome:
        """Run decisions made beforehand; those of several strategies share the cash."""
        sleeves = len(decisions)
        broker = Broker(
            self._panel,
            self._terms,
            self._capital,
            compile_kernels=self._compiles,
            sleeves=sleeves,
            market=self._market._replace(sleeves=sleeves),
        )
        broker.run(decisions)
        return broker.finish()


def run_compiled(
    rules: Rules, panel: Panel, config: BacktestConfig, *, compile_kernels: bool | None = None
) -> Outcome:
    """Run rules once over a panel; arguments as for :class:`CompiledRunner`."""
    runner = CompiledRunner(panel, config, compile_kernels=compile_kernels)
    return runner.follow(runner.decide(rules))


def run_decisions(
    decisions: Decisions,
    panel: Panel,
    config: BacktestConfig,
    *,
    compile_kernels: bool | None = None,
) -> Outcome:
    """Run decisions made beforehand once; arguments as for :class:`CompiledRunner`."""
    return CompiledRunner(panel, config, compile_kernels=compile_kernels).follow(decisions)
