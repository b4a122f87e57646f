"""What people see of a result."""

from __future__ import annotations

import pytest

from stockstream.cli import figures
from stockstream.cli.result_view import condensed


def test_what_befell_many_symbols_takes_one_line() -> None:
    flags = [f"S{i}.AX: delisted on 2021-08-{i:02}" for i in range(1, 9)]
    assert condensed(["no costs", *flags]) == [
        "no costs",
        f"delisted on: {', '.join(f'S{i}.AX (2021-08-0{i})' for i in range(1, 7))} and 2 more",
    ]


def test_one_event_stays_as_it_is() -> None:
    flags = ["A.AX: no bar after 2022-01-19, deemed delisted", "simulated data: made up"]
    assert condensed(flags) == flags[::-1]
    assert condensed([flags[0], flags[0].replace("A.AX", "B.AX")]) == [
        "no bar after ..., deemed delisted: A.AX (2022-01-19), B.AX (2022-01-19)"
    ]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (figures.percent(-0.0525), "-5.2%"),
        (figures.percent(0.1, 2, signed=True), "+10.00%"),
        (figures.percent(float("nan")), "-"),
        (figures.ratio(1.2345), "1.23"),
        (figures.count(1), "1"),
        (figures.count(1, "bar"), "1 bar"),
        (figures.count(1234, "bar"), "1,234 bars"),
        (figures.size(999), "999 bytes"),
        (figures.size(1500), "1.5 kB"),
        (figures.size(25.3e9), "25 GB"),
        (figures.size(2.5e12), "2.5 TB"),
        (figures.plain("a \u00b7 \u22121 \u2013 2\u00d7"), "a, -1 - 2x"),
    ],
)
def test_figures_are_plain_text(written: str, text: str) -> None:
    assert written == text
