"""The shape of a daily bar, and the one way to bring a frame into it.

A frame of bars has the columns of :data:`BAR_SCHEMA` in that order and is sorted by symbol and
date. Prices are in the currency of the listing, per share, on the provider's basis:

========= ======================================================================================
``raw``   as traded: a 7:1 split shows as a fall to a seventh
``split`` the provider has already divided older prices (and its dividends) by later splits
========= ======================================================================================

Nothing here judges a price; that is the work of :mod:`stockstream.market.check`.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import polars as pl

from stockstream.errors import DataError
from stockstream.market.frames import fit, sort_rows

__all__ = ["BAR_SCHEMA", "BASES", "KEY", "PRICES", "Basis", "conform", "empty_bars"]

Basis = Literal["raw", "split"]
BASES: Final[tuple[str, ...]] = get_args(Basis)
KEY: Final = ("symbol", "date")
PRICES: Final = ("open", "high", "low", "close")

BAR_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "date": pl.Date(),
        "open": pl.Float64(),
        "high": pl.Float64(),
        "low": pl.Float64(),
        "close": pl.Float64(),
        "volume": pl.Int64(),
        "adjusted_close": pl.Float64(),
        "provider": pl.String(),
        "basis": pl.String(),
    }
)
"""Columns of a frame of bars. ``volume`` is in shares; ``adjusted_close`` may be null."""


def empty_bars() -> pl.DataFrame:
    """A frame of bars without a row."""
    return pl.DataFrame(schema=BAR_SCHEMA)


def conform(
    frame: pl.DataFrame, *, provider: str | None = None, basis: Basis | None = None
) -> pl.DataFrame:
    """Bring a frame into :data:`BAR_SCHEMA`: columns, types and order of rows.

    Every row is kept, whatever its values, and rows of the same symbol and date keep the order they
    came in. Columns that are not part of a bar are left behind; events among them (dividends,
    splits) must be taken out first, see :func:`stockstream.market.actions.from_columns`.

    Args:
        frame: rows with at least symbol, date, open, high, low, close and volume, in any order.
        provider: who sent the rows; needed where the frame has no such column.
        basis: ``"raw"`` or ``"split"``; needed where the frame has no such column.

    Raises:
        DataError: a column is missing, a value cannot be read as the column's type, a date carries
            a time of day, or the basis is unknown.
    """
    defaults = {"provider": provider, "basis": basis}
    bars = fit(frame, BAR_SCHEMA, defaults=defaults, optional=("adjusted_close",))
    for unknown in set(bars["basis"].unique()) - set(BASES):
        raise DataError(f"basis {unknown!r} is not one of: {', '.join(BASES)}")
    return sort_rows(bars, KEY)
