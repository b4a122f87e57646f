"""Pieces: parts of a study's data, each an ordinary backtest with fresh capital."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from stockstream.market.panel import PRICE_FIELDS

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.market.panel import Panel

__all__ = ["Piece", "Role", "warmup_start"]

Role = Literal["all", "train", "test"]

SPARE_DAYS = 30


def warmup_start(start: dt.date, lookback: int) -> dt.date:
    """The day from which on bars are read, so that ``lookback`` sessions lie before ``start``.

    A session is 1.45 days on average; halts and holes in the data need some more:
    ``start - (lookback * 3 // 2 + 30)`` days. Nothing is read without a lookback.
    """
    days = lookback * 3 // 2 + SPARE_DAYS if lookback else 0
    return start - dt.timedelta(days=min(days, (start - dt.date.min).days))


@dataclass(frozen=True)
class Piece:
    """One part of a study's data.

    Attributes:
        label: the symbol, the year, the number of the fold (from 1); None for the whole.
        role: ``train`` and ``test`` of a fold, else ``all``.
        symbols: that it trades; None is all of them.
        start, end: first and last day of its trading window.
        warmup_start: the day from which on bars warm indicators up.
    """

    label: str | int | None
    role: Role
    symbols: tuple[str, ...] | None
    start: dt.date
    end: dt.date
    warmup_start: dt.date

    def config(self, config: BacktestConfig) -> BacktestConfig:
        """The configuration of a study for this piece alone: ``run_backtest`` runs the same."""
        return config.changed(
            start_date=self.start,
            end_date=self.end,
            warmup_start=self.warmup_start,
            universe=config.universe if self.symbols is None else self.symbols,
        )

    def cut(self, panel: Panel) -> Panel:
        """This piece of the panel of a study: what the lake gives for :meth:`config`.

        A piece without a bar in its window, for which the lake has nothing, ends before it trades:
        ``first`` is then the number of its sessions.

        Args:
            panel: of all symbols and days of the study; shared, never changed.
        """
        chosen = self._selected(panel)
        begins = np.array((self.warmup_start, self.start), "datetime64[D]")
        start, first = np.searchsorted(chosen.dates, begins).tolist()
        stop = int(np.searchsorted(chosen.dates, np.datetime64(self.end), side="right"))
        if (start, first, stop) != (0, chosen.first, chosen.sessions):
            chosen = chosen.window(start, stop, first)
        return chosen if chosen is panel else _as_read(chosen)

    def _selected(self, panel: Panel) -> Panel:
        if self.symbols is None or self.symbols == panel.symbols:
            return panel
        chosen = [panel.symbols.index(symbol) for symbol in self.symbols]
        rows = panel.rows(chosen[0])
        if len(chosen) == 1 and rows.stop - rows.start == panel.sessions:
            return _alone(panel, chosen[0], rows)
        return panel.select(chosen)


def _alone(panel: Panel, symbol: int, rows: slice) -> Panel:
    """``Panel.select`` of one symbol that has a bar in every session: views, nothing is moved."""
    actions = panel.actions
    own = (actions.symbol == symbol) & (actions.bar < panel.sessions)
    return replace(
        panel,
        symbols=(panel.symbols[symbol],),
        offsets=np.array([0, panel.sessions]),
        bar=panel.bar[rows],
        columns={name: column[rows] for name, column in panel.columns.items()},
        actions=actions.keep(own)._replace(symbol=np.zeros(np.count_nonzero(own), np.int64)),
        delisted=np.minimum(panel.delisted[symbol : symbol + 1], panel.sessions),
        **{name: getattr(panel, name)[rows] for name in PRICE_FIELDS},
    )


def _as_read(panel: Panel) -> Panel:
    """A window of a panel as if it had been read by itself.

    A corporate action at the first bar of a symbol meets no position, and the prices begin on the
    basis after it; a symbol without a bar in the trading window is absent, not delisted in it.
    """
    dense = len(panel.symbols) == 1 and len(panel.bar) == panel.sessions > panel.first
    if dense and not (len(panel.actions.bar) and panel.actions.bar[0] == 0):
        return panel
    some = np.diff(panel.offsets) > 0
    opening = np.full(len(panel.symbols), panel.sessions)
    opening[some] = panel.bar[panel.offsets[:-1][some]]
    last = np.full(len(panel.symbols), -1)
    last[some] = panel.bar[panel.offsets[1:][some] - 1]
    absent = last < panel.first
    later = panel.actions.bar > opening[panel.actions.symbol]
    if later.all() and not absent.any():
        return panel
    return replace(
        panel,
        actions=panel.actions.keep(later),
        delisted=np.where(absent, panel.sessions, panel.delisted),
    )
