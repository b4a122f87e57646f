"""The simulated market as a lake, with the figures of its companies: for tests of strategies."""

from __future__ import annotations

import atexit
import datetime as dt
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stockstream.ingest.factors import FileSource, import_factors
from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.market.simulated import simulate_fundamentals, simulate_market
from stockstream.providers.simulated import SimulatedProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.market.panel import Panel
    from stockstream.strategy.strategy import Strategy

__all__ = ["FIRST", "LAST", "panel_for", "simulated_lake"]

FIRST, LAST = dt.date(2018, 1, 1), dt.date(2021, 12, 31)


@cache
def simulated_lake(
    companies: int = 12, first: dt.date = FIRST, last: dt.date = LAST, seed: int = 2
) -> Lake:
    """A lake of simulated companies, made once for each set of arguments; read it only.

    It has splits, dividends, halts, new listings and delistings, and the factors ``DebtToEquity``
    and ``NewsSentiment``. It lies in a temporary folder that goes when Python ends.

    Args:
        companies: how many.
        first: first day of the market.
        last: last day.
        seed: which market.
    """
    folder = Path(tempfile.mkdtemp(prefix="stockstream-testing-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place, figures = folder / "lake", folder / "figures.parquet"
    fetch(SimulatedProvider(companies=companies, seed=seed), (), first, last, place)
    market = simulate_market(companies, first, last, seed)
    simulate_fundamentals(market, seed).write_parquet(figures)
    import_factors([FileSource(figures)], place)
    return Lake.open(place)


def panel_for(strategy: Strategy, lake: Lake, symbols: Sequence[str] | None = None) -> Panel:
    """What a strategy trades on: all days of a lake after a year of warm-up.

    Args:
        strategy: says how far it looks back and which factors it reads.
        lake: where the bars are.
        symbols: all of the lake by default.
    """
    info = lake.info()
    assert info.first is not None
    start = dt.date(info.first.year + 1, 1, 1)
    return lake.panel(
        symbols or lake.symbols(),
        start,
        lake.last_session(),
        strategy.lookback(),
        columns=strategy.columns(),
    )
