"""The check: what is rejected, what is noted, and that nothing is lost."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.errors import DataError
from stockstream.market.bars import BAR_SCHEMA, conform, empty_bars
from stockstream.market.calendars import get_calendar
from stockstream.market.check import check_bars
from stockstream.market.findings import FINDING_SCHEMA, FINDINGS
from stockstream.market.rules import QUARANTINE_SCHEMA, RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.market.check import CheckedBars

    Make = Callable[..., pl.DataFrame]

ASX = get_calendar("XASX")
DAY = dt.date(2024, 3, 5)
NAN, INF = float("nan"), float("inf")


def check(frame: pl.DataFrame, actions: pl.DataFrame | None = None) -> CheckedBars:
    """The check on XASX, with the accounting that must always hold."""
    checked = check_bars(frame, ASX, actions)
    repeated = checked.findings.filter(rule="repeated_row")["detail"].str.extract(r"(\d+)")
    spare = sum(int(count) - 1 for count in repeated)
    assert len(frame) == len(checked.bars) + len(checked.quarantine) + spare
    assert checked.bars.schema == BAR_SCHEMA
    assert checked.quarantine.schema == QUARANTINE_SCHEMA
    assert checked.findings.schema == FINDING_SCHEMA
    assert checked.rejected.keys() <= RULES.keys()
    assert checked.noted.keys() <= FINDINGS.keys()
    assert sum(checked.rejected.values()) == len(checked.quarantine)
    return checked


def test_sound_bars_pass_untouched(make_bars: Make) -> None:
    bars = make_bars([10.0, 10.5, 9.9])
    checked = check(bars)
    assert_frame_equal(checked.bars, bars)
    assert (checked.rejected, checked.noted) == ({}, {})
    assert_frame_equal(check(checked.bars).bars, checked.bars)
    assert check(empty_bars()).bars.is_empty()


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("missing_symbol_or_date", {"symbol": None}),
        ("missing_symbol_or_date", {"symbol": "  "}),
        ("missing_symbol_or_date", {"date": None}),
        ("not_finite", {"close": NAN}),
        ("not_finite", {"high": INF}),
        ("not_finite", {"open": None, "high": None, "low": None, "close": None, "volume": 0}),
        ("not_positive", {"low": 0.0}),
        ("not_positive", {"low": -1.0}),
        ("negative_volume", {"volume": -1}),
        ("high_below_low", {"high": 9.0, "low": 11.0}),
        ("open_outside_range", {"open": 10.02}),
        ("close_outside_range", {"close": 9.98}),
        ("not_a_session", {"date": dt.date(2024, 3, 29)}),
        ("not_a_session", {"date": dt.date(2024, 3, 2)}),
    ],
)
def test_a_broken_rule_sends_the_row_to_quarantine_as_it_came(
    make_bars: Make, rule: str, values: dict[str, Any]
) -> None:
    bars = make_bars([10.0, 10.0, 10.0])
    new = [pl.lit(value, BAR_SCHEMA[name]).alias(name) for name, value in values.items()]
    bad = conform(bars.slice(1, 1).with_columns(new))
    checked = check(pl.concat([bars.head(1), bad, bars.tail(1)]))
    assert checked.rejected == {rule: 1}
    assert_frame_equal(checked.quarantine.select(BAR_SCHEMA.names()), bad)
    assert checked.quarantine["severity"].to_list() == ["error"]
    assert len(checked.bars) == 2


def test_a_row_that_breaks_several_rules_is_listed_once_with_all_of_them(make_bars: Make) -> None:
    bars = make_bars([10.0], high=[9.0], low=[11.0], volume=[-5])
    (row,) = check(bars).quarantine.rows(named=True)
    assert row["rule"] == "negative_volume"
    assert row["detail"] == (
        "negative_volume, high_below_low, open_outside_range, close_outside_range"
    )


@pytest.mark.parametrize(
    ("high", "close", "kept"),
    [(0.011, 0.0115, True), (0.011, 0.012, False), (1.0, 1.0025, True), (1.0, 1.005, False)],
)
def test_half_a_tick_outside_the_range_is_a_crossing_at_the_midpoint(
    make_bars: Make, high: float, close: float, kept: bool
) -> None:
    bars = make_bars([close], open=[high], high=[high], low=[high])
    assert len(check(bars).bars) == kept


def test_without_a_calendar_sessions_and_ticks_are_not_asked(make_bars: Make) -> None:
    sunday = make_bars([10.0]).with_columns(date=pl.lit(dt.date(2024, 3, 3)))
    checked = check_bars(sunday, None)
    assert (len(checked.bars), checked.noted) == (1, {})
    half_tick = make_bars([1.0025], open=[1.0], high=[1.0], low=[1.0])
    assert check_bars(half_tick, None).rejected == {"close_outside_range": 1}


def test_days_that_the_calendar_does_not_know_are_kept_and_noted(make_bars: Make) -> None:
    checked = check(make_bars([10.0, 10.0], start=dt.date(1969, 7, 3)))
    assert len(checked.bars) == 2
    assert checked.noted == {"unknown_session": 2}


def test_equal_rows_count_once(make_bars: Make) -> None:
    bars = make_bars([10.0, 10.0])
    checked = check(pl.concat([bars, bars, bars.head(1)]))
    assert_frame_equal(checked.bars, bars)
    assert checked.rejected == {}
    assert checked.findings["detail"].to_list() == ["3 equal rows", "2 equal rows"]


def test_of_different_rows_the_last_is_kept_and_the_others_are_set_aside(make_bars: Make) -> None:
    first, second, last = (make_bars([price], adjusted_close=[price]) for price in (10, 11, 12))
    checked = check(pl.concat([first, second, first, last]))
    assert_frame_equal(checked.bars, last)
    assert checked.quarantine["close"].to_list() == [11.0, 10.0]
    assert checked.rejected == {"duplicate": 2}
    assert checked.noted == {"repeated_row": 1}


def test_a_bad_last_row_does_not_push_out_a_good_one(make_bars: Make) -> None:
    good, bad = make_bars([10.0]), make_bars([NAN])
    checked = check(pl.concat([good, bad]))
    assert_frame_equal(checked.bars, good)
    assert checked.rejected == {"not_finite": 1}


def test_volumes_that_say_nothing_are_noted(make_bars: Make) -> None:
    checked = check(make_bars([10.0] * 3, volume=[5, 0, None]))
    assert checked.bars["volume"].to_list() == [5, 0, 0]
    assert checked.noted == {"missing_volume": 1, "zero_volume": 1}


@pytest.mark.parametrize(
    ("before", "after", "jump"),
    [
        (10.0, 15.1, True),
        (10.0, 4.9, True),
        (10.0, 15.0, False),
        (0.001, 0.002, False),
        (0.003, 0.006, False),
        (0.003, 0.007, True),
        (0.068, 1.36, True),
    ],
)
def test_a_jump_is_a_move_beyond_half_and_beyond_a_few_ticks(
    make_bars: Make, before: float, after: float, jump: bool
) -> None:
    checked = check(make_bars([before, after]))
    assert len(checked.bars) == 2
    assert checked.noted == ({"jump": 1} if jump else {})


def test_a_known_split_explains_its_jump(make_bars: Make, make_actions: Make) -> None:
    bars = make_bars([645.57, 93.70])
    assert check(bars).noted == {"jump": 1}
    assert check(bars, make_actions((str(DAY), "split", 7.00000700001))).noted == {}
    assert check(bars, make_actions((str(DAY), "dividend", 7.0))).noted == {"jump": 1}


def test_a_split_on_a_day_without_prices_explains_the_jump_after_it(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([0.02, None, 0.21])
    checked = check(bars, make_actions((str(DAY), "split", 0.1)))
    assert checked.rejected == {"not_finite": 1}
    assert checked.noted == {"missing_session": 1}


def test_a_split_of_which_the_prices_show_nothing_is_noted(
    make_bars: Make, make_actions: Make
) -> None:
    split = make_actions((str(DAY), "split", 2.0))
    (finding,) = check(make_bars([10.0, 10.0]), split).findings.rows(named=True)
    assert finding["rule"] == "unconfirmed_split"
    assert finding["detail"] == "split 2.0, but as-traded prices went 10.0 -> 10.0"
    assert check(make_bars([10.0, 10.0], basis="split"), split).noted == {}


def test_moves_are_not_measured_from_one_symbol_to_the_next(make_bars: Make) -> None:
    bars = pl.concat([make_bars([1.0], symbol="A"), make_bars([99.0], symbol="B")])
    assert check(bars).noted == {}


def test_a_frame_of_another_shape_is_refused() -> None:
    with pytest.raises(DataError, match="are missing"):
        check_bars(pl.DataFrame({"symbol": ["A"]}), ASX)


PRICE = st.sampled_from([None, NAN, INF, -1.0, 0.0, 0.5, 1.0, 1.0025, 2.0])
ROW = st.tuples(
    st.sampled_from(["A", "B", "", None]),
    st.sampled_from([None, *(dt.date(2024, 3, day) for day in (1, 2, 3, 4, 5))]),
    *[PRICE] * 4,
    st.sampled_from([None, -1, 0, 7]),
)


@pytest.mark.slow
@settings(max_examples=50)
@given(st.lists(ROW, max_size=25))
def test_every_row_comes_out_once_and_what_is_kept_is_sound(rows: list[tuple[Any, ...]]) -> None:
    schema = {name: BAR_SCHEMA[name] for name in list(BAR_SCHEMA)[:7]}
    frame = conform(pl.DataFrame(rows, schema, orient="row"), provider="x", basis="raw")
    kept = check(frame).bars
    assert not kept.select(pl.struct("symbol", "date").is_duplicated().any()).item()
    assert kept.null_count().select(pl.all().exclude("adjusted_close")).row(0) == (0,) * 9
    assert kept.select((pl.col("low") > 0).all() & pl.col("high").is_finite().all()).item()
    assert check(kept).rejected == {}
