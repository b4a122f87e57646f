"""Bars with their events beside them."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from stockstream.ingest.raw_rows import raw_rows
from stockstream.lake.raw import RAW_SCHEMA, RawZone
from stockstream.market.actions import conform_actions, empty_actions, from_columns
from stockstream.market.bars import conform, empty_bars

DAY = dt.date(2024, 1, 2)
NEXT = dt.date(2024, 1, 3)


def bars(*keys: tuple[str, dt.date]) -> pl.DataFrame:
    rows = pl.DataFrame(keys, ["symbol", "date"], orient="row")
    prices = dict.fromkeys(("open", "high", "low", "close"), 10.0)
    return conform(rows.with_columns(volume=1, **prices), provider="test", basis="split")


def actions(*rows: tuple[str, dt.date, str, float]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, ["symbol", "date", "kind", "value"], orient="row")
    return conform_actions(frame, provider="test")


def test_events_stand_beside_their_bars() -> None:
    events = actions(
        ("A", DAY, "dividend", 0.1),
        ("A", DAY, "dividend", 0.2),
        ("A", DAY, "split", 2.0),
        ("B", NEXT, "split", 0.1),
        ("A", NEXT, "delisting", 9.0),
    )
    rows = raw_rows(bars(("A", DAY), ("B", DAY), ("B", NEXT)), events, {"A": "2024-01-02T20:00"})
    found = rows.select("symbol", "date", "dividends", "splits", "fetch_timestamp", "is_final")
    assert found.rows() == [
        ("A", DAY, pytest.approx(0.3), 2.0, "2024-01-02T20:00", True),
        ("B", DAY, None, None, None, True),
        ("B", NEXT, None, 0.1, None, True),
    ]


def test_an_event_without_a_bar_is_not_lost() -> None:
    events = actions(("A", NEXT, "dividend", 0.1), ("C", DAY, "split", 3.0))
    rows = raw_rows(bars(("A", DAY)), events, {"A": "now", "C": "then"})
    lost = rows.filter(pl.col("close").is_null())
    assert lost.select("symbol", "provider", "is_final", "fetch_timestamp").rows() == [
        ("A", "test", False, "now"),
        ("C", "test", False, "then"),
    ]
    assert from_columns(lost, provider="test").drop("first_seen").equals(events.drop("first_seen"))


def test_unfinished_bars_stay_unfinished() -> None:
    frame = bars(("A", DAY), ("B", DAY), ("C", DAY)).with_columns(
        is_final=pl.Series([True, False, None]), utc_offset=pl.lit("+11:00")
    )
    assert raw_rows(frame, empty_actions())["is_final"].to_list() == [True, False, True]


def test_repeated_bars_keep_their_order_and_count_an_event_once() -> None:
    twice = pl.concat([bars(("A", DAY)), bars(("A", DAY)).with_columns(close=pl.lit(11.0))])
    rows = raw_rows(twice, actions(("A", DAY, "dividend", 0.5)))
    assert rows["close"].to_list() == [10.0, 11.0]
    assert from_columns(rows, provider="test")["value"].to_list() == [0.5]


def test_rows_fit_the_raw_zone(tmp_path: object) -> None:
    zone = RawZone(str(tmp_path))
    zone.write_batch(DAY, 0, raw_rows(empty_bars(), empty_actions()))
    zone.write_batch(DAY, 1, raw_rows(bars(("A", DAY)), actions(("B", DAY, "split", 2.0))))
    rows = zone.read(zone.batches()).rows
    assert rows.schema == RAW_SCHEMA
    assert rows.select("symbol", "batch_number", "splits", "basis").rows() == [
        ("A", 1, None, "split"),
        ("B", 1, 2.0, None),
    ]
