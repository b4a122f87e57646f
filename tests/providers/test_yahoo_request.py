"""What Yahoo is asked: paths that no symbol escapes, and windows wide enough for every exchange."""

from __future__ import annotations

import datetime as dt
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from stockstream.errors import MalformedError
from stockstream.providers.yahoo.request import chart_params, chart_path


@pytest.mark.parametrize(
    ("symbol", "written"),
    [
        ("BHP.AX", "BHP.AX"),
        ("^AXJO", "%5EAXJO"),
        ("BRK-B", "BRK-B"),
        ("EURUSD=X", "EURUSD%3DX"),
        ("M&M.NS", "M%26M.NS"),
        ("DX-Y.NYB", "DX-Y.NYB"),
        ("0P0000_1.L", "0P0000_1.L"),
    ],
)
def test_a_symbol_in_a_path(symbol: str, written: str) -> None:
    assert chart_path(symbol) == f"/v8/finance/chart/{written}"


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        ".",
        "..",
        "../../v7/quote",
        "A/B",
        "A\\B",
        "%2e%2e",
        "A?x=1",
        "A#b",
        "A B",
        "A\n",
        "\u212a",
    ],
)
def test_what_is_no_symbol(symbol: str) -> None:
    with pytest.raises(MalformedError, match="not how Yahoo writes a symbol"):
        chart_path(symbol)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Australia/Sydney", "UTC", "Etc/GMT+12"])
def test_the_window_covers_the_days_of_every_exchange(zone: str) -> None:
    days = [dt.date(2024, 2, 29), dt.date(2025, 4, 6), dt.date(2025, 10, 5), dt.date(1969, 12, 31)]
    for start, end in product(days, days):
        if start > end:
            continue
        params = chart_params(start, end)
        first, last = (
            dt.datetime.combine(day, time, ZoneInfo(zone)).timestamp()
            for day, time in ((start, dt.time.min), (end, dt.time.max))
        )
        assert int(str(params["period1"])) <= first
        assert last < int(str(params["period2"]))


def test_the_rest_of_the_query() -> None:
    params = chart_params(dt.date(1970, 1, 2), dt.date(1970, 1, 2))
    assert params == {
        "period1": 0,
        "period2": 3 * 86_400,
        "interval": "1d",
        "includePrePost": "false",
        "events": "div,splits,capitalGains",
    }


def test_the_ends_of_the_calendar() -> None:
    params = chart_params(dt.date.min, dt.date.max)
    assert params["period1"] == -62_135_683_200
    assert params["period2"] == 253_402_387_200
