"""Symbols that fail all the time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import polars as pl

from stockstream.ingest.skips import EVERY, to_skip
from stockstream.market.calendars import get_calendar

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

XASX = get_calendar("XASX")
DAYS: list[dt.date] = XASX.sessions("2024-05-01", "2024-06-28").tolist()
SYMBOL = "OLD.AX"
KINDS = ("not_found", "empty", "transient")


def health(kinds: Mapping[int, str], *, runs: int = len(DAYS)) -> pl.DataFrame:
    """A row of the run on each of the first sessions, and one of the symbol on some of them."""
    rows = [(day, "run", "", "") for day in DAYS[:runs]]
    rows += [
        (
            DAYS[at],
            *(("symbol_failed", SYMBOL, kind + ": x") if kind in KINDS else (kind, SYMBOL, "")),
        )
        for at, kind in kinds.items()
    ]
    return pl.DataFrame(rows, ["date", "kind", "subject", "detail"], orient="row")


def skipped_on(
    told: pl.DataFrame, at: int, last: Mapping[str, dt.date] | None = None, after: int = 5
) -> bool:
    return bool(to_skip([SYMBOL, "BHP.AX"], told, last or {}, DAYS[at], XASX, after=after))


def failing(*at: int) -> dict[int, str]:
    return dict.fromkeys(at, "not_found")


def test_after_five_failing_runs_one_session_in_five_asks() -> None:
    told = health(failing(0, 1, 2, 3, 4))
    asked = [at for at in range(5, 30) if not skipped_on(health(failing(*range(5)), runs=5), at)]
    assert len(asked) == 5
    assert {later - earlier for earlier, later in itertools.pairwise(asked)} == {EVERY}
    assert not any(skipped_on(told, at) for at in range(5))  # what fails later is not known yet
    assert to_skip([SYMBOL, "BHP.AX"], told.head(0), {}, DAYS[9], XASX) == frozenset()


def test_four_failing_runs_are_not_enough() -> None:
    told = health(failing(0, 1, 2, 3), runs=4)
    assert not any(skipped_on(told, at) for at in range(4, 20))
    assert any(skipped_on(told, at, after=4) for at in range(4, 20))


def test_a_run_repeated_on_one_session_counts_once() -> None:
    told = pl.concat([health(failing(0, 1), runs=2)] * 5)
    assert not any(skipped_on(told, at) for at in range(2, 20))


def test_a_run_on_which_it_did_not_fail_ends_the_row() -> None:
    told = health(failing(0, 1, 2, 4, 5, 6), runs=7)
    assert not any(skipped_on(told, at) for at in range(7, 20))


def test_who_is_known_and_has_no_bar_yet_is_asked_for_every_day() -> None:
    """A company is on the list some days before it trades; its first bar must not be missed."""
    told = health(dict.fromkeys(range(10), "empty"), runs=10)
    assert not any(skipped_on(told, at) for at in range(10, 20))
    then = health(failing(0, 1, 2) | {3: "empty"} | failing(4, 5, 6), runs=7)
    assert not any(skipped_on(then, at) for at in range(7, 17))
    broken = health(dict.fromkeys(range(5), "transient"), runs=5)
    assert sum(skipped_on(broken, at) for at in range(5, 10)) == 4


def test_runs_that_skipped_it_do_not_end_the_row() -> None:
    kinds = failing(0, 1, 2, 3, 4) | dict.fromkeys((5, 6, 7), "symbol_skipped")
    told = health(kinds, runs=8)
    assert sum(skipped_on(told, at) for at in range(8, 13)) == 4


def test_a_stored_bar_of_a_later_session_ends_the_row() -> None:
    told = health(failing(0, 1, 2, 3, 4), runs=5)
    assert not any(skipped_on(told, at, {SYMBOL: DAYS[4]}) for at in range(5, 20))
    assert not any(skipped_on(told, at, {SYMBOL: DAYS[0]}) for at in range(5, 20))
    assert any(
        skipped_on(health(failing(*range(6)), runs=6), at, {SYMBOL: DAYS[0]}) for at in (6, 7)
    )


def test_symbols_take_turns() -> None:
    symbols = [f"S{number}.AX" for number in range(500)]
    rows = [(day, "symbol_failed", symbol, "") for day in DAYS[:5] for symbol in symbols]
    told = pl.DataFrame(rows, ["date", "kind", "subject", "detail"], orient="row")
    for at in range(5, 15):
        asked = len(symbols) - len(to_skip(symbols, told, {}, DAYS[at], XASX))
        assert 60 < asked < 140
    no_calendar = [len(to_skip(symbols, told, {}, day, None)) for day in DAYS[5:15]]
    assert 3 * 500 < sum(no_calendar) < 10 * 500
