"""Figures of companies, by the day they were known."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.errors import ConfigError, DataError
from stockstream.lake.tables import FACTORS

if TYPE_CHECKING:
    from stockstream.lake import Lake


def day(number: int) -> dt.date:
    return dt.date(2023, 12, 25) + dt.timedelta(days=number)


def figures(*told: tuple[str, int, str, float | None, int]) -> pl.DataFrame:
    """Symbol, date, name, value, known_at."""
    named = ("symbol", "date", "name", "value", "known_at")
    frame = pl.DataFrame(told, named, orient="row", schema_overrides={"value": pl.Float64})
    dates = {name: [day(number) for number in frame[name]] for name in ("date", "known_at")}
    return frame.with_columns(**{name: pl.Series(values) for name, values in dates.items()})


@pytest.fixture
def told(lake: Lake) -> Lake:
    """A debt ratio that was restated, its next period, and another figure."""
    first = figures(
        ("BHP.AX", 0, "debt", 1.0, 3),
        ("BHP.AX", 0, "debt", 1.5, 20),
        ("BHP.AX", 10, "debt", 2.0, 15),
    )
    assert lake.add_factors(first, "a.csv") == 3
    assert lake.add_factors(figures(("CBA.AX", 10, "yield", 0.04, 10)), "b.csv") == 1
    return lake


def test_the_newest_value_of_each_date(told: Lake) -> None:
    found = told.factors()
    assert found.select("symbol", "name", "value", "source").rows() == [
        ("BHP.AX", "debt", 1.5, "a.csv"),
        ("BHP.AX", "debt", 2.0, "a.csv"),
        ("CBA.AX", "yield", 0.04, "b.csv"),
    ]
    assert found.schema == FACTORS.schema


@pytest.mark.parametrize(
    ("known_by", "values"),
    [(2, []), (3, [1.0]), (15, [1.0, 2.0]), (19, [1.0, 2.0]), (20, [1.5, 2.0])],
)
def test_nothing_is_seen_before_it_was_known(
    told: Lake, known_by: int, values: list[float]
) -> None:
    found = told.factors(names=["debt"], known_by=day(known_by))
    assert found["value"].to_list() == values


def test_some_symbols_names_and_dates(told: Lake) -> None:
    assert told.factors(symbols=["CBA.AX"])["name"].to_list() == ["yield"]
    assert told.factors(names=["debt"], start=day(1))["value"].to_list() == [2.0]
    assert told.factors(end=day(9))["value"].to_list() == [1.5]
    assert told.factors(names=[]).is_empty()
    with pytest.raises(ConfigError, match="before it starts"):
        told.factors(start=day(1), end=day(0))


def test_the_same_rows_again_change_nothing(told: Lake) -> None:
    version = told.table(FACTORS).snapshot().version
    assert told.add_factors(figures(("BHP.AX", 0, "debt", 1.0, 3)), "a.csv") == 0
    assert told.table(FACTORS).snapshot().version == version
    assert told.add_factors(figures(("BHP.AX", 0, "debt", 1.1, 3)), "a.csv") == 1


def test_what_does_not_say_since_when_is_known_from_today(lake: Lake) -> None:
    lake.add_factors(figures(("A", 0, "debt", 1.0, 0)).drop("known_at"), "a.csv")
    today = dt.datetime.now(dt.UTC).date()
    assert lake.factors()["known_at"].to_list() == [today]
    assert lake.factors(known_by=today - dt.timedelta(days=1)).is_empty()


@pytest.mark.parametrize(
    "change",
    [
        {"value": pl.lit(float("nan"))},
        {"value": pl.lit(float("inf"))},
        {"value": pl.lit(None, pl.Float64)},
        {"symbol": pl.lit(None, pl.String)},
        {"date": pl.lit(None, pl.Date)},
    ],
    ids=["nan", "inf", "null", "nameless", "undated"],
)
def test_figures_that_are_none_are_refused(lake: Lake, change: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"1 factor row\(s\) cannot be used"):
        lake.add_factors(figures(("A", 0, "debt", 1.0, 0)).with_columns(**change), "a.csv")
    assert lake.factors().is_empty()


def test_only_the_years_that_change_are_written_again(told: Lake) -> None:
    before = {file for file in told.table(FACTORS).snapshot().files if file.year == 2023}
    told.add_factors(figures(("BHP.AX", 11, "debt", 3.0, 11)), "c.csv")
    after = {file for file in told.table(FACTORS).snapshot().files if file.year == 2023}
    assert before == after != set()
