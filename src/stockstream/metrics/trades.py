"""Measures of closed trades."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["average_loss", "average_win", "profit_factor", "win_rate"]


def win_rate(pnl: Floats) -> float:
    """Share of trades that made money; one that broke even did not. NaN without trades.

    Args:
        pnl: ``[n]``, profit of each closed trade after fees, in money.
    """
    return int(np.count_nonzero(pnl > 0.0)) / len(pnl) if len(pnl) else math.nan


def profit_factor(pnl: Floats) -> float:
    """Gross profit over gross loss. NaN without a losing trade, never infinite."""
    lost = -float(np.add.reduce(np.minimum(pnl, 0.0)))
    return float(np.add.reduce(np.maximum(pnl, 0.0))) / lost if lost > 0.0 else math.nan


def average_win(pnl: Floats, returns: Floats) -> float:
    """Mean return of the trades that made money. NaN without one.

    Args:
        pnl: ``[n]``, which says who won.
        returns: ``[n]``, profit of each trade as a fraction of its cost at entry.
    """
    return _mean(returns[pnl > 0.0])


def average_loss(pnl: Floats, returns: Floats) -> float:
    """Mean return of the trades that lost money, below zero. NaN without one."""
    return _mean(returns[pnl < 0.0])


def _mean(values: Floats) -> float:
    return float(np.add.reduce(values)) / len(values) if len(values) else math.nan
