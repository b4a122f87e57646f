"""Splits and dividends planted into bars, so that it is known what a fetched lake must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from stockstream.errors import ConfigError
from stockstream.market.bars import KEY, PRICES
from stockstream.testing.source_server.frames import (
    market_frames,
    truth_of,
    write_market,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from stockstream.testing.source_server.frames import Truth

__all__ = ["Planted", "market_from_bars"]

SPLITS: Final = (2.0, 3.0, 5.0, 10.0)
CONSOLIDATIONS: Final = (0.1, 0.05, 0.02)
CHEAP: Final = 1.0
"""A board consolidates a share below this price and splits one above it."""
LOWEST_PRICE: Final = 0.001
YIELDS: Final = (0.005, 0.03)


class Planted(NamedTuple):
    """A market on disk.

    Attributes:
        folder: for the server.
        truth: what a perfect lake must hold at the end.
    """

    folder: Path
    truth: Truth


def market_from_bars(
    bars: pl.DataFrame,
    folder: Path,
    *,
    actions: pl.DataFrame | None = None,
    lists: Mapping[dt.date, bytes] | None = None,
    seed: int = 7,
    splits: int = 20,
    dividends: int = 200,
) -> Planted:
    """Make a market of given bars, with more splits and dividends than they have.

    The prices are taken as they are after the last bar. So a planted split of 2:1 doubles the
    as-traded prices before it, and they halve at it; a planted dividend is half a percent to three
    percent of the close before it.

    Args:
        bars: real or simulated; at least symbol, date, open, high, low, close and volume.
        folder: where the market is written.
        actions: events that the bars come with. Those of as-traded bars are in their prices.
        lists: see :class:`~stockstream.testing.source_server.frames.MarketFrames`.
        seed: of NumPy's PCG64.
        splits: how many splits and consolidations to plant.
        dividends: how many dividends to plant.

    Raises:
        ConfigError: the bars have no place for so many events.
        DataError: see :func:`~stockstream.testing.source_server.frames.market_frames`.
    """
    given = market_frames(bars, actions, lists)
    now, known = truth_of(given)
    places = _places(now)
    rng = np.random.Generator(np.random.PCG64(seed))
    planted = pl.concat(
        [
            _splits(_draw(places, known, "split", splits, rng), rng),
            _dividends(_draw(places, known, "dividend", dividends, rng), rng),
        ]
    )
    delisted = given.actions.filter(pl.col("kind") == "delisting").select(known.columns)
    whole = market_frames(
        now.with_columns(basis=pl.lit("split")), pl.concat([known, planted, delisted]), lists
    )
    return Planted(write_market(whole, folder), truth_of(whole))


def _places(bars: pl.DataFrame) -> pl.DataFrame:
    """symbol, date and the close before, of every bar at which an event may work."""
    before = pl.col("close").shift().over("symbol")
    priced = pl.all_horizontal(pl.col(PRICES) > 0.0)
    return bars.filter(priced).select(*KEY, before=before).drop_nulls()


def _draw(
    places: pl.DataFrame, known: pl.DataFrame, kind: str, count: int, rng: np.random.Generator
) -> pl.DataFrame:
    free = places.join(known.filter(pl.col("kind") == kind), on=KEY, how="anti")
    if count > len(free):
        raise ConfigError(f"{count:,} {kind}s do not fit into {len(free):,} bars; plant fewer")
    drawn = np.sort(rng.choice(len(free), count, replace=False))
    return free[drawn].with_columns(kind=pl.lit(kind))


def _splits(places: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    up = rng.choice(SPLITS, len(places))
    down = rng.choice(CONSOLIDATIONS, len(places))
    before = places["before"].to_numpy()
    cheap = (before < CHEAP) & (before * down >= LOWEST_PRICE)
    return _valued(places, np.where(cheap, down, up))


def _dividends(places: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    return _valued(places, places["before"].to_numpy() * rng.uniform(*YIELDS, len(places)))


def _valued(
    places: pl.DataFrame, values: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> pl.DataFrame:
    return places.select(*KEY, "kind", value=pl.Series(values, dtype=pl.Float64))
