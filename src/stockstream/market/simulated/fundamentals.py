"""Figures of the simulated companies that are no prices, each with the day it became public."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.market.simulated.simulate import SimulatedMarket

__all__ = ["simulate_fundamentals"]

SCHEMA: Final = {
    "symbol": pl.String,
    "date": pl.Date,
    "name": pl.String,
    "value": pl.Float64,
    "known_at": pl.Date,
}

LEVEL, LEVELS_APART, DRIFT = -0.4, 0.7, 0.15
"""Log of debt over equity: mean of the companies, their spread, and its change in half a year."""

SOONEST, LATEST = 40, 80
"""Days after the end of a half year on which its report may come."""

UNREPORTED: Final = 0.04
"""Share of the reports that say nothing of it."""

MEMORY: Final = 0.7
"""Share of its sentiment that a company carries into the next month."""


def simulate_fundamentals(market: SimulatedMarket, seed: int = 7) -> pl.DataFrame:
    """Draw ``DebtToEquity`` from half-yearly reports and a monthly ``NewsSentiment``.

    Reports come 40 to 80 days late and some leave the figure out. Sentiment lies between -1 and 1
    and is known on its day. Neither knows anything of prices: a strategy that makes money with them
    was lucky. A company has the same figures in every market that has its days.

    Args:
        market: whose companies.
        seed: 0 or more.

    Returns:
        symbol, date, name, value, known_at; sorted, as ``stockstream factors import`` reads it.
    """
    spans = market.bars.group_by("symbol").agg(first=pl.min("date"), last=pl.max("date"))
    rows = [
        row
        for symbol, first, last in spans.sort("symbol").rows()
        for row in _figures(symbol, first, last, seed)
    ]
    return pl.DataFrame(rows, SCHEMA, orient="row").sort("symbol", "name", "date")


def _figures(
    symbol: str, first: dt.date, last: dt.date, seed: int
) -> Iterator[tuple[str, dt.date, str, float, dt.date]]:
    random = np.random.default_rng([seed, zlib.crc32(symbol.encode())])
    debt = random.normal(LEVEL, LEVELS_APART)
    for end in _half_years(first, last):
        debt += random.normal(0.0, DRIFT)
        late, silent = int(random.integers(SOONEST, LATEST)), random.random() < UNREPORTED
        if not silent:
            value = round(float(np.exp(debt)), 3)
            yield symbol, end, "DebtToEquity", value, end + dt.timedelta(days=late)
    mood = 0.0
    for day in _months(first, last):
        mood = MEMORY * mood + random.normal(0.0, 0.5)
        yield symbol, day, "NewsSentiment", round(float(np.tanh(mood)), 3), day


def _half_years(first: dt.date, last: dt.date) -> list[dt.date]:
    """Ends of half years, from a year before the first bar."""
    years = range(first.year - 1, last.year + 1)
    ends = (day for year in years for day in (dt.date(year, 6, 30), dt.date(year, 12, 31)))
    return [day for day in ends if day <= last]


def _months(first: dt.date, last: dt.date) -> list[dt.date]:
    """First days of the months with a bar, the first one's left out."""
    years = range(first.year, last.year + 1)
    days = (dt.date(year, month, 1) for year in years for month in range(1, 13))
    return [day for day in days if first < day <= last]
