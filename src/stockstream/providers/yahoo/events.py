"""From the events of a chart to corporate actions."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from stockstream.errors import MalformedError
from stockstream.providers.ratios import whole_ratio
from stockstream.providers.yahoo.schema import NAME
from stockstream.providers.yahoo.stamps import moments_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Action", "Events", "read_events"]

_CASH: Final = ("dividends", "capitalGains")
_SPLITS: Final = "splits"

Action: TypeAlias = tuple[str, dt.date, str, float, str, None]
"""A row of :data:`stockstream.market.actions.ACTION_SCHEMA`."""


class Events(NamedTuple):
    """The events of a chart.

    Attributes:
        actions: by day.
        left_out: one line about each event that cannot be used.
    """

    actions: list[Action]
    left_out: list[str]


class _Event(NamedTuple):
    day: dt.date
    what: str
    value: float


def read_events(
    chart: Mapping[str, Any], symbol: str, zone: dt.tzinfo, start: dt.date, end: dt.date
) -> Events:
    """The dividends and splits of a chart from ``start`` to ``end``, by the exchange's days.

    A distribution of capital gains is cash for each share as a dividend is, and is added to that of
    its day. The same amount twice on a day is one dividend. An event without a usable value or day
    is left out, and so are splits of one day that contradict each other; the bars stay of use
    without it, since they are split-adjusted as they come.
    """
    events, left_out = _usable(chart.get("events"), zone)
    actions: list[Action] = []
    for day, values in _by_day(events).items():
        if not start <= day <= end:
            continue
        cash = sum(sum(values.get(what, ())) for what in _CASH)
        if cash > 0:
            actions.append((symbol, day, "dividend", cash, NAME, None))
        ratios = values.get(_SPLITS, {1.0})
        if len(ratios) > 1:
            left_out.append(f"splits of {day} contradict each other and were left out: {ratios}")
        elif ratios != {1.0}:
            actions.append((symbol, day, "split", ratios.pop(), NAME, None))
    return Events(actions, left_out)


def _usable(listed: object, zone: dt.tzinfo) -> tuple[list[_Event], list[str]]:
    events, left_out = [], []
    for what, event in _each(listed):
        try:
            day = moments_of([event["date"]], zone)[0].date()
            value = _ratio(event) if what == _SPLITS else _amount(event)
        except (KeyError, TypeError, ArithmeticError, MalformedError):
            left_out.append(f"an event cannot be used and was left out: {what} {event}")
        else:
            events.append(_Event(day, what, value))
    return events, left_out


def _each(listed: object) -> Iterator[tuple[str, Any]]:
    """Each event with the list it is in."""
    if isinstance(listed, dict):
        for what in (*_CASH, _SPLITS):
            events = listed.get(what)
            for event in events.values() if isinstance(events, dict) else ():
                yield what, event


def _by_day(events: Iterable[_Event]) -> dict[dt.date, dict[str, set[float]]]:
    """The different values of each day, by the list they are in; days in order."""
    found: dict[dt.date, dict[str, set[float]]] = {}
    for day, what, value in sorted(events):
        found.setdefault(day, {}).setdefault(what, set()).add(value)
    return found


def _amount(event: Mapping[str, Any]) -> float:
    """Cash for a share."""
    amount = event["amount"]
    if not 0 <= amount < math.inf:
        raise MalformedError("not an amount of cash")
    return float(amount)


def _ratio(event: Mapping[str, Any]) -> float:
    """New shares for an old one."""
    new, old = event["numerator"], event["denominator"]
    if not (new > 0 and old > 0 and 0 < new / old < math.inf):
        raise MalformedError("not a ratio of shares")
    return whole_ratio(new / old)
