"""CSV and Parquet in the layouts that sources really use."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.errors import ConfigError, DataError
from stockstream.market.bars import BAR_SCHEMA
from stockstream.providers.base import Provider
from stockstream.providers.files import FilesProvider

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]

HEADER = "date,open,high,low,close,volume\n"
ROW = "2024-01-02,1.0,2.0,0.5,1.5,100\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_a_plain_file(write: Write) -> None:
    result = FilesProvider([write("BHP.AX.csv", HEADER + ROW)]).read()
    assert result.bars.columns == [*BAR_SCHEMA, "source"]
    assert result.bars.row(0, named=True) == {
        "symbol": "BHP.AX",
        "date": dt.date(2024, 1, 2),
        "open": 1.0,
        "high": 2.0,
        "low": 0.5,
        "close": 1.5,
        "volume": 100,
        "adjusted_close": None,
        "provider": "files",
        "basis": "raw",
        "source": "BHP.AX.csv",
    }
    assert result.actions.is_empty()
    assert result.failures == ()
    assert isinstance(FilesProvider([write("A.csv", HEADER + ROW)]), Provider)


def test_order_separator_mark_and_blank_lines_do_not_matter(write: Write) -> None:
    text = "\ufeff\n\nVolume;Close;Low;High;Open;Code;Date\n7;1.5;0.5;2;1;CBA;2024-01-03\n\n"
    bars = FilesProvider([write("x.csv", text)]).read().bars
    row = bars.row(0, named=True)
    assert (row["symbol"], row["open"], row["high"], row["volume"]) == ("CBA", 1.0, 2.0, 7)


def test_rows_may_descend_and_volume_may_be_written_oddly(write: Write) -> None:
    text = (
        "Date,Open,High,Low,Close,Volume,Adj Close\n"
        "2016-11-22,2,3,1,2,000,1.9\n"
        '2016-11-21,2,3,1,2,"129656.000",1.9\n'
    )
    bars = FilesProvider([write("x.csv", text)]).read().bars
    assert bars["date"].to_list() == [dt.date(2016, 11, 21), dt.date(2016, 11, 22)]
    assert bars["volume"].to_list() == [129656, 0]
    assert bars["adjusted_close"].to_list() == [1.9, 1.9]


def test_the_symbol_is_the_column_else_given_else_the_name(write: Write) -> None:
    path = write("bhp.csv", HEADER + ROW)
    assert FilesProvider([path]).read().bars["symbol"][0] == "bhp"
    assert FilesProvider([path], symbol="BHP.AX").read().bars["symbol"][0] == "BHP.AX"
    assert FilesProvider([path], suffix=".AX").read().bars["symbol"][0] == "BHP.AX"
    with_column = write("y.csv", "code," + HEADER + "cba.ax," + ROW + "nab," + ROW)
    bars = FilesProvider([with_column], suffix=".ax").read().bars
    assert bars["symbol"].to_list() == ["CBA.AX", "NAB.AX"]
    with pytest.raises(ConfigError, match=r"'BHP' was given, but y.csv has a column of symbols"):
        FilesProvider([with_column], symbol="BHP").read()
    with pytest.raises(ConfigError, match="'BHP' was given for 2 files"):
        FilesProvider([path, with_column], symbol="BHP")


def test_a_file_without_header_needs_names_for_its_columns(write: Write) -> None:
    path = write("2020-09-16.csv", "14d,2020-09-16,0.12,0.13,0.14,0.11,129656.000\n")
    with pytest.raises(DataError, match=r"has no header line; it starts '14d,2020-09-16,0.12"):
        FilesProvider([path]).read()
    columns = ["symbol", "date", "open", "close", "high", "low", "volume"]
    row = FilesProvider([path], columns=columns, suffix=".AX").read().bars.row(0, named=True)
    assert (row["symbol"], row["close"], row["high"], row["low"]) == ("14D.AX", 0.13, 0.14, 0.11)
    with pytest.raises(DataError, match=r"has 7 columns and 6 were named; its first line is '14d"):
        FilesProvider([path], columns=columns[:6]).read()


def test_a_column_may_be_left_out(write: Write) -> None:
    path = write("x.csv", "2024-01-02,1.0,2.0,0.5,1.5,100,nonsense\n")
    columns = ["date", "open", "high", "low", "close", "volume", "-"]
    assert FilesProvider([path], columns=columns).read().bars["close"].to_list() == [1.5]


def test_events_beside_the_prices_survive_a_row_without_prices(write: Write) -> None:
    text = (
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits,Capital Gains\n"
        "2024-01-02 00:00:00+11:00,1,1,1,1,5,0.0,0.0,0.0\n"
        "2024-01-03 00:00:00+11:00,,,,,0,0.012,0.1,0.003\n"
        "2024-01-04 00:00:00+11:00,1,1,1,1,5,0.0,1.0,\n"
    )
    result = FilesProvider([write("A1N.AX.csv", text)]).read()
    events = result.actions.select("symbol", "date", "kind", "value").rows()
    day = dt.date(2024, 1, 3)
    assert events == [("A1N.AX", day, "dividend", 0.015), ("A1N.AX", day, "split", 0.1)]
    assert result.bars["close"].to_list() == [1.0, None, 1.0]


def test_an_event_that_cannot_be_is_left_out_and_listed(write: Write) -> None:
    text = "date,open,high,low,close,volume,dividends\n2024-01-02,1,1,1,1,5,-0.5\n"
    result = FilesProvider([write("x.csv", text)]).read()
    assert result.actions.is_empty()
    assert "left out" in result.failures[0].reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.csv is empty"),
        (" \n\n", "x.csv is empty"),
        ("<!doctype html><html><title> 404 Not\n Found</title>", "is a web page .*404 Not"),
        ("<html>no title</html>", "is a web page, not CSV; fetch it again"),
        ("{\nError Message\n}\n", r"is JSON or an error message, not CSV: '\{ Error Message \}'"),
        ('[{"date": 1}]', "is JSON"),
        ("Request Rejected", r"has no column for: date, open"),
        (HEADER, "x.csv has a header and no rows"),
        (HEADER + "2024-01-02,1,2,3,4,5,6,7\n", "is not a table with equal rows"),
        (HEADER + ROW + "2024-01-03,1.0,abc,0.5,1.5,100\n", "data row 2: the high is 'abc'"),
        (HEADER + "02/03/2024,1,1,1,1,1\n", "can be read as day/month or month/day"),
        (
            HEADER + "2020-12-15 09:30,1,1,1,1,1\n2020-12-15 09:31,1,1,1,1,1\n",
            "several bars of one day .*resample it",
        ),
    ],
)
def test_what_is_not_a_table_of_daily_bars_is_one_clear_error(
    write: Write, text: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        FilesProvider([write("x.csv", text)]).read()


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes((HEADER + ROW).encode("utf-16"))
    with pytest.raises(DataError, match="is written in UTF-16; save it as UTF-8"):
        FilesProvider([path]).read()
    path.write_bytes(b"PK\x03\x04\0\0\0")
    with pytest.raises(DataError, match="is a binary file, not CSV"):
        FilesProvider([path]).read()


def test_a_file_that_vanished(write: Write) -> None:
    path = write("x.csv", HEADER + ROW)
    provider = FilesProvider([path])
    path.unlink()
    with pytest.raises(DataError, match=r"x.csv cannot be read: No such file"):
        provider.read()


def test_a_row_that_is_cut_off_stays_a_row(write: Write) -> None:
    bars = FilesProvider([write("x.csv", HEADER + ROW + "2024-01-03,1.0,2")]).read().bars
    assert bars["close"].to_list() == [1.5, None]


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "Ticker": ["BHP.AX"],
            "date": [dt.date(2024, 1, 2)],
            **{name: [1.5] for name in ("open", "high", "low", "close")},
            "volume": [100],
        }
    )


def test_parquet(tmp_path: Path, frame: pl.DataFrame) -> None:
    path = tmp_path / "x.parquet"
    frame.write_parquet(path)
    bars = FilesProvider([path]).read().bars
    assert bars.select("symbol", "close", "volume").row(0) == ("BHP.AX", 1.5, 100)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"close": pl.lit("dear")}, "data row 1: the close is 'dear'"),
        ({"close": pl.lit(value=True)}, "the close column holds Boolean"),
        ({"date": pl.lit(20240102)}, "the date column holds Int32, not dates"),
    ],
)
def test_parquet_with_columns_of_another_type(
    tmp_path: Path, frame: pl.DataFrame, change: dict[str, pl.Expr], message: str
) -> None:
    path = tmp_path / "x.parquet"
    frame.with_columns(**change).write_parquet(path)
    with pytest.raises(DataError, match=message):
        FilesProvider([path]).read()


@pytest.mark.parametrize("keep", [0, 10, -1])
def test_parquet_that_is_cut_off(tmp_path: Path, frame: pl.DataFrame, keep: int) -> None:
    path = tmp_path / "x.parquet"
    frame.write_parquet(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"x.parquet is no whole Parquet file .*may be cut off"):
        FilesProvider([path]).read()


def test_a_folder_gives_its_good_files_and_lists_the_bad(write: Write, tmp_path: Path) -> None:
    write("B.csv", HEADER + ROW)
    write("A.csv", HEADER + ROW)
    write("bad.csv", "<html>")
    write("notes.txt", "not read")
    seen: list[tuple[int, int]] = []
    result = FilesProvider([tmp_path]).read(lambda done, total: seen.append((done, total)))
    assert result.bars["symbol"].to_list() == ["A", "B"]
    assert [failure.name for failure in result.failures] == ["bad.csv"]
    assert str(result.failures[0]).startswith("bad.csv: bad.csv is a web page")
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_folder_without_a_good_file_is_an_error(write: Write, tmp_path: Path) -> None:
    for number in range(5):
        write(f"{number}.csv", "<html>")
    with pytest.raises(DataError, match=r"none of 5 files could be read: 0.csv is .*and 2 more"):
        FilesProvider([tmp_path]).read()


def test_paths_that_cannot_be_read(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*nowhere.csv; check the path"):
        FilesProvider([tmp_path / "nowhere.csv"])
    with pytest.raises(ConfigError, match=r"notes.txt does not end in .csv or .parquet"):
        FilesProvider([write("notes.txt", "")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"folder .*empty has no file that ends in .csv"):
        FilesProvider([tmp_path / "empty"])
    with pytest.raises(ConfigError, match="no file was given"):
        FilesProvider([])


SPLIT = (
    "Date,Open,High,Low,Close,Volume,splits\n"
    "2024-01-02,8,8,8,8,5,1\n"
    "2024-01-03,{0},{0},{0},{0},5,2\n"
)


@pytest.mark.parametrize(
    ("text", "basis", "reason"),
    [
        (SPLIT.format(4), "raw", "prices move with 1 split"),
        (SPLIT.format(8), "split", "prices do not move with 1 split"),
        (HEADER + ROW, "raw", "no split says otherwise"),
        ("Adj Close," + HEADER + "1," + ROW, "split", "the columns are Yahoo's"),
        ("basis," + HEADER + "split," + ROW, "split", "as the file says"),
    ],
)
def test_the_basis_is_found_out(write: Write, text: str, basis: str, reason: str) -> None:
    result = FilesProvider([write("x.csv", text)]).read()
    assert result.bars["basis"].unique().to_list() == [basis]
    assert reason in result.basis_reason
    given = FilesProvider([write("x.csv", text.replace("basis", "nothing"))], basis="raw").read()
    assert (given.bars["basis"][0], given.basis_reason) == ("raw", "raw, as given")


def test_rows_and_their_files_stay_together(write: Write, tmp_path: Path) -> None:
    write("2.csv", "Adj Close,code," + HEADER + "1,A," + ROW)
    write("1.csv", "code," + HEADER + "B," + ROW + "A," + ROW)
    bars = FilesProvider([tmp_path]).read().bars
    assert sorted(bars.select("symbol", "source", "basis").rows()) == [
        ("A", "1.csv", "raw"),
        ("A", "2.csv", "split"),
        ("B", "1.csv", "raw"),
    ]


def test_fetching_some_symbols_and_days(write: Write, tmp_path: Path) -> None:
    for name in ("A", "B"):
        write(f"{name}.csv", HEADER + ROW + ROW.replace("01-02", "02-02"))
    january = (dt.date(2024, 1, 1), dt.date(2024, 1, 31))
    result = FilesProvider([tmp_path]).fetch(["B", "C"], *january)
    assert result.bars.select("symbol", "date").rows() == [("B", dt.date(2024, 1, 2))]
    assert [failure.name for failure in result.failures] == ["C"]
