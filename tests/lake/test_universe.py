"""Who was listed on a day, as far as was known on another."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.errors import DataError
from stockstream.lake.merge import work_out_change
from stockstream.lake.tables import UNIVERSE
from stockstream.lake.universe import as_believed, conform_universe, revise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.lake import Lake


def day(number: int) -> dt.date:
    return dt.date(2024, 1, 1) + dt.timedelta(days=number)


def rows(*told: dict[str, Any]) -> pl.DataFrame:
    dates = ("listing_date", "valid_from", "valid_to", "known_from", "known_to")
    types: dict[str, Any] = {name: pl.Date for name in dates if any(name in row for row in told)}
    return pl.DataFrame(list(told), schema_overrides=types)


BHP = {"symbol": "BHP.AX", "name": "BHP Group", "sector": "Materials", "valid_from": day(-5000)}
XYZ = {"symbol": "XYZ.AX", "name": "Xyz", "valid_from": day(-100)}


def test_what_is_told_is_known_from_today(lake: Lake) -> None:
    assert lake.record_universe(rows(BHP), "list") == 1
    [row] = lake.universe().to_dicts()
    today = dt.datetime.now(dt.UTC).date()
    assert row == {
        **dict.fromkeys(UNIVERSE.schema),
        **BHP,
        "known_from": today,
        "source": "list",
    }
    assert lake.universe_since() == today


def test_the_same_facts_again_change_nothing(lake: Lake) -> None:
    lake.record_universe(rows({**BHP, "known_from": day(0)}), "list")
    version = lake.table(UNIVERSE).snapshot().version
    assert lake.record_universe(rows({**BHP, "known_from": day(1)}), "list") == 0
    assert lake.record_universe(rows({**BHP, "known_from": day(0)}), "another") == 0
    assert lake.table(UNIVERSE).snapshot().version == version


def test_a_listing_ends_and_the_past_keeps_what_it_believed(lake: Lake) -> None:
    lake.record_universe(rows({**BHP, "known_from": day(0)}, {**XYZ, "known_from": day(0)}), "list")
    gone = {**XYZ, "known_from": day(10), "valid_to": day(9)}
    assert lake.record_universe(rows(gone), "list") == 2, "a new row, and the old one is closed"
    both, one = ["BHP.AX", "XYZ.AX"], ["BHP.AX"]
    assert lake.listed(day(9)) == both
    assert lake.listed(day(10)) == one
    assert lake.listed(day(10), known=day(9)) == both, "nobody knew yet"
    assert lake.listed(day(10), known=day(10)) == one
    assert lake.listed(day(5), known=day(-1)) == []
    assert lake.listed(day(-200)) == one
    assert lake.universe_since() == day(0)
    assert len(lake.universe()) == 2


def test_a_correction_on_the_same_day_replaces(lake: Lake) -> None:
    lake.record_universe(rows({**BHP, "known_from": day(0)}), "list")
    better = {**BHP, "sector": "Mining", "known_from": day(0)}
    assert lake.record_universe(rows(better), "list") == 1
    assert lake.universe()["sector"].to_list() == ["Mining"]


def test_a_row_that_was_withdrawn_stays_so(lake: Lake) -> None:
    told = {**BHP, "known_from": day(0)}
    lake.record_universe(rows(told), "list")
    lake.record_universe(rows({**told, "known_to": day(5)}), "list")
    assert lake.universe().is_empty()
    assert lake.record_universe(rows(told), "list") == 0, "an old word delivered again"
    assert lake.listed(day(0), known=day(4)) == ["BHP.AX"]
    assert lake.listed(day(0), known=day(5)) == []
    assert lake.record_universe(rows({**told, "known_from": day(5)}), "list") == 1
    assert lake.listed(day(0)) == ["BHP.AX"]


@pytest.mark.parametrize(
    "bad",
    [
        {"symbol": None},
        {"valid_from": None},
        {"valid_to": day(-6000)},
        {"known_from": day(0), "known_to": day(-1)},
    ],
    ids=["nameless", "no start", "ends first", "unknown first"],
)
def test_rows_that_make_no_sense_are_refused(lake: Lake, bad: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"1 row\(s\) of the universe cannot be used"):
        lake.record_universe(rows({**BHP, **bad}), "list")
    assert lake.universe().is_empty()


def test_one_day_cannot_say_two_things(lake: Lake) -> None:
    told = {**BHP, "known_from": day(0)}
    with pytest.raises(DataError, match=r"repeat a key of table 'universe'"):
        lake.record_universe(rows(told, {**told, "sector": "Mining"}), "list")


class Word(NamedTuple):
    """What somebody says on a day about one of two listings."""

    known: int
    symbol: str
    sector: str
    ends: int | None


WORDS = st.lists(
    st.builds(
        Word,
        known=st.integers(0, 6),
        symbol=st.sampled_from("AB"),
        sector=st.sampled_from("xy"),
        ends=st.one_of(st.none(), st.integers(0, 3)),
    ),
    max_size=8,
    unique_by=lambda word: (word.known, word.symbol),
)


def table_of(parts: Sequence[Sequence[Word]]) -> pl.DataFrame:
    """The table after the parts were recorded one by one."""
    table = UNIVERSE.schema.to_frame()
    for part in parts:
        told = [
            {
                "symbol": word.symbol,
                "sector": word.sector,
                "valid_from": day(0),
                "valid_to": None if word.ends is None else day(word.ends),
                "known_from": day(word.known),
            }
            for word in part
        ]
        if told:
            incoming = conform_universe(rows(*told), source="s", today=day(0))
            change = work_out_change(table, revise(table, incoming), UNIVERSE)
            table = table if change.is_empty else change.rows
    return table


@pytest.mark.slow
@settings(max_examples=60)
@given(words=WORDS, data=st.data())
def test_what_is_believed_is_the_newest_word_known(words: list[Word], data: st.DataObject) -> None:
    """However the days are taken together, and also where some are delivered again later."""
    words = sorted(words)
    part = sorted(data.draw(st.lists(st.integers(0, 2), min_size=len(words), max_size=len(words))))
    parts = [[w for w, p in zip(words, part, strict=True) if p == n] for n in range(3)]
    again = data.draw(st.lists(st.sampled_from(parts), max_size=2))
    table = table_of([*parts, *again])
    for known in range(-1, 8):
        told = {w.symbol: w for w in words if w.known <= known}
        wanted = {(s, w.sector, None if w.ends is None else day(w.ends)) for s, w in told.items()}
        believed = as_believed(table, None, day(known))
        assert set(believed.select("symbol", "sector", "valid_to").rows()) == wanted
        assert len(believed) == len(wanted)
    assert_frame_equal(as_believed(table, None, None), as_believed(table, None, day(99)))


def test_a_word_that_comes_late_takes_its_place_in_time() -> None:
    late = [Word(0, "A", "x", None)], [Word(4, "A", "z", None)], [Word(2, "A", "y", None)]
    believed = [
        as_believed(table_of(late), None, day(known))["sector"].item() for known in range(6)
    ]
    assert believed == ["x", "x", "y", "y", "z", "z"]
