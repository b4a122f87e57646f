"""What is missing: days of the market, gaps of a symbol; and what a few days need of the past."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import DataError
from stockstream.market.calendars import get_calendar
from stockstream.market.check import check_bars
from stockstream.settings import QualitySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.market.check import CheckedBars

    Make = Callable[..., pl.DataFrame]

ASX = get_calendar("XASX")
DAY = dt.date(2024, 3, 5)
SYMBOL = pl.col("symbol")


def check(frame: pl.DataFrame, **options: object) -> CheckedBars:
    return check_bars(frame, ASX, **options)  # type: ignore[arg-type]


def market(make_bars: Make, symbols: int, sessions: int) -> pl.DataFrame:
    closes = [10.0 + day % 2 for day in range(sessions)]
    return pl.concat([make_bars(closes, symbol=f"S{i:03}") for i in range(symbols)])


def test_a_collapsed_day_is_noted_against_the_days_before_it(make_bars: Make) -> None:
    bars = market(make_bars, 30, 12)
    day = bars["date"].unique().sort()[8]
    collapsed = bars.filter((pl.col("date") != day) | (pl.col("symbol") < "S003"))
    (finding,) = check(collapsed).findings.rows()
    assert finding == (None, day, "short_session", "error", "3 symbol(s) have a bar, usually 30")


def test_a_session_without_any_bar_is_noted_once(make_bars: Make) -> None:
    bars = market(make_bars, 2, 5)
    checked = check(bars.filter(pl.col("date") != DAY))
    assert checked.findings.select("symbol", "date", "rule").rows() == [
        (None, DAY, "missing_session")
    ]


def test_a_long_gap_is_noted_for_the_symbol_and_a_short_one_is_not(make_bars: Make) -> None:
    bars = market(make_bars, 2, 30)
    days = bars["date"].unique().sort()

    def without(gap: int) -> CheckedBars:
        inside = pl.col("date").is_between(days[5], days[5 + gap - 1])
        return check(bars.filter((pl.col("symbol") != "S001") | ~inside))

    assert without(10).noted == {}
    (finding,) = without(11).findings.filter(rule="long_gap").rows()
    assert finding == ("S001", days[5], "long_gap", "info", f"11 sessions until {days[16]}")


def test_a_missing_end_is_noted_while_others_go_on(make_bars: Make) -> None:
    bars = market(make_bars, 2, 15)
    days = bars["date"].unique().sort()

    def ending(missed: int) -> CheckedBars:
        return check(bars.filter((SYMBOL != "S001") | (pl.col("date") < days[15 - missed])))

    assert ending(10).noted == {}
    (finding,) = ending(11).findings.rows()
    said = f"none in the newest 11 sessions; the last bar is of {days[3]}"
    assert finding == ("S001", days[4], "tail_gap", "info", said)


def test_a_known_delisting_explains_the_missing_end(make_bars: Make, make_actions: Make) -> None:
    bars = market(make_bars, 2, 15)
    short = bars.filter((SYMBOL != "S001") | (pl.col("date") < dt.date(2024, 3, 7)))
    delisted = make_actions(("2024-03-07", "delisting", 10.0), symbol="S001")
    assert check(short).noted == {"tail_gap": 1}
    assert check(short, actions=delisted).noted == {}


def test_sessions_that_are_short_do_not_make_gaps(make_bars: Make) -> None:
    bars = market(make_bars, 30, 28)
    days = bars["date"].unique().sort()
    collapsed = pl.col("date").is_in(days[8:20].implode()) & (SYMBOL > "S002")
    assert check(bars.filter(~collapsed)).noted.keys() == {"short_session"}


def test_thresholds_are_those_that_are_given(make_bars: Make) -> None:
    bars = market(make_bars, 6, 15)
    days = bars["date"].unique().sort()
    five_of_six = bars.filter((SYMBOL != "S001") | (pl.col("date") != days[10]))
    assert check(five_of_six).noted == {}
    strict = QualitySettings(short_session=0.9, enough_symbols=6)
    assert check(five_of_six, thresholds=strict).noted == {"short_session": 1}


def parted(make_bars: Make) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Thirty symbols: eleven sessions of history, and the session after them."""
    bars = market(make_bars, 30, 12)
    last = bars["date"].max()
    return bars.filter(pl.col("date") < last), bars.filter(pl.col("date") == last)


def test_one_session_alone_is_judged_by_its_history(make_bars: Make) -> None:
    history, today = parted(make_bars)
    collapsed = today.filter(SYMBOL < "S003")
    assert check(collapsed).noted == {}
    checked = check(collapsed, history=history)
    assert checked.noted == {"short_session": 1}
    assert_frame_equal(checked.bars, check(collapsed).bars)
    assert check(today, history=history).noted == {}


def test_history_is_not_judged_itself(make_bars: Make) -> None:
    history, today = parted(make_bars)
    days = history["date"].unique().sort()
    dirty = history.filter(
        (pl.col("date") != days[4]) & ((pl.col("date") != days[8]) | (SYMBOL < "S003"))
    )
    dirty = dirty.with_columns(
        close=pl.when(date=days[6]).then(pl.col("close") * 3).otherwise("close"),
        volume=pl.lit(0, pl.Int64),
    )
    assert check(today, history=dirty).noted == {}


def test_a_session_missed_between_history_and_today_is_noted(make_bars: Make) -> None:
    history, today = parted(make_bars)
    days = history["date"].unique().sort()
    checked = check(today, history=history.filter(pl.col("date") < days[10]))
    assert checked.findings.select("date", "rule").rows() == [(days[10], "missing_session")]


def test_moves_and_slips_are_seen_from_history_to_today(make_bars: Make) -> None:
    history, today = parted(make_bars)
    jumped = today.with_columns(pl.col("open", "high", "low", "close") * 2)
    assert check(jumped, history=history).noted == {"jump": 30}
    slipped = today.with_columns(pl.col("open", "high", "low", "close") * 100)
    checked = check(slipped, history=history)
    assert checked.rejected == {"hundredfold": 30}
    assert checked.bars.is_empty()
    assert checked.noted == {}


def test_a_run_is_stale_on_the_session_on_which_it_becomes_long(make_bars: Make) -> None:
    standing = make_bars([9.0] + [10.0] * 22, start=dt.date(2024, 5, 1))
    days = standing["date"]

    def on(session: int) -> CheckedBars:
        past = standing.filter(pl.col("date") < days[session])
        return check(standing.filter(pl.col("date") == days[session]), history=past)

    assert [on(session).noted.get("stale_run", 0) for session in (19, 20, 21)] == [0, 1, 0]
    assert on(20).findings["date"].to_list() == [days[1]]


def test_of_two_bars_of_one_day_the_frames_counts(make_bars: Make) -> None:
    history = make_bars([10.0, 30.0])
    today = make_bars([10.0, 10.1])
    checked = check(today.tail(1), history=history)
    assert checked.noted == {}
    assert checked.bars["close"].to_list() == [10.1]


def test_without_a_sound_row_there_is_nothing_to_find(make_bars: Make) -> None:
    history, today = parted(make_bars)
    checked = check(today.with_columns(close=pl.lit(-1.0)), history=history)
    assert checked.rejected == {"not_positive": 30}
    assert checked.noted == {}


def test_history_of_another_shape_is_refused(make_bars: Make) -> None:
    with pytest.raises(DataError, match="are missing"):
        check(make_bars([1.0]), history=pl.DataFrame({"symbol": ["A"]}))
