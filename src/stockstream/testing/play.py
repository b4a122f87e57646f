"""Small panels, and runs that do exactly what a test says: for tests of strategies and engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.event import run_event
from stockstream.backtest.trades import fill_frame, trade_frame
from stockstream.market.panel import Actions, Panel
from stockstream.strategy.strategy import Strategy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import polars as pl

    from stockstream.backtest.outcome import Outcome
    from stockstream.strategy.orders import Action
    from stockstream.strategy.portfolio import Portfolio

Ohlc: TypeAlias = tuple[float, float, float, float]
__all__ = ["Played", "config_of", "panel_of", "play"]

START = np.datetime64("2024-01-01")


def panel_of(
    bars: Mapping[str, Sequence[Ohlc | float | None]],
    *,
    actions: Sequence[tuple[int, str, int, float]] = (),
    delisted: Mapping[str, int] | None = None,
    first: int = 0,
) -> Panel:
    """A panel from bars by symbol: (open, high, low, close), one price for all four, or None."""
    symbols = tuple(bars)
    sessions = max(len(column) for column in bars.values())
    rows = [
        (s, t, bar if isinstance(bar, tuple) else (bar, bar, bar, bar))
        for s, symbol in enumerate(symbols)
        for t, bar in enumerate(bars[symbol])
        if bar is not None
    ]
    opens, highs, lows, closes = np.array([row[2] for row in rows], float).T
    counts = np.bincount([row[0] for row in rows], minlength=len(symbols))
    table = sorted((t, symbols.index(name), kind, value) for t, name, kind, value in actions)
    given: list[Any] = [np.array(column) for column in zip(*table, strict=True)]
    gone = [(delisted or {}).get(symbol, sessions) for symbol in symbols]
    return Panel(
        symbols,
        START + np.arange(sessions).astype("timedelta64[D]"),
        np.concatenate(([0], np.cumsum(counts))),
        np.array([row[1] for row in rows]),
        opens,
        highs,
        lows,
        closes,
        np.full(len(rows), 1e6),
        actions=Actions(*given) if table else Actions.none(),
        delisted=np.array(gone),
        first=first,
    )


def config_of(**values: Any) -> BacktestConfig:
    """Plain terms: 10,000 of capital, no costs."""
    given = {"strategy_class": "Scripted", "start_date": "2024-01-01", "end_date": "2030-01-01"}
    return BacktestConfig(**{**given, "initial_capital": 10_000.0, **values})


class Played:
    """A finished run, easy to look at."""

    def __init__(self, outcome: Outcome, panel: Panel) -> None:
        self.outcome, self.panel = outcome, panel
        self.equity: list[float] = outcome.days["equity"].tolist()
        self.cash: list[float] = outcome.days["cash"].tolist()
        self.fills: pl.DataFrame = fill_frame(outcome.fills, panel)
        self.trades: pl.DataFrame = trade_frame(outcome.trades, panel)

    @property
    def rows(self) -> list[tuple[int, str, float, float, str]]:
        """Fills as (bar, symbol, quantity, price, reason)."""
        columns = self.fills.select("symbol", "quantity", "price", "reason").rows()
        bars = self.outcome.fills["bar"].tolist()
        return [(bar, *row) for bar, row in zip(bars, columns, strict=True)]


def play(panel: Panel, script: Mapping[tuple[int, str], Action], **terms: Any) -> Played:
    """Run a script: ``{(bar, symbol): action}`` gives that order at the close of that bar.

    Args:
        panel: what is traded; see :func:`panel_of`.
        script: the orders.
        terms: fields of the configuration, such as ``costs`` or ``fill``.
    """

    class Scripted(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            return script.get((int((np.datetime64(date) - START).astype(int)), symbol))

    return Played(run_event(Scripted(), panel, config_of(**terms)), panel)
