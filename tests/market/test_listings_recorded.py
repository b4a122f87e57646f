"""Symbol lists as they were really sent, 2019 to 2026, and what is known to have changed."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.errors import MalformedError
from stockstream.market.listings import (
    compare,
    demand_credible,
    next_day_list,
    read_listing,
    read_symbols_csv,
    suspected_consolidations,
    symbols_csv,
)
from stockstream.market.listings.industry import SECTORS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stockstream.market.listings import Listing

pytestmark = pytest.mark.shared

SUMMER_2023 = "markit-directory/2023-08-11T0516Z.csv"
NEW_YEAR_2024 = "markit-directory/2024-01-01T0850Z.csv"
WINTER_2025 = "markit-directory/2025-08-25T0258Z.csv"
WINTER_2026 = "markit-directory/2026-08-22T2213Z.csv"
SHORT = "markit-directory/2026-07-13T1728Z_partial_1547.csv"
FULL = "markit-directory/2026-07-13T1810Z_full_1832.csv"

# name, companies, without sector, without listing date, without market cap
READABLE = [
    ("index-style/asxlistedcompanies-com-2019-10-01.csv", 2244, 326, 2244, 1),
    ("index-style/asxlistedcompanies-com-2020-05-01.csv", 2210, 353, 2210, 5),
    ("legacy-official/ASXListedCompanies-2026-03-02.csv", 1977, 225, 1977, 1977),
    ("legacy-official/ASXListedCompanies-2026-04-01.csv", 1978, 227, 1978, 1978),
    ("listcorp/listcorp-20210923.csv", 2097, 33, 2097, 8),
    ("listcorp/listcorp-20240802.csv", 2286, 319, 2286, 0),
    ("listcorp/listcorp-20251105.csv", 2214, 391, 2214, 0),
    (SUMMER_2023, 2045, 94, 0, 90),
    ("markit-directory/2023-11-09T2150Z_marketcap_outage.csv", 2030, 93, 0, 2030),
    (NEW_YEAR_2024, 2009, 94, 0, 91),
    (WINTER_2025, 1888, 88, 0, 92),
    ("markit-directory/2026-05-23T0213Z_partial_1130.csv", 1130, 59, 0, 46),
    (SHORT, 1547, 80, 0, 42),
    (FULL, 1832, 94, 0, 57),
    (WINTER_2026, 1838, 94, 0, 75),
]


@pytest.fixture
def lists(shared_data: Path) -> Path:
    return shared_data / "asx-listings"


@pytest.fixture
def read(lists: Path) -> Callable[[str], Listing]:
    return lambda name: read_listing((lists / name).read_bytes(), "text/csv")


@pytest.mark.parametrize(("name", "companies", "sectors", "dates", "caps"), READABLE)
def test_every_list_reads_whole(
    read: Callable[[str], Listing], name: str, companies: int, sectors: int, dates: int, caps: int
) -> None:
    rows, skipped = read(name)
    assert skipped == ()
    assert len(rows) == companies
    nulls = rows.null_count().row(0, named=True)
    assert (nulls["sector"], nulls["listing_date"], nulls["market_cap"]) == (sectors, dates, caps)
    assert {"BHP", "CBA"} <= set(rows["symbol"]) or "partial" in name
    assert not rows["name"].str.contains(r"[.\s]$|\(ASX:").any()


def test_no_file_is_left_out(lists: Path) -> None:
    found = {str(path.relative_to(lists)) for path in lists.glob("*/*.csv")}
    assert found - {"markit-bad-responses/header_only.csv"} == {name for name, *_ in READABLE}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("apigee_fault.json", 'is JSON, such as an error: \'{"fault"'),
        ("error_500.json", 'is JSON, such as an error: \'{"error"'),
        ("bad_gateway.txt", "it starts 'Bad Gateway'"),
        ("header_only.csv", "a header and no company"),
        ("waf_request_rejected_SYNTHETIC.html", "a web page ('Request Rejected')"),
    ],
)
def test_no_error_body_is_a_list(lists: Path, name: str, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read_listing((lists / "markit-bad-responses" / name).read_bytes(), "text/csv")
    assert message in str(caught.value)


def test_every_group_has_a_sector_but_the_two_that_are_none(read: Callable[[str], Listing]) -> None:
    rows = read(SUMMER_2023).rows
    groups = set(rows["industry_group"])
    assert len(groups) == 27
    assert groups - set(SECTORS) == {"Not Applic", "Class Pend"}
    assert rows["sector"].n_unique() == 12  # eleven, and none


def test_the_change_of_march_2026(lists: Path, read: Callable[[str], Listing]) -> None:
    truth = json.loads((lists / "expected_diff_2026-03-02_to_2026-04-01.json").read_text())
    before = read("legacy-official/ASXListedCompanies-2026-03-02.csv").rows
    after = read("legacy-official/ASXListedCompanies-2026-04-01.csv").rows
    changes = compare(before, after)
    assert (len(before), len(after)) == (truth["from_rows"], truth["to_rows"])
    assert list(changes.added) == truth["added"]
    assert list(changes.removed) == truth["removed"]
    assert truth["renamed"] == []
    assert (changes.renamed, changes.new_names) == ((), ())
    assert [list(change) for change in changes.reclassified] == truth["sector_changed"]


@pytest.mark.parametrize(
    ("earlier", "later", "added", "removed", "new_names", "pairs", "renamed"),
    [
        (SUMMER_2023, NEW_YEAR_2024, 63, 99, 14, 34, 34),
        (NEW_YEAR_2024, WINTER_2025, 149, 270, 29, 103, 83),
        (WINTER_2025, WINTER_2026, 142, 192, 29, 81, 73),
    ],
)
def test_the_changes_of_three_years(
    read: Callable[[str], Listing],
    earlier: str,
    later: str,
    added: int,
    removed: int,
    new_names: int,
    pairs: int,
    renamed: int,
) -> None:
    before, after = read(earlier).rows, read(later).rows
    changes = compare(before, after)
    assert (len(changes.added), len(changes.removed)) == (added, removed)
    assert len(changes.new_names) == new_names
    gone = before.join(after, on="symbol", how="anti")
    come = after.join(before, on="symbol", how="anti")
    assert len(gone.join(come, on="listing_date")) == pairs
    assert len(changes.renamed) == renamed
    assert len({old for old, _ in changes.renamed} | {new for _, new in changes.renamed}) == (
        2 * renamed
    )


def test_who_was_renamed_and_who_cannot_be_told(read: Callable[[str], Listing]) -> None:
    lately = compare(read(WINTER_2025).rows, read(WINTER_2026).rows).renamed
    assert {("BYH", "ABR"), ("MDR", "AHE"), ("PTM", "L1G"), ("HGO", "HGODB")} <= set(lately)
    changes = compare(read(NEW_YEAR_2024).rows, read(WINTER_2025).rows)
    assert {("SQ2", "XYZ"), ("IPL", "DNL"), ("SVW", "SGH")} <= set(changes.renamed)
    ambiguous = {"A2B", "WCG", "5GN", "TMT", "HRNN"}
    assert ambiguous <= {*changes.added, *changes.removed}
    assert not ambiguous & {symbol for pair in changes.renamed for symbol in pair}


@pytest.mark.parametrize(
    ("name", "symbols"),
    [
        (SUMMER_2023, ["AJQDA", "GEDDA"]),
        (NEW_YEAR_2024, ["AVMDC"]),
        (WINTER_2025, ["G6MDB", "SHPDB"]),
        (FULL, []),
        (WINTER_2026, ["HGODB", "ID8DA"]),
    ],
)
def test_suspected_consolidations(
    read: Callable[[str], Listing], name: str, symbols: list[str]
) -> None:
    assert suspected_consolidations(read(name).rows) == symbols


def test_a_day_without_market_caps_changes_nothing(read: Callable[[str], Listing]) -> None:
    monday = dt.date(2023, 8, 11)
    first = next_day_list(None, read(SUMMER_2023).rows, monday, 3)
    silent = read(SUMMER_2023).rows.with_columns(market_cap=pl.lit(None, pl.Float64))
    second = next_day_list(first, silent, monday + dt.timedelta(days=3), 3)
    assert second.drop("last_listed").equals(first.drop("last_listed"))
    outage = read("markit-directory/2023-11-09T2150Z_marketcap_outage.csv").rows
    third = next_day_list(second, outage, dt.date(2023, 11, 10), 3)
    bhp = third.filter(pl.col("symbol") == "BHP").row(0, named=True)
    assert bhp["market_cap"] > 1e11
    assert (bhp["market_cap_date"], bhp["last_listed"]) == (monday, dt.date(2023, 11, 10))


def test_the_short_list_lacks_the_largest_and_is_refused(read: Callable[[str], Listing]) -> None:
    full, short = read(FULL), read(SHORT)
    lacking = full.rows.join(short.rows, on="symbol", how="anti")["symbol"]
    assert {"BHP", "CBA", "CSL", "ANZ"} <= set(lacking)
    before = next_day_list(None, full.rows, dt.date(2026, 7, 13), 3)
    with pytest.raises(MalformedError, match=r"shrank by 15\.6%, from 1,832 to 1,547 rows"):
        demand_credible(before, short, 0.03)
    demand_credible(before, read(WINTER_2026), 0.03)


@pytest.mark.parametrize("name", [name for name, *_ in READABLE])
def test_every_list_survives_its_file(read: Callable[[str], Listing], name: str) -> None:
    rows = next_day_list(None, read(name).rows, dt.date(2026, 8, 24), 3)
    assert read_symbols_csv(symbols_csv(rows).encode()).equals(rows)
