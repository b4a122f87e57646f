"""Returns by year and the worst drawdowns, as table rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.drawdown import deepest_drawdowns, max_drawdown
from stockstream.metrics.periods import monthly_returns
from stockstream.report.formats import count, day, percent
from stockstream.report.view import Cell, Row, tone_of

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult
    from stockstream.metrics.drawdown import Drawdown

__all__ = ["WORST", "drawdown_rows", "year_rows"]

WORST = 8


def year_rows(result: BacktestResult) -> tuple[Row, ...]:
    """A row a year: strategy, benchmark and difference if there is one, worst fall within it."""
    own = monthly_returns(result.dates, result.equity)
    held = result.benchmark
    other = None if held is None else monthly_returns(result.dates, held.equity).total
    calendar = result.dates.astype("datetime64[Y]").astype(np.int64) + 1970
    rows = []
    for index, year in enumerate(own.years.tolist()):
        gained = float(own.total[index])
        cells = [Cell(percent(gained), tone_of(gained))]
        if other is not None:
            ahead = gained - float(other[index])
            cells.append(Cell(percent(float(other[index])), "quiet"))
            cells.append(Cell(percent(ahead, signed=True), tone_of(ahead)))
        fall = max_drawdown(result.equity[calendar == year])
        rows.append(Row((*cells, Cell(percent(fall), "quiet")), label=str(year)))
    return tuple(rows)


def drawdown_rows(result: BacktestResult) -> tuple[Row, ...]:
    """The deepest drawdowns, deepest first; each row spans its sessions."""
    return tuple(_drawdown_row(fall, result) for fall in deepest_drawdowns(result.equity, WORST))


def _drawdown_row(fall: Drawdown, result: BacktestResult) -> Row:
    dates, over = result.dates, fall.recovery is not None
    end = dates[-1] if fall.recovery is None else dates[fall.recovery]
    down = fall.trough - fall.peak
    return Row(
        cells=(
            Cell(day(dates[fall.peak]), "text"),
            Cell(day(dates[fall.trough]), "text"),
            Cell(day(end), "text") if over else Cell("not yet", "text"),
            Cell(percent(fall.depth), "loss"),
            Cell(count(down)),
            Cell(count(fall.length - down)) if over else Cell("\u2013", "quiet"),
            Cell(count(fall.length)),
        ),
        start=str(dates[fall.peak]),
        end=str(end),
    )
