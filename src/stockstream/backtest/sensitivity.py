"""How much of a result its costs take, and how much hangs on acting at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stockstream.backtest.compiled import CompiledRunner
from stockstream.backtest.event import run_event
from stockstream.backtest.result import json_ready, measure
from stockstream.backtest.run import panel_for, prepare
from stockstream.backtest.sleeves import as_managers
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from stockstream.backtest.config import BacktestConfig, Costs
    from stockstream.backtest.decisions import Decisions
    from stockstream.backtest.run import Source
    from stockstream.backtest.sleeves import Manager
    from stockstream.market.panel import Panel
    from stockstream.metrics.summary import Metrics
    from stockstream.strategy.strategy import Strategy

__all__ = [
    "FACTORS",
    "CostSensitivity",
    "cost_sensitivity",
    "delayed_on_panel",
    "sensitivity_on_panel",
]

FACTORS = (0.0, 0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True)
class CostSensitivity:
    """One backtest at several multiples of its costs.

    Attributes:
        costs: the costs at a factor of 1.
        factors: multiples, ascending.
        metrics: of the run at each factor.
    """

    costs: Costs
    factors: tuple[float, ...]
    metrics: tuple[Metrics, ...]

    @property
    def frame(self) -> pl.DataFrame:
        """A row for each factor: ``factor`` and every metric."""
        import polars as pl

        rows = zip(self.factors, self.metrics, strict=True)
        return pl.DataFrame([{"factor": factor, **made.as_dict()} for factor, made in rows])

    def to_dict(self) -> dict[str, Any]:
        """The runs as JSON values; null where a metric is undefined."""
        runs = [
            {"factor": factor, **json_ready(made.as_dict())}
            for factor, made in zip(self.factors, self.metrics, strict=True)
        ]
        return {"break_even": json_ready({"at": self.break_even})["at"], "runs": runs}

    @property
    def break_even(self) -> float:
        """The factor at which nothing is won, between the two runs around it.

        NaN where all runs win, or none does.
        """
        returns = [made.total_return for made in self.metrics]
        points = zip(self.factors, returns, strict=True)
        for (low, won), (high, lost) in pairwise(points):
            if won > 0.0 >= lost:
                return low + (high - low) * won / (won - lost)
        return math.nan


def cost_sensitivity(
    config: BacktestConfig, lake: Source, factors: Sequence[float] = FACTORS
) -> CostSensitivity:
    """Run a backtest at several multiples of all its costs.

    Args:
        config: with the costs at a factor of 1.
        lake: where the bars are.
        factors: multiples, 0 or more.

    Raises:
        ConfigError: no factor, one that is below 0, or a configuration without costs.
        NoDataError: there are no bars for it.
        StrategyError: the strategy failed.
    """
    managers, resolved = prepare(config, lake)
    return sensitivity_on_panel(managers, panel_for(managers, resolved, lake), resolved, factors)


def sensitivity_on_panel(
    strategy: Strategy | Sequence[Manager],
    panel: Panel,
    config: BacktestConfig,
    factors: Sequence[float] = FACTORS,
) -> CostSensitivity:
    """The same over a panel that is at hand already; rules decide once for all runs.

    Args:
        strategy: one strategy, or several with their shares of the capital.
        panel: what they trade.
        config: with the costs at a factor of 1.
        factors: multiples, 0 or more.

    Raises:
        ConfigError: no factor, one that is below 0, or a configuration without costs.
        StrategyError: the strategy failed.
    """
    chosen = tuple(sorted(set(factors)))
    if not chosen or not chosen[0] >= 0.0:
        raise ConfigError(f"factors={list(factors)}: give multiples of the costs, 0 or more")
    if config.costs.free:
        raise ConfigError("the configuration has no costs: give it some, such as commission_bps=10")
    managers = as_managers(strategy)
    decisions = _decisions(managers, panel, config)
    metrics = []
    for factor in chosen:
        scaled = config.changed(costs=config.costs.scaled(factor))
        if decisions is None:
            outcome = run_event(managers, panel, scaled)
        else:
            outcome = CompiledRunner(panel, scaled).follow(*decisions)
        metrics.append(measure(outcome, scaled))
    return CostSensitivity(config.costs, chosen, tuple(metrics))


def delayed_on_panel(
    strategy: Strategy | Sequence[Manager], panel: Panel, config: BacktestConfig
) -> Metrics | None:
    """The metrics of a run that acts on every decision one bar late.

    An edge that is gone a bar later is an edge that nobody can trade.

    Args:
        strategy: one strategy, or several with their shares of the capital.
        panel: what they trade.
        config: of the run.

    Returns:
        None where a strategy has to be asked bar by bar: it would have to see the delay.
    """
    decisions = _decisions(as_managers(strategy), panel, config)
    if decisions is None:
        return None
    late = [made.delayed(panel) for made in decisions]
    return measure(CompiledRunner(panel, config).follow(*late), config)


def _decisions(
    managers: Sequence[Manager], panel: Panel, config: BacktestConfig
) -> list[Decisions] | None:
    """What rules decide, whatever it costs; None where a strategy has to be asked bar by bar."""
    decisions = CompiledRunner(panel, config).decide_together(managers)
    return decisions if len(decisions) == len(managers) else None
