"""From the lake to the arrays that a backtest reads."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stockstream.errors import ConfigError, NoDataError
from stockstream.lake import Lake
from stockstream.market.panel import DIVIDEND, SPLIT

if TYPE_CHECKING:
    from tests.lake.conftest import MakeActions, MakeBars

FIRST = dt.date(2023, 12, 18)


def day(number: int) -> dt.date:
    """A day of the small market, counted from 0."""
    return FIRST + dt.timedelta(days=number)


def test_rows_stand_on_the_axis_of_all_sessions(lake: Lake, make_bars: MakeBars) -> None:
    lake.merge(make_bars({"A.AX": [1.0, None, 3.0, None], "B.AX": [None, None, 30.0, 40.0]}))
    panel = lake.panel(["B", "A"], day(0), day(9))
    assert panel.symbols == ("B.AX", "A.AX")
    assert panel.dates.tolist() == [day(0), day(2), day(3)]
    np.testing.assert_array_equal(panel.offsets, [0, 2, 4])
    np.testing.assert_array_equal(panel.bar, [1, 2, 0, 1])
    np.testing.assert_array_equal(panel.close, [30.0, 40.0, 1.0, 3.0])
    np.testing.assert_array_equal(panel.volume, [1002.0, 1003.0, 1000.0, 1002.0])
    np.testing.assert_array_equal(panel.delisted, [3, 3])
    assert (panel.first, panel.version, panel.flags) == (0, "bars@1 actions@0", ())
    assert {panel.open.dtype, panel.volume.dtype} == {np.dtype(np.float64)}
    assert {panel.bar.dtype, panel.offsets.dtype} == {np.dtype(np.int64)}
    assert panel.close.flags.writeable


def test_the_first_list_on_record_is_on_the_panel(lake: Lake, make_bars: MakeBars) -> None:
    lake.merge(make_bars({"A.AX": [1.0] * 10}))
    row = {"symbol": "A.AX", "valid_from": dt.date(1990, 1, 2), "known_from": day(5)}
    lake.record_universe(pl.DataFrame([row]), "list")
    before, after = (lake.panel(["A"], start, day(9)).flags[0] for start in (day(4), day(5)))
    assert before == f"survivorship: the list of companies is on record only from {day(5)}"
    assert after == f"survivorship: the list of companies is on record since {day(5)}"


def test_a_renamed_company_stands_under_its_new_symbol(lake: Lake, make_bars: MakeBars) -> None:
    bars: dict[str, list[float | None]] = {
        "NEW.AX": [None, None, 3.0, 4.0],
        "OLD.AX": [1.0, 2.0, None, None],
        "B.AX": [9.0] * 4,
    }
    lake.merge(make_bars(bars))
    listed = {"valid_from": dt.date(1990, 1, 2), "known_from": day(0)}
    rows = [
        {"symbol": "OLD.AX", **listed, "valid_to": day(1), "renamed_to": "NEW.AX"},
        {"symbol": "NEW.AX", **listed, "valid_to": None, "renamed_to": None},
        {"symbol": "GONE.AX", **listed, "valid_to": day(1), "renamed_to": "B.AX"},
    ]
    lake.record_universe(pl.DataFrame(rows), "list")
    panel = lake.panel(["NEW", "B"], day(0), day(9))
    assert panel.symbols == ("NEW.AX", "B.AX")
    np.testing.assert_array_equal(panel.close, [1.0, 2.0, 3.0, 4.0, *[9.0] * 4])
    assert panel.flags[1] == f"NEW.AX: was OLD.AX until {day(1)}"
    assert lake.panel(["OLD"], day(0), day(9)).symbols == ("OLD.AX",)


def test_years_are_joined_in_order(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    panel = lake.panel(["CBA", "BHP"], day(0), day(29))
    for place, symbol in enumerate(panel.symbols):
        rows = two_years.filter(pl.col("symbol") == symbol)
        here = panel.rows(place)
        np.testing.assert_array_equal(panel.dates[panel.bar[here]], rows["date"].to_numpy())
        np.testing.assert_array_equal(panel.close[here], rows["close"].to_numpy())


@pytest.mark.parametrize("warmup", [0, 1, 5, 12, 100])
def test_warm_up_is_counted_in_sessions(lake: Lake, two_years: pl.DataFrame, warmup: int) -> None:
    lake.merge(two_years)
    panel = lake.panel(["BHP", "CBA"], day(12), day(20), warmup)
    have = min(warmup, 12)
    assert panel.first == have
    assert panel.dates[panel.first].item() == day(12)
    assert panel.dates[0].item() == day(12 - have)
    assert panel.dates[-1].item() == day(20)


def test_warm_up_reaches_over_a_long_halt(lake: Lake, make_bars: MakeBars) -> None:
    lake.merge(make_bars({"A.AX": [*range(1, 6), *[None] * 300, 7.0, 8.0]}))
    panel = lake.panel(["A"], day(305), day(306), warmup=4)
    assert (panel.first, panel.sessions) == (4, 6)
    np.testing.assert_array_equal(panel.close, [2.0, 3.0, 4.0, 5.0, 7.0, 8.0])


def test_splits_and_dividends_work_at_the_next_bar_of_their_symbol(
    lake: Lake, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    bars = make_bars({"A.AX": [8.0, None, 4.0, 4.0], "B.AX": [1.0, 1.0, 1.0, 1.0]})
    lake.merge(
        bars,
        make_actions(
            ("A.AX", str(day(1)), "split", 2.0),
            ("A.AX", str(day(2)), "dividend", 0.5),
            ("B.AX", str(day(3)), "dividend", 0.1),
            ("B.AX", str(day(1)), "split", 3.0),
            ("A.AX", str(day(0)), "dividend", 9.0),  # nobody can hold A before its first bar
            ("A.AX", str(day(4)), "dividend", 9.0),  # waits for a bar that never came
            ("C.AX", str(day(1)), "split", 9.0),
        ),
    )
    actions = lake.panel(["A", "B"], day(0), day(9)).actions
    np.testing.assert_array_equal(actions.bar, [1, 2, 2, 3])
    np.testing.assert_array_equal(actions.symbol, [1, 0, 0, 1])
    np.testing.assert_array_equal(actions.kind, [SPLIT, SPLIT, DIVIDEND, DIVIDEND])
    np.testing.assert_array_equal(actions.value, [3.0, 2.0, 0.5, 0.1])


def test_splits_that_are_in_the_prices_are_not_applied_again(
    lake: Lake, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    lake.merge(
        make_bars({"A.AX": [8.0, 8.0, 8.0]}, basis="split"),
        make_actions(("A.AX", str(day(1)), "split", 2.0), ("A.AX", str(day(2)), "dividend", 0.5)),
    )
    panel = lake.panel(["A"], day(0), day(9))
    np.testing.assert_array_equal(panel.actions.kind, [DIVIDEND])
    assert panel.flags == ("A.AX: split-adjusted by the provider",)


LONG = [1.0] * 40


@pytest.mark.parametrize(
    ("after", "deemed"), [(10, False), (11, True)], ids=["10 sessions", "11 sessions"]
)
def test_a_symbol_that_fell_silent_is_deemed_delisted(
    lake: Lake, make_bars: MakeBars, after: int, *, deemed: bool
) -> None:
    lake.merge(make_bars({"A.AX": LONG, "GONE.AX": LONG[: 40 - after]}))
    panel = lake.panel(["A", "GONE"], day(0), day(60))
    last = day(39 - after)
    flags = (f"GONE.AX: no bar after {last}, deemed delisted",)
    assert panel.flags == (flags if deemed else ())
    assert panel.delisted.tolist() == [40, 40 - after if deemed else 40]


def test_a_delisting_outside_the_window_does_not_count(lake: Lake, make_bars: MakeBars) -> None:
    lake.merge(make_bars({"A.AX": LONG, "GONE.AX": LONG[:20]}))
    before_its_end = lake.panel(["A", "GONE"], day(0), day(19))
    assert (before_its_end.flags, before_its_end.delisted.tolist()) == ((), [20, 20])
    after_its_end = lake.panel(["A", "GONE"], day(30), day(39), warmup=5)
    assert after_its_end.flags == ("GONE.AX: no bar in the window",)
    assert after_its_end.delisted.tolist() == [15, 15]


def test_a_symbol_that_trades_on_after_the_window_is_not_delisted(
    lake: Lake, make_bars: MakeBars
) -> None:
    halted = [*LONG[:5], *[None] * 30, *LONG[:5]]
    lake.merge(make_bars({"A.AX": LONG, "HALT.AX": halted}))
    panel = lake.panel(["A", "HALT"], day(0), day(20))
    assert (panel.flags, panel.delisted.tolist()) == ((), [21, 21])


def test_a_delisting_that_the_provider_tells(
    lake: Lake, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    told = make_actions(
        ("GONE.AX", str(day(37)), "delisting", 1.0),
        ("A.AX", str(day(10)), "delisting", 1.0),  # contradicted by the bars after it
    )
    lake.merge(make_bars({"A.AX": LONG, "GONE.AX": LONG[:37]}), told)
    panel = lake.panel(["A", "GONE"], day(0), day(39))
    assert panel.flags == (f"GONE.AX: delisted on {day(37)}",)
    assert panel.delisted.tolist() == [40, 37]


def test_what_is_told_later_than_the_window_is_not_a_delisting_inside_it(
    lake: Lake, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    """A part of a panel has the delistings of the whole: the position lives until the day told."""
    told = make_actions(("GONE.AX", str(day(20)), "delisting", 1.0))
    lake.merge(make_bars({"A.AX": LONG, "GONE.AX": LONG[:10]}), told)
    assert lake.panel(["A", "GONE"], day(0), day(39)).delisted.tolist() == [40, 20]
    part = lake.panel(["A", "GONE"], day(0), day(15))
    assert (part.flags, part.delisted.tolist()) == ((), [16, 16])


def test_a_delisting_that_later_bars_contradict_does_not_count_in_a_window_before_them(
    lake: Lake, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    told = make_actions(("BACK.AX", str(day(5)), "delisting", 1.0))
    lake.merge(make_bars({"A.AX": LONG, "BACK.AX": [*LONG[:5], *[None] * 20, *LONG[:15]]}), told)
    for end in (39, 12):
        panel = lake.panel(["A", "BACK"], day(0), day(end))
        assert (panel.flags, panel.delisted.tolist()) == ((), [end + 1] * 2)


def test_a_symbol_alone_on_its_axis_is_flagged_and_stays_open(
    lake: Lake, make_bars: MakeBars
) -> None:
    lake.merge(make_bars({"A.AX": LONG, "GONE.AX": LONG[:20]}))
    panel = lake.panel(["GONE"], day(0), day(39))
    assert panel.flags == (f"GONE.AX: no bar after {day(19)}, deemed delisted",)
    assert panel.delisted.tolist() == [20]


def test_questions_without_an_answer(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    with pytest.raises(
        NoDataError, match=r"no bar of BHP.AX from 2020-01-01 .* 2023-12-18 to 2024"
    ):
        lake.panel(["BHP"], dt.date(2020, 1, 1), dt.date(2020, 2, 1))
    with pytest.raises(NoDataError, match=r"BHP.AX and 1 more from 2025-01-01"):
        lake.panel(["BHP", "CBA"], dt.date(2025, 1, 1), dt.date(2025, 2, 1), warmup=3)
    with pytest.raises(ConfigError, match="ends on 2020-01-01, before it starts on 2020-02-01"):
        lake.panel(["BHP"], dt.date(2020, 2, 1), dt.date(2020, 1, 1))
    with pytest.raises(ConfigError, match="given twice"):
        lake.panel(["BHP", "BHP.AX"], day(0), day(9))


def test_a_panel_of_an_older_version(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    then = lake.panel(["BHP"], day(0), day(29))
    lake.merge(two_years.with_columns(close=pl.col("close") + 0.25))
    assert lake.panel(["BHP"], day(0), day(29)).digest != then.digest
    again = lake.panel(["BHP"], day(0), day(29), version=then.version)
    assert (again.digest, again.version) == (then.digest, then.version)


@given(data=st.data())
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_panel_holds_the_rows_of_its_window(
    two_years: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    symbols = data.draw(st.permutations(["BHP.AX", "CBA.AX"]))
    start, end = sorted(data.draw(st.tuples(st.integers(0, 28), st.integers(1, 29))))
    place = tmp_path_factory.getbasetemp() / "panel-property"
    if not Lake.exists(place):
        Lake.create(place).merge(two_years)
    panel = Lake(place).panel(symbols, day(start), day(end), data.draw(st.integers(0, 5)))
    rows = two_years.filter(pl.col("date").is_between(panel.dates[0].item(), day(end)))
    np.testing.assert_array_equal(panel.dates, rows["date"].unique().sort().to_numpy())
    for place_in, symbol in enumerate(symbols):
        mine = rows.filter(pl.col("symbol") == symbol)
        here = panel.rows(place_in)
        np.testing.assert_array_equal(panel.dates[panel.bar[here]], mine["date"].to_numpy())
        np.testing.assert_array_equal(panel.high[here], mine["high"].to_numpy())
