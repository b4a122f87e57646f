"""One call from a configuration to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from stockstream.backtest.benchmark import benchmark_of, index_symbol
from stockstream.backtest.compiled import CompiledRunner
from stockstream.backtest.event import run_event
from stockstream.backtest.flags import DISTRUST, config_flags, outcome_flags
from stockstream.backtest.identity import identify
from stockstream.backtest.result import BacktestResult
from stockstream.backtest.sleeves import (
    as_managers,
    columns_of,
    lookback_of,
    managers_of,
    written_out,
)
from stockstream.backtest.verify import check_free_form
from stockstream.errors import ConfigError
from stockstream.strategy.rule import RuleStrategy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome
    from stockstream.backtest.sleeves import (
        Manager,
    )
    from stockstream.market.panel import Panel
    from stockstream.strategy.strategy import Strategy

__all__ = ["Engine", "Source", "panel_for", "prepare", "run_backtest", "run_on_panel"]

Engine = Literal["auto", "compiled", "event"]


class Source(Protocol):
    """Where panels come from: a lake."""

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        """Full symbols for what a person typed."""

    def symbols(self) -> list[str]:
        """Every symbol."""

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        """Bars of some symbols, with ``warmup`` sessions from before the start, or from a day on.

        ``columns`` are those beyond the five fields of a bar, such as factors.
        """


def run_backtest(
    config: BacktestConfig,
    lake: Source,
    *,
    engine: Engine = "auto",
    benchmark: bool = True,
    look_ahead: bool = True,
) -> BacktestResult:
    """Run one backtest.

    Args:
        config: what to run.
        lake: where the bars are.
        engine: ``auto`` compiles rules and steps free-form code; rules can be stepped too.
        benchmark: run the configuration's benchmark beside it.
        look_ahead: search strategies in free form for look-ahead, in a sample that costs at most a
            fifth of the run, or some hundred sessions; what is found is a flag of the result.

    Raises:
        ConfigError: the configuration does not fit the strategy or the lake.
        NoDataError: there are no bars for it.
        StrategyError: the strategy failed.
    """
    managers, resolved = prepare(config, lake)
    panel = panel_for(managers, resolved, lake)
    named = index_symbol(resolved) if benchmark else None
    index = None
    if named is not None:
        index = lake.panel([named], resolved.start_date, resolved.end_date)
    return run_on_panel(
        managers,
        panel,
        resolved,
        engine=engine,
        benchmark=benchmark,
        index=index,
        look_ahead=look_ahead,
    )


def prepare(config: BacktestConfig, lake: Source) -> tuple[tuple[Manager, ...], BacktestConfig]:
    """The strategies, and the configuration with their parameters and the symbols written out."""
    if config.param_grid:
        raise ConfigError(
            f"param_grid has several values for {', '.join(config.param_grid)}: one backtest takes "
            "one value each; run a grid with `stockstream sweep`"
        )
    managers = managers_of(config)
    names = lake.symbols() if config.universe is None else lake.resolve(config.universe)
    resolved = written_out(config, managers).changed(universe=tuple(names))
    index = index_symbol(config)
    if index is not None:
        resolved = resolved.changed(benchmark=lake.resolve([index])[0])
    return managers, resolved


def panel_for(managers: Sequence[Manager], config: BacktestConfig, lake: Source) -> Panel:
    """What the strategies of a resolved configuration trade and look at."""
    return lake.panel(
        config.universe or (),
        config.start_date,
        config.end_date,
        config.warmup_start or lookback_of(managers),
        columns=columns_of(managers),
    )


def run_on_panel(
    strategy: Strategy | Sequence[Manager],
    panel: Panel,
    config: BacktestConfig,
    *,
    engine: Engine = "auto",
    benchmark: bool = True,
    index: Panel | None = None,
    look_ahead: bool = True,
) -> BacktestResult:
    """Run over a panel that is at hand already.

    Args:
        strategy: one strategy, or several with their shares of the capital.
        panel: what they trade.
        config: of the run.
        engine: see :func:`run_backtest`.
        benchmark: run the configuration's benchmark beside it.
        index: the bars of the benchmark, where it is a symbol of its own.
        look_ahead: see :func:`run_backtest`.

    Raises:
        ConfigError: the engine cannot run the strategy.
        StrategyError: the strategy failed.
    """
    managers = as_managers(strategy)
    compiles = _compiles(managers, engine)
    doubts = list(_doubts(managers, panel, config)) if look_ahead else []  # before the run
    outcome = _outcome(managers, panel, config, compiles=compiles)
    return BacktestResult.of(
        outcome,
        panel,
        config=config,
        identity=identify(config, panel),
        engine="compiled" if compiles else "event",
        sleeves=[manager.name for manager in managers],
        flags=(
            *doubts,
            *panel.flags,
            *config_flags(config),
            *outcome_flags(outcome, panel, lookback_of(managers)),
        ),
        benchmark=benchmark_of(panel, config, index) if benchmark else None,
    )


def _compiles(managers: Sequence[Manager], engine: Engine) -> bool:
    free = [type(m.strategy).__name__ for m in managers if not _has_rules(m)]
    if engine == "compiled" and free:
        raise ConfigError(
            f"{', '.join(free)} decides bar by bar in Python: it runs on the event engine"
        )
    return engine != "event" and not free


def _has_rules(manager: Manager) -> bool:
    return isinstance(manager.strategy, RuleStrategy)


def _doubts(managers: Sequence[Manager], panel: Panel, config: BacktestConfig) -> Iterator[str]:
    """What a sample of the strategies in free form gives to doubt; rules cannot look ahead."""
    for manager in managers:
        if not _has_rules(manager):
            check = check_free_form(manager.strategy, panel, config)
            if not check.passed:
                yield f"{DISTRUST}{manager.name}: {check.detail}"


def _outcome(
    managers: Sequence[Manager], panel: Panel, config: BacktestConfig, *, compiles: bool
) -> Outcome:
    if not compiles:
        return run_event(managers, panel, config)
    runner = CompiledRunner(panel, config)
    return runner.follow(*runner.decide_together(managers))
