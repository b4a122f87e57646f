"""From a configuration with a grid to a study: everything checked before anything runs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.backtest.flags import config_flags
from stockstream.backtest.identity import identify
from stockstream.errors import ConfigError
from stockstream.strategy.registry import canonical_name, get_strategy
from stockstream.study.cutting.pieces import warmup_start
from stockstream.study.cutting.splits import Split, pieces_of
from stockstream.study.planning.planning import read_grid
from stockstream.study.points.space import Space
from stockstream.study.reuse import plan_of, read_panel
from stockstream.study.study import Study

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.run import Source
    from stockstream.study.cutting.splits import Piece
    from stockstream.study.points.sampling import Sample

    Days = NDArray[np.datetime64]

__all__ = ["BLOCKS", "CHUNK_SECONDS", "MOST_TRIALS", "plan_study"]

BLOCKS = 16
"""Blocks of time for which each trial keeps its sums: what cross-validation shuffles."""

CHUNK_SECONDS = 0.5
"""Work of a chunk on one core: enough to make its file worth while, little to lose."""

MOST_TRIALS = 10_000_000_000

LONGEST_WARMUP = 50_000
"""Sessions: two centuries. A period longer than that finds no bar to warm up on anyway."""

SURVEYED = 1 << 16
"""Points planned at a time to find out how far they look back."""

MOST_IN_CHUNK = 1 << 14

SECONDS_PER_BAR = {"sparse": 3e-9, "broker": 6e-8, "event": 9e-6}
"""What a trial takes for each symbol and session, roughly: only the size of chunks rests on it."""


class _Survey(NamedTuple):
    """What all points together need."""

    lookback: int
    columns: tuple[str, ...]
    looks_across: bool
    path: str


def plan_study(
    config: BacktestConfig,
    lake: Source,
    *,
    split: Split | str | None = None,
    where: Sequence[str] = (),
    sample: Sample | None = None,
    space: Space | None = None,
    blocks: int = BLOCKS,
    keep_equity: int = 0,
    chunk_seconds: float = CHUNK_SECONDS,
) -> Study:
    """Plan a study.

    Args:
        config: what to run; without a ``param_grid`` it is a single point.
        lake: where the bars are.
        split: how to cut the data; see :class:`stockstream.study.cutting.splits.Split`.
        where: constraints between the parameters, such as ``"fast_period < slow_period"``.
        sample: try some of the grid's points only.
        space: points that were chosen before, in place of the grid, ``where`` and ``sample``.
        blocks: parts of time for which each trial keeps sums, unless the split says.
        keep_equity: days, evenly spaced, at which the equity of each trial is kept.
        chunk_seconds: about how long a chunk may take on one core.

    Raises:
        ConfigError: the grid does not fit the strategy, no combination can run, the split does not
            fit the data, or there are too many trials.
        UnknownNameError: a parameter, symbol or strategy that does not exist.
        NoDataError: there are no bars for it.
    """
    _demand_one_strategy(config)
    strategy_class = get_strategy(config.strategy_class)
    grid, fixed, ignored = read_grid(strategy_class, config)
    points = space or Space(grid, tuple(where), sample, fixed=fixed)
    cut = Split.parse(split)
    name = canonical_name(config.strategy_class)
    survey = _survey(name, points, fixed)
    if cut.kind == "ticker" and survey.looks_across:
        raise ConfigError(
            f"{strategy_class.__name__} holds symbols against each other, and split='ticker' "
            "leaves each alone: split by year, or not at all"
        )
    names = lake.symbols() if config.universe is None else lake.resolve(config.universe)
    resolved = config.changed(
        strategy_class=name,
        universe=tuple(names),
        parameters=fixed,
        param_grid=points.axes,
        warmup_start=config.warmup_start or warmup_start(config.start_date, survey.lookback),
    )
    panel = read_panel(resolved, survey.columns, lake)
    days = panel.dates[panel.first :]
    pieces = tuple(pieces_of(cut, resolved, days, panel.symbols, survey.lookback))
    _demand_few(points, pieces)
    return Study(
        config=resolved,
        space=points,
        split=cut,
        pieces=pieces,
        block_dates=cut.block_dates(days) or _even(days, blocks),
        curve_dates=_curve(days, keep_equity),
        columns=survey.columns,
        lookback=survey.lookback,
        chunk_trials=_chunk_trials(
            survey.path, len(panel.bar), pieces, panel.symbols, chunk_seconds
        ),
        identity=identify(resolved, panel),
        ignored=ignored,
        flags=(*panel.flags, *config_flags(resolved)),
    )


def _demand_one_strategy(config: BacktestConfig) -> None:
    if config.sleeves:
        raise ConfigError(
            f"a sweep tries one strategy; this book has {len(config.sleeves)}: sweep each alone"
        )


def _survey(strategy_class: str, space: Space, fixed: dict[str, Any]) -> _Survey:
    """Plan every point once, some at a time, and keep what all of them need."""
    lookback, columns, across, rules, able = 0, dict[str, None](), False, True, 0
    first_error = ""
    for first in range(0, space.size, SURVEYED):
        stop = min(first + SURVEYED, space.size)
        planned = plan_of(strategy_class, space, fixed, first, stop)
        lookback = max(lookback, planned.lookback)
        columns.update(dict.fromkeys(planned.columns))
        across, rules = across or planned.look_across, rules and planned.is_rules
        able += planned.size - len(planned.errors)
        first_error = first_error or next(iter(planned.errors.values()), "")
    if not able:
        many = f"none of the {space.size:,} combinations can run; the first: "
        raise ConfigError(f"{many if space.size > 1 else ''}{first_error}")
    path = "event" if not rules else "broker" if across else "sparse"
    return _Survey(min(lookback, LONGEST_WARMUP), tuple(columns), across, path)


def _demand_few(space: Space, pieces: Sequence[Piece]) -> None:
    trials = space.size * len(pieces)
    if trials > MOST_TRIALS:
        raise ConfigError(
            f"{space.size:,} combinations x {len(pieces):,} pieces = {trials:,} trials, more than "
            f"{MOST_TRIALS:,}: sample the grid, or sweep fewer symbols"
        )


def _even(days: Days, blocks: int) -> tuple[dt.date, ...]:
    """The first days of so many parts of about equal length, and the day after the last."""
    if not 1 <= blocks <= len(days):
        raise ConfigError(
            f"blocks={blocks} cannot be cut from {len(days):,} sessions: give 16, or fewer of them "
            "for a short window"
        )
    starts = days[np.arange(blocks) * len(days) // blocks]
    return (*_as_dates(starts), _as_dates(days[-1:])[0] + dt.timedelta(days=1))


def _curve(days: Days, count: int) -> tuple[dt.date, ...]:
    """So many days, evenly spaced, the last session among them."""
    count = min(count, len(days))
    return _as_dates(days[np.arange(1, count + 1) * len(days) // max(count, 1) - 1])


def _as_dates(days: Days) -> tuple[dt.date, ...]:
    return tuple(days.astype("datetime64[D]").tolist())


def _chunk_trials(
    path: str, rows: int, pieces: Sequence[Piece], symbols: Sequence[str], seconds: float
) -> int:
    """Trials that take about so long: the same for the same study, wherever it is planned."""
    alone = len(symbols) == 1 or all(len(piece.symbols or symbols) == 1 for piece in pieces)
    if path == "sparse" and not alone:
        path = "broker"
    apart = len(symbols) if alone else 1
    cost = SECONDS_PER_BAR[path] * rows / apart
    return max(1, min(MOST_IN_CHUNK, int(seconds / cost)))
