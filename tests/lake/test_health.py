"""What runs had to say."""

from __future__ import annotations

import datetime as dt
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from stockstream.errors import DataError, LakeError
from stockstream.lake import Lake
from stockstream.lake.tables import HEALTH

EVENT = {"date": dt.date(2024, 1, 2), "run": "r1", "level": "warning", "kind": "stale"}


def test_a_row_says_what_it_leaves_out(lake: Lake) -> None:
    assert lake.record_health(pl.DataFrame([EVENT])) == 1
    [row] = lake.health().to_dicts()
    at = dt.datetime.fromisoformat(row.pop("at"))
    assert at.tzinfo is not None
    assert row == {**EVENT, "subject": "", "count": 1, "detail": ""}


def test_a_run_that_says_it_again_changes_its_rows_only_if_they_differ(lake: Lake) -> None:
    told = pl.DataFrame([{**EVENT, "subject": s, "count": 3, "at": "then"} for s in "AB"])
    assert lake.record_health(told) == 2
    assert lake.record_health(told.with_columns(at=pl.lit("later"))) == 0
    assert lake.record_health(told.with_columns(count=4).head(1)) == 1
    assert lake.health()["count"].to_list() == [4, 3]
    assert lake.health()["at"].unique().to_list() == ["then"]


def test_some_sessions(lake: Lake) -> None:
    days = [dt.date(2023, 12, 29), dt.date(2024, 1, 2), dt.date(2024, 1, 3)]
    lake.record_health(pl.DataFrame([{**EVENT, "date": day} for day in days]))
    assert lake.health(start=days[1])["date"].to_list() == days[1:]
    assert lake.health(end=days[0])["date"].to_list() == days[:1]
    assert [file.year for file in lake.table(HEALTH).snapshot().files] == [2023, 2024]


@pytest.mark.parametrize("change", [{"level": "bad"}, {"date": None}, {"kind": None}])
def test_rows_that_nobody_could_read_are_refused(lake: Lake, change: dict[str, Any]) -> None:
    types = {"date": pl.Date, "kind": pl.String}
    with pytest.raises(DataError, match=r"1 health row\(s\) cannot be used"):
        lake.record_health(pl.DataFrame([{**EVENT, **change}], schema_overrides=types))
    with pytest.raises(DataError, match=r"column\(s\) level are missing"):
        lake.record_health(pl.DataFrame([EVENT]).drop("level"))


def test_two_that_make_the_table_at_the_same_time(lake: Lake) -> None:
    def write(number: int) -> None:
        Lake(lake.location).record_health(pl.DataFrame([{**EVENT, "run": f"r{number}"}]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(8)))
    assert sorted(lake.health()["run"]) == [f"r{number}" for number in range(8)]


def test_a_table_that_somebody_else_has_just_made(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = DeltaTable.create

    def second(*arguments: Any, **options: Any) -> None:
        create(*arguments, **options)
        raise CommitFailedError("protocol changed")

    monkeypatch.setattr(DeltaTable, "create", second)
    assert lake.record_health(pl.DataFrame([EVENT])) == 1


def test_a_table_that_cannot_be_made(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise CommitFailedError("no")

    monkeypatch.setattr(DeltaTable, "create", refused)
    with pytest.raises(LakeError, match=r"cannot write table 'health' .*nothing was written"):
        lake.record_health(pl.DataFrame([EVENT]))


def test_a_table_whose_log_is_lost_is_not_taken_for_one_that_is_yet_to_be_made(lake: Lake) -> None:
    lake.record_health(pl.DataFrame([EVENT]))
    shutil.rmtree(lake.table(HEALTH).location.path("_delta_log"))
    for use in (lake.health, lake.info, lambda: lake.record_health(pl.DataFrame([EVENT]))):
        with pytest.raises(LakeError, match=r"the log of table 'health' .* is gone"):
            use()
