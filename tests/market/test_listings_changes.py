"""What changed between two symbol lists, and whether a list can be believed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from stockstream.errors import MalformedError
from stockstream.market.listings import (
    LISTING_SCHEMA,
    ListChanges,
    Listing,
    compare,
    demand_credible,
    next_day_list,
    suspected_consolidations,
)

FLOAT = dt.date(2017, 4, 19)
OTHER = dt.date(1999, 12, 14)


def listing(*rows: tuple[Any, ...] | str) -> pl.DataFrame:
    """A list of symbols, each alone or with (name, industry group, listing date)."""
    names = ("symbol", "name", "industry_group", "listing_date")
    dicts = [dict(zip(names, [row] if isinstance(row, str) else row, strict=False)) for row in rows]
    return pl.DataFrame(dicts, LISTING_SCHEMA)


def test_nothing_changed() -> None:
    rows = listing(("BHP", "BHP GROUP LIMITED", "Materials", FLOAT), "CBA")
    assert compare(rows, rows.reverse()) == ListChanges()


def test_symbols_that_come_and_go_in_order() -> None:
    changes = compare(listing("CCC", "BBB", "AAA"), listing("ZZZ", "BBB", "YYY"))
    assert changes == ListChanges(added=("YYY", "ZZZ"), removed=("AAA", "CCC"))


def test_a_company_with_another_symbol_is_found_by_its_listing_date() -> None:
    before = listing(("BYH", "BRYAH RESOURCES", "Materials", FLOAT), ("BHP", "BHP", None, OTHER))
    after = listing(("ABR", "ALBRIGHT METALS", "Materials", FLOAT), ("BHP", "BHP", None, OTHER))
    changes = compare(before, after)
    assert changes.renamed == (("BYH", "ABR"),)
    assert (changes.added, changes.removed) == (("ABR",), ("BYH",))


def test_companies_of_one_listing_date_cannot_be_told_apart() -> None:
    two = listing(("A2B", None, None, OTHER), ("WCG", None, None, OTHER))
    one = listing(("5GN", None, None, OTHER))
    assert compare(two, one).renamed == ()
    assert compare(one, two).renamed == ()
    assert compare(two[:1], one).renamed == (("A2B", "5GN"),)


def test_a_date_that_companies_share_which_stay_is_no_hindrance() -> None:
    stays = ("LED", "STAYS", None, FLOAT)
    changes = compare(
        listing(("ECF", None, None, FLOAT), stays), listing(("NEW", None, None, FLOAT), stays)
    )
    assert changes.renamed == (("ECF", "NEW"),)


def test_unknown_dates_match_nothing() -> None:
    assert compare(listing("AAA"), listing("BBB")).renamed == ()


def test_an_extra_line_of_a_company_is_no_new_symbol_of_another() -> None:
    before = listing(("HRN", None, None, FLOAT), ("TMT", None, None, FLOAT))
    after = listing(("HRN", None, None, FLOAT), ("HRNN", None, None, FLOAT))
    assert compare(before, after).renamed == ()
    # and does not stand in the way of a symbol that is one
    renamed = pl.concat([after, listing(("ICU", None, None, FLOAT))])
    assert compare(before, renamed).renamed == (("TMT", "ICU"),)


def test_a_temporary_symbol_is_the_company_both_ways() -> None:
    usual, temporary = (listing((code, None, None, FLOAT)) for code in ("HGO", "HGODB"))
    assert compare(usual, temporary).renamed == (("HGO", "HGODB"),)
    assert compare(temporary, usual).renamed == (("HGODB", "HGO"),)


def test_new_names() -> None:
    before = listing(("FMG", "FORTESCUE METALS GROUP LTD"), ("CIO", None), ("BHP", "BHP"), "XXX")
    after = listing(("FMG", "FORTESCUE LTD"), ("CIO", "CONNECTED IO"), ("BHP", None), "XXX")
    names = (("CIO", None, "CONNECTED IO"), ("FMG", "FORTESCUE METALS GROUP LTD", "FORTESCUE LTD"))
    assert compare(before, after) == ListChanges(new_names=names)


def test_reclassified_by_group_and_by_sector_where_there_is_no_group() -> None:
    before = listing(
        ("VAL", None, "Class Pend"), ("BHP", None, "Materials"), ("CBA", None, "Banks")
    )
    after = listing(("VAL", None, "Materials"), ("BHP", None, None), ("CBA", None, "Banks"))
    assert compare(before, after) == ListChanges(reclassified=(("VAL", "Class Pend", "Materials"),))
    sectors = {"VAL": "Materials", "CBA": "Financials", "BHP": "Materials"}
    vendor = listing("VAL", "BHP", "CBA").with_columns(
        sector=pl.col("symbol").replace_strict(sectors)
    )
    of_exchange = before.with_columns(sector=pl.lit("Materials"))
    moved = ("CBA", "Materials", "Financials")
    assert compare(of_exchange, vendor) == ListChanges(reclassified=(moved,))


def test_a_market_cap_is_no_change() -> None:
    rows = listing("BHP")
    assert compare(rows.with_columns(market_cap=1.0), rows) == ListChanges()


def test_temporary_symbols_after_a_consolidation() -> None:
    rows = listing("HGODB", "ID8DA", "AJQD", "EMU", "EMUCA", "SGLLV", "HRNN", "AAA", "PAB", "PABND")
    assert suspected_consolidations(rows) == ["AJQD", "HGODB", "ID8DA"]


def codes(count: int, start: int = 0) -> pl.DataFrame:
    return listing(*(f"{number:04d}" for number in range(start, start + count)))


@pytest.mark.parametrize(
    ("rows", "accepted"), [(970, True), (969, False), (1000, True), (2000, True)]
)
def test_a_list_may_shrink_by_three_percent(rows: int, accepted: bool) -> None:
    before = next_day_list(None, codes(1000), FLOAT, 3)
    found = Listing(codes(rows), ())
    if accepted:
        demand_credible(before, found, 0.03)
        return
    with pytest.raises(MalformedError, match=r"shrank by 3\.1%, from 1,000 to 969 rows") as caught:
        demand_credible(before, found, 0.03)
    assert "raise symbols.shrink_limit" in str(caught.value)


def test_what_counts_is_the_last_accepted_list_and_not_what_is_kept_beside_it() -> None:
    first = next_day_list(None, codes(1000), FLOAT, 3)
    second = next_day_list(first, codes(975), OTHER, 3)
    assert len(second) == 1000
    demand_credible(second, Listing(codes(950), ()), 0.03)
    with pytest.raises(MalformedError, match="from 975 to 945 rows"):
        demand_credible(second, Listing(codes(945), ()), 0.03)


def test_a_list_of_something_else() -> None:
    before = next_day_list(None, codes(1000), FLOAT, 3)
    demand_credible(before, Listing(codes(1000, start=500), ()), 0.03)
    with pytest.raises(MalformedError, match="lacks 501 of the 1,000 symbols"):
        demand_credible(before, Listing(codes(1000, start=501), ()), 0.03)
