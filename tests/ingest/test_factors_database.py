"""Databases: how they are named, what is read from them, and that no password is ever shown."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import ConfigError, DataError, UnknownNameError
from stockstream.ingest.factors.database import Database, quote_table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres import Postgres

CANARY = "k@nary/9 %word"
CONFIG = {"host": "db.example.com", "user": "me", "password": CANARY, "database": "ratios"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite file in which one column is a number in some rows and text in others."""
    path = tmp_path / "factors & more.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE late (symbol, roe REAL)")
        rows = [(f"S{number}", None) for number in range(1100)]
        connection.executemany("INSERT INTO late VALUES (?, ?)", [*rows, ("LAST", 1 / 3)])
        connection.execute('CREATE TABLE "mixed ""up""" (symbol TEXT, value REAL, known_at TEXT)')
        mixed = [("A", 1 / 3, "2024-01-02"), ("B", "n/m", None), ("C", 7, "2024-01-03")]
        connection.executemany('INSERT INTO "mixed ""up""" VALUES (?, ?, ?)', mixed)
        connection.commit()
    return path


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (
            "postgresql://me:pw@db.example.com:5433/ratios",
            "postgresql://db.example.com:5433/ratios",
        ),
        ("postgres://me@db.example.com/ratios", "postgresql://db.example.com/ratios"),
        ("postgresql+psycopg2://me:pw@localhost/r?sslmode=require", "postgresql://localhost/r"),
        ("postgresql:///r?host=/run/postgresql&password=pw", "postgresql:///run/postgresql/r"),
        ("postgresql://me:p%40%2Fw@[::1]/r", "postgresql://::1/r"),
    ],
)
def test_a_url_is_shown_without_what_is_secret(url: str, place: str) -> None:
    database = Database.from_url(url)
    assert database.place == place
    assert repr(database) == f"Database(engine='postgresql', place={place!r})"
    assert database.url.startswith("postgresql://")
    assert "connect_timeout=15" in database.url


def test_a_time_to_wait_that_was_given_stays() -> None:
    assert "connect_timeout=15" not in Database.from_url("postgresql://h/d?connect_timeout=3").url


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{CANARY}@db.example.com/ratios",
        f"postgresql://me:12/{CANARY}@db.example.com/ratios",
        f"postgresql://me:12?{CANARY}@db.example.com/ratios",
        f"postgresql://me:12#{CANARY}@db.example.com/ratios",
        f"postgresql://[{CANARY}@db.example.com/ratios",
        f"me:{CANARY}@db.example.com",
        CANARY,
        f"mysql://me:{CANARY}@db.example.com/ratios",
        "",
    ],
)
def test_an_address_that_cannot_be_read_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Database.from_url(url)
    assert CANARY not in str(caught.value)
    assert "word" not in str(caught.value).partition("in a password")[0]


@pytest.mark.parametrize(
    "config",
    [
        {**CONFIG, "port": 5433, "engine": "postgresql"},
        {**CONFIG, "port": "5433", "engine": "django.db.backends.postgresql"},
        {
            "HOST": "db.example.com",
            "USERNAME": "me",
            "PASSWORD": CANARY,
            "DBNAME": "ratios",
            "PORT": 5433,
            "ENGINE": None,
        },
    ],
)
def test_a_configuration_becomes_a_url(config: dict[str, Any]) -> None:
    database = Database.from_config(config)
    url = "postgresql://me:k%40nary%2F9%20%25word@db.example.com:5433/ratios?connect_timeout=15"
    assert database.url == url
    assert database.place == "postgresql://db.example.com:5433/ratios"
    assert CANARY not in repr(database)
    assert CANARY in database.secrets


@pytest.mark.parametrize(
    ("config", "url"),
    [
        ({"database": "d"}, "postgresql://localhost/d?connect_timeout=15"),
        (
            {"database": "d", "host": "/run/pg", "user": "me", "port": 5433},
            "postgresql://me@:5433/d?host=%2Frun%2Fpg&connect_timeout=15",
        ),
        ({"database": "d", "host": "::1"}, "postgresql://[::1]/d?connect_timeout=15"),
    ],
)
def test_what_a_configuration_leaves_out(config: dict[str, Any], url: str) -> None:
    assert Database.from_config(config).url == url


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"host": "h", "password": CANARY}, "does not name it"),
        ({**CONFIG, "hots": "h"}, "did you mean 'host'"),
        ({**CONFIG, "engine": "mysql"}, "known: postgres, postgresql, sqlite"),
        ({**CONFIG, "port": "54x"}, "cannot be read"),
        ({"engine": "sqlite", "database": "nowhere.db"}, "no file 'nowhere.db'"),
    ],
)
def test_a_configuration_that_cannot_be_used(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Database.from_config(config)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("prefix", ["DB_", "RESEARCH__DB__", "db_"])
def test_from_the_environment(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in {**CONFIG, "port": "5433", "unknown": "x"}.items():
        monkeypatch.setenv(f"{prefix}{key}".upper(), value)
    assert Database.from_environment(prefix) == Database.from_config({**CONFIG, "port": 5433})


def test_an_environment_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="DB_HOST, DB_USER, DB_DATABASE"):
        Database.from_environment()
    with pytest.raises(ConfigError, match="variable FACTORS_URL is not set"):
        Database.from_variable("FACTORS_URL")
    monkeypatch.setenv("FACTORS_URL", "postgresql://h/d")
    assert Database.from_variable("FACTORS_URL").place == "postgresql://h/d"


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("ratios", '"ratios"'),
        ("public.Ratios", '"public"."Ratios"'),
        ('x"; DROP TABLE y; --', '"x""; DROP TABLE y; --"'),
    ],
)
def test_a_table_is_quoted(name: str, quoted: str) -> None:
    assert quote_table(name) == quoted


@pytest.mark.parametrize("name", ["", " ", "a..b", ".a", "a.b.c.d", "a\0b"])
def test_a_name_that_is_no_table(name: str) -> None:
    with pytest.raises(ConfigError, match="not a table"):
        quote_table(name)


@given(st.text(st.characters(codec="utf-8", exclude_characters=".\0"), min_size=1))
def test_no_name_gets_out_of_its_quotes(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE {quote_table('t' + name)} (a)")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert tables.fetchall() == [(f"t{name}",)]


def test_sqlite_keeps_every_digit_and_late_numbers(file: Path) -> None:
    database = Database.from_url(f"sqlite:///{file}")
    assert database.place == f"sqlite:///{file}"
    late = database.read("SELECT * FROM late")
    assert late["roe"].to_list()[-2:] == [None, 1 / 3]
    mixed = database.read('SELECT * FROM "mixed ""up"""')
    assert mixed.rows() == [
        ("A", str(1 / 3), "2024-01-02"),
        ("B", "n/m", None),
        ("C", "7.0", "2024-01-03"),
    ]
    assert database.read("SELECT 1 AS a WHERE 0").columns == ["a"]


def test_sqlite_is_read_only_and_makes_no_file(file: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="readonly"):
        Database.from_url(f"sqlite:///{file}").read("DROP TABLE late")
    with pytest.raises(ConfigError, match="no file"):
        Database.from_url(f"sqlite:///{tmp_path}/nowhere.db")
    assert not (tmp_path / "nowhere.db").exists()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("NOT SQL", "syntax error"),
        ("SELECT * FROM nope", "no such table: nope"),
        ("SELECT symbol, symbol FROM late", "more than one"),
        ("PRAGMA user_version = 1", "readonly"),
        ("BEGIN", "no columns"),
    ],
)
def test_what_sqlite_refuses(file: Path, statement: str, message: str) -> None:
    with pytest.raises(DataError, match=f"factors & more.db.*{message}"):
        Database.from_url(f"sqlite:///{file}").read(statement)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("symbol,date\n" * 200, encoding="utf-8")
    with pytest.raises(DataError, match="not a database"):
        Database.from_url(f"sqlite:///{tmp_path}/x.db").read("SELECT * FROM sqlite_master")


def test_types_of_postgresql(postgres: Postgres) -> None:
    postgres.run(
        "CREATE TABLE kinds (t text, d date, z timestamptz, n numeric(20, 12), f float8, i int)",
        "INSERT INTO kinds VALUES"
        " ('BHP', '2024-06-30', '2024-08-20 22:00+00', 1.123456789012, 0.1, 3),"
        " ('CBA', NULL, NULL, NULL, NULL, NULL)",
    )
    frame = Database.from_config(postgres.__dict__).read("SELECT * FROM kinds ORDER BY t;")
    assert frame.row(0) == (
        "BHP",
        dt.date(2024, 6, 30),
        dt.datetime(2024, 8, 20, 22, tzinfo=dt.UTC),
        "1.123456789012",
        0.1,
        3,
    )
    assert frame.row(1) == ("CBA", None, None, None, None, None)
    assert frame["n"].dtype == pl.String


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "statement", "message"),
    [
        ({}, "SELECT * FROM nope", 'relation "nope" does not exist'),
        ({}, "NOT SQL", "syntax error"),
        ({}, "SELECT 1 AS a, 2 AS a", "more than one|duplicate"),
        ({}, "SELECT 1; SELECT 2", "multiple commands"),
        ({}, "CREATE TABLE made (a int)", "no columns"),
        ({"password": "wr0ng-canary"}, "SELECT 1", "password authentication failed"),
        ({"database": "nope"}, "SELECT 1", 'database "nope" does not exist'),
        ({"port": 1}, "SELECT 1", "Connection refused"),
    ],
)
def test_what_postgresql_refuses(
    postgres: Postgres, change: dict[str, Any], statement: str, message: str
) -> None:
    database = Database.from_config({**postgres.__dict__, **change})
    with pytest.raises(DataError, match=message) as caught:
        database.read(statement)
    text = str(caught.value)
    assert text.startswith(f"{database.place}: ")
    assert "nary" not in text
    assert caught.value.__cause__ is None  # a traceback must not show it either


def test_a_query_writes_nothing(postgres: Postgres) -> None:
    database = Database.from_url(postgres.url)
    with pytest.raises(DataError, match="no columns"):
        database.read("CREATE TABLE left_behind (a int)")
    with pytest.raises(DataError, match="does not exist"):
        database.read("SELECT * FROM left_behind")


def test_a_password_among_the_options(postgres: Postgres) -> None:
    secret = quote(CANARY, safe="")
    url = f"postgresql://{postgres.user}@{postgres.host}:{postgres.port}/postgres?password={secret}"
    database = Database.from_url(url)
    assert database.read("SELECT 1 AS one").rows() == [(1,)]
    assert CANARY in database.secrets
    assert "nary" not in repr(database)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(ConfigError, match=r"pip install 'stockstream\[sql\]'"):
        Database.from_url("postgresql://h/d").read("SELECT 1")


def test_another_kind_of_database() -> None:
    with pytest.raises(UnknownNameError, match="kind of database 'oracle'"):
        Database.from_url("oracle://h/d")
