"""From what people type, or a file holds, to the value of a parameter.

Each function takes text or a plain value and raises ``ValueError`` with a phrase that fits after
``name='x'``, such as "is not a whole number".
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["READERS", "as_items", "as_percent"]

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def as_float(value: object) -> float:
    """A finite float."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError("is not a number")  # noqa: TRY004 -- one kind of error for the caller
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("is not a finite number")
    return number


def as_int(value: object) -> int:
    """A whole number; 20.0 and "20" are read as 20."""
    if not isinstance(value, bool) and isinstance(value, Integral):
        return int(value)
    number = as_float(value)
    if number != int(number):
        raise ValueError("is not a whole number")
    return int(number)


def as_bool(value: object) -> bool:
    """A truth value; text may say true, yes, on, 1 or false, no, off, 0."""
    text = str(value).strip().casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("is neither true nor false")


def as_text(value: object) -> str:
    """Text as it is, without blanks around it."""
    if not isinstance(value, str):
        raise ValueError("is not text")  # noqa: TRY004
    return value.strip()


def as_percent(value: object) -> float:
    """A fraction. From 1 up a number is read as percent, and with a ``%`` any number is.

    So 0.1, 10, "10", "10 %" and "10%" are all 0.1, and 1 is 0.01. A fraction that has been read
    stays below 1, so reading it again changes nothing.
    """
    if isinstance(value, str) and value.strip().endswith("%"):
        fraction = as_float(value.strip()[:-1]) / 100.0
    else:
        number = as_float(value)
        fraction = number / 100.0 if number >= 1.0 else number
    if fraction >= 1.0:
        raise ValueError("is not below 100 %")
    return fraction


def as_items(value: object) -> list[Any]:
    """The items of a list or tuple, or of text with commas between them."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueError("is not a list")


READERS: dict[type, Callable[[object], Any]] = {
    int: as_int,
    float: as_float,
    bool: as_bool,
    str: as_text,
}


def _parsed(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("is not a number") from None
