"""The symbols of a day: one list a session, whatever the source says when."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stockstream.errors import ConfigError, FetchError, LakeError, MalformedError, TransientError
from stockstream.ingest.symbol_file import SymbolFile
from stockstream.ingest.symbols import plan_batches, update_symbols
from stockstream.lake.store import Lake
from stockstream.providers.directory import Download
from stockstream.settings import FetchSettings, ListSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.ingest.health import HealthEvent

MONDAY = dt.date(2026, 7, 13)
HEADER = "ASX code,Company name,GICs industry group,Listing date,Market Cap"
NO_CHANGES: dict[str, list[object]] = {
    "added": [],
    "removed": [],
    "renamed": [],
    "reclassified": [],
}


@dataclass
class Source:
    """A directory that says what a test lets it say."""

    answer: bytes | FetchError
    content_type: str = "text/csv"
    name: str = "directory"
    downloads: int = 0

    def download(self) -> Download:
        self.downloads += 1
        if isinstance(self.answer, FetchError):
            raise self.answer
        return Download(self.answer, self.content_type)


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(days=number)


def body(*rows: str) -> bytes:
    """A list of rows, each a code or all its cells."""
    lines = [row if "," in row else f"{row},{row} LIMITED,Materials,01/02/2003,5" for row in rows]
    return "\n".join([HEADER, *lines]).encode()


def changes(update: Any) -> dict[str, Any]:
    found: dict[str, Any] = update.result["metadata"]["changes"]
    return found


def test_the_documented_answer_and_the_file(tmp_path: Path) -> None:
    update = update_symbols(tmp_path, MONDAY, Source(body("CBA", "BHP")))
    assert update.result == {
        "statusCode": 200,
        "symbols": ["BHP", "CBA"],
        "symbolBatches": [{"symbols": ["BHP", "CBA"], "batchNumber": 0}],
        "metadata": {
            "total_symbols": 2,
            "num_batches": 1,
            "s3_key": "symbols/2026-07-13-symbols.csv",
            "changes": NO_CHANGES,
        },
    }
    assert json.loads(json.dumps(update.result)) == update.result
    assert update.events == ()
    lines = (tmp_path / "symbols" / "2026-07-13-symbols.csv").read_text().splitlines()
    assert lines[0].startswith("symbol,name,sector,market_cap,")
    assert lines[1].startswith("BHP,BHP LIMITED,Materials,5,Materials,2003-02-01,")


def test_the_list_of_a_session_is_made_once(tmp_path: Path) -> None:
    source = Source(body("BHP", "CBA"))
    update_symbols(tmp_path, day(0), source)
    source.answer = body("BHP", "CBA", "NEW,NEW LIMITED,Energy,13/07/2026,--")
    first = update_symbols(tmp_path, day(1), source)
    assert changes(first) == {**NO_CHANGES, "added": ["NEW"]}
    file = tmp_path / "symbols" / "2026-07-14-symbols.csv"
    content = file.read_bytes()
    for answer in (body("XXX"), b"Bad Gateway", TransientError("no connection")):
        source.answer = answer
        assert update_symbols(tmp_path, day(1), source).result == first.result
    assert source.downloads == 2
    assert file.read_bytes() == content


def test_of_two_runs_at_the_same_time_one_makes_the_list(tmp_path: Path) -> None:
    class Slow(Source):
        def download(self) -> Download:
            update_symbols(tmp_path, MONDAY, Source(body("AAA", "BBB")))
            return super().download()

    late = update_symbols(tmp_path, MONDAY, Slow(body("ZZZ")))
    assert late.result["symbols"] == ["AAA", "BBB"]


def test_a_refusal_is_told_before_the_list_is_written(tmp_path: Path) -> None:
    update_symbols(tmp_path, day(0), Source(body("AAA")))
    told: list[str] = []

    def tell(events: Sequence[HealthEvent]) -> None:
        told.extend(event.kind for event in events)
        assert not (tmp_path / "symbols" / f"{day(1)}-symbols.csv").exists()

    for _ in range(2):
        update_symbols(tmp_path, day(1), Source(b""), told=tell)
    assert told == ["list_refused"]


BAD = [
    b"",
    b"Bad Gateway",
    b'{"error":{"code":500,"errors":[{}]}}',
    b"<html><title>Request Rejected</title>",
    HEADER.encode(),
    TransientError("the symbol list: the server failed (HTTP 503)"),
    MalformedError("the symbol list: the server refused (HTTP 403)"),
    body(*(f"S{number:03d}" for number in range(900))),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_list_that_is_none_leaves_the_one_before(tmp_path: Path, bad: bytes | FetchError) -> None:
    good = body(*(f"S{number:03d}" for number in range(1000)))
    before = update_symbols(tmp_path, day(0), Source(good))
    update = update_symbols(tmp_path, day(1), Source(bad))
    assert update.result["symbols"] == before.result["symbols"]
    assert update.result["metadata"]["s3_key"] == "symbols/2026-07-14-symbols.csv"
    assert changes(update) == NO_CHANGES
    (event,) = update.events
    assert (event.level, event.kind, event.subject) == ("warning", "list_refused", "directory")
    assert "the symbol list" in event.detail or isinstance(bad, bytes)
    assert event.detail.endswith("the list of the day before stays")
    files = [(tmp_path / "symbols" / f"{day(n)}-symbols.csv").read_bytes() for n in (0, 1)]
    assert files[0] == files[1]


@pytest.mark.parametrize("bad", BAD[:-1])
def test_without_a_list_before_there_is_nothing_to_go_on_with(
    tmp_path: Path, bad: bytes | FetchError
) -> None:
    with pytest.raises(FetchError, match="the symbol list"):
        update_symbols(tmp_path, MONDAY, Source(bad))
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_another_content_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedError, match="sent as text/html"):
        update_symbols(tmp_path, MONDAY, Source(body("BHP"), "text/html; charset=utf-8"))


def test_a_symbol_goes_after_three_days_and_a_refused_list_is_no_day(tmp_path: Path) -> None:
    """Refused lists lie between the days that count."""
    names = [f"S{number:03d}" for number in range(100)]
    full, lacking, short = body("BHP", *names), body(*names), body(*names[:50])
    told = []
    for number, answer in enumerate([full, lacking, short, lacking, short, short, lacking]):
        update = update_symbols(tmp_path, day(number), Source(answer))
        kinds = {event.kind: event.detail for event in update.events}
        told.append(("BHP" in update.result["symbols"], kinds.get("removal_pending", "")))
    pending = ["", "BHP (1 of 3 days)", "BHP (1 of 3 days)"] + ["BHP (2 of 3 days)"] * 3 + [""]
    assert told == [(number < 6, detail) for number, detail in enumerate(pending)]
    assert changes(update) == {**NO_CHANGES, "removed": ["BHP"]}
    assert [(e.level, e.kind, e.count, e.detail) for e in update.events] == [
        ("info", "removed", 1, "BHP")
    ]


@examples(max_examples=10)
@given(st.lists(st.sampled_from(["full", "short", "broken"]), max_size=12))
def test_lists_that_flap_remove_nobody(kinds: list[str]) -> None:
    """Two servers take turns, one of which lacks the banks."""
    names = [f"S{number:03d}" for number in range(100)]
    answers = {
        "full": body("BHP", "CBA", "ANZ", "CSL", *names),
        "short": body(*names[:90]),
        "broken": b"Bad Gateway",
    }
    with tempfile.TemporaryDirectory() as place:
        for number, kind in enumerate(["full", *kinds]):
            update = update_symbols(place, day(number), Source(answers[kind]))
            assert {"BHP", "CBA", "ANZ", "CSL"} <= set(update.result["symbols"])
            assert update.result["metadata"]["total_symbols"] == 104
            assert changes(update) == NO_CHANGES


def test_limits_are_settings(tmp_path: Path) -> None:
    settings = Settings(symbols=ListSettings(shrink_limit=0.5, removal_days=1))
    update_symbols(tmp_path, day(0), Source(body("AAA", "BBB")), settings)
    update = update_symbols(tmp_path, day(1), Source(body("AAA")), settings)
    assert update.result["symbols"] == ["AAA"]
    assert changes(update) == {**NO_CHANGES, "removed": ["BBB"]}


def test_renamed_and_reclassified(tmp_path: Path) -> None:
    first = body("BYH,BRYAH,Materials,19/04/2017,1", "BHP", "VAL,VALOR,Class Pend,01/01/2001,1")
    second = body("ABR,ALBRIGHT,Materials,19/04/2017,1", "BHP", "VAL,VALOR,Energy,01/01/2001,1")
    update_symbols(tmp_path, day(0), Source(first))
    update = update_symbols(tmp_path, day(1), Source(second))
    assert update.result["symbols"] == ["ABR", "BHP", "VAL"]
    assert changes(update) == {
        "added": [],
        "removed": [],
        "renamed": [["BYH", "ABR"]],
        "reclassified": [["VAL", "Class Pend", "Energy"]],
    }
    assert update_symbols(tmp_path, day(1), Source(b"")).result == update.result


def test_what_is_odd_about_a_list_is_told(tmp_path: Path) -> None:
    update_symbols(tmp_path, day(0), Source(body("HGO,HILLGROVE,Materials,22/07/1994,1", "BHP")))
    odd = body("HGODB,HILLGROVE,Materials,22/07/1994,1", "BHP", "=1+1", "../x", "BHP")
    update = update_symbols(tmp_path, day(1), Source(odd))
    assert update.result["symbols"] == ["BHP", "HGODB"]
    skipped, suspected = update.events
    assert (skipped.kind, skipped.count) == ("list_row_skipped", 3)
    assert skipped.detail.startswith("'=1+1,=1+1 LIMITED")
    assert suspected[:4] == ("warning", "suspected_consolidation", "HGODB", 1)
    again = update_symbols(tmp_path, day(2), Source(odd))
    assert [event.kind for event in again.events] == ["list_row_skipped"]


def test_a_symbol_file_is_taken_as_it_is(tmp_path: Path) -> None:
    settings = Settings(symbols=ListSettings(market="US"))
    file = SymbolFile(("msft", "AAPL", "BRK-B", "AAPL", "META"), "US")
    first = update_symbols(tmp_path, day(0), file, settings)
    assert first.result["symbols"] == ["AAPL", "BRK-B", "META", "MSFT"]
    assert first.events == ()
    second = update_symbols(tmp_path, day(1), replace(file, symbols=("NVDA", "AAPL")), settings)
    assert second.result["symbols"] == ["AAPL", "NVDA"]
    removed = ["BRK-B", "META", "MSFT"]
    assert changes(second) == {**NO_CHANGES, "added": ["NVDA"], "removed": removed}
    assert second.events == ()


def test_an_earlier_session_is_compared_with_what_was_before_it(tmp_path: Path) -> None:
    update_symbols(tmp_path, day(0), Source(body("AAA")))
    update_symbols(tmp_path, day(9), Source(body("AAA", "CCC")))
    late = update_symbols(tmp_path, day(5), Source(body("AAA", "BBB")))
    assert changes(late)["added"] == ["BBB"]


def test_a_damaged_list_is_named(tmp_path: Path) -> None:
    update_symbols(tmp_path, day(0), Source(body("AAA")))
    (tmp_path / "symbols" / f"{day(0)}-symbols.csv").write_text("symbol\nAAA\n")
    with pytest.raises(LakeError, match=r"2026-07-13-symbols\.csv: .* move it away"):
        update_symbols(tmp_path, day(1), Source(body("AAA")))


def test_other_files_are_no_lists(tmp_path: Path) -> None:
    folder = tmp_path / "symbols"
    folder.mkdir()
    for name in ("2026-07-12-symbols.csv.bak", "notes.txt", "2026-7-12-symbols.csv"):
        (folder / name).write_text("symbol\n")
    assert changes(update_symbols(tmp_path, MONDAY, Source(body("AAA")))) == NO_CHANGES


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError):
        update_symbols(tmp_path / "file", MONDAY, Source(body("AAA")))


def test_the_lake_learns_who_is_listed(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path, calendar="XASX")
    update_symbols(lake, day(0), Source(body("BHP", "CBA")))
    assert lake.listed(day(0)) == ["BHP.AX", "CBA.AX"]
    assert lake.universe()["source"].unique().to_list() == ["directory"]
    us = Lake.create(tmp_path / "us", calendar="XNYS")
    update_symbols(us, day(0), SymbolFile(("AAPL",), "US"), Settings())
    assert us.listed(day(0)) == ["AAPL"]


@given(st.integers(0, 2600), st.integers(1, 300), st.integers(1, 20))
def test_batches_hold_every_symbol_once_and_in_order(total: int, size: int, at_once: int) -> None:
    symbols = [f"S{number}" for number in range(total)]
    for batches in (plan_batches(symbols, size), plan_batches(symbols, 0, at_once)):
        assert [name for batch in batches for name in batch["symbols"]] == symbols
        assert [batch["batchNumber"] for batch in batches] == list(range(len(batches)))
        assert all(batch["symbols"] for batch in batches)
    assert all(len(batch["symbols"]) == size for batch in plan_batches(symbols, size)[:-1])


@pytest.mark.parametrize(
    ("total", "size", "sizes"),
    [
        (0, 100, []),
        (0, 0, []),
        (250, 100, [100, 100, 50]),
        (200, 100, [100, 100]),
        (50, 0, [50]),
        (250, 0, [83, 83, 84]),
        (1000, 0, [100] * 10),
        (1001, 0, [50] * 19 + [51]),
        (1838, 0, [91] * 2 + [92] * 18),
    ],
)
def test_sizes_of_batches(total: int, size: int, sizes: list[int]) -> None:
    batches = plan_batches([str(number) for number in range(total)], size)
    found = [len(batch["symbols"]) for batch in batches]
    assert sorted(found) == sorted(sizes)


@pytest.mark.parametrize("options", [{"size": -1}, {"size": 0, "at_once": 0}])
def test_batches_that_cannot_be_made(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="cannot be made"):
        plan_batches(["BHP"], **options)


def test_batches_follow_the_settings(tmp_path: Path) -> None:
    settings = Settings(fetch=FetchSettings(batch_size=1))
    update = update_symbols(tmp_path, MONDAY, Source(body("BHP", "CBA")), settings)
    assert update.result["metadata"]["num_batches"] == 2
    assert pl.DataFrame(update.result["symbolBatches"])["batchNumber"].to_list() == [0, 1]
