"""Each day's list: what stays, what is carried forward, and the file that it becomes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.errors import DataError
from stockstream.market.listings import (
    DAY_LIST_SCHEMA,
    LISTING_SCHEMA,
    day_changes,
    next_day_list,
    read_symbols_csv,
    symbols_csv,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

MONDAY = dt.date(2026, 7, 13)
FLOAT = dt.date(2017, 4, 19)
NO_CHANGES: dict[str, list[object]] = {
    "added": [],
    "removed": [],
    "renamed": [],
    "reclassified": [],
}


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(days=number)


def listing(*symbols: str, **columns: object) -> pl.DataFrame:
    rows = pl.DataFrame({"symbol": symbols}, {"symbol": pl.String}).with_columns(
        pl.lit(value).alias(name) for name, value in columns.items()
    )
    return pl.concat([LISTING_SCHEMA.to_frame(), rows], how="diagonal_relaxed")


def run(*lists: Iterable[str], removal_days: int = 3) -> list[pl.DataFrame]:
    """The day lists of lists that were accepted on consecutive days."""
    done: list[pl.DataFrame] = []
    for number, symbols in enumerate(lists):
        before = done[-1] if done else None
        done.append(next_day_list(before, listing(*symbols), day(number), removal_days))
    return done


def missed(rows: pl.DataFrame) -> dict[str, int]:
    return dict(rows.select("symbol", "missed").iter_rows())


def test_the_first_list() -> None:
    only = next_day_list(None, listing("CBA", "BHP", market_cap=7.0), MONDAY, 3)
    assert only.schema == DAY_LIST_SCHEMA
    assert only["symbol"].to_list() == ["BHP", "CBA"]
    assert only["market_cap_date"].to_list() == only["last_listed"].to_list() == [MONDAY] * 2
    assert day_changes(None, only) == NO_CHANGES


def test_a_symbol_goes_with_the_third_list_that_lacks_it() -> None:
    first, second, third, fourth = run(["AAA", "BBB"], ["AAA"], ["AAA"], ["AAA"])
    assert missed(second) == {"AAA": 0, "BBB": 1}
    assert missed(third) == {"AAA": 0, "BBB": 2}
    assert missed(fourth) == {"AAA": 0}
    assert third.filter(pl.col("symbol") == "BBB")["last_listed"].to_list() == [MONDAY]
    assert [day_changes(*pair) for pair in [(first, second), (second, third)]] == [NO_CHANGES] * 2
    assert day_changes(third, fourth) == {**NO_CHANGES, "removed": ["BBB"]}


def test_coming_back_starts_the_count_again() -> None:
    *_, last = run("AB", "A", "A", "AB", "A", "A")
    assert missed(last) == {"A": 0, "B": 2}


def test_one_day_is_enough_if_that_is_the_rule() -> None:
    *_, last = run("AB", "A", removal_days=1)
    assert missed(last) == {"A": 0}


@pytest.mark.slow
@given(st.lists(st.sets(st.sampled_from("ABCDEF"), min_size=1), min_size=1, max_size=12))
def test_who_is_on_the_list_of_a_day(lists: list[set[str]]) -> None:
    """A symbol is on it if and only if one of the last three lists had it."""
    for number, rows in enumerate(run(*lists)):
        assert set(rows["symbol"]) == set().union(*lists[max(number - 2, 0) : number + 1])
        for symbol, count in missed(rows).items():
            assert symbol in lists[number - count]
            assert all(symbol not in other for other in lists[number - count + 1 : number + 1])


def test_a_renamed_company_changes_its_symbol_at_once() -> None:
    before = listing("BYH", name="BRYAH", listing_date=FLOAT, market_cap=5.0)
    after = listing("ABR", name="ALBRIGHT", listing_date=FLOAT)
    first = next_day_list(None, before, day(0), 3)
    second = next_day_list(first, after, day(1), 3)
    assert second.select("symbol", "name", "renamed_from", "market_cap").rows() == [
        ("ABR", "ALBRIGHT", "BYH", 5.0)
    ]
    assert second["market_cap_date"].to_list() == [day(0)]
    assert day_changes(first, second) == {**NO_CHANGES, "renamed": [["BYH", "ABR"]]}
    third = next_day_list(second, after, day(2), 3)
    assert third["renamed_from"].to_list() == ["BYH"]
    assert day_changes(second, third) == NO_CHANGES


def test_a_new_symbol_whose_old_one_was_not_on_the_list_before_is_an_addition() -> None:
    before, both = run(["AAA"], ["AAA", "NEW"])
    named = pl.when(pl.col("symbol") == "NEW").then(pl.lit("OLD")).alias("renamed_from")
    assert day_changes(before, both.with_columns(named)) == {**NO_CHANGES, "added": ["NEW"]}


def test_a_symbol_that_was_missing_may_turn_out_to_be_renamed() -> None:
    bhp = listing("BHP", listing_date=dt.date(1885, 8, 13))
    first = next_day_list(None, pl.concat([bhp, listing("BYH", listing_date=FLOAT)]), day(0), 3)
    second = next_day_list(first, bhp, day(1), 3)
    third = next_day_list(second, pl.concat([bhp, listing("ABR", listing_date=FLOAT)]), day(2), 3)
    assert missed(second) == {"BHP": 0, "BYH": 1}
    assert day_changes(second, third)["renamed"] == [["BYH", "ABR"]]


def test_a_removal_that_day_is_not_taken_for_the_symbol_before() -> None:
    """Two companies of one listing date: one is renamed, the removal of the other is confirmed."""
    both = listing("OLD", "PRE", listing_date=FLOAT)
    lists = [both, *[listing("PRE", listing_date=FLOAT)] * 2, listing("NEW", listing_date=FLOAT)]
    rows = None
    for number, symbols in enumerate(lists):
        before, rows = rows, next_day_list(rows, symbols, day(number), 3)
    assert rows is not None
    assert missed(rows) == {"NEW": 0, "PRE": 1}  # PRE or OLD became NEW: nobody can say
    assert day_changes(before, rows) == {**NO_CHANGES, "added": ["NEW"], "removed": ["OLD"]}


def test_what_a_list_does_not_say_stays_as_it_was() -> None:
    told = {"name": "BHP GROUP", "sector": "Materials", "industry_group": "Materials"}
    full = listing("BHP", **told, listing_date=FLOAT, market_cap=9.0)
    first = next_day_list(None, full, day(0), 3)
    second = next_day_list(first, listing("BHP"), day(1), 3)
    assert second.drop("last_listed").equals(first.drop("last_listed"))
    assert second["market_cap_date"].to_list() == [day(0)]
    assert day_changes(first, second) == NO_CHANGES
    third = next_day_list(second, listing("BHP", market_cap=8.0), day(2), 3)
    assert third.select("market_cap", "market_cap_date").rows() == [(8.0, day(2))]


def test_a_group_without_a_sector_takes_the_sector_away() -> None:
    first = next_day_list(None, listing("AAA", sector="Energy", industry_group="Energy"), day(0), 3)
    second = next_day_list(first, listing("AAA", industry_group="Class Pend"), day(1), 3)
    assert second.select("sector", "industry_group").rows() == [(None, "Class Pend")]
    assert day_changes(first, second)["reclassified"] == [["AAA", "Energy", "Class Pend"]]


def test_the_file() -> None:
    rows = listing("AAA", name="A, B & CO", sector="Energy", market_cap=1.5)
    other = listing("BBB", name="=1+1", market_cap=212903000000.0, listing_date=FLOAT)
    text = symbols_csv(next_day_list(None, pl.concat([rows, other]), MONDAY, 3))
    assert text == (
        "symbol,name,sector,market_cap,industry_group,listing_date,market_cap_date,last_listed,"
        "missed,renamed_from\n"
        'AAA,"A, B & CO",Energy,1.5,,,2026-07-13,2026-07-13,0,\n'
        "BBB,'=1+1,,212903000000,,2017-04-19,2026-07-13,2026-07-13,0,\n"
    )


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
DATES = st.none() | st.dates(dt.date(1885, 1, 1), dt.date(2030, 1, 1))
AMOUNTS = st.none() | st.floats(0.01, 1e13) | st.integers(1, 10**13).map(float)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, AMOUNTS, DATES), max_size=5), st.integers(0, 9))
def test_the_file_reads_back_as_it_was(
    rows: list[tuple[str | None, str | None, str | None, float | None, dt.date | None]], count: int
) -> None:
    dicts = [
        {
            "symbol": f"S{number}",
            "name": name,
            "sector": sector,
            "industry_group": group,
            "market_cap": amount,
            "listing_date": date,
            "market_cap_date": date,
            "last_listed": MONDAY,
            "missed": count,
            "renamed_from": None,
        }
        for number, (name, sector, group, amount, date) in enumerate(rows)
    ]
    frame = pl.DataFrame(dicts, DAY_LIST_SCHEMA)
    assert_frame_equal(read_symbols_csv(symbols_csv(frame).encode()), frame, check_exact=True)


def test_the_documented_columns_are_enough() -> None:
    rows = read_symbols_csv(b"symbol,name,sector,market_cap\nCBA,Bank,Financials,5\nBHP,,,\n")
    assert rows.select("symbol", "market_cap", "missed").rows() == [
        ("BHP", None, 0),
        ("CBA", 5.0, 0),
    ]
    assert rows.schema == DAY_LIST_SCHEMA


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a table"),
        (b"symbol,name\nBHP,x\n", "sector, market_cap are missing"),
        (b"symbol,name,sector,market_cap\nBHP,a,b,c\n", "'c'"),
        (b"symbol,name,sector,market_cap\nBHP,a,b,1,2,3\n", "not a table"),
    ],
)
def test_a_file_that_is_none(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_symbols_csv(content)
