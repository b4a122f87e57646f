"""``stockstream factors``: import and show; passwords are shown nowhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from stockstream.lake.factor_panel import factor_rows
from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

CANARY = "canary-passw0rd"
BARS = (
    "symbol,date,open,high,low,close,volume\n"
    "BHP.AX,2024-01-02,10,11,9,10.5,1000\n"
    "CBA.AX,2024-01-02,10,11,9,10.5,1000\n"
)
FACTORS = (
    "symbol,date,DebtToEquity,EPS,known_at\n"
    "BHP,2024-06-30,0.5,1.5,2024-08-20\n"
    "CBA,2024-06-30,1.25,,2024-08-14\n"
    "BHP,2024-06-30,0.75,,2024-09-01\n"
)


@pytest.fixture
def files(stockstream: Stockstream, tmp_path: Path) -> Path:
    """A lake with two symbols, and a file of their factors."""
    (tmp_path / "bars.csv").write_text(BARS, encoding="utf-8")
    (tmp_path / "factors.csv").write_text(FACTORS, encoding="utf-8")
    assert stockstream("import", "bars.csv", "--lake", "lake").code == 0
    return tmp_path


@pytest.fixture
def database(files: Path) -> str:
    with closing(sqlite3.connect(files / "x.db")) as connection:
        connection.execute("CREATE TABLE ratios (symbol TEXT, date TEXT, roe REAL)")
        connection.execute("INSERT INTO ratios VALUES ('BHP.AX', '2024-06-30', 0.125)")
        connection.commit()
    return f"sqlite:///{files / 'x.db'}"


def test_an_import_and_what_is_there(stockstream: Stockstream, files: Path) -> None:
    said = stockstream("factors", "import", "factors.csv", "--suffix", ".AX", "--lake", "lake")
    assert said.code == 0
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert "values added 4" in lines
    assert "symbols 2 2024-06-30 to 2024-06-30" in lines
    assert "factors 2 DebtToEquity, EPS" in lines
    shown = stockstream("factors", "show", "--lake", "lake")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert lines[0] == "factor first last known after symbols values restated"
    assert lines[2:] == [
        "DebtToEquity 2024-06-30 2024-06-30 51 days (45 to 63) 2 3 1",
        "EPS 2024-06-30 2024-06-30 51 days (51 to 51) 1 1 0",
    ]


def test_both_in_json(stockstream: Stockstream, files: Path) -> None:
    arguments = ("factors.csv", "--suffix", ".AX", "--factors", "EPS", "--lake", "lake", "--json")
    document = stockstream("factors", "import", *arguments).document
    assert (document["added"], document["names"], document["empty"]) == (1, ["EPS"], 2)
    (eps,) = stockstream("factors", "--lake", "lake", "--json").document["factors"]
    assert (eps["name"], eps["symbols"], eps["lag_median"]) == ("EPS", 1, 51.0)


def test_an_empty_lake_says_how_to_go_on(stockstream: Stockstream, files: Path) -> None:
    assert "stockstream factors import FILE" in stockstream("factors", "--lake", "lake").out


def test_what_stays_out_is_said(stockstream: Stockstream, files: Path) -> None:
    rows = "BHP,2024-12-31,n.m.,1,2025-02-20\nXYZ,2024-12-31,1,2,2025-02-20\n"
    (files / "factors.csv").write_text(FACTORS + rows, encoding="utf-8")
    (files / "page.csv").write_text("<html>\n", encoding="utf-8")
    places = ("factors.csv", "page.csv")
    said = stockstream("factors", "import", *places, "--suffix", ".AX", "--lake", "lake")
    assert said.code == 3
    assert "not_a_number" in said.out
    assert "DebtToEquity of BHP.AX for 2024-12-31, known 2025-02-20: 'n.m.'" in said.out
    assert "1 symbol the lake does not have: XYZ.AX" in said.out
    assert "not read: page.csv has no column for symbol and date" in said.out


def test_without_a_day_of_knowledge_nothing_goes_in(stockstream: Stockstream, files: Path) -> None:
    (files / "x.csv").write_text("symbol,date,EPS\nBHP.AX,2024-06-30,1\n", encoding="utf-8")
    said = stockstream("factors", "import", "x.csv", "--lake", "lake")
    assert said.code == 2
    assert "--known-at COLUMN" in said.err
    assert "--known-lag DAYS" in said.err
    assert stockstream("factors", "import", "x.csv", "--known-lag", 90, "--lake", "lake").code == 0


@pytest.mark.parametrize("how", ["url", "url_env", "db_env"])
def test_from_a_database(
    stockstream: Stockstream, database: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTORS_URL", database)
    monkeypatch.setenv("FACTORS_ENGINE", "sqlite")
    monkeypatch.setenv("FACTORS_DATABASE", database.removeprefix("sqlite:///"))
    ways = {"url": [database], "url_env": ["--url-env", "FACTORS_URL"]}
    place = ways.get(how, ["--db-env", "FACTORS_"])
    read = ("--table", "ratios") if how == "url" else ("--query", "SELECT * FROM ratios")
    said = stockstream("factors", "import", *place, *read, "--known-lag", 60, "--lake", "lake")
    assert said.code == 0
    assert factor_rows(Lake.open("lake"))["value"].to_list() == [0.125]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to import"),
        (["nothing.csv"], "no file nothing.csv"),
        (["factors.csv", "--table", "x"], "need a database"),
        (["sqlite:///x.db", "factors.csv"], "one database"),
        (["factors.csv", "--db-env", "FACTORS_"], "one database"),
        (["--db-env", "NO_SUCH_"], "NO_SUCH_HOST"),
        (["--url-env", "NO_SUCH"], "NO_SUCH is not set"),
        (["--url-env", "FACTORS_URL", "--db-env", "FACTORS_"], "exclude each other"),
        (["--url-env", "FACTORS_URL"], "--query or --table"),
        (["--url-env", "FACTORS_URL", "--table", "a..b"], "not a table"),
        (["--url-env", "FACTORS_URL", "--query", "SELECT 1"], "127.0.0.1:1/d: "),
        ([f"postgresql://me:{CANARY}@127.0.0.1:1/d", "--query", "SELECT 1"], "127.0.0.1:1/d: "),
        ([f"postgresql://me:{CANARY}@127.0.0.1:x/d", "--query", "SELECT 1"], "cannot be read"),
        ([f"mysql://me:{CANARY}@127.0.0.1/d", "--query", "SELECT 1"], "kind of database 'mysql'"),
        ([f"me:{CANARY}@127.0.0.1/d"], "is no file"),
    ],
)
def test_what_goes_wrong_shows_no_password(
    stockstream: Stockstream,
    files: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACTORS_URL", f"postgresql://me:{CANARY}@127.0.0.1:1/d")
    monkeypatch.setenv("FACTORS_NAME", "d")
    said = stockstream("--debug", "factors", "import", *arguments, "--lake", "lake", "--json")
    assert said.code in {1, 2}
    assert message in said.document["error"]["message"]
    assert CANARY not in said.out + said.err.replace(f"monkeypatch {CANARY}", "")


def test_options_stand_behind_the_subcommand(stockstream: Stockstream) -> None:
    said = stockstream("factors", "--json", "show")
    assert said.code == 2
    assert "stockstream factors show" in said.err
