"""The shape of the bars that Yahoo's charts are read into."""

from __future__ import annotations

from typing import Final

import polars as pl

from stockstream.market.bars import BAR_SCHEMA

__all__ = ["NAME", "YAHOO_SCHEMA"]

NAME: Final = "yahoo"

YAHOO_SCHEMA: Final = pl.Schema({**BAR_SCHEMA, "is_final": pl.Boolean(), "utc_offset": pl.String()})
"""A bar, whether it is final, and the offset from UTC of the stamp that dated it."""
