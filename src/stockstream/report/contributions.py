"""Who earned it: profit by symbol, by year and by strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.report.formats import count, money_digits, percent, plain_number
from stockstream.report.view import Cell, Row, Table, tone_of

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from stockstream.backtest.result import BacktestResult

__all__ = ["Contributors", "by_symbol", "strategy_table", "year_table"]

ENDS = 9
"""Names shown from either end where there are many more than twice as many."""

NO_SYMBOL = "cash"


class Contributors(NamedTuple):
    """Symbols and what each added to the total return, the best first.

    Attributes:
        names: ``[n]``.
        contribution: ``[n]``, profit over initial capital.
        note: what those added that are not named; empty where all are.
    """

    names: list[str]
    contribution: NDArray[np.float64]
    note: str = ""


def by_symbol(result: BacktestResult) -> Contributors:
    """Every symbol, or the best and the worst of them."""
    frame = result.contribution("symbol")
    names = [NO_SYMBOL if name is None else name for name in frame["symbol"]]
    values = frame["contribution"].to_numpy()
    if len(names) <= 2 * ENDS + 6:
        return Contributors(names, values)
    left = percent(float(values[ENDS:-ENDS].sum()), signed=True)
    return Contributors(
        [*names[:ENDS], *names[-ENDS:]],
        np.concatenate((values[:ENDS], values[-ENDS:])),
        f"The best and the worst {ENDS}; the {count(len(names) - 2 * ENDS)} between them added "
        f"{left} in all.",
    )


def year_table(result: BacktestResult) -> Table | None:
    """A row a year: profit, its part of the total return, the best and the worst symbol."""
    years = result.contribution("year")
    frame = result.contributions.drop_nulls("symbol")
    if not frame.height:
        return None
    cents = money_digits(years["pnl"])
    rows = []
    for year, pnl, contribution in years.select("year", "pnl", "contribution").iter_rows():
        own = _summed(frame, year)
        rows.append(
            Row(
                (
                    Cell(plain_number(pnl, cents, signed=True), tone_of(pnl)),
                    Cell(percent(contribution, signed=True)),
                    _named(own, 0, gained=True),
                    _named(own, -1, gained=False),
                ),
                str(year),
            )
        )
    return Table(
        ("Year", "Profit", "Of total return", "Best", "Worst"),
        tuple(rows),
        "Profit after costs, dividends and fees included, open positions at their last close. It "
        "adds up to the profit of the run.",
    )


def strategy_table(result: BacktestResult) -> Table | None:
    """A row a strategy; None where there is only one."""
    frame = result.contribution("strategy")
    if frame.drop_nulls("strategy").height < 2:
        return None
    cents = money_digits(frame["pnl"])
    rows = tuple(
        Row(
            (
                Cell(plain_number(pnl, cents, signed=True), tone_of(pnl)),
                Cell(percent(contribution, signed=True)),
            ),
            NO_SYMBOL if name is None else name,
        )
        for name, pnl, contribution in frame.select("strategy", "pnl", "contribution").iter_rows()
    )
    return Table(("Strategy", "Profit", "Of total return"), rows)


def _summed(frame: pl.DataFrame, year: int) -> list[tuple[str, float]]:
    """Symbols of a year with their profit, the best first."""
    import polars as pl

    own = frame.filter(pl.col("year") == year).group_by("symbol").agg(pl.col("pnl").sum())
    return own.sort("pnl", "symbol", descending=[True, False]).rows()


def _named(own: list[tuple[str, float]], place: int, *, gained: bool) -> Cell:
    """The symbol at a place, unless it lost where the best, or gained where the worst is named."""
    if not own or (own[place][1] > 0.0) != gained:
        return Cell("\u2013", "quiet")
    return Cell(own[place][0])
