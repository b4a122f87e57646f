"""The same code over S3: on a server that speaks it, in a process of its own."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import textwrap
import traceback
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import LakeError
from stockstream.lake import DataAggregator, Lake, remote
from stockstream.lake.location import Location
from stockstream.lake.raw import RawZone
from stockstream.lake.tables import BARS
from stockstream.lake.transaction import ConcurrentCommit, replace_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lake.conftest import MakeActions, MakeBars

SESSION = dt.date(2025, 12, 22)
SECRET = "canary-5up3r-s3cret"  # noqa: S105 - it opens nothing


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the remote files that are read whole."""
    names: list[str] = []
    read = Location.read

    def reading(location: Location, name: str) -> bytes:
        if not location.is_local:
            names.append(name)
        return read(location, name)

    monkeypatch.setattr(Location, "read", reading)
    return names


@pytest.mark.slow
def test_a_lake_in_a_bucket(bucket: str, two_years: pl.DataFrame) -> None:
    lake = Lake.create(bucket, calendar="XASX")
    lake.merge(two_years)
    assert lake.merge(two_years).after == "bars@1 actions@0"
    lake.merge(two_years.tail(1).with_columns(close=pl.col("close") + 0.25))
    opened = Lake.open(bucket)
    assert opened.version() == "bars@2 actions@0"
    assert_frame_equal(opened.bars(version="bars@1 actions@0"), two_years)
    panel = opened.panel(["BHP", "CBA"], dt.date(2023, 12, 30), dt.date(2024, 1, 9), warmup=3)
    assert (panel.first, panel.sessions) == (3, 14)
    with pytest.raises(LakeError, match=r"there is a lake at s3://.*/market already"):
        Lake.create(bucket)
    with pytest.raises(LakeError, match=r"there is no lake at s3://.*/elsewhere"):
        Lake.open(f"{bucket}/elsewhere")


def test_the_last_word_is_with_the_first_of_two_writers(bucket: str) -> None:
    place = Location.of(bucket)
    names = [f"file-{number}" for number in range(20)]

    def write(content: bytes) -> list[bool]:
        return [place.create(name, content) for name in names]

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(write, [b"0", b"1", b"2", b"3"]))
    for file, wins in zip(names, zip(*made, strict=True), strict=True):
        assert sum(wins) == 1
        assert place.read(file) == str(wins.index(True)).encode()


@pytest.mark.slow
def test_one_version_is_committed_once(bucket: str, two_years: pl.DataFrame) -> None:
    table = Lake.create(bucket).table(BARS)
    before = table.snapshot()
    years = (2023, 2024)
    assert replace_rows(before, two_years, years, said={"source": "first"}) == 1
    files = {file.name for file in table.location.files()}
    with pytest.raises(ConcurrentCommit):
        replace_rows(before, two_years.head(3), years, said={"source": "second"})
    assert {file.name for file in table.location.files()} == files
    assert_frame_equal(Lake.open(bucket).bars(), two_years)


@pytest.mark.slow
def test_writers_in_a_bucket_do_not_lose_rows(bucket: str, make_bars: MakeBars) -> None:
    Lake.create(bucket)

    def write(number: int) -> None:
        Lake.open(bucket).merge(make_bars({f"S{number}.AX": [1.0, 2.0]}))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    lake = Lake.open(bucket)
    assert lake.info().bars == 12
    assert lake.version() == "bars@6 actions@0"


@pytest.mark.slow
def test_processes_do_not_lose_rows_either(bucket: str) -> None:
    """One of six may be told that the others were always faster; then it tries again."""
    Lake.create(bucket)
    script = textwrap.dedent(
        """
        import datetime as dt, sys
        import polars as pl
        from stockstream.errors import LakeError
        from stockstream.lake import Lake
        from stockstream.market.bars import conform

        place, writer = sys.argv[1:]
        price = dict.fromkeys(("open", "high", "low", "close"), 1.0)
        for day in range(1, 4):
            row = {"symbol": f"S{writer}.AX", "date": dt.date(2024, 1, day), **price, "volume": 1}
            bar = conform(pl.DataFrame([row]), provider="test", basis="raw")
            while True:
                try:
                    summary = Lake(place).merge(bar)
                except LakeError as error:
                    assert "run the command again" in str(error), error
                else:
                    assert summary.added == 1
                    break
        """
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, bucket, str(n)]) for n in range(6)]
    assert [writer.wait() for writer in writers] == [0] * 6
    lake = Lake.open(bucket)
    assert lake.version() == "bars@18 actions@0"
    assert lake.bars().select("symbol", "date").unique().height == 18


@pytest.mark.slow
def test_another_process_reads_what_this_one_wrote(
    bucket: str, two_years: pl.DataFrame, tmp_path: Path
) -> None:
    Lake.create(bucket).merge(two_years)
    script = (
        "import sys; from stockstream.lake import Lake; lake = Lake(sys.argv[1]);"
        "print(lake.version(), lake.bars(['CBA'])['close'].sum())"
    )
    command = [sys.executable, "-c", script, bucket]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    total = two_years.filter(pl.col("symbol") == "CBA.AX")["close"].sum()
    assert said.stdout == f"bars@1 actions@0 {total}\n"


def test_batches_in_a_bucket(
    bucket: str, make_bars: MakeBars, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = RawZone(bucket)
    assert zone.find(SESSION, 0) is None
    assert zone.next_number(SESSION) == 0
    notes = {"symbols_failed": ["XYZ"], "execution_time": 215.3}
    rows = make_bars({"BHP.AX": [10.0]}, first=SESSION)
    assert zone.write_batch(SESSION, 0, rows, notes) == "raw-data/2025-12-22-batch-0.parquet"
    zone.write_batch(SESSION, 0, rows, notes)
    batch = zone.find(SESSION, 0)
    assert batch is not None
    assert [batch] == zone.batches()
    assert zone.next_number(SESSION) == 1
    reads.clear()
    assert zone.notes(batch) == notes
    monkeypatch.setattr("stockstream.lake.raw.FOOTER", 8)
    assert zone.notes(batch) == notes
    assert not reads
    with pytest.raises(LakeError, match="exists with other content"):
        zone.write_batch(SESSION, 0, rows.with_columns(close=pl.lit(10.5)), notes)


@pytest.mark.slow
def test_more_batches_than_one_page_of_a_listing(bucket: str) -> None:
    place = Location.of(bucket)
    names = [f"raw-data/2025-12-22-batch-{number}.parquet" for number in range(1_100)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda name: place.create(name, b"x"), names))
    assert [batch.number for batch in RawZone(bucket).batches()] == list(range(1_100))
    assert RawZone(bucket).next_number(SESSION) == 1_100


@pytest.mark.slow
def test_both_zones_in_a_bucket(
    bucket: str, make_bars: MakeBars, tmp_path: Path, reads: list[str]
) -> None:
    zone = RawZone(bucket)
    for number, symbol in enumerate(["BHP.AX", "CBA.AX"]):
        zone.write_batch(SESSION, number, make_bars({symbol: [10.0]}, first=SESSION))
    zone.location.create("raw-data/2025-12-22-batch-2.parquet", b"<html>")
    Lake.create(bucket).merge(make_bars({"BHP.AX": [10.5]}, first=SESSION))
    aggregator = DataAggregator(bucket, cache=tmp_path / "cache")
    frame = aggregator.load_date("2025-12-22")
    assert frame["close"].to_list() == [10.5, 10.0]
    assert list(aggregator.report.failed) == ["raw-data/2025-12-22-batch-2.parquet"]
    reads.clear()
    assert aggregator.load_date("2025-12-22").equals(frame)
    assert not [name for name in reads if name.endswith(".parquet")]
    for none in (
        DataAggregator(bucket),
        DataAggregator(bucket, cache=tmp_path / "none", cache_limit=0),
    ):
        reads.clear()
        assert none.load_date("2025-12-22").equals(frame)
    assert not (tmp_path / "none").exists()
    assert sorted(name for name in reads if name.endswith(".parquet")) == [
        f"raw-data/2025-12-22-batch-{number}.parquet" for number in range(3)
    ]


@pytest.mark.slow
def test_the_aggregator_reads_a_bucket_as_it_reads_a_folder(
    bucket: str, tmp_path: Path, two_years: pl.DataFrame, make_actions: MakeActions
) -> None:
    frames = []
    for place in (bucket, str(tmp_path)):
        events = make_actions(("CBA.AX", "2024-01-03", "dividend", 2.0))
        Lake.create(place).merge(two_years, events)
        late = two_years.tail(1).with_columns(date=pl.col("date").dt.offset_by("1d"))
        RawZone(place).write_batch(dt.date(2024, 1, 17), 0, late)
        aggregator = DataAggregator(place)
        frames.append(
            [
                aggregator.load_all_data(),
                aggregator.load_date_range("2023-12-20", "2024-01-02"),
                aggregator.load_symbols(["CBA"]),
                aggregator.merge_daily_batches("2024-01-17"),
                aggregator.scan().collect().sort("symbol", "date"),
            ]
        )
    for remote_rows, local_rows in zip(*frames, strict=True):
        assert_frame_equal(remote_rows, local_rows)


@pytest.fixture
def canary(bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The bucket, entered with a secret that must be seen nowhere."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"token-{SECRET}")
    return bucket


@pytest.fixture
def strict_server(s3_server: str, canary: str) -> Iterator[str]:
    """The bucket, once its server refuses whom it does not know."""
    if os.environ.get("STOCKSTREAM_TEST_S3"):
        pytest.skip("only the own server can be told to refuse")
    Lake.create(canary)

    def demand_credentials(after: str) -> None:
        connection = HTTPConnection(urlsplit(s3_server).netloc)
        connection.request("POST", "/moto-api/reset-auth", after, {"Content-Type": "text/plain"})
        assert connection.getresponse().status == 200
        connection.close()

    demand_credentials("0")
    yield canary
    demand_credentials("inf")


def failures(place: str, bars: pl.DataFrame) -> Iterator[str]:
    """What each way into a bucket says when it is closed."""
    for attempt in (
        lambda: Lake.open(place),
        lambda: Lake.exists(place),
        lambda: Lake.create(place),
        lambda: RawZone(place).batches(),
        lambda: RawZone(place).write_batch(SESSION, 0, bars),
        lambda: DataAggregator(place).load_all_data(),
    ):
        with pytest.raises(LakeError) as failure:
            attempt()
        assert SECRET not in "".join(traceback.format_exception(failure.value))
        assert str(failure.value).isprintable()
        yield str(failure.value)


def test_refused_credentials(strict_server: str, two_years: pl.DataFrame) -> None:
    for message in failures(strict_server, two_years):
        assert "the store refused" in message
        assert "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and" in message


@pytest.mark.slow
def test_an_endpoint_that_does_not_answer(
    canary: str, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://me:{SECRET}@127.0.0.1:1")
    for message in failures(canary, two_years):
        assert "the endpoint http://127.0.0.1:1 does not answer; check the network" in message


def test_a_bucket_that_is_not_there(canary: str, two_years: pl.DataFrame) -> None:
    for message in failures("s3://no-such-bucket-here/market", two_years):
        assert "there is no such bucket; make it, or correct its name" in message


def test_an_endpoint_without_encryption_must_be_meant(
    canary: str, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    for message in failures(canary, two_years):
        assert "if that is meant, set AWS_ALLOW_HTTP=true" in message
