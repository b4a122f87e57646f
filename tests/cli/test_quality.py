"""``stockstream quality``."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.ingest.importer import import_files
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar
from stockstream.market.findings import SEVERITIES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-five symbols on forty sessions; one session lacks, one is short, one row is bad."""
    folder = tmp_path_factory.mktemp("quality")
    days = get_calendar("XASX").sessions("2024-01-02", "2024-12-31")[:40]
    names = pl.DataFrame({"symbol": [f"S{i:02}.AX" for i in range(25)]})
    bars = names.join(pl.DataFrame({"date": days}).with_row_index("at"), how="cross").with_columns(
        close=10.0 + pl.col("at") % 2
    )
    lacks = pl.col("at") == 20
    short = (pl.col("at") == 30) & (pl.col("symbol") > "S03.AX")
    jumped = (pl.col("at") == 35) & (pl.col("symbol") == "S07.AX")
    bad = (pl.col("at") == 10) & (pl.col("symbol") == "S09.AX")
    close = pl.when(jumped).then(40.0).when(bad).then(-1.0).otherwise("close")
    kept = bars.filter(~lacks, ~short).with_columns(close=close).drop("at")
    file = folder / "prices.csv"
    kept.with_columns(open="close", high="close", low="close", volume=9).write_csv(file)
    import_files([file], folder / "lake")
    return folder / "lake"


def test_tables_say_what_was_found(stockstream: Stockstream, dirty: Path) -> None:
    said = stockstream("quality", "--lake", dirty)
    assert said.code == 0
    assert said.out.startswith("25 symbols, 953 bars, 2 Jan 2024 to 27 Feb 2024\n")
    for line in ("missing_session  error", "short_session    error", "jump             warning"):
        assert line in said.out
    assert "not_positive  error        1        1         0" in said.out
    assert "31 Jan 2024      missing         1        0       25" in said.out
    assert "14 Feb 2024      short           1        4       25" in said.out
    assert "10 of 25 rows; --rows N and --json show more" in said.out
    assert "jump_above 1.5, jump_below 0.5" in said.out
    assert not any(line.endswith(" ") for line in said.out.splitlines())


def test_how_many_rows(stockstream: Stockstream, dirty: Path) -> None:
    few = stockstream("quality", "--lake", dirty, "--rows", "1").out
    assert "1 of 2 rows" in few
    assert "missing_session" in few
    assert "short_session" in few, "rules are shown whatever --rows says"
    none = stockstream("quality", "--lake", dirty, "--rows", "0").out
    assert "0 of 25 rows" in none
    assert "rows; --rows" not in stockstream("quality", "--lake", dirty, "--rows", "99").out


def test_json_is_one_document(stockstream: Stockstream, dirty: Path) -> None:
    document = stockstream("quality", "--lake", dirty, "--json").document
    assert document["counts"] == {"info": 0, "warning": 2, "error": 2}
    assert (document["bars"], document["symbols"], document["set_aside"]) == (953, 25, 1)
    assert document["version"] == Lake.open(dirty).version()
    assert [row["rule"] for row in document["rules"]] == [
        *("missing_session", "short_session", "jump")
    ]
    assert document["quarantine"][0]["replaced"] == 0
    odd = [row for row in document["sessions"] if row["state"] != "ok"]
    assert [(row["date"], row["state"]) for row in odd] == [
        ("2024-01-31", "missing"),
        ("2024-02-14", "short"),
    ]
    assert len(document["sessions"]) == 40
    assert document["worst_symbols"][0]["symbol"] == "S07.AX"
    assert document["adjusted"] == {"compared": 0, "off": []}
    assert document["thresholds"]["jump_above"] == 1.5


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 0),
        (["--fail-on", "error"], 1),
        (["--fail-on", "warning"], 1),
        (["--fail-on", "error", "--end", "2024-01-30"], 0),
        (["--fail-on", "error", "--start", "2024-02-15"], 0),
        (["--fail-on", "warning", "--start", "2024-02-15"], 1),
        (["--fail-on", "warning", "--start", "2024-02-15", "--symbols", "S01,S02"], 0),
        (["--fail-on", "error", "--symbols", "S01"], 1),  # a session of the market lacks
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_found_can_fail_a_build(
    stockstream: Stockstream, dirty: Path, arguments: list[str], code: int
) -> None:
    assert stockstream("quality", "--lake", dirty, "--json", *arguments).code == code


def test_a_window_and_some_symbols(stockstream: Stockstream, dirty: Path) -> None:
    arguments = ("--start", "2024-02-12", "--end", "2024-02-20", "--symbols", "S07,S01")
    document = stockstream("quality", "--lake", dirty, "--json", *arguments).document
    assert document["asked"] == "S07, S01 from 2024-02-12 to 2024-02-20"
    assert (document["symbols"], document["bars"]) == (2, 13)
    states = {row["date"]: (row["symbols"], row["state"]) for row in document["sessions"]}
    assert states["2024-02-14"] == (4, "short"), "the market is judged by what was before"
    assert states["2024-02-15"] == (25, "ok")
    assert len(states) == 7


def test_thresholds_come_from_the_settings(
    stockstream: Stockstream, dirty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSTREAM__QUALITY__JUMP_ABOVE", "9")
    monkeypatch.setenv("STOCKSTREAM__QUALITY__JUMP_BELOW", "0.1")
    document = stockstream("quality", "--lake", dirty, "--json").document
    assert document["counts"]["warning"] == 0
    assert document["thresholds"]["jump_above"] == 9


def test_the_page_is_written(stockstream: Stockstream, dirty: Path, tmp_path: Path) -> None:
    page = tmp_path / "out" / "quality.html"
    said = stockstream("quality", "--lake", dirty, "--html", page)
    assert said.code == 0
    assert f"wrote {page}" in said.err
    text = page.read_text(encoding="utf-8")
    assert "missing_session" in text
    assert str(dirty) in text


def test_a_simulated_market(stockstream: Stockstream, lake: Path) -> None:
    document = stockstream("quality", "--lake", lake, "--json").document
    assert document["simulated"] is True
    assert set(document["counts"]) == set(SEVERITIES)
    assert document["counts"]["error"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--symbols", "S99"], 2, "'S99'"),
        (["--start", "2030-01-01"], 1, "there is no bar from 2030-01-01"),
        (["--start", "2024-02-01", "--end", "2024-01-01"], 2, "2024-02-01"),
        (["--fail-on", "info"], 2, "'info'"),
        (["--start", "yesterday"], 2, "is not a date"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_clear_line(
    stockstream: Stockstream, dirty: Path, arguments: list[str], code: int, message: str
) -> None:
    said = stockstream("quality", "--lake", dirty, *arguments)
    assert (said.code, said.out) == (code, "")
    assert message in said.err


def test_an_empty_lake_says_so(stockstream: Stockstream, tmp_path: Path) -> None:
    Lake.create(tmp_path / "empty")
    said = stockstream("quality", "--lake", tmp_path / "empty")
    assert said.code == 1
    assert "holds no bars yet" in said.err


def test_a_lake_without_a_calendar(stockstream: Stockstream, tmp_path: Path) -> None:
    days = [dt.date(2024, 3, day) for day in (2, 3, 4)]  # a weekend among them
    prices = pl.DataFrame({"symbol": "BTC", "date": days, "close": [1.0, 1.1, 1.2], "volume": 5})
    file = tmp_path / "btc.csv"
    prices.with_columns(open="close", high="close", low="close").write_csv(file)
    import_files([file], tmp_path / "lake", calendar="none")
    document = stockstream("quality", "--lake", tmp_path / "lake", "--json").document
    assert document["calendar"] == "none"
    assert document["rules"] == []
