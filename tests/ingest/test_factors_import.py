"""From tables of factors to the lake: what goes in, what stays out; nothing is replaced."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl
import pytest

from stockstream.errors import ConfigError, DataError, LakeError, NoDataError, UnknownNameError
from stockstream.ingest.factors import Database, FileSource, SqlSource, find_files, import_factors
from stockstream.lake.factor_panel import factor_panel, factor_rows
from stockstream.lake.store import Lake
from stockstream.market.bars import conform

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres import Postgres

    from stockstream.ingest.factors import FactorSummary

LONG = "symbol,date,name,value,known_at\n"
WIDE = "symbol,date,DebtToEquity,NewsSentiment,known_at\n"


class Import(Protocol):
    def __call__(self, *texts: str, **options: Any) -> FactorSummary: ...


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """BHP.AX and CBA.AX, so that the lake knows these symbols."""
    lake = Lake.create(tmp_path / "lake", calendar="XASX")
    days = [dt.date(2024, 1, 2), dt.date(2024, 1, 3)]
    prices = dict.fromkeys(("open", "high", "low", "close"), 10.0)
    rows = [
        {"symbol": symbol, "date": day, **prices, "volume": 1, "basis": "raw"}
        for symbol in ("BHP.AX", "CBA.AX")
        for day in days
    ]
    lake.merge(conform(pl.DataFrame(rows), provider="test"))
    return lake


@pytest.fixture
def bring(lake: Lake, tmp_path: Path) -> Import:
    """Imports CSV texts, each as a file of its own."""

    def run(*texts: str, **options: Any) -> FactorSummary:
        sources = []
        for number, text in enumerate(texts, start=1):
            path = tmp_path / f"factors{number}.csv"
            path.write_text(text, encoding="utf-8")
            sources.append(FileSource(path))
        return import_factors(sources, lake, **options)

    return run


def rows(lake: Lake) -> list[tuple[Any, ...]]:
    found = factor_rows(lake).sort("symbol", "name", "date", "known_at")
    plain = found.with_columns(pl.col("date", "known_at").cast(pl.String))
    return plain.select("symbol", "date", "name", "value", "known_at").rows()


def test_the_long_layout(bring: Import, lake: Lake) -> None:
    summary = bring(
        LONG + "BHP.AX,2024-06-30,DebtToEquity,0.5,2024-08-20\n"
        "CBA.AX,2024-06-30,DebtToEquity,1.25,2024-08-14\n"
        "CBA.AX,2024-06-30,EPS,n/a,2024-08-14\n"
    )
    assert rows(lake) == [
        ("BHP.AX", "2024-06-30", "DebtToEquity", 0.5, "2024-08-20"),
        ("CBA.AX", "2024-06-30", "DebtToEquity", 1.25, "2024-08-14"),
    ]
    assert (summary.values, summary.added, summary.unchanged, summary.empty) == (2, 2, 0, 1)
    assert (summary.names, summary.symbols) == (("DebtToEquity",), 2)
    assert (summary.first, summary.last) == (dt.date(2024, 6, 30), dt.date(2024, 6, 30))
    assert not summary.is_partial
    assert factor_rows(lake)["source"].unique().to_list() == ["factors1.csv"]
    assert json.loads(json.dumps(summary.as_dict()))["first"] == "2024-06-30"


def test_the_wide_layout(bring: Import, lake: Lake) -> None:
    summary = bring(
        "Code;Period End;P/E;News Sentiment;Known At\n"
        "bhp;30/06/2024;12.5;;21/08/2024\n"
        "cba;30/06/2024;20;-0.5;14/08/2024\n",
        suffix=".ax",
    )
    assert rows(lake) == [
        ("BHP.AX", "2024-06-30", "P/E", 12.5, "2024-08-21"),
        ("CBA.AX", "2024-06-30", "News Sentiment", -0.5, "2024-08-14"),
        ("CBA.AX", "2024-06-30", "P/E", 20.0, "2024-08-14"),
    ]
    assert (summary.values, summary.empty) == (3, 1)


def test_both_layouts_say_the_same(bring: Import, lake: Lake) -> None:
    bring(WIDE + "BHP.AX,2024-06-30,0.1,0.2,2024-08-20\n")
    again = bring(
        LONG + "BHP.AX,2024-06-30,NewsSentiment,0.2,2024-08-20\n"
        "BHP.AX,2024-06-30,DebtToEquity,0.1,2024-08-20\n"
    )
    assert (again.added, again.unchanged) == (0, 2)
    assert len(rows(lake)) == 2


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_only_the_factors_that_were_asked_for(bring: Import, lake: Lake, layout: str) -> None:
    texts = {
        "wide": WIDE + "BHP.AX,2024-06-30,0.1,x,2024-08-20\n",
        "long": LONG + "BHP.AX,2024-06-30,DebtToEquity,0.1,2024-08-20\n"
        "BHP.AX,2024-06-30,NewsSentiment,x,2024-08-20\n",
    }
    assert not bring(texts[layout], names=["DebtToEquity"]).is_partial
    assert [row[2] for row in rows(lake)] == ["DebtToEquity"]


def test_importing_again_commits_nothing(bring: Import, lake: Lake) -> None:
    text = LONG + "BHP.AX,2024-06-30,EPS,0.5,2024-08-20\n"
    bring(text)
    commits = len(lake.log())
    assert bring(text).unchanged == 1
    assert len(lake.log()) == commits


@pytest.mark.parametrize(
    ("options", "known"),
    [
        ({"known_lag": 90}, "2024-09-28"),
        ({"known_lag": 0}, "2024-06-30"),
        ({"known_at": "Filed"}, "2024-08-20"),
    ],
)
def test_the_user_says_when_it_was_public(
    bring: Import, lake: Lake, options: dict[str, Any], known: str
) -> None:
    filed = ",Filed" if "known_at" in options else ""
    value = ",2024-08-20" if filed else ""
    bring(f"symbol,date,EPS{filed}\nBHP.AX,2024-06-30,0.5{value}\n", **options)
    assert rows(lake) == [("BHP.AX", "2024-06-30", "EPS", 0.5, known)]


def test_an_assumed_lag_is_in_the_source(bring: Import, lake: Lake) -> None:
    bring("symbol,date,EPS\nBHP.AX,2024-06-30,0.5\n", known_lag=90)
    assert factor_rows(lake)["source"][0] == "factors1.csv, taken as known after 90 days"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("symbol,date,EPS\nBHP.AX,2024-06-30,1\n", {}, "--known-at COLUMN.*--known-lag DAYS"),
        (WIDE, {"known_lag": 30}, "leave --known-lag out"),
        (WIDE, {"known_lag": 30, "known_at": "known_at"}, "exclude each other"),
        (WIDE, {"known_lag": -1}, "before the date"),
        (WIDE, {"known_at": "knwn_at"}, "did you mean 'known_at'"),
        (WIDE + "BHP.AX,2024-06-30,1,2,2024-08-20\n", {"names": ["EPS"]}, "unknown factor 'EPS'"),
    ],
)
def test_it_is_never_guessed(
    bring: Import, lake: Lake, text: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        bring(text, **options)
    assert rows(lake) == []


def test_a_restatement_is_one_more_row(bring: Import, lake: Lake) -> None:
    bring(LONG + "BHP.AX,2024-06-30,EPS,0.5,2024-08-20\n")
    summary = bring(LONG + "BHP.AX,2024-06-30,EPS,0.4,2024-11-01\n")
    assert (summary.added, summary.is_partial) == (1, False)
    assert [row[3:] for row in rows(lake)] == [(0.5, "2024-08-20"), (0.4, "2024-11-01")]
    sessions = np.array(["2024-08-19", "2024-08-20", "2024-10-31", "2024-11-01"], "datetime64[D]")
    seen = factor_panel(factor_rows(lake), ["BHP.AX"], sessions)["EPS"][:, 0]
    assert seen.tolist()[1:] == [0.5, 0.5, 0.4]
    assert np.isnan(seen[0])


def test_another_value_for_the_same_day_of_knowledge_stays_out(bring: Import, lake: Lake) -> None:
    bring(LONG + "BHP.AX,2024-06-30,EPS,0.5,2024-08-20\n")
    summary = bring(
        LONG + "BHP.AX,2024-06-30,EPS,0.4,2024-08-20\nBHP.AX,2024-12-31,EPS,0.6,2025-02-20\n"
    )
    assert summary.rejected == {"overwrites": 1}
    assert summary.examples["overwrites"] == "EPS of BHP.AX for 2024-06-30, known 2024-08-20: 0.4"
    assert [row[3] for row in rows(lake)] == [0.5, 0.6]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (",2024-06-30,EPS,1,2024-08-20", "missing_symbol_or_date"),
        ("BHP.AX,,EPS,1,2024-08-20", "missing_symbol_or_date"),
        ("BHP.AX,2024-06-30,,1,2024-08-20", "unusable_name"),
        ("BHP.AX,2024-06-30,=EPS(),1,2024-08-20", "unusable_name"),
        ("BHP.AX,2024-06-30,EPS,12%,2024-08-20", "not_a_number"),
        ("BHP.AX,2024-06-30,EPS,inf,2024-08-20", "not_finite"),
        ("BHP.AX,2024-06-30,EPS,1,", "missing_known_at"),
        ("BHP,2024-06-30,EPS,1,2024-08-20", "unknown_symbol"),
    ],
)
def test_a_wrong_row_stays_out(bring: Import, lake: Lake, row: str, rule: str) -> None:
    good = "CBA.AX,2024-06-30,EPS,2,2024-08-20\n"
    summary = bring(LONG + f"{row}\n" + good)
    assert summary.rejected == {rule: 1}
    assert rule in summary.examples
    assert summary.is_partial
    assert (summary.values, summary.added) == (2, 1)
    assert [row[0] for row in rows(lake)] == ["CBA.AX"]
    assert summary.unknown == (("BHP",) if rule == "unknown_symbol" else ())


def test_rows_that_contradict_each_other_all_stay_out(bring: Import, lake: Lake) -> None:
    summary = bring(
        LONG + "BHP.AX,2024-06-30,EPS,1,2024-08-20\nBHP.AX,2024-06-30,EPS,2,2024-08-20\n",
        LONG + "CBA.AX,2024-06-30,EPS,2,2024-08-20\nBHP.AX,2024-06-30,EPS,1,2024-08-20\n",
    )
    assert summary.rejected == {"contradictory": 3}
    assert [row[0] for row in rows(lake)] == ["CBA.AX"]


def test_what_is_only_noted(bring: Import, lake: Lake) -> None:
    row = "BHP.AX,2024-06-30,EPS,1,2024-05-01\n"
    summary = bring(LONG + row + row)
    assert summary.noted == {"repeated": 1, "known_before_date": 1}
    assert not summary.is_partial
    assert len(rows(lake)) == 1


def test_a_column_without_numbers_is_said_unless_it_was_not_asked_for(bring: Import) -> None:
    text = (
        "symbol,date,Sector,EPS,Filed,known_at\nBHP.AX,2024-06-30,Mining,1,2024-08-20,2024-08-20\n"
    )
    summary = bring(text)
    reasons = [failure.reason for failure in summary.failures]
    assert reasons == [
        "column 'Sector' holds no numbers, such as 'Mining', and was left out",
        "column 'Filed' holds no numbers, such as '2024-08-20', and was left out",
    ]
    assert summary.names == ("EPS",)
    assert not bring(text, names=["EPS"]).is_partial


def test_a_file_that_cannot_be_read_stands_beside_those_that_can(bring: Import) -> None:
    summary = bring(
        "<html>not found</html>\n",
        "",
        "symbol,EPS,known_at\nBHP.AX,1,2024-08-20\n",
        "symbol,date,ticker,known_at,EPS\n",
        "code,ticker,date,known_at,EPS\nBHP,BHP,2024-06-30,2024-08-20,1\n",
        LONG,
        "symbol,date,known_at\n",
        LONG + "BHP.AX,soon,EPS,1,2024-08-20\n",
        "symbol,date,known_at,EPS\nBHP.AX,1\nCBA.AX,1,1,1,1,1\n",
        WIDE + "BHP.AX,2024-06-30,1,2,2024-08-20\n",
    )
    assert summary.added == 2
    expected = {
        "factors1.csv": "no column for symbol and date",
        "factors2.csv": "cannot be read as a table",
        "factors3.csv": "no column for date",
        "factors4.csv": "has no rows",
        "factors5.csv": "columns 'code' and 'ticker' are both the symbol",
        "factors6.csv": "has no rows",
        "factors7.csv": "has no factor",
        "factors8.csv": "'soon' is not a date",
        "factors9.csv": "cannot be read as a table",
    }
    reasons = {failure.name: failure.reason for failure in summary.failures}
    assert reasons.keys() == expected.keys()
    for name, reason in expected.items():
        assert reason in reasons[name]


def test_nothing_that_can_be_taken_is_an_error(bring: Import) -> None:
    with pytest.raises(
        NoDataError, match=r"1 unknown_symbol .*lake has BHP\.AX: add --suffix \.AX"
    ):
        bring(LONG + "BHP,2024-06-30,EPS,1,2024-08-20\n")
    with pytest.raises(DataError, match=r"factors1\.csv has no column"):
        bring("a,b\n1,2\n")
    with pytest.raises(NoDataError, match="the sources hold none"):
        bring(LONG + "BHP.AX,2024-06-30,EPS,,2024-08-20\n")


def test_a_lake_without_symbols_takes_all(tmp_path: Path) -> None:
    empty = Lake.create(tmp_path / "empty")
    path = tmp_path / "x.csv"
    path.write_text(LONG + "NEW,2024-06-30,EPS,1,2024-08-20\n", encoding="utf-8")
    assert import_factors(find_files([path]), empty).added == 1
    with pytest.raises(LakeError, match="nowhere"):
        import_factors(find_files([path]), tmp_path / "nowhere")


def test_parquet_with_types_of_its_own(lake: Lake, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "symbol": pl.Series(["BHP.AX", "CBA.AX", "BHP.AX"], dtype=pl.Categorical),
            "date": [20240630, 20240630, 20231231],
            "known_at": [dt.date(2024, 8, 20), dt.date(2024, 8, 14), dt.date(2024, 2, 20)],
            "EPS": pl.Series(["1.10", "2.20", None]).cast(pl.Decimal(10, 2)),
            "Rank": pl.Series([3, 1, None], dtype=pl.Int8),
            "Score": [0.5, float("nan"), float("inf")],
            "Blob": pl.Series([b"\xff", b"a", None]),
        }
    )
    frame.write_parquet(tmp_path / "x.parquet")
    summary = import_factors(find_files([tmp_path / "x.parquet"]), lake)
    assert [(row[0], row[2], row[3]) for row in rows(lake)] == [
        ("BHP.AX", "EPS", 1.1),
        ("BHP.AX", "Rank", 3.0),
        ("BHP.AX", "Score", 0.5),
        ("CBA.AX", "EPS", 2.2),
        ("CBA.AX", "Rank", 1.0),
    ]
    assert summary.rejected == {"not_finite": 1}
    assert [failure.reason[:13] for failure in summary.failures] == ["column 'Blob'"]


def test_a_folder_is_its_files(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "factors"
    folder.mkdir()
    for name, symbol in (("a.csv", "BHP.AX"), ("b.CSV", "CBA.AX")):
        text = LONG + f"{symbol},2024-06-30,EPS,1,2024-08-20\n"
        (folder / name).write_text(text, encoding="utf-8-sig")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    assert import_factors(find_files([folder]), lake).symbols == 2
    for wrong in (tmp_path / "nothing.csv", folder / "notes.txt"):
        with pytest.raises(ConfigError, match=wrong.name):
            find_files([wrong])


def test_from_sqlite(lake: Lake, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute(
            "CREATE TABLE ratios (ticker TEXT, period TEXT, roe REAL, known_at TEXT)"
        )
        connection.executemany(
            "INSERT INTO ratios VALUES (?, ?, ?, ?)",
            [("BHP", "2024-06-30", 1 / 3, "2024-08-20"), ("CBA", "2024-06-30", None, "2024-08-14")],
        )
        connection.commit()
    database = Database.from_url(f"sqlite:///{tmp_path}/x.db")
    summary = import_factors([SqlSource.of(database, table="ratios")], lake, suffix=".AX")
    assert rows(lake) == [("BHP.AX", "2024-06-30", "roe", 1 / 3, "2024-08-20")]
    assert (summary.added, summary.empty) == (1, 1)
    assert factor_rows(lake)["source"][0] == f"sqlite:///{tmp_path}/x.db, table ratios"


@pytest.mark.slow
def test_from_postgresql(lake: Lake, postgres: Postgres) -> None:
    postgres.run(
        "CREATE SCHEMA IF NOT EXISTS research",
        'CREATE TABLE research."Ratios" (symbol text, date date, name text, value numeric(12, 6),'
        " known_at timestamptz)",
        """INSERT INTO research."Ratios" VALUES
        ('BHP.AX', '2024-06-30', 'ROE', 0.123456, '2024-08-20 04:00+00'),
        ('CBA.AX', '2024-06-30', 'ROE', 0.2, '2024-08-20 09:00+00'),
        ('CBA.AX', '2024-06-30', 'EPS', 'NaN', '2024-08-20 09:00+00')""",
    )
    database = Database.from_config(postgres.__dict__)
    source = SqlSource.of(database, table="research.Ratios")
    assert import_factors([source], lake).added == 2
    # one was public at 14:00 in Sydney, the other at 19:00, after the close
    assert rows(lake) == [
        ("BHP.AX", "2024-06-30", "ROE", 0.123456, "2024-08-20"),
        ("CBA.AX", "2024-06-30", "ROE", 0.2, "2024-08-21"),
    ]
    query = SqlSource.of(
        database, query='SELECT symbol, date, value * 2 AS twice FROM research."Ratios";'
    )
    assert import_factors([query], lake, known_lag=60).names == ("twice",)
    stored = factor_rows(lake)
    sources = set(stored["source"])
    assert sources == {
        f"{database.place}, table research.Ratios",
        f"{database.place}, a query, taken as known after 60 days",
    }
    assert not {word for text in sources for word in (postgres.user, "nary") if word in text}


@pytest.mark.parametrize("options", [{}, {"table": "a", "query": "SELECT 1"}])
def test_a_database_needs_one_thing_to_read(tmp_path: Path, options: dict[str, str]) -> None:
    (tmp_path / "x.db").touch()
    database = Database.from_url(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(ConfigError, match="--query or --table"):
        SqlSource.of(database, **options)


def test_a_name_that_is_nowhere_lists_those_that_are(bring: Import) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'DebtToEquity'"):
        bring(WIDE + "BHP.AX,2024-06-30,1,2,2024-08-20\n", names=["DebtToEqity"])
