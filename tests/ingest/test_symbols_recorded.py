"""The day's list from lists as the exchange's server really sent them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.errors import MalformedError
from stockstream.ingest.day_lists import DayLists
from stockstream.ingest.symbols import update_symbols
from stockstream.lake.store import Lake
from stockstream.providers.directory import Download

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

FULL = "2026-07-13T1810Z_full_1832.csv"
SHORT = "2026-07-13T1728Z_partial_1547.csv"
SHORTER = "2026-05-23T0213Z_partial_1130.csv"
LARGEST = {"BHP", "CBA", "CSL", "ANZ"}
MONDAY = dt.date(2026, 7, 13)


class Recorded:
    """A server that sends one file after another."""

    name = "directory"

    def __init__(self, folder: Path, *names: str) -> None:
        self.files = iter([folder / name for name in names])

    def download(self) -> Download:
        return Download(next(self.files).read_bytes(), "text/csv")


@pytest.fixture
def directory(shared_data: Path) -> Path:
    return shared_data / "asx-listings" / "markit-directory"


@pytest.mark.slow
def test_two_servers_that_take_turns_delist_nobody(directory: Path, tmp_path: Path) -> None:
    """For two weeks, the short list more often than the whole one."""
    turns = [FULL, SHORT, SHORT, SHORT, FULL, SHORT, SHORTER, SHORT, FULL, SHORT, SHORTER, FULL]
    lake = Lake.create(tmp_path, calendar="XASX")
    source = Recorded(directory, *turns)
    for number, name in enumerate(turns):
        session = MONDAY + dt.timedelta(days=number)
        update = update_symbols(lake, session, source)
        assert set(update.result["symbols"]) >= LARGEST
        assert update.result["metadata"]["total_symbols"] == 1832
        assert update.result["metadata"]["num_batches"] == 19
        assert not any(update.result["metadata"]["changes"].values())
        refused = [event for event in update.events if event.kind == "list_refused"]
        assert len(refused) == (name != FULL)
        assert len(lake.listed(session)) == 1832
    assert lake.universe()["valid_to"].is_null().all()


@pytest.mark.parametrize(
    "name",
    [
        "apigee_fault.json",
        "bad_gateway.txt",
        "error_500.json",
        "header_only.csv",
        "waf_request_rejected_SYNTHETIC.html",
    ],
)
def test_an_error_body_is_refused(directory: Path, tmp_path: Path, name: str) -> None:
    bad = f"../markit-bad-responses/{name}"
    with pytest.raises(MalformedError, match="the symbol list"):
        update_symbols(tmp_path, MONDAY, Recorded(directory, bad))
    source = Recorded(directory, FULL, bad)
    update_symbols(tmp_path, MONDAY, source)
    update = update_symbols(tmp_path, MONDAY + dt.timedelta(days=1), source)
    assert len(update.result["symbols"]) == 1832
    assert [event.kind for event in update.events] == ["list_refused"]


def test_market_caps_that_fail_for_a_day_are_carried_forward(
    directory: Path, tmp_path: Path
) -> None:
    source = Recorded(directory, "2023-08-11T0516Z.csv", "2023-11-09T2150Z_marketcap_outage.csv")
    first, second = dt.date(2023, 8, 11), dt.date(2023, 11, 10)
    update_symbols(tmp_path, first, source)
    update = update_symbols(tmp_path, second, source)
    assert update.result["metadata"]["changes"]["reclassified"] != []
    rows = DayLists(tmp_path).read(second).filter(pl.col("last_listed") == second)
    assert len(rows) == 2030
    assert rows["market_cap_date"].drop_nulls().unique().to_list() == [first]
    assert rows["market_cap"].count() > 1800


def test_a_month_and_a_half_of_real_changes(directory: Path, tmp_path: Path) -> None:
    lake = Lake.create(tmp_path, calendar="XASX")
    last = "2026-08-22T2213Z.csv"
    days = [MONDAY, dt.date(2026, 8, 24), dt.date(2026, 8, 25), dt.date(2026, 8, 26)]
    source = Recorded(directory, FULL, last, last, last)
    updates = [update_symbols(lake, day, source) for day in days]
    changes = [update.result["metadata"]["changes"] for update in updates]
    assert [len(changes[1][kind]) for kind in ("added", "removed", "renamed")] == [13, 0, 11]
    assert ["BRX", "VAN"] in changes[1]["renamed"]
    assert changes[1]["reclassified"] == [
        ["FDC", "Class Pend", "Capital Goods"],
        ["TET", "Class Pend", "Energy"],
    ]
    assert not any(changes[2].values())
    assert [len(changes[3][kind]) for kind in ("added", "removed", "renamed")] == [0, 7, 0]
    assert len(updates[3].result["symbols"]) == 1838
    suspected = {e.subject for e in updates[1].events if e.kind == "suspected_consolidation"}
    assert suspected == {"HGODB", "ID8DA"}
    brx, van = (
        lake.universe().filter(pl.col("symbol") == symbol).row(0, named=True)
        for symbol in ("BRX.AX", "VAN.AX")
    )
    assert (brx["valid_to"], brx["renamed_to"]) == (MONDAY, "VAN.AX")
    assert (van["valid_from"], van["listing_date"]) == (days[1], brx["listing_date"])
    assert "BRX.AX" in lake.listed(days[1], known=days[0])
    assert "BRX.AX" not in lake.listed(days[1])
