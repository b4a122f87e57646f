"""From files to the lake: what goes in, what is set aside, what is said about it."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.errors import DataError, LakeError
from stockstream.ingest.importer import import_files
from stockstream.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]

HEADER = "symbol,date,open,high,low,close,volume\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    folder = tmp_path / "files"
    folder.mkdir()

    def make(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def test_an_import_makes_the_lake_and_says_what_went_in(write: Write, place: Path) -> None:
    text = (
        HEADER + "BHP.AX,2024-01-02,50,51,49,50,100\n"
        "BHP.AX,2024-01-03,50,51,49,50,100\n"
        "CBA.AX,2024-01-02,110,111,109,110,0\n"
    )
    summary = import_files([write("x.csv", text)], place)
    assert (summary.rows, summary.added, summary.updated, summary.unchanged) == (3, 3, 0, 0)
    assert (summary.symbols, summary.first, summary.last) == (
        2,
        dt.date(2024, 1, 2),
        dt.date(2024, 1, 3),
    )
    assert summary.quarantined == {}
    assert summary.findings["zero_volume"] == 1
    assert (summary.version_before, summary.version_after) == (
        "bars@0 actions@0",
        "bars@1 actions@0",
    )
    assert summary.calendar == "XASX for 2 symbol(s) in .AX"
    assert not summary.is_partial
    lake = Lake(place)
    assert (lake.calendar, lake.simulated, lake.symbols()) == ("XASX", False, ["BHP.AX", "CBA.AX"])
    assert json.loads(json.dumps(summary.as_dict()))["first"] == "2024-01-02"


def test_the_same_import_again_changes_nothing(write: Write, place: Path) -> None:
    text = HEADER + "BHP.AX,2024-01-02,50,51,49,50,100\nBHP.AX,2024-01-01,50,51,49,50,100\n"
    path = write("x.csv", text)
    first = import_files([path], place)
    again = import_files([path], Lake(place))
    assert (again.added, again.updated, again.unchanged) == (0, 0, 1)
    assert again.quarantined == first.quarantined == {"not_a_session": 1}
    assert again.version_after == first.version_after
    assert Lake(place).info().quarantined == 1


def test_bad_rows_are_quarantined_with_rule_and_file(write: Write, place: Path) -> None:
    good = "A,2024-01-02,1,2,0.5,1,9\n"
    one = write("one.csv", HEADER + good + "A,2024-01-03,1,0.5,2,1,9\nA,2024-01-04,1,2,1,nan,9\n")
    two = write(
        "two.csv", HEADER + "B,2024-01-03,-1,2,-1,1,9\n,2024-01-04,1,2,1,1,9\n" + ",,,,,,\n" * 3
    )
    summary = import_files([one, two], place)
    assert summary.added == 1
    assert summary.rows == 8
    assert sum(summary.quarantined.values()) == 7
    quarantine = Lake(place).quarantine()
    sources = quarantine.group_by("source").agg(pl.col("rule").sort()).sort("source").rows()
    assert [source for source, _ in sources] == ["one.csv", "two.csv"]
    assert sources[0][1] == ["high_below_low", "not_finite"]
    assert set(sources[1][1]) == {"not_positive", "missing_symbol_or_date"}


def test_an_event_outlives_its_row(write: Write, place: Path) -> None:
    text = (
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2025-09-03 00:00:00+10:00,0.4,0.4,0.4,0.4,5,0.0,0.0\n"
        "2025-09-04 00:00:00+10:00,,,,,0,0.012,0.0\n"
        "2025-09-05 00:00:00+10:00,0.4,0.4,0.4,0.4,5,0.0,0.0\n"
    )
    summary = import_files([write("A1N.AX.csv", text)], place)
    assert summary.quarantined == {"not_finite": 1}
    assert summary.actions_added == 1
    panel = Lake(place).panel(["A1N"], dt.date(2025, 9, 1), dt.date(2025, 9, 30))
    assert panel.actions.value.tolist() == [0.012]
    assert panel.dates[panel.actions.bar].tolist() == [dt.date(2025, 9, 5)]


def test_a_bad_file_among_good_ones_is_listed(write: Write, place: Path) -> None:
    write("good.csv", HEADER + "A,2024-01-02,1,2,0.5,1,9\n")
    bad = write("bad.csv", "<html><title>404</title>")
    summary = import_files([bad.parent], place)
    assert summary.is_partial
    assert summary.added == 1
    assert [failure.name for failure in summary.failures] == ["bad.csv"]
    assert summary.as_dict()["failures"][0]["name"] == "bad.csv"


def test_nothing_readable_makes_no_lake(write: Write, place: Path) -> None:
    with pytest.raises(DataError, match="is a web page"):
        import_files([write("bad.csv", "<html>")], place)
    assert not place.exists()


def test_symbols_from_elsewhere_are_not_checked_against_the_asx(write: Write, place: Path) -> None:
    australia_day = "2024-01-26,1,2,0.5,1,9\n"
    path = write("x.csv", HEADER + "BHP.AX," + australia_day + "SPY," + australia_day)
    summary = import_files([path], place)
    assert summary.quarantined == {"not_a_session": 1}
    assert Lake(place).symbols() == ["SPY"]
    assert summary.calendar == "XASX for 1 symbol(s) in .AX; none for 1 other(s): SPY"


@pytest.mark.parametrize(
    ("choice", "of_lake", "kept", "reason"),
    [
        ("auto", None, True, "none: nothing says which exchange"),
        ("auto", "XASX", False, "XASX: the lake's"),
        ("none", "XASX", True, "none, as given"),
        ("XNYS", "XASX", True, "XNYS, as given"),
        ("XASX", None, False, "XASX, as given"),
    ],
)
def test_the_calendar(
    write: Write, place: Path, choice: str, of_lake: str | None, kept: bool, reason: str
) -> None:
    if of_lake:
        Lake.create(place, calendar=of_lake)  # type: ignore[arg-type]
    path = write("x.csv", HEADER + "SPY,2024-01-26,1,2,0.5,1,9\nSPY,2024-01-25,1,2,0.5,1,9\n")
    summary = import_files([path], place, calendar=choice)  # type: ignore[arg-type]
    assert summary.added == (2 if kept else 1)
    assert summary.calendar.startswith(reason)
    assert Lake(place).calendar == (of_lake or ("XASX" if choice == "XASX" else "none"))


def test_a_foreign_time_zone_is_noted(write: Write, place: Path) -> None:
    text = "Date,Open,High,Low,Close,Volume\n2024-01-02 00:00:00{},1,1,1,1,5\n"
    ours = write("BHP.AX.csv", text.format("+11:00"))
    foreign = write("AOH.AX.csv", text.format("-05:00"))
    summary = import_files([ours, foreign], place)
    assert summary.findings["foreign_time_zone"] == 1
    noted = Lake(place).findings().filter(pl.col("rule") == "foreign_time_zone")
    assert noted.select("symbol", "detail").row(0) == (
        "AOH.AX",
        "dated in UTC-05:00; XASX has UTC+11:00",
    )


def test_mixed_bases_are_refused_and_nothing_is_written(write: Write, place: Path) -> None:
    row = "A,2024-01-02,1,2,0.5,1,9\n"
    import_files([write("raw.csv", HEADER + row)], place)
    with pytest.raises(DataError, match=r"two bases \(raw and split\): A; .*--basis raw"):
        import_files(
            [write("split.csv", HEADER + row.replace("01-02", "01-03"))], place, basis="split"
        )
    assert Lake(place).version() == "bars@1 actions@0"


def test_a_place_that_cannot_hold_a_lake(write: Write) -> None:
    path = write("x.csv", HEADER + "A,2024-01-02,1,2,0.5,1,9\n")
    with pytest.raises(LakeError, match="no lake was made"):
        import_files([path], path / "lake")


def test_options_reach_the_reader(write: Write, place: Path) -> None:
    path = write("x.csv", "bhp,03/04/2024,1,1.5,2,0.5,9\n")
    columns = ["symbol", "date", "open", "close", "high", "low", "volume"]
    seen = []
    summary = import_files(
        [path],
        place,
        columns=columns,
        suffix=".AX",
        date_format="%d/%m/%Y",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert summary.added == 1
    bar = Lake(place).bars(["BHP"]).row(0, named=True)
    assert (bar["date"], bar["close"], bar["high"]) == (dt.date(2024, 4, 3), 1.5, 2.0)
    assert seen == [(1, 1)]


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_files_in_any_split_and_order_make_the_same_lake(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    days = [dt.date(2023, 12, 27) + dt.timedelta(days=n) for n in range(8)]
    rows = [
        f"{symbol},{day},{price},{price + 1},{price - 1},{price},{price}\n"
        for symbol in ("A", "B")
        for price, day in enumerate(days, start=5)
    ]
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(1, len(rows) - 1))
    place = tmp_path_factory.mktemp("split")
    for name, part in (("all", rows), ("x", shuffled[:cut]), ("y", shuffled[cut:])):
        (place / f"{name}.csv").write_text(HEADER + "".join(part))
    import_files([place / "all.csv"], place / "whole")
    import_files([place / "y.csv"], place / "parts")
    import_files([place / "x.csv", place / "y.csv"], place / "parts")
    assert_frame_equal(Lake(place / "parts").bars(), Lake(place / "whole").bars())
