"""Whether a list can be believed: exchanges send short ones now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.errors import MalformedError

if TYPE_CHECKING:
    from stockstream.market.listings.reading import Listing

__all__ = ["demand_credible"]

_ANOTHER: Final = 0.5
"""A list that lacks more than this part of the symbols is another list, however long it is."""


def demand_credible(before: pl.DataFrame, listing: Listing, shrink_limit: float) -> None:
    """Compare a list with the last one that was accepted.

    Args:
        before: the day list of the day before.
        listing: what came.
        shrink_limit: part of its length that the list may lose.

    Raises:
        MalformedError: it lost more, or it is a list of other companies.
    """
    rows = listing.rows
    accepted = before.filter(pl.col("missed") == 0)  # the others were not on that list either
    lost = (len(accepted) - len(rows)) / max(len(accepted), 1)
    if lost > shrink_limit:
        raise MalformedError(
            f"the symbol list shrank by {lost:.1%}, from {len(accepted):,} to {len(rows):,} rows, "
            f"and {shrink_limit:.1%} is believed; if it is right, raise symbols.shrink_limit for "
            "one run"
        )
    lacking = len(accepted.join(rows, on="symbol", how="anti"))
    if lacking > _ANOTHER * len(accepted):
        raise MalformedError(
            f"the symbol list lacks {lacking:,} of the {len(accepted):,} symbols of the last one, "
            "so it is a list of something else; check symbols.url and symbols.market"
        )
