"""Reading symbol lists: every layout, every cell, and everything that is no list."""

from __future__ import annotations

import datetime as dt
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import MalformedError
from stockstream.market.listings import LISTING_SCHEMA, read_listing
from stockstream.market.listings.cells import code_of, date_of, market_cap_of, name_of, text_of

HEADER = '"ASX code","Company name","GICs industry group","Listing date","Market Cap"\n'
BHP = '"BHP","BHP GROUP LIMITED","Materials","13/08/1885",212903000000\n'
BHP_ROW = ("BHP", "BHP GROUP LIMITED", "Materials", "Materials", dt.date(1885, 8, 13), 212903e6)


def test_the_directory() -> None:
    text = (
        HEADER + BHP + '"AFI","AUSTRALIAN FOUNDATION INVESTMENT.","Not Applic","30/06/1962","--"\n'
        '"CIO","","Technology Hardware & Equipment","1984-08-16",""\n'
        '"NWSLV","NEWS CORPORATION..","Media & Entertainment","19/06/2013","SUSPENDED"\n'
    )
    found = read_listing(text.encode(), "text/csv; charset=utf-8")
    assert found.skipped == ()
    assert found.rows.schema == LISTING_SCHEMA
    afi = "AUSTRALIAN FOUNDATION INVESTMENT"
    cio_group = "Technology Hardware & Equipment"
    assert found.rows.rows() == [
        ("AFI", afi, None, "Not Applic", dt.date(1962, 6, 30), None),
        BHP_ROW,
        ("CIO", None, "Information Technology", cio_group, dt.date(1984, 8, 16), None),
        (
            "NWSLV",
            "NEWS CORPORATION",
            "Communication Services",
            "Media & Entertainment",
            dt.date(2013, 6, 19),
            None,
        ),
    ]


def test_the_official_file_of_before() -> None:
    text = (
        "ASX listed companies as at Mon Mar 02 10:47:08 AEDT 2026\n\n"
        "Company name,ASX code,GICS industry group\n"
        '"1414 DEGREES LIMITED","14D","Capital Goods"\n'
        '"WESTERN FERRONIOBIUM","WFE","Class Pend"\n'
    )
    assert read_listing(text.encode()).rows.rows() == [
        ("14D", "1414 DEGREES LIMITED", "Industrials", "Capital Goods", None, None),
        ("WFE", "WESTERN FERRONIOBIUM", None, "Class Pend", None, None),
    ]


def test_listcorp() -> None:
    text = (
        'Code,Company,Link,"Market Cap","Last trade",Change,%Change,Sector\n'
        'ASX:CBA,"Commonwealth Bank (ASX:CBA)",https://example.com,"\t176771000000",1,1,1,Financials\n'
        'ASX:AOL,"Apollo Trust (ASX:AOL)",https://example.com,"\t0",0,0.00,0,Unclassified\n'
    )
    assert read_listing(text.encode()).rows.rows() == [
        ("AOL", "Apollo Trust", None, None, None, None),
        ("CBA", "Commonwealth Bank", "Financials", None, None, 176771e6),
    ]


def test_a_list_with_an_index_beside_it() -> None:
    text = (
        "ASX Listed Companies (1 May 2020),,,,,,,\r\n"
        "Code,Company,Sector,Market Cap,Weight(%),,Total Index Market Cap,\r\n"
        '14D,1414 Degrees Ltd,Industrials,"19,020,000",0.001,,"1,924,204,673,739",\r\n'
        '1ST,1ST Group Ltd,,"12,738,500",0.001,,,\r\n'
    )
    assert read_listing(text.encode()).rows.rows() == [
        ("14D", "1414 Degrees Ltd", "Industrials", None, None, 19_020_000.0),
        ("1ST", "1ST Group Ltd", None, None, None, 12_738_500.0),
    ]


def test_columns_are_known_by_their_header_and_others_are_passed_over() -> None:
    text = '"Market Cap","Home page","Company name","ASX code"\n5,"x","A CO","AAA"\n'
    assert read_listing(b"\xef\xbb\xbf" + text.encode()).rows.rows() == [
        ("AAA", "A CO", None, None, None, 5.0)
    ]


@pytest.mark.parametrize(
    "line",
    [
        '"../","UP","Materials","13/08/1885",1',
        '"A/B","SLASH","Materials","13/08/1885",1',
        '"=1+1","FORMULA","Materials","13/08/1885",1',
        '"AB","SHORT","Materials","13/08/1885",1',
        '"ABCDEFG","LONG","Materials","13/08/1885",1',
        '"","NONE","Materials","13/08/1885",1',
        '"BHP","BHP AGAIN","Energy","01/01/2001",1',
        '"AAA","ONE","CELL","TOO","MANY",1',
        '"AAA","CUT O',
        '"AAA","A QUOTE" IN IT","Materials","13/08/1885",1',
    ],
)
def test_a_line_that_is_no_row_is_skipped_and_told(line: str) -> None:
    found = read_listing(f"{HEADER}{BHP}{line}\n".encode())
    assert found.rows.rows() == [BHP_ROW]
    assert found.skipped == (line[:80],)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"Bad Gateway", "no header with a code and a company name; it starts 'Bad Gateway'"),
        (b'{"error":{"code":500,"errors":[{}]}}', r"is JSON, such as an error: '{\"error"),
        (b"[]", "is JSON"),
        (b"<html><head><title>Request Rejected</title></head>", r"web page \('Request Rejected'\)"),
        (b"<!DOCTYPE html><p>busy", "web page"),
        (b"\x1f\x8b\x08\0\0\0", "is binary"),
        (HEADER.encode(), "has a header and no company"),
        (HEADER.encode() + b"broken\n,,,,\n", "none of its 2 rows can be read"),
        (BHP.encode(), "no header"),
        (b"ASX code,Listing date\nBHP,13/08/1885\n", "no header"),
    ],
)
def test_what_is_no_list(content: bytes, message: str) -> None:
    with pytest.raises(MalformedError, match=message) as caught:
        read_listing(content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["text/html", "application/json", "image/png"])
def test_a_list_that_is_said_to_be_something_else(kind: str) -> None:
    with pytest.raises(MalformedError, match=f"sent as {kind}, not as CSV"):
        read_listing((HEADER + BHP).encode(), f"{kind}; charset=utf-8")


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/csv",
        "TEXT/CSV;charset=UTF-8",
        "text/plain",
        "application/octet-stream",
        "application/vnd.ms-excel",
        "text/comma-separated-values",
    ],
)
def test_names_that_csv_goes_by(kind: str) -> None:
    assert len(read_listing((HEADER + BHP).encode(), kind).rows) == 1


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.booleans())
def test_whatever_comes_is_a_list_of_codes_or_malformed(content: bytes, has_header: bool) -> None:
    try:
        found = read_listing(HEADER.encode() * has_header + content)
    except MalformedError:
        return
    assert not found.rows.is_empty()
    assert found.rows["symbol"].is_unique().all()
    assert all(re.fullmatch(r"[A-Z0-9]{3,6}", code, re.ASCII) for code in found.rows["symbol"])


@given(st.lists(st.tuples(st.from_regex(r"[A-Z0-9]{3,6}", fullmatch=True), st.text()), min_size=1))
def test_no_cell_of_one_row_reaches_another(rows: list[tuple[str, str]]) -> None:
    """Whatever a name is, as long as CSV can hold it in one line."""
    names = [re.sub(r"\s", " ", name).replace('"', '""').replace("\0", "") for _, name in rows]
    lines = [f'"{code}","{name}",,,7' for (code, _), name in zip(rows, names, strict=True)]
    found = read_listing((HEADER + "\n".join(lines)).encode(errors="replace"))
    assert set(found.rows["symbol"]) == {code for code, _ in rows}
    assert found.rows["market_cap"].to_list() == [7.0] * len(found.rows)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("10685244", 10685244.0),
        ("1,234.5", 1234.5),
        ("\t176771000000", 176771e6),
        (" 7 ", 7.0),
        ("0", None),
        ("", None),
        ("--", None),
        ("SUSPENDED", None),
        ("N/A", None),
        ("-5", None),
        ("1e9", None),
        ("nan", None),
        ("\N{ARABIC-INDIC DIGIT ONE}", None),
    ],
)
def test_market_caps(cell: str, amount: float | None) -> None:
    assert market_cap_of(cell) == amount


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("12/09/2018", dt.date(2018, 9, 12)),
        ("2018-09-12", dt.date(2018, 9, 12)),
        ("29/02/2024", dt.date(2024, 2, 29)),
        ("29/02/2023", None),
        ("09/13/2018", None),
        ("1/2/2018", None),
        ("2018/09/12", None),
        ("", None),
        ("--", None),
    ],
)
def test_dates(cell: str, date: dt.date | None) -> None:
    assert date_of(cell) == date


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("GOLDEN DEEPS LIMITED.", "GOLDEN DEEPS LIMITED"),
        ("NEWS CORPORATION..", "NEWS CORPORATION"),
        (" TWO  WORDS\t. ", "TWO WORDS"),
        ("BHP Group Limited (ASX:BHP)", "BHP Group Limited"),
        ("..", None),
        ("", None),
    ],
)
def test_names(cell: str, name: str | None) -> None:
    assert name_of(cell) == name


def test_codes_and_sectors() -> None:
    assert [code_of(c) for c in ("BHP", " ASX:CBA ", "3DA", "AJQDA")] == [
        "BHP",
        "CBA",
        "3DA",
        "AJQDA",
    ]
    assert [code_of(c) for c in ("bhp", "NYSE:IBM", "BHP.AX", "B HP", "-1+1", "BHP\n.")] == [
        None
    ] * 6
    assert [text_of(c) for c in ("Unclassified", "", " Real  Estate ")] == [
        None,
        None,
        "Real Estate",
    ]


def test_every_row_survives_its_own_kind_of_null() -> None:
    text = HEADER + '"AAA","","","",""\n'
    assert read_listing(text.encode()).rows.rows() == [("AAA", None, None, None, None, None)]
    assert isinstance(read_listing(text.encode()).rows, pl.DataFrame)
