"""The list of the exchange on the daily run: who comes, who goes, and lists that are none."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.errors import MalformedError
from stockstream.providers.directory import DirectorySource
from stockstream.testing.source_server import DirectoryFault, FaultPlan, SourceServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingest.update.conftest import Rehearsal

    from stockstream.testing.source_server import MarketFrames

BEFORE, DAY, AFTER = "2024-05-03", "2024-05-06", "2024-05-07"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["short", "html", "header_only", "error_json", "server_error"])
def test_a_list_that_is_none_leaves_the_one_before(rehearsal: Rehearsal, kind: Any) -> None:
    rehearsal.begin(BEFORE)
    rehearsal.server.plan(FaultPlan(directory=(DirectoryFault(kind, share=0.6),)))
    summary = rehearsal.run(DAY)
    assert (summary.state, summary.total_symbols) == ("complete", 12)
    assert not any(summary.changes.values())
    rehearsal.demand_truth(DAY)
    (refused,) = rehearsal.lake.health().filter(pl.col("kind") == "list_refused").rows(named=True)
    assert (refused["date"], refused["level"]) == (dt.date(2024, 5, 6), "warning")
    assert refused["detail"].endswith("the list of the day before stays")
    assert len(rehearsal.lake.listed(dt.date(2024, 5, 6))) == 12


def test_without_any_list_there_is_no_run(rehearsal: Rehearsal) -> None:
    rehearsal.server.plan(FaultPlan(directory=(DirectoryFault("html"),)))
    with pytest.raises(MalformedError, match="symbol list"):
        rehearsal.run(DAY)
    assert not rehearsal.lake.symbols()
    rehearsal.server.plan(FaultPlan())
    assert rehearsal.run(DAY).state == "complete"
    rehearsal.demand_truth(DAY)


@pytest.mark.slow
def test_a_removal_is_confirmed_on_the_third_day(rehearsal: Rehearsal) -> None:
    rehearsal.begin("2024-05-09")
    gone: list[list[str]] = []
    for day in ("2024-05-10", "2024-05-13", "2024-05-14"):
        summary = rehearsal.run(day)
        gone.append(summary.changes["removed"])
    assert gone == [[], [], ["GON"]]
    assert [kind for kind, _ in rehearsal.kinds("removal_pending", "removed")] == [
        "removal_pending",
        "removal_pending",
        "removed",
    ]
    listed = rehearsal.lake.universe().filter(pl.col("symbol") == "GON.AX")
    assert listed["valid_to"].to_list() == [dt.date(2024, 5, 9)]


@pytest.mark.slow
def test_a_symbol_that_comes_back_was_not_removed(rehearsal: Rehearsal) -> None:
    """Two short days, and a third on which it is there again."""
    rehearsal.begin(BEFORE)
    missing = DirectoryFault("short", dates=(dt.date(2024, 5, 6), dt.date(2024, 5, 7)), share=0.15)
    rehearsal.server.plan(FaultPlan(seed=1, directory=(missing,)))
    for day in (DAY, AFTER, "2024-05-08"):
        summary = rehearsal.run(day)
        assert summary.changes["removed"] == []
    assert rehearsal.kinds("removal_pending")
    assert rehearsal.lake.universe()["valid_to"].null_count() == 13
    rehearsal.demand_truth("2024-05-08")


@pytest.fixture
def renamed(rehearsal: Rehearsal, market: MarketFrames) -> Iterator[Rehearsal]:
    """P05 trades as NEW from 7 May on: the source has the whole history below the new symbol."""
    header = "ASX code,Company name,GICs industry group,Listing date,Market Cap"
    codes = ("PLN", "P04", "SPL", "P05")
    rows = {code: f"{code},{code} LIMITED,Materials,{n + 1:02}/02/2003,5" for n, code in
            enumerate(codes)}  # fmt: skip
    later = {**rows, "P05": rows["P05"].replace("P05,P05", "NEW,P05")}
    lists = {
        dt.date(2023, 9, 1): "\n".join([header, *rows.values()]).encode(),
        dt.date(2024, 5, 7): "\n".join([header, *later.values()]).encode(),
    }
    is_it, change = pl.col("symbol") == "P05.AX", dt.date(2024, 5, 7)
    new = market.bars.filter(is_it).with_columns(symbol=pl.lit("NEW.AX"))
    ends = pl.DataFrame(
        {"symbol": ["P05.AX"], "date": [change], "kind": ["delisting"], "value": [1.0]}
    )
    actions = pl.concat([market.actions, ends], how="diagonal").with_columns(
        pl.col("provider").fill_null("rehearsal")
    )
    frames = market._replace(
        bars=pl.concat([market.bars.filter(~is_it | (pl.col("date") < change)), new]).sort(
            "symbol", "date"
        ),
        actions=actions.sort("symbol", "date", "kind"),
        lists=lists,
    )
    with SourceServer.start(frames) as server, DirectorySource(server.directory_url) as directory:
        rehearsal.server, rehearsal.market, rehearsal.directory = server, frames, directory
        with type(rehearsal.yahoo)(server.url) as rehearsal.yahoo:
            yield rehearsal


@pytest.mark.slow
def test_a_company_with_a_new_symbol(renamed: Rehearsal) -> None:
    """Its old bars stay, the new symbol has the whole history, and nobody was delisted."""
    renamed.run(DAY)
    assert renamed.lake.symbols() == ["P04.AX", "P05.AX", "PLN.AX", "SPL.AX"]
    for day in (AFTER, "2024-05-08", "2024-05-09", "2024-05-10", "2024-05-13"):
        summary = renamed.run(day)
        assert summary.changes["removed"] == []
        assert summary.state == "complete"
        assert summary.delisted == ()
        assert "P05.AX" not in summary.symbols_failed
    assert renamed.lake.symbols() == ["NEW.AX", "P04.AX", "P05.AX", "PLN.AX", "SPL.AX"]
    old, new = (renamed.lake.bars([name])["date"] for name in ("P05", "NEW"))
    assert (old.max(), new.min()) == (dt.date(2024, 5, 6), old.min())
    (row,) = renamed.lake.universe().filter(pl.col("symbol") == "P05.AX").rows(named=True)
    assert (row["renamed_to"], row["valid_to"]) == ("NEW.AX", dt.date(2024, 5, 6))
