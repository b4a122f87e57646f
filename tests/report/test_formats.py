from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from stockstream.report import formats


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.5, 2, "1,234.50"),
        (-0.5, 1, "\u22120.5"),
        (-0.0001, 2, "0.00"),
        (0.0, 0, "0"),
        (1e9, 0, "1,000,000,000"),
        (float("nan"), 2, "\u2013"),
        (float("inf"), 2, "\u2013"),
    ],
)
def test_plain_number(value: float, digits: int, text: str) -> None:
    assert formats.plain_number(value, digits) == text


def test_signs_percent_and_times() -> None:
    assert formats.plain_number(2.0, 1, signed=True) == "+2.0"
    assert formats.plain_number(0.0, 1, signed=True) == "0.0"
    assert formats.percent(0.1234) == "12.3%"
    assert formats.percent(-0.1234, 2, signed=True) == "\u221212.34%"
    assert formats.percent(float("nan")) == "\u2013"
    assert formats.times(4.13) == "4.1\u00d7"
    assert formats.times(float("nan")) == "\u2013"


def test_money_shows_cents_only_where_they_matter() -> None:
    assert formats.money(123_456.78) == "123,457"
    assert formats.money(12.5) == "12.50"
    assert formats.money(-12.5) == "\u221212.50"
    assert formats.money_digits([3.0, -1000.0]) == 0
    assert formats.money_digits([]) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(4512.5, "4,512.50"), (2.0, "2.00"), (1.995, "1.995"), (0.034, "0.0340"), (0.0, "0.0000")],
)
def test_cheap_shares_have_more_decimals(value: float, text: str) -> None:
    assert formats.price(value) == text


def test_day() -> None:
    assert formats.day(date(2019, 1, 2)) == "2 Jan 2019"
    assert formats.day(np.datetime64("2023-12-29")) == "29 Dec 2023"
    assert formats.day(None) == "\u2013"
