"""Merging depends on the rows alone: not on their order, nor on how they are parted."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.lake import Lake
from stockstream.lake.merge import work_out_change
from stockstream.lake.tables import ACTIONS, BARS, QUARANTINE
from stockstream.market.actions import ACTION_SCHEMA
from stockstream.market.bars import conform

if TYPE_CHECKING:
    from pathlib import Path


KEYS = st.tuples(
    st.sampled_from(["A.AX", "B.AX", "C"]),
    st.dates(dt.date(2022, 12, 25), dt.date(2024, 1, 5)),
)
PRICE = st.integers(1, 400).map(lambda cents: cents / 4)
ROWS = st.dictionaries(KEYS, st.tuples(PRICE, st.one_of(st.none(), PRICE)), max_size=25)


def frame_of(rows: dict[tuple[str, dt.date], tuple[float, float | None]]) -> pl.DataFrame:
    columns = {
        "symbol": [symbol for symbol, _ in rows],
        "date": [date for _, date in rows],
        "adjusted_close": [adjusted for _, adjusted in rows.values()],
        **{
            name: [price for price, _ in rows.values()] for name in ("open", "high", "low", "close")
        },
        "volume": [1] * len(rows),
    }
    types = {"symbol": pl.String, "date": pl.Date, "adjusted_close": pl.Float64}
    return conform(pl.DataFrame(columns, schema_overrides=types), provider="t", basis="raw")


def merged(*frames: pl.DataFrame) -> pl.DataFrame:
    """The table after merging the frames one by one, years that do not change left as they are."""
    table = BARS.schema.to_frame()
    for frame in frames:
        years = frame["date"].dt.year().unique().implode()
        touched = table.filter(pl.col("date").dt.year().is_in(years))
        change = work_out_change(touched, frame, BARS)
        kept = table.filter(~pl.col("date").dt.year().is_in(list(change.years)))
        table = pl.concat([kept, change.rows]).sort(BARS.key)
    return table


@settings(deadline=None, max_examples=50)
@given(rows=ROWS)
def test_merging_again_changes_nothing(
    rows: dict[tuple[str, dt.date], tuple[float, float | None]],
) -> None:
    frame = frame_of(rows)
    again = work_out_change(frame, frame, BARS)
    assert again.is_empty
    assert (again.unchanged, again.years) == (len(frame), ())


@settings(deadline=None, max_examples=50)
@given(rows=ROWS, seed=st.integers(0, 9))
def test_the_order_of_rows_does_not_matter(
    rows: dict[tuple[str, dt.date], tuple[float, float | None]], seed: int
) -> None:
    frame = frame_of(rows)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    assert_frame_equal(merged(shuffled), merged(frame))


@settings(deadline=None, max_examples=50)
@given(rows=ROWS, data=st.data())
def test_parts_in_any_order_equal_the_whole(
    rows: dict[tuple[str, dt.date], tuple[float, float | None]], data: st.DataObject
) -> None:
    frame = frame_of(rows)
    part = data.draw(st.lists(st.integers(0, 3), min_size=len(frame), max_size=len(frame)))
    parts = [frame.filter(pl.Series(part, dtype=pl.Int64) == number) for number in range(4)]
    assert_frame_equal(merged(*data.draw(st.permutations(parts))), merged(frame))


@settings(deadline=None, max_examples=50)
@given(old=ROWS, new=ROWS)
def test_nothing_is_deleted_and_the_newest_word_holds(
    old: dict[tuple[str, dt.date], tuple[float, float | None]],
    new: dict[tuple[str, dt.date], tuple[float, float | None]],
) -> None:
    table = merged(frame_of(old), frame_of(new))
    closes = {(symbol, date): close for symbol, date, close in table[*BARS.key, "close"].rows()}
    assert closes == {key: price for key, (price, _) in {**old, **new}.items()}
    change = work_out_change(frame_of(old), frame_of(new), BARS)
    assert change.added == len(set(new) - set(old))
    assert change.updated <= len(set(new) & set(old))
    assert change.added + change.updated + change.unchanged == len(new)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(rows=ROWS.filter(len), data=st.data())
def test_parts_in_any_order_equal_the_whole_on_disk(
    tmp_path_factory: pytest.TempPathFactory,
    rows: dict[tuple[str, dt.date], tuple[float, float | None]],
    data: st.DataObject,
) -> None:
    frame = frame_of(rows)
    place: Path = tmp_path_factory.mktemp("lakes")
    half = frame.sample(fraction=0.5, shuffle=True, seed=data.draw(st.integers(0, 9)))
    rest = frame.join(half, on=BARS.key, how="anti")
    lakes = [Lake.create(place / name) for name in ("whole", "parts")]
    lakes[0].merge(frame)
    for part in data.draw(st.permutations([half, rest])):
        lakes[1].merge(part)
    contents = [
        [lake.location.read(f"bars/{file.path}") for file in lake._tables[BARS].snapshot().files]
        for lake in lakes
    ]
    assert contents[0] == contents[1]


def test_null_keys_and_broken_numbers_are_recognised_again() -> None:
    row = {name: [None] for name in QUARANTINE.schema}
    frame = pl.DataFrame(row, QUARANTINE.schema).with_columns(
        close=pl.lit(float("nan")), high=pl.lit(float("inf")), rule=pl.lit("not_finite")
    )
    first = work_out_change(frame.clear(), frame, QUARANTINE)
    assert first.added == 1
    assert work_out_change(first.rows, frame, QUARANTINE).is_empty


def test_an_update_keeps_what_the_table_says_to_keep() -> None:
    event = {"symbol": "A", "date": dt.date(2024, 1, 2), "kind": "split", "provider": "t"}
    old = pl.DataFrame([{**event, "value": 2.0, "first_seen": dt.date(2024, 1, 1)}], ACTION_SCHEMA)
    new = pl.DataFrame([{**event, "value": 3.0, "first_seen": dt.date(2025, 1, 1)}], ACTION_SCHEMA)
    change = work_out_change(old, new, ACTIONS)
    assert change.rows.row(0, named=True) == {
        **event,
        "value": 3.0,
        "first_seen": dt.date(2024, 1, 1),
    }
