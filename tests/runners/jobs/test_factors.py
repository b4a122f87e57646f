"""Factors from a database, with the login in the environment or in a secret."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from tests.postgres import running_postgres

from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.runners.jobs import names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import Postgres
    from tests.runners.jobs.conftest import Jobs

    from stockstream.aws.local import LocalAws

ROWS = [("2018-12-31", 0.5), ("2019-06-30", 0.7)]
TABLE = "CREATE TABLE ratios (symbol text, date text, name text, value real, known_at text)"
SECRET = "canary-k9/@"  # noqa: S105 - of no server


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENGINE", "HOST", "PORT", "NAME", "USER", "PASSWORD", "SECRET"):
        monkeypatch.delenv(f"DB_{name}", raising=False)


@pytest.fixture
def sqlite(jobs: Jobs, tmp_path: Path) -> dict[str, str]:
    """A database of two quarters of all companies; what a job is told of it."""
    place = tmp_path / "ratios.db"
    with closing(sqlite3.connect(place)) as database, database:
        database.execute(TABLE)
        for symbol in Lake.open(jobs.lake).symbols():
            for day, value in ROWS:
                row = (symbol, day, "DebtToEquity", value, day)
                database.execute("INSERT INTO ratios VALUES (?, ?, ?, ?, ?)", row)
    told = {"DB_ENGINE": "sqlite", "DB_NAME": str(place), "FACTORS_TABLE": "ratios"}
    return {**told, "KEY": "factors"}


def kept(lake: str) -> list[str]:
    """Every file of the tables of a lake."""
    place = Location.of(lake)
    return sorted(file.name for file in place.files() if not file.name.startswith("runs/"))


def test_factors_come_into_the_lake_once(jobs: Jobs, sqlite: dict[str, str]) -> None:
    assert jobs("factors", **sqlite) == names.DONE
    told = jobs.answer("factors")
    companies = len(Lake.open(jobs.lake).symbols())
    assert (told["values"], told["added"], told["names"]) == (
        2 * companies,
        2 * companies,
        ["DebtToEquity"],
    )
    assert (told["first"], told["last"]) == ("2018-12-31", "2019-06-30")
    before, version = kept(jobs.lake), Lake.open(jobs.lake).version()
    assert told["version"] == version
    assert jobs("factors", **sqlite) == names.DONE  # the message comes twice
    again = jobs.answer("factors")
    assert (again["added"], again["unchanged"]) == (0, 2 * companies)
    assert kept(jobs.lake) == before
    assert again["version"] == version


def test_a_study_keeps_its_name_when_nothing_new_came(jobs: Jobs, sqlite: dict[str, str]) -> None:
    config = {
        "strategy_class": "LongShortEquityStrategy",
        "start_date": "2019-07-01",
        "end_date": "2020-12-31",
        "factors": ["DebtToEquity"],
        "param_grid": {"rebalance_period": [7, 30]},
    }
    jobs("factors", **sqlite)
    first = jobs.plan(config=config)
    jobs("factors", **sqlite)
    assert jobs.plan("another", config=config)["run"] == first["run"]


def test_what_is_read_can_be_chosen(jobs: Jobs, sqlite: dict[str, str]) -> None:
    del sqlite["FACTORS_TABLE"]
    statement = "SELECT symbol, date, 7.5 AS Beta, 1 AS Other FROM ratios WHERE value > 0.6"
    query = {"FACTORS_QUERY": statement}
    for wanted in ('["Beta"]', "Beta", " Beta , "):
        assert (
            jobs("factors", **sqlite, **query, FACTORS=wanted, FACTORS_KNOWN_LAG=90) == names.DONE
        )
        assert jobs.answer("factors")["names"] == ["Beta"]
    rows = Lake.open(jobs.lake).factors(["Beta"])
    assert str(rows["known_at"][0]) == "2019-09-28"
    assert (
        jobs("factors", **{**sqlite, **query, "FACTORS_KNOWN_LAG": ""}, FACTORS_KNOWN_AT="date")
        == 0
    )


@pytest.mark.parametrize(
    ("told", "code", "message"),
    [
        ({"KEY": ""}, names.NO_USE, "the environment variable KEY is missing"),
        ({"FACTORS_TABLE": ""}, names.NO_USE, "set FACTORS_TABLE or FACTORS_QUERY"),
        ({"FACTORS_QUERY": "SELECT 1"}, names.NO_USE, "set FACTORS_TABLE or FACTORS_QUERY"),
        ({"FACTORS_TABLE": "a.b.c.d"}, names.NO_USE, "is not a table"),
        ({"FACTORS_TABLE": "none"}, names.AGAIN, "no such table"),
        ({"FACTORS_KNOWN_LAG": "x"}, names.NO_USE, "FACTORS_KNOWN_LAG is 'x'"),
        (
            {"FACTORS_KNOWN_LAG": "1", "FACTORS_KNOWN_AT": "date"},
            names.NO_USE,
            "FACTORS_KNOWN_AT and FACTORS_KNOWN_LAG exclude each other",
        ),
        ({"FACTORS": '["Beta"'}, names.NO_USE, "FACTORS is no JSON"),
        ({"FACTORS": "[1]"}, names.NO_USE, "give a list of names"),
        ({"FACTORS": "Beta"}, names.NO_USE, "unknown factor 'Beta'"),
        ({"DB_NAME": ""}, names.NO_USE, "does not name it"),
        ({"DB_ENGINE": "oracle"}, names.NO_USE, "unknown kind of database 'oracle'"),
        ({"STOCKSTREAM__LAKE": "/nowhere"}, names.AGAIN, "no lake"),
    ],
)
def test_what_cannot_be_imported_is_told(
    jobs: Jobs,
    sqlite: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    told: dict[str, str],
    code: int,
    message: str,
) -> None:
    assert jobs("factors", **{**sqlite, **told}) == code
    assert message in caplog.text
    assert Lake.open(jobs.lake).factors().is_empty()


def test_a_source_that_gives_nothing_is_told(
    jobs: Jobs, sqlite: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    del sqlite["FACTORS_TABLE"]
    empty = "SELECT * FROM ratios WHERE value > 100"  # it may be full tomorrow
    assert jobs("factors", **sqlite, FACTORS_QUERY=empty) == names.AGAIN
    assert "has no rows" in caplog.text
    strange = "SELECT 'NONE' AS symbol, date, name, value, known_at FROM ratios"
    assert jobs("factors", **sqlite, FACTORS_QUERY=strange) == names.NO_USE
    assert "no value could be taken" in caplog.text


def test_a_full_disk_leaves_the_factors_out_or_whole(
    jobs: Jobs, sqlite: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Location, "replace", full)
        assert jobs("factors", **sqlite) == names.AGAIN
    assert jobs("factors", **sqlite) == names.DONE
    assert jobs.answer("factors")["added"] == 0  # they were in; only the answer was not


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.mark.slow
def test_factors_of_postgresql(
    jobs: Jobs,
    postgres: Postgres,
    socket_enabled: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    symbol = Lake.open(jobs.lake).symbols()[0]
    row = f"('{symbol}', '2019-03-31', 'DebtToEquity', 0.5, '2019-05-15')"
    postgres.run("DROP TABLE IF EXISTS ratios", TABLE, f"INSERT INTO ratios VALUES {row}")  # noqa: S608
    login: dict[str, Any] = {
        "DB_ENGINE": "postgresql",
        "DB_HOST": postgres.host,
        "DB_PORT": postgres.port,
        "DB_NAME": postgres.database,
        "DB_USER": postgres.user,
    }
    told: dict[str, Any] = {"KEY": "factors", "FACTORS_TABLE": "ratios", **login}
    assert jobs("factors", **told, DB_PASSWORD=postgres.password) == names.DONE
    assert jobs.answer("factors")["added"] == 1
    assert jobs("factors", **told, DB_PASSWORD="wrong") == names.AGAIN  # noqa: S106
    assert jobs("factors", **{**told, "DB_PORT": 1}, DB_PASSWORD=postgres.password) == names.AGAIN
    assert postgres.password not in caplog.text
    assert postgres.password.encode() not in jobs.read(names.answer_file("factors"))


def secret(local: LocalAws, document: Any) -> str:
    """A new secret; its ARN."""
    text = document if isinstance(document, str) else json.dumps(document)
    made = local.client("secretsmanager").create_secret(Name=uuid4().hex, SecretString=text)
    return str(made["ARN"])


def test_the_login_may_be_a_secret(
    jobs: Jobs, sqlite: dict[str, str], local_aws: LocalAws, aws_environment: dict[str, str]
) -> None:
    del sqlite["DB_ENGINE"]
    place = sqlite.pop("DB_NAME")
    written = {"engine": "sqlite", "dbname": place, "username": "u", "password": SECRET}
    arn = secret(local_aws, {**written, "dbInstanceIdentifier": "factors-1"})
    assert jobs("factors", **sqlite, DB_SECRET=arn) == names.DONE
    assert jobs.answer("factors")["added"] > 0
    managed = secret(local_aws, {"username": "u", "password": SECRET})  # as RDS rotates it
    more = {"DB_ENGINE": "sqlite", "DB_NAME": place, "DB_SECRET": managed.rpartition(":")[2][:-7]}
    assert jobs("factors", **sqlite, **more) == names.DONE


@pytest.mark.parametrize("content", ["no JSON", '["list"]', '{"password": "canary-k9/@"}'])
def test_a_secret_that_is_no_login_is_told_without_it(
    jobs: Jobs,
    sqlite: dict[str, str],
    local_aws: LocalAws,
    aws_environment: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    content: str,
) -> None:
    told = {name: value for name, value in sqlite.items() if not name.startswith("DB_")}
    arn = secret(local_aws, content)
    assert jobs("factors", **told, DB_SECRET=arn) == names.NO_USE
    assert "does not name it" in caplog.text or "is no JSON object like the one" in caplog.text
    assert SECRET not in caplog.text


def test_a_secret_that_is_not_there_is_told(
    jobs: Jobs,
    sqlite: dict[str, str],
    aws_environment: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert jobs("factors", **sqlite, DB_SECRET="none-of-this-name") == names.NO_USE  # noqa: S106
    assert "none-of-this-name cannot be read: there is no such secret" in caplog.text
