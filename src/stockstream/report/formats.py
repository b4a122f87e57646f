"""How numbers are written for people: one place for digits, signs and what is missing."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

__all__ = [
    "DASH",
    "MINUS",
    "chance",
    "count",
    "counted",
    "day",
    "money",
    "money_digits",
    "percent",
    "plain_number",
    "price",
    "times",
]

DASH = "\u2013"
"""En dash: stands wherever a number is not defined."""

MINUS = "\u2212"
"""The true minus sign, as wide as a plus sign, so that columns of signed numbers align."""


def plain_number(value: float, digits: int = 2, *, signed: bool = False) -> str:
    """``-1234.5`` as 1,234.50 after a true minus; never a negative zero; an en dash if not finite.

    Args:
        value: any number.
        digits: decimals.
        signed: write a plus sign before positive numbers.
    """
    if not math.isfinite(value):
        return DASH
    text = f"{abs(value):,.{digits}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    if value < 0:
        return MINUS + text
    return f"+{text}" if signed else text


def percent(fraction: float, digits: int = 1, *, signed: bool = False) -> str:
    """``0.0525`` as ``5.2%`` (half to even, as everywhere in Python)."""
    number = plain_number(100.0 * fraction, digits, signed=signed)
    return number if number == DASH else f"{number}%"


def chance(probability: float) -> str:
    """A probability in whole percent, never a certain one: ``<1%``, ``12%``, ``>99%``."""
    if 0.005 <= probability <= 0.995 or not math.isfinite(probability):
        return percent(probability, 0)
    return "<1%" if probability < 0.5 else ">99%"


def times(value: float, digits: int = 1) -> str:
    """``4.13`` as 4.1 and a multiplication sign."""
    number = plain_number(value, digits)
    return number if number == DASH else f"{number}\u00d7"


def money(value: float) -> str:
    """Whole units of currency from 1,000 up, cents below."""
    return plain_number(value, money_digits([value]))


def money_digits(amounts: Iterable[float]) -> int:
    """Decimals for a column of money: cents matter while no amount reaches 1,000."""
    return 0 if max(map(abs, amounts), default=0.0) >= 1000.0 else 2


def count(value: float) -> str:
    """``1234`` as ``1,234``."""
    return plain_number(value, 0)


def counted(value: int, noun: str) -> str:
    """``1,234 trials``, and ``1 trial``."""
    return f"{count(value)} {noun}{'' if value == 1 else 's'}"


def price(value: float) -> str:
    """A price per share with the decimals that matter.

    ASX ticks are 0.005 under 2 and 0.001 under 0.1. An average price lies between ticks, so the
    cheapest shares get one decimal more.
    """
    size = abs(value)
    return plain_number(value, 2 if size >= 2.0 else 3 if size >= 0.1 else 4)


def day(when: date | np.datetime64 | None) -> str:
    """``2019-01-02`` as ``2 Jan 2019``; an en dash for no date."""
    if when is None:
        return DASH
    calendar_day = when if isinstance(when, date) else date.fromisoformat(str(when)[:10])
    return f"{calendar_day.day} {calendar_day:%b %Y}"
