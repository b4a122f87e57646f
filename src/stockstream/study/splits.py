"""Cutting the data of a sweep into pieces, each with fresh capital.

A piece is an ordinary panel: its trials are ordinary backtests. More ways to cut (walk-forward,
cross-validation) are further functions that return pieces.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.market.panel import Panel

__all__ = ["LABELS", "Piece", "Split", "split_panel"]

Split = Literal["ticker", "year"]

LABELS: dict[Split, str] = {"ticker": "symbol", "year": "year"}
"""What a piece of each split is called: the column of the trials that names it."""


class Piece(NamedTuple):
    """One piece; its panel is made when its turn comes, so that only one is in memory."""

    label: str | int | None
    cut: Callable[[], Panel]


def split_panel(panel: Panel, split: Split | None, warmup: int) -> list[Piece]:
    """The pieces of a panel, in the order of the universe or of time.

    Args:
        panel: with bars from before its trading window.
        split: ``ticker``: each symbol alone, on its own sessions, with the whole capital.
            ``year``: each calendar year of the trading window, all symbols in one portfolio.
            None: the whole panel as one portfolio.
        warmup: sessions from before its first day that the piece of a year keeps, as far as
            there are any.
    """
    if split == "ticker":
        return [Piece(name, partial(panel.select, [i])) for i, name in enumerate(panel.symbols)]
    if split == "year":
        return _by_year(panel, warmup)
    return [Piece(None, lambda: panel)]


def _by_year(panel: Panel, warmup: int) -> list[Piece]:
    years = panel.dates.astype("datetime64[Y]").astype(np.int64) + 1970
    pieces = []
    for year in np.unique(years[panel.first :]).tolist():
        first = max(int(np.searchsorted(years, year)), panel.first)
        stop = int(np.searchsorted(years, year, side="right"))
        start = max(first - warmup, 0)
        pieces.append(Piece(year, partial(panel.window, start, stop, first)))
    return pieces
