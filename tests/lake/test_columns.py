"""What was known of the symbols of a panel at each of its rows: never a day early."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockstream.errors import UnknownNameError
from stockstream.lake.columns import sector_codes

if TYPE_CHECKING:
    from tests.lake.conftest import MakeBars

    from stockstream.lake import Lake

FIRST = dt.date(2023, 12, 18)
NAN = float("nan")


def day(number: int) -> dt.date:
    """A day of the small market, counted from 0."""
    return FIRST + dt.timedelta(days=number)


def listing(
    symbol: str, known: int, *, to: int | None = None, **facts: object
) -> dict[str, object]:
    """A row of the universe that is believed from a day on."""
    until = None if to is None else day(to)
    return {
        "symbol": symbol,
        "valid_from": dt.date(1990, 1, 2),
        "known_from": day(known),
        "known_to": until,
        "valid_to": None,
        "sector": None,
        **facts,
    }


def universe(*rows: dict[str, object]) -> pl.DataFrame:
    dates = {name: pl.Date() for name in ("valid_from", "known_from", "known_to", "valid_to")}
    return pl.DataFrame(list(rows), {"symbol": pl.String(), **dates, "sector": pl.String()})


@pytest.fixture
def market(lake: Lake, make_bars: MakeBars) -> Lake:
    """A trades on days 0 to 5, B from day 2 with a halt on day 4."""
    lake.merge(make_bars({"A.AX": [1.0] * 6, "B.AX": [None, None, 2.0, 2.0, None, 2.0]}))
    return lake


def test_factors_are_seen_from_the_day_they_were_known(market: Lake) -> None:
    rows = [
        ("A.AX", day(-90), "PE", 10.0, day(1)),
        ("A.AX", day(-90), "PE", 11.0, day(3)),  # restated
        ("B.AX", day(-90), "PE", 20.0, day(-5)),  # known before the window
        ("B.AX", day(-1), "PE", 21.0, day(4)),  # on a day on which B did not trade
        ("B.AX", day(-1), "ROE", 0.1, day(2)),
    ]
    names = ["symbol", "date", "name", "value", "known_at"]
    market.add_factors(pl.DataFrame(rows, names, orient="row"), "test")
    panel = market.panel(["A", "B"], day(0), day(9), columns=("factor:PE", "factor:ROE"))
    pe, roe = panel.columns["factor:PE"], panel.columns["factor:ROE"]
    np.testing.assert_array_equal(pe[panel.rows(0)], [NAN, 10.0, 10.0, 11.0, 11.0, 11.0])
    np.testing.assert_array_equal(pe[panel.rows(1)], [20.0, 20.0, 21.0])
    np.testing.assert_array_equal(roe[panel.rows(0)], [NAN] * 6)
    np.testing.assert_array_equal(roe[panel.rows(1)], [0.1] * 3)
    assert panel.version == "bars@1 actions@0 factors@1"
    assert panel.digest != market.panel(["A", "B"], day(0), day(9)).digest


def test_a_factor_that_the_lake_does_not_have_is_named(market: Lake) -> None:
    with pytest.raises(UnknownNameError, match="factors import FILE"):
        market.panel(["A"], day(0), day(9), columns=("factor:PE",))
    rows = pl.DataFrame(
        {"symbol": "B.AX", "date": day(0), "name": "DebtToEquity", "value": 1.0, "known_at": day(0)}
    )
    market.add_factors(rows, "test")
    with pytest.raises(UnknownNameError, match="did you mean 'DebtToEquity'"):
        market.panel(["A"], day(0), day(9), columns=("factor:debttoequity",))
    with pytest.raises(UnknownNameError, match="column of a panel"):
        market.panel(["A"], day(0), day(9), columns=("pe",))


def test_a_factor_that_no_symbol_of_the_run_has_is_flagged(market: Lake) -> None:
    rows = pl.DataFrame(
        {"symbol": "B.AX", "date": day(0), "name": "PE", "value": 1.0, "known_at": day(0)}
    )
    market.add_factors(rows, "test")
    panel = market.panel(["A"], day(0), day(9), columns=("factor:PE",))
    assert np.isnan(panel.columns["factor:PE"]).all()
    assert "PE: no value was known in the window" in panel.flags


def test_the_age_counts_bars_from_before_the_panel(market: Lake) -> None:
    panel = market.panel(["B", "A"], day(3), day(9), columns=("age",))
    assert panel.columns["age"][panel.rows(0)].tolist() == [1.0, 2.0]
    assert panel.columns["age"][panel.rows(1)].tolist() == [3.0, 4.0, 5.0]
    whole = market.panel(["B", "A"], day(0), day(9))
    assert whole.column("age")[whole.rows(0)].tolist() == [0.0, 1.0, 2.0]


def test_sectors_are_those_that_were_known(market: Lake) -> None:
    market.record_universe(
        universe(
            listing("A.AX", 1, to=3, sector="Materials"),
            listing("A.AX", 3, sector="Energy"),
            listing("B.AX", 1, sector="Materials"),
            listing("Z.AX", 0, sector="Utilities"),
        ),
        "list",
    )
    assert sector_codes(market) == {"Utilities": 1, "Materials": 2, "Energy": 3}
    panel = market.panel(["A", "B"], day(0), day(9), columns=("sector",))
    sector = panel.columns["sector"]
    np.testing.assert_array_equal(sector[panel.rows(0)], [NAN, 2.0, 2.0, 3.0, 3.0, 3.0])
    np.testing.assert_array_equal(sector[panel.rows(1)], [2.0, 2.0, 2.0])
    assert panel.version == "bars@1 actions@0 universe@1"


def test_listed_is_what_the_lists_of_the_day_say(market: Lake) -> None:
    market.record_universe(
        universe(
            listing("A.AX", 2, to=4),
            listing("A.AX", 4, valid_to=day(4)),
            listing("Z.AX", 2),
        ),
        "list",
    )
    panel = market.panel(["A", "B"], day(0), day(9), columns=("listed",))
    listed = panel.columns["listed"]
    # nobody knows before the first list; then A is on it until day 4, and B never
    assert listed[panel.rows(0)].tolist() == [1.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    assert listed[panel.rows(1)].tolist() == [0.0, 0.0, 0.0]


def test_without_any_list_every_bar_counts_as_listed(market: Lake) -> None:
    panel = market.panel(["A", "B"], day(0), day(9), columns=("listed", "sector"))
    assert panel.columns["listed"].all()
    assert np.isnan(panel.columns["sector"]).all()
    assert "sector: no value was known in the window" in panel.flags
    assert panel.version.endswith("universe@0")


def test_a_panel_that_ends_earlier_knows_the_same_until_then(market: Lake) -> None:
    rows = [
        ("A.AX", day(-9), "PE", 10.0, day(1)),
        ("A.AX", day(-9), "PE", 11.0, day(4)),
        ("B.AX", day(3), "PE", 12.0, day(2)),  # a forecast
    ]
    names = ["symbol", "date", "name", "value", "known_at"]
    market.add_factors(pl.DataFrame(rows, names, orient="row"), "test")
    market.record_universe(
        universe(
            listing("A.AX", 2, to=4, sector="Materials"),
            listing("A.AX", 4, sector="Energy", valid_to=day(4)),
            listing("B.AX", 3, sector="Energy"),
        ),
        "list",
    )
    wanted = ("factor:PE", "sector", "listed", "age")
    whole = market.panel(["A", "B"], day(0), day(5), columns=wanted)
    for end in range(2, 5):
        known = market.panel(["A", "B"], day(0), day(end), columns=wanted)
        cut = whole.truncate(end + 1)
        for name in wanted:
            np.testing.assert_array_equal(known.columns[name], cut.columns[name], err_msg=name)


def test_a_data_version_brings_back_what_was_read(market: Lake) -> None:
    row = {"symbol": "A.AX", "date": day(0), "name": "PE", "value": 1.0, "known_at": day(1)}
    market.add_factors(pl.DataFrame([row]), "test")
    wanted = ("factor:PE", "sector")
    before = market.panel(["A", "B"], day(0), day(9), columns=wanted)
    market.add_factors(pl.DataFrame([{**row, "value": 2.0, "known_at": day(3)}]), "test")
    market.record_universe(universe(listing("A.AX", 1, sector="Energy")), "list")
    later = market.panel(["A", "B"], day(0), day(9), columns=wanted)
    again = market.panel(["A", "B"], day(0), day(9), version=before.version, columns=wanted)
    assert (before.version, later.version) == (
        "bars@1 actions@0 factors@1 universe@0",
        "bars@1 actions@0 factors@2 universe@1",
    )
    assert (again.version, again.digest) == (before.version, before.digest)
    assert later.digest != before.digest
