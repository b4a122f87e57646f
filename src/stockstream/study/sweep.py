"""One call from a configuration with a grid to every trial of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stockstream.backtest.flags import config_flags
from stockstream.backtest.identity import identify
from stockstream.errors import ConfigError, StrategyError
from stockstream.jit import part_of
from stockstream.strategy.parameters import parameters_of
from stockstream.strategy.registry import get_strategy
from stockstream.strategy.rule import RuleStrategy
from stockstream.study.points import plan_points
from stockstream.study.result import SweepResult
from stockstream.study.splits import LABELS, split_panel
from stockstream.study.trials import TrialTable, run_trials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    import polars as pl

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.run import Source
    from stockstream.market.panel import Panel
    from stockstream.study.points import Points
    from stockstream.study.splits import Piece, Split

    Progress: TypeAlias = Callable[[int, int], None]

__all__ = ["MOST_TRIALS", "run_sweep"]

MOST_TRIALS = 10_000_000
"""Trials of one sweep, which are kept in memory: about 200 bytes each."""

LONGEST_WARMUP = 50_000
"""Sessions: two centuries. A period longer than that finds no bar to warm up on anyway."""

NEWS_EVERY = 0.05  # seconds


def run_sweep(
    config: BacktestConfig,
    lake: Source,
    *,
    split: Split | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Backtest every combination of a grid, over all the data at once or piece by piece.

    Each trial is an ordinary backtest with fresh capital: its numbers are those of
    ``run_on_panel`` with the same parameters on the same panel, bit for bit. All of them share one
    panel, read once, with bars for the longest warm-up of the grid.

    Args:
        config: what to run; without a ``param_grid`` it is a single combination.
        lake: where the bars are.
        split: ``ticker``: each symbol alone; ``year``: each calendar year; None: the universe as
            one portfolio. See :func:`stockstream.study.splits.split_panel`.
        progress: is told (done, total) at the start, now and then, and at the end.

    Raises:
        ConfigError: the grid does not fit the strategy, no combination can run, or there are too
            many trials.
        NoDataError: there are no bars for it.
        StrategyError: every trial failed.
    """
    began = time.perf_counter()
    if config.sleeves:
        raise ConfigError(
            f"a sweep tries one strategy; this book has {len(config.sleeves)}: sweep each alone"
        )
    strategy_class = get_strategy(config.strategy_class)
    points = plan_points(strategy_class, config)
    if split == "ticker" and points.look_across:
        raise ConfigError(
            f"{strategy_class.__name__} holds symbols against each other, and split='ticker' "
            "leaves each alone: split by year, or not at all"
        )
    names = lake.symbols() if config.universe is None else lake.resolve(config.universe)
    resolved = config.changed(
        universe=tuple(names), parameters=points.fixed, param_grid=points.grid
    )
    warmup = min(points.lookback, LONGEST_WARMUP)
    panel = lake.panel(
        names, resolved.start_date, resolved.end_date, warmup, columns=points.columns
    )
    pieces = split_panel(panel, split, warmup)
    _demand_few(len(points.all), pieces)
    table = TrialTable(points.all, [piece.label for piece in pieces])
    with part_of(panel.symbol_bars * points.able):
        symbol_bars = _run(points, pieces, resolved, table, progress)
    if table.first_error is not None:
        raise StrategyError(f"every trial failed; the first: {table.first_error}")
    trials = table.frame(parameters_of(strategy_class), LABELS[split] if split else None)
    return SweepResult(
        config=resolved,
        identity=identify(resolved, panel),
        split=split,
        engine="compiled" if issubclass(strategy_class, RuleStrategy) else "event",
        trials=trials,
        ignored=points.ignored,
        flags=_flags(trials, panel, resolved),
        symbol_bars=symbol_bars,
        seconds=time.perf_counter() - began,
    )


def _run(
    points: Points,
    pieces: Sequence[Piece],
    config: BacktestConfig,
    table: TrialTable,
    progress: Progress | None,
) -> int:
    """Fill the table, piece after piece: what the points share of one is dropped with it.

    Returns:
        Sessions times symbols over all trials that could run.
    """
    done, total, symbol_bars = 0, len(points.all) * len(pieces), 0
    if progress is not None:
        progress(done, total)  # compiling comes first, and takes a while
    news = time.monotonic() + NEWS_EVERY
    for place, piece in enumerate(pieces):
        panel = piece.cut()
        symbol_bars += panel.symbol_bars * points.able
        for number, outcome in enumerate(run_trials(points.all, panel, config)):
            table.put(number, place, outcome)
            done += 1
            if progress is not None and (now := time.monotonic()) >= news:
                progress(done, total)
                news = now + NEWS_EVERY
    if progress is not None:
        progress(done, total)
    return symbol_bars


def _demand_few(combinations: int, pieces: Sequence[Piece]) -> None:
    trials = combinations * len(pieces)
    if trials > MOST_TRIALS:
        raise ConfigError(
            f"{combinations:,} combinations x {len(pieces):,} pieces = {trials:,} trials, more "
            f"than {MOST_TRIALS:,}: give fewer points to a parameter, or sweep fewer symbols"
        )


def _flags(trials: pl.DataFrame, panel: Panel, config: BacktestConfig) -> tuple[str, ...]:
    flags = [*panel.flags, *config_flags(config)]
    idle = int((trials["trades"] == 0).sum())
    if idle:
        flags.append(f"zero trades: the rule never traded in {idle:,} of {len(trials):,} trials")
    return tuple(flags)
