"""The lists of an exchange: who is listed, what changed between two of them, each day's list."""

from stockstream.market.listings.changes import ListChanges, compare, suspected_consolidations
from stockstream.market.listings.credible import demand_credible
from stockstream.market.listings.day_list import (
    DAY_LIST_SCHEMA,
    day_changes,
    next_day_list,
    read_symbols_csv,
    symbols_csv,
)
from stockstream.market.listings.reading import LISTING_SCHEMA, Listing, read_listing

__all__ = [
    "DAY_LIST_SCHEMA",
    "LISTING_SCHEMA",
    "ListChanges",
    "Listing",
    "compare",
    "day_changes",
    "demand_credible",
    "next_day_list",
    "read_listing",
    "read_symbols_csv",
    "suspected_consolidations",
    "symbols_csv",
]
