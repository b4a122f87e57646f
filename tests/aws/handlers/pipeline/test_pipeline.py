"""The steps of the daily run, one by one: what they are told, what they tell, what they leave."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.aws.local.metrics import embedded_metrics
from stockstream.errors import ConfigError, FetchError, LakeError, TransientError
from stockstream.ingest.pacing import Pacing
from stockstream.lake.raw import RAW_SCHEMA
from stockstream.testing.source_server import DirectoryFault, FaultPlan, Poison

if TYPE_CHECKING:
    from tests.aws.handlers.pipeline.conftest import Cloud, Laptop

    from stockstream.settings import Settings

BEFORE, DAY, AFTER, LATER = "2024-05-06", "2024-05-07", "2024-05-08", "2024-05-09"
LAST = [f"S{number}" for number in range(32, 43)]
"""The symbols of the last of four batches."""

DOWN = FaultPlan(server_error=1.0)


def poisoned(kind: Any, *names: str) -> FaultPlan:
    return FaultPlan(poison=(Poison(kind, tuple(f"{name}.AX" for name in names)),))


def same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    for name, rows in one.items():
        assert_frame_equal(rows, other[name])


def test_the_symbols_of_a_day(cloud: Cloud) -> None:
    answer = cloud.begin(DAY)
    assert {*answer} == {"statusCode", "symbols", "symbolBatches", "metadata"}
    assert answer["statusCode"] == 200
    assert len(answer["symbols"]) == 44
    assert answer["symbolBatches"][3] == {"symbols": LAST, "batchNumber": 3}
    assert answer["metadata"] == {
        "total_symbols": 44,
        "num_batches": 4,
        "s3_key": f"symbols/{DAY}-symbols.csv",
        "changes": {"added": [], "removed": [], "renamed": [], "reclassified": []},
        "date": DAY,
        "notices": [],
    }
    header = cloud.lake.location.read(f"symbols/{DAY}-symbols.csv").decode().splitlines()[0]
    assert header.startswith("symbol,name,sector,market_cap")


def test_a_batch(cloud: Cloud) -> None:
    message = cloud.messages(cloud.begin(DAY))[3]
    answer = cloud.call("fetch", message)
    taken = answer["metadata"].pop("execution_time")
    assert 0 <= taken < 60
    assert answer == {
        "statusCode": 200,
        "body": "11 of 11 symbols fetched",
        "metadata": {
            "batch_number": 3,
            "symbols_processed": 11,
            "symbols_fetched": 11,
            "symbols_failed": [],
            "s3_key": f"raw-data/{DAY}-batch-3.parquet",
        },
    }
    rows = pl.read_parquet(f"{cloud.place}/raw-data/{DAY}-batch-3.parquet")
    assert rows.schema == RAW_SCHEMA
    assert rows["symbol"].unique().sort().to_list() == [f"{name}.AX" for name in LAST]


def test_a_symbol_that_fails_is_named_as_it_was_given(cloud: Cloud) -> None:
    cloud.server.plan(poisoned("not_found", "S40"))
    answer = cloud.call("fetch", cloud.messages(cloud.begin(DAY))[3])
    assert (answer["statusCode"], answer["metadata"]["symbols_failed"]) == (200, ["S40"])


def test_a_batch_of_which_nothing_comes_is_an_error_that_may_pass(cloud: Cloud) -> None:
    message = cloud.messages(cloud.begin(DAY))[3]
    cloud.server.plan(DOWN)
    with pytest.raises(TransientError, match="nothing was written: 0 of 11 symbols fetched"):
        cloud.call("fetch", message)
    cloud.server.plan(FaultPlan())
    assert cloud.call("fetch", message)["statusCode"] == 200


def test_a_fetcher_that_has_no_time_left_asks_nothing(cloud: Cloud) -> None:
    message = cloud.messages(cloud.begin(DAY))[3]
    before = cloud.asked()
    with pytest.raises(TransientError, match="no time was left"):
        cloud.call("fetch", message, seconds=25.0)
    assert cloud.asked() == before


def test_the_rate_is_shared_by_the_fetchers_that_work_at_once(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float | None] = []
    original = Pacing.of

    def watched(rate: float | None, *rest: Any, **more: Any) -> Pacing:
        rates.append(rate)
        return original(None, *rest, **more)

    message = cloud.messages(cloud.begin(DAY))[0]
    monkeypatch.setattr(Pacing, "of", watched)
    monkeypatch.setenv("STOCKSTREAM__FETCH__RATE", "5")
    cloud.call("fetch", message)
    assert rates == [0.5]


def test_the_summary_of_a_day(cloud: Cloud) -> None:
    summary = cloud.run(DAY)
    assert (summary["date"], summary["state"], summary["run"]) == (DAY, "complete", f"{DAY}.1")
    assert summary["total_symbols"] == summary["symbols_fetched"] == 44
    assert (summary["symbols_failed"], summary["batches_failed"]) == ({}, {})
    assert summary["batches_processed"] == 4
    assert summary["added"] == len(cloud.lake.bars()) == 44 * 87
    assert summary["list_key"] == f"symbols/{DAY}-symbols.csv"


@pytest.mark.slow
def test_the_same_lake_as_the_laptop_makes(cloud: Cloud, laptop: Laptop) -> None:
    """With a split, a symbol that leaves the list, and one that fails on one of the days."""
    for day in (BEFORE, DAY, AFTER, LATER):
        cloud.server.plan(poisoned("server_error", "S11") if day == AFTER else FaultPlan())
        summary, there = cloud.run(day), through(laptop.run(day).as_dict())
        for name in ("state", "run", "added", "updated", "symbols_failed", "version_after"):
            assert summary[name] == there[name], name
    same(cloud.rows(), laptop.rows())
    assert cloud.rows()["actions"]["kind"].to_list() == ["dividend", "split"]


@pytest.mark.slow
def test_the_batches_are_those_that_the_laptop_would_fetch(pairs: Cloud) -> None:
    """After GON left, it is watched; S11 failed in passing; batch 3 is not there."""
    cloud = pairs
    cloud.run(BEFORE)
    cloud.run(DAY)
    state = cloud.begin(AFTER)
    assert state["metadata"]["changes"]["removed"] == ["GON"]
    assert [batch["batchNumber"] for batch in state["symbolBatches"]] == list(range(23))
    assert state["symbolBatches"][22] == {"symbols": ["GON.AX"], "batchNumber": 22}
    cloud.server.plan(poisoned("server_error", "S06", "S07", "S11"))
    cloud.end(state, [cloud.fetch(message) for message in cloud.messages(state)])
    again = cloud.begin(AFTER)
    assert again["symbolBatches"] == [
        {"symbols": ["S06", "S07"], "batchNumber": 3},
        {"symbols": ["S11"], "batchNumber": 23},
    ]
    cloud.server.plan(FaultPlan())
    before = cloud.asked()
    assert [*cloud.run(AFTER)["symbols_failed"]] == ["GON.AX"]
    assert cloud.asked() - before == {"S06.AX": 1, "S07.AX": 1, "S11.AX": 1}
    assert cloud.begin(AFTER)["symbolBatches"] == []


def test_a_day_that_is_done_is_told_again_and_nothing_is_written(cloud: Cloud) -> None:
    first = cloud.run(DAY)
    before = cloud.rows(), cloud.asked(), sorted(f.name for f in cloud.lake.location.files())
    assert cloud.run(DAY) == first
    same(cloud.rows(), before[0])
    assert (cloud.asked(), sorted(f.name for f in cloud.lake.location.files())) == before[1:]


def test_the_metrics_are_counted_once(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.run(BEFORE)
    capsys.readouterr()
    cloud.server.plan(poisoned("server_error", "S11", *LAST))
    cloud.run(DAY)
    state = cloud.begin(DAY)
    assert [batch["batchNumber"] for batch in state["symbolBatches"]] == [3, 4]
    cloud.end(state, [cloud.fetch(message) for message in cloud.messages(state)[:1]])
    found = list(embedded_metrics(capsys.readouterr().out.splitlines()))
    assert {datum.namespace for datum in found} == {"StockStream"}
    assert {datum.dimensions for datum in found} == {(("FunctionName", "table-compactor"),)}
    assert {datum.name: datum.values for datum in found} == {
        "SymbolsFetched": (32.0,),
        "SymbolsFailed": (1.0,),
        "BatchesProcessed": (3.0,),
        "BatchesFailed": (1.0,),
        "TotalSymbols": (44.0,),
    }
    assert len(found) == 5


@pytest.mark.slow
def test_symbols_that_no_source_has_are_not_expected(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.server.plan(poisoned("not_found", "S05", "S06", "S30"))
    assert cloud.run(DAY)["state"] == "complete"
    found = embedded_metrics(capsys.readouterr().out.splitlines())
    values = {datum.name: datum.values[0] for datum in found}
    assert (values["SymbolsFetched"], values["TotalSymbols"]) == (41, 41)


@pytest.mark.slow
def test_a_source_that_is_down_fails_the_run_and_the_next_makes_it_good(cloud: Cloud) -> None:
    state = cloud.begin(DAY)
    cloud.server.plan(DOWN)
    failed = cloud.end(state, [cloud.fetch(message) for message in cloud.messages(state)])
    assert failed["state"] == "failed"
    assert [*failed["batches_failed"]] == ["0", "1", "2", "3"]
    assert "TransientError: nothing was written" in failed["batches_failed"]["3"]
    cloud.server.plan(FaultPlan())
    assert cloud.run(DAY)["state"] == "complete"


def test_a_list_that_is_refused_is_told_by_whoever_asks(cloud: Cloud) -> None:
    cloud.run(BEFORE)
    cloud.server.plan(FaultPlan(directory=(DirectoryFault("html"),)))
    cloud.begin(DAY)
    summary = cloud.run(DAY)  # the list is there now, and nobody downloads it
    assert summary["state"] == "complete"
    assert [notice.partition(":")[0] for notice in summary["notices"]] == ["list_refused"]


def test_without_any_list_there_is_nothing_to_do_but_fail(cloud: Cloud) -> None:
    cloud.server.plan(FaultPlan(directory=(DirectoryFault("html"),)))
    with pytest.raises(FetchError):
        cloud.begin(DAY)


def test_without_a_date_it_is_the_newest_session(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def session_to_run(settings: Settings, day: dt.date | None) -> dt.date:
        asked.append(day)
        return dt.date.fromisoformat(DAY)

    monkeypatch.setattr("stockstream.ingest.update.session_to_run", session_to_run)
    cloud.today(DAY)
    assert cloud.call("symbols", {})["metadata"]["date"] == DAY
    assert asked == [None]


@pytest.mark.parametrize(
    ("name", "event", "message"),
    [
        ("symbols", [], r"the event is \[\]; it must be an object"),
        ("symbols", {"date": "7 May"}, r'"date" is "7 May"; write a session like'),
        ("symbols", {"date": "2024-05-05"}, "2024-05-05 is no session of XASX"),
        ("fetch", {"symbols": ["S05"], "batchNumber": 0}, r'"date" is null'),
        ("fetch", {"date": DAY, "batchNumber": 0}, r'"symbols" is null; a batch looks like'),
        ("fetch", {"date": DAY, "batchNumber": 0, "symbols": []}, "the batch has no symbols"),
        ("fetch", {"date": DAY, "batchNumber": 0, "symbols": [7]}, r'"symbols" is \[7\]'),
        ("fetch", {"date": DAY, "batchNumber": -1, "symbols": ["S05"]}, '"batchNumber" is -1'),
        ("fetch", {"date": DAY, "batchNumber": True, "symbols": ["S05"]}, "is true"),
        ("compact", {"batchResults": []}, r'"date" is null'),
        ("compact", {"date": DAY}, '"batchResults" is null'),
        ("compact", {"date": DAY, "batchResults": [{"statusCode": 200}]}, "an answer of a batch"),
        ("aggregate", [], 'has no "metadata"'),
        ("aggregate", {"metadata": {}}, '"batchResults" is null'),
    ],
)
def test_an_event_that_cannot_be_used(cloud: Cloud, name: str, event: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cloud.call(name, event)


def test_tables_before_there_is_a_lake(cloud: Cloud) -> None:
    with pytest.raises(LakeError, match="there is no lake at"):
        cloud.call("compact", {"date": DAY, "batchResults": []})


def through(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_the_aggregator_needs_nothing_but_the_package() -> None:
    """It starts in no time, and can be deployed as a zip."""
    code = (
        "import sys; from stockstream.aws.handlers.pipeline import aggregate;"
        "aggregate({'metadata': {}, 'batchResults': []}, None);"
        "print(*{'polars', 'numpy', 'obstore', 'boto3', 'numba'}.intersection(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
