"""What one chunk leaves for the next one in the same process.

The panel that was read last and the plans of its points belong to the process, the piece that was
cut last and what the rules of its points share to each thread.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.backtest.compiled import CompiledRunner
from stockstream.strategy.registry import get_strategy
from stockstream.study.planning.planning import plan_block

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.run import Source
    from stockstream.market.panel import Panel
    from stockstream.study.cutting.pieces import Piece
    from stockstream.study.planning.planning import Planned
    from stockstream.study.points.space import Space
    from stockstream.study.study import Study

__all__ = ["panel_of", "piece_of", "plan_of", "read_panel", "runner_of"]

MOST_PLANS = 4
"""Blocks of points whose plans are kept: about a kilobyte for each point that had to be planned
alone, next to nothing for the others."""


class _Read(NamedTuple):
    """A panel that was read, and what it was read for."""

    lake: weakref.ref[Any]
    wanted: tuple[Any, ...]
    panel: Panel


class _Kept:
    """The memory; threads that run chunks side by side share it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.read: _Read | None = None
        self.plans: dict[tuple[Any, ...], Planned] = {}


class _OfThread(threading.local):
    """What a thread had in hand last."""

    def __init__(self) -> None:
        self.piece: tuple[Panel, Piece, Panel] | None = None
        self.runner: tuple[Panel, BacktestConfig, CompiledRunner] | None = None


_kept = _Kept()
_of_thread = _OfThread()


def read_panel(config: BacktestConfig, columns: tuple[str, ...], lake: Source) -> Panel:
    """What the trials of a resolved configuration trade and look at; read once.

    Raises:
        NoDataError: there are no bars for it.
        UnknownNameError: the lake lacks a column.
    """
    names, start, end = config.universe or (), config.start_date, config.end_date
    warmup: dt.date | int = config.warmup_start or 0
    wanted = (names, start, end, warmup, columns)
    with _kept.lock:
        if _kept.read is not None:
            kept_lake, kept, panel = _kept.read
            if kept_lake() is lake and kept == wanted:
                return panel
        _kept.read = None  # so that never two panels are in memory
        panel = lake.panel(names, start, end, warmup, columns=columns)
        _kept.read = _Read(weakref.ref(lake), wanted, panel)
        return panel


def panel_of(study: Study, lake: Source) -> Panel:
    """The panel of a study."""
    return read_panel(study.config, study.columns, lake)


def piece_of(study: Study, number: int, panel: Panel) -> Panel:
    """A piece of the panel of a study; chunks of one piece share it."""
    piece, held = study.pieces[number], _of_thread.piece
    if held is None or held[0] is not panel or held[1] != piece:
        _of_thread.runner = None
        _of_thread.piece = held = (panel, piece, piece.cut(panel))
    return held[2]


def runner_of(panel: Panel, config: BacktestConfig) -> CompiledRunner:
    """The compiled engine over a panel, with what the rules it ran before can share."""
    held = _of_thread.runner
    if held is None or held[0] is not panel or held[1] is not config:
        _of_thread.runner = held = (panel, config, CompiledRunner(panel, config))
    return held[2]


def plan_of(
    strategy_class: str, space: Space, fixed: Mapping[str, Any], first: int, stop: int
) -> Planned:
    """The plans of the points ``first:stop`` of a space.

    Args:
        strategy_class: name of the strategy.
        space: the points.
        fixed: the other parameters.
        first: the first point.
        stop: the one after the last.
    """
    key = (strategy_class, space.digest, repr(sorted(fixed.items())), first, stop)
    with _kept.lock:
        if key not in _kept.plans:
            if len(_kept.plans) >= MOST_PLANS:
                _kept.plans.clear()
            made = plan_block(get_strategy(strategy_class), space.columns(first, stop), dict(fixed))
            _kept.plans[key] = made
        return _kept.plans[key]
