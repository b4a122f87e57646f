"""When a DAG runs: the schedules that a document may have, checked without Airflow.

Airflow reads a cron text when it needs it, in the scheduler. One that it cannot read, or that never
comes (``0 0 30 2 *``), has to be refused before.
"""

from __future__ import annotations

import re
from typing import Final

from stockstream.airflow.names import quoted
from stockstream.errors import ConfigError

__all__ = ["NEW_BARS", "PRESETS", "demand_schedule"]

NEW_BARS: Final = "new-bars"
"""The schedule of a DAG that runs when the daily pipeline has brought new bars."""

PRESETS: Final = ("@once", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")

MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS: Final[tuple[tuple[str, int, int, tuple[str, ...]], ...]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 7, WEEKDAYS),
)
LONGEST_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MOST_TEXT: Final = 100
HINT: Final = (
    f'write "{NEW_BARS}", one of {", ".join(PRESETS)}, or a cron text of five fields such as '
    '"30 18 * * 1-5"; null is no schedule'
)

_PART = re.compile(r"(\*|[0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?(?:/([0-9]{1,2}))?")


def demand_schedule(text: str) -> str:
    """A schedule as Airflow takes it, ``new-bars`` as it is.

    Raises:
        ConfigError: it is none, or never comes.
    """
    if text in {NEW_BARS, *PRESETS}:
        return text
    fields = text.split(" ") if len(text) <= MOST_TEXT else []
    if len(fields) != len(FIELDS):
        raise ConfigError(f"schedule {quoted(text)} cannot be used: {HINT}")
    values = [_values(field, text, *facts) for field, facts in zip(fields, FIELDS, strict=True)]
    days, months = values[2], values[3]
    any_weekday = fields[4].startswith("*")
    if any_weekday and not any(min(days) <= LONGEST_MONTH[month - 1] for month in months):
        raise ConfigError(f"schedule {text!r} never comes: no such month has a day {min(days)}")
    return text


def _values(
    field: str, text: str, what: str, low: int, high: int, names: tuple[str, ...]
) -> set[int]:
    """What a field of a cron text allows."""
    allowed: set[int] = set()
    for part in field.lower().split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise _wrong(part, text, what, low, high)
        first, last, step = found.groups()
        if first == "*":
            begin, end = low, high
        else:
            begin = _number(first, names)
            end = begin if last is None else _number(last, names)
        open_ended = step is not None and last is None and first != "*"
        wrong_star = first == "*" and last is not None
        if wrong_star or open_ended or not low <= begin <= end <= high or step in {"0", "00"}:
            raise _wrong(part, text, what, low, high)
        allowed.update(range(begin, end + 1, int(step or 1)))
    return allowed


def _number(word: str, names: tuple[str, ...]) -> int:
    """The number of a word; -1 if it has none. Months count from 1, weekdays from 0."""
    if word.isdigit():
        return int(word)
    return names.index(word) + (names is MONTHS) if word in names else -1


def _wrong(part: str, text: str, what: str, low: int, high: int) -> ConfigError:
    return ConfigError(
        f"schedule {quoted(text)}: {quoted(part)} is no {what}; it is {low} to {high}, as numbers, "
        "ranges such as 1-5, lists with commas or steps such as */15"
    )
