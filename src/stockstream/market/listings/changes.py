"""What changed between two symbol lists."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

__all__ = ["ListChanges", "compare", "suspected_consolidations"]


@dataclass(frozen=True)
class ListChanges:
    """Differences between two lists, each sorted by symbol. A market cap is none of them.

    Attributes:
        added: symbols of the later list alone, those of :attr:`renamed` included.
        removed: symbols of the earlier list alone, those of :attr:`renamed` included.
        renamed: companies with another symbol: before, after.
        new_names: companies with another name and the same symbol: symbol, before, after.
        reclassified: symbol, industry group before, and after; sectors where a list has no groups.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    new_names: tuple[tuple[str, str | None, str], ...] = ()
    reclassified: tuple[tuple[str, str, str], ...] = ()


def compare(before: pl.DataFrame, after: pl.DataFrame) -> ListChanges:
    """Compare two lists.

    A symbol that went and a symbol that came are one company, renamed, when both have the same
    listing date, and no other symbol that went or came has it. Companies that were listed on the
    same day cannot be told apart: A2B and WCG went and 5GN came, all listed on 1999-12-14, so
    nothing says which of the two 5GN was. Extra lines of a company (new or partly paid shares, such
    as HRNN beside HRN) are no company of their own and are left out of this.

    A name is new when the later list tells one and it is not the one before, or there was none
    before. A list that tells no name, or no group, changes nothing.

    Args:
        before: the earlier list, with the columns of
            :data:`stockstream.market.listings.LISTING_SCHEMA`.
        after: the later list.
    """
    gone = before.join(after, on="symbol", how="anti").sort("symbol")
    come = after.join(before, on="symbol", how="anti").sort("symbol")
    both = before.join(after, on="symbol", suffix="_after").sort("symbol")
    named = both.filter(pl.col("name_after").ne_missing(pl.col("name")) & _known("name_after"))
    has_groups = _known("industry_group") & _known("industry_group_after")
    classes = both.select(
        "symbol",
        old=pl.when(has_groups).then("industry_group").otherwise("sector"),
        new=pl.when(has_groups).then("industry_group_after").otherwise("sector_after"),
    )
    return ListChanges(
        added=tuple(come["symbol"]),
        removed=tuple(gone["symbol"]),
        renamed=tuple(
            _datable(gone, before)
            .join(_datable(come, after), on="listing_date", suffix="_after")
            .select("symbol", "symbol_after")
            .sort("symbol")
            .iter_rows()
        ),
        new_names=tuple(named.select("symbol", "name", "name_after").iter_rows()),
        reclassified=tuple(classes.filter(pl.col("old") != pl.col("new")).iter_rows()),
    )


def suspected_consolidations(listing: pl.DataFrame) -> list[str]:
    """Temporary symbols of shares that were just consolidated, such as HGODB in place of HGO.

    They have four or five letters, end in A to D, and stand in for the code that they begin with.
    Beside that code they are another class of shares (EMUCA beside EMU).
    """
    shaped = pl.col("symbol").str.contains("^[A-Z0-9]{3}[A-Z]?[A-D]$")
    return listing.filter(shaped & ~_is_extra(listing))["symbol"].sort().to_list()


def _datable(some: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Those symbols of a list whose listing date tells which company they are."""
    companies = some.filter(_known("listing_date"), ~_is_extra(whole))
    return companies.filter(pl.col("listing_date").is_unique())


def _is_extra(whole: pl.DataFrame) -> pl.Expr:
    """Whether a symbol is longer than a code and its code is on the list as well."""
    symbol = pl.col("symbol")
    return (symbol.str.len_chars() > 3) & symbol.str.head(3).is_in(whole["symbol"].implode())


def _known(name: str) -> pl.Expr:
    return pl.col(name).is_not_null()
