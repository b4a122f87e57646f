"""Schedules that Airflow can keep, and those that it would stumble over."""

from __future__ import annotations

import pytest

from stockstream.airflow.cron import demand_schedule
from stockstream.errors import ConfigError


@pytest.mark.parametrize(
    "text",
    [
        "@daily",
        "@once",
        "new-bars",
        "* * * * *",
        "30 18 * * 1-5",
        "*/15 9-17 * * mon-fri",
        "0 0 1,15 jan-jun 0",
        "0 0 29 2 *",
        "0 0 31 1,12 *",
        "0 0 30 2 1",  # or every Monday
        "0 0 * * 7",
    ],
)
def test_a_schedule_is_taken(text: str) -> None:
    assert demand_schedule(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be used"),
        ("@reboot", "cannot be used"),
        ("@continuous", "cannot be used"),
        ("* * * *", "cannot be used"),
        ("* * * * * *", "cannot be used"),
        ("*  * * * *", "cannot be used"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"),
        ("0 0 31 4,6,9,11 */2", "never comes"),
        ("60 * * * *", "no minute"),
        ("0 24 * * *", "no hour"),
        ("0 0 0 * *", "no day of the month"),
        ("0 0 * 13 *", "no month"),
        ("0 0 * * 8", "no day of the week"),
        ("5-1 * * * *", "no minute"),
        ("*/0 * * * *", "no minute"),
        ("*-5 * * * *", "no minute"),
        ("5/10 * * * *", "no minute"),
        ("1, * * * *", "no minute"),
        ("0 0 L * *", "no day of the month"),
        ("0 0 * * 5#3", "no day of the week"),
        ("0 0 * * fri-mon", "no day of the week"),
        ("0 0 * foo *", "no month"),
        ("H * * * *", "no minute"),
        ("0 0 * * \u0661", "no day of the week"),
        ("{{7*7}} * * * *", "no minute"),
        ("0 " * 100, "cannot be used"),
    ],
)
def test_another_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        demand_schedule(text)
