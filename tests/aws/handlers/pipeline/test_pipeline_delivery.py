"""Messages that come twice, late, together and in any order, and functions that die: no harm."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.lake.raw import RawZone
from stockstream.testing.source_server import FaultPlan, Poison

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.aws.handlers.pipeline.conftest import Cloud

DAYS = ("2024-05-06", "2024-05-07", "2024-05-08", "2024-05-09")
DAY = DAYS[1]


class Once(NamedTuple):
    """Summaries, tables and rows of the raw zone."""

    summaries: list[dict[str, Any]]
    rows: dict[str, pl.DataFrame]
    raw: pl.DataFrame


def digests(cloud: Cloud) -> dict[str, str]:
    """Of the files that are never changed: lists and batches."""
    place = cloud.lake.location
    return {
        file.name: hashlib.sha256(place.read(file.name)).hexdigest()
        for folder in ("symbols", "raw-data")
        for file in place.files(folder)
    }


def contents(cloud: Cloud) -> pl.DataFrame:
    """Everything in the raw zone, but for the moments at which it came."""
    zone = RawZone(cloud.place)
    return zone.read(zone.batches()).rows.drop("fetch_timestamp")


def same_lakes(one: Cloud, other: dict[str, pl.DataFrame]) -> None:
    for name, rows in one.rows().items():
        assert_frame_equal(rows, other[name])


def some_times(messages: Iterable[Any], rng: random.Random) -> list[Any]:
    """Each message 1 to 5 times, in any order."""
    sent = [message for message in messages for _ in range(rng.randint(1, 5))]
    rng.shuffle(sent)
    return sent


def deliver(cloud: Cloud, days: Iterable[str], rng: random.Random) -> list[dict[str, Any]]:
    """Some days on which each message comes 1 to 5 times, and those of days before come again.

    Returns:
        The summaries: of each day, the last that was told.
    """
    late: list[tuple[str, dict[str, Any]]] = []
    summaries = []
    for day in days:
        cloud.today(day)
        for _ in range(rng.randint(1, 5)):
            state = cloud.call("symbols", {"date": day})
        messages = [("fetch", message) for message in cloud.messages(state)]
        for name, message in some_times([*messages, *late], rng):
            cloud.call(name, message)
        results = [cloud.call("fetch", message) for _, message in messages]
        told = {"date": day, "batchResults": results}
        for _ in range(rng.randint(1, 5)):
            summaries_now = cloud.end(state, results)
        summaries.append(summaries_now)
        late += [*messages, ("compact", told), ("symbols", {"date": day})]
    for name, message in some_times(late, rng):
        cloud.call(name, message)
    return summaries


@pytest.mark.slow
def test_each_message_one_to_five_times_in_any_order(pairs: Cloud, once: Once) -> None:
    summaries, rows, raw = once
    told = deliver(pairs, DAYS, random.Random(11))  # noqa: S311 - no secret
    assert without_place(told) == without_place(summaries)
    same_lakes(pairs, rows)
    assert_frame_equal(contents(pairs), raw)
    assert pairs.calls["fetch"] > 1000


@pytest.mark.slow
def test_the_same_in_a_bucket(remote: Cloud, once: Once) -> None:
    summaries, rows, raw = once
    told = deliver(remote, DAYS, random.Random(1))  # noqa: S311 - no secret
    assert without_place(told) == without_place(summaries)
    same_lakes(remote, rows)
    assert_frame_equal(contents(remote), raw)
    assert remote.calls["fetch"] > 150


def without_place(summaries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**summary, "lake": ""} for summary in summaries]


@pytest.fixture
def once(cloud: Cloud, tmp_path: Path) -> Once:
    """Another lake, where each message comes once and in order."""
    with pytest.MonkeyPatch.context() as patch:
        other = replace(cloud, place=str(tmp_path / "once"))
        patch.setenv("STOCKSTREAM__LAKE", other.place)
        return Once([other.run(day) for day in DAYS], other.rows(), contents(other))


def test_a_list_and_a_batch_are_never_changed(cloud: Cloud) -> None:
    state = cloud.begin(DAY)
    first = [cloud.fetch(message) for message in cloud.messages(state)]
    before = digests(cloud)
    cloud.server.plan(FaultPlan(server_error=1.0))  # nobody asks the source again
    assert [cloud.fetch(message) for message in cloud.messages(state)] == first
    cloud.begin(DAYS[0])
    cloud.end(state, first)
    assert {name: digests(cloud)[name] for name in before} == before


def test_calls_at_the_same_time(cloud: Cloud) -> None:
    """The last of each kind is waited for, as an emulation or a network may have it."""
    cloud.today(DAY)
    with ThreadPoolExecutor(3) as pool:
        states = list(pool.map(lambda _: cloud.call("symbols", {"date": DAY}), range(3)))
        assert [state["symbols"] for state in states] == [states[0]["symbols"]] * 3
        messages = cloud.messages(states[0])
        results = list(pool.map(cloud.fetch, [*messages, *messages, *messages]))
        told = {"date": DAY, "batchResults": results[:4]}
        tables = list(pool.map(lambda _: cloud.call("compact", told), range(3)))
    assert {one["state"] for one in tables} == {"complete"}
    assert {one["s3_key"] for one in (r["metadata"] for r in results)} == {
        f"raw-data/{DAY}-batch-{number}.parquet" for number in range(4)
    }
    assert len(cloud.lake.bars()) == 44 * 87
    runs = cloud.lake.health().filter(pl.col("kind") == "run")
    assert runs["run"].unique().to_list() == [f"{DAY}.1"]
    assert cloud.run(DAY)["state"] == "complete"


@pytest.mark.slow
def test_thirty_per_cent_of_the_batches_fail(pairs: Cloud) -> None:
    cloud = pairs
    cloud.run(DAYS[0])
    sick = {3, 4, 8, 11, 15, 16, 20}
    state = cloud.begin(DAY)
    messages = cloud.messages(state)
    names = [f"{name}.AX" for m in messages if m["batchNumber"] in sick for name in m["symbols"]]
    cloud.server.plan(FaultPlan(poison=(Poison("server_error", tuple(names)),)))
    summary = cloud.end(state, [cloud.fetch(message) for message in messages])
    assert summary["state"] == "partial"
    assert {*map(int, summary["batches_failed"])} == sick
    assert all("HTTP 503" in reason for reason in summary["batches_failed"].values())
    assert (summary["batches_processed"], summary["symbols_fetched"]) == (15, 30)
    assert summary["symbols_failed"] == {}
    cloud.server.plan(FaultPlan())
    again = cloud.begin(DAY)
    assert {batch["batchNumber"] for batch in again["symbolBatches"]} == sick
    before = cloud.asked()
    summary = cloud.end(again, [cloud.fetch(message) for message in cloud.messages(again)])
    assert (summary["state"], summary["batches_failed"]) == ("complete", {})
    assert cloud.asked() - before == dict.fromkeys(names, 1)


DIES = """
    import json, os, signal, sys
    from stockstream.aws.handlers import pipeline
    from {module} import {owner}

    class Context:
        def get_remaining_time_in_millis(self):
            return 900_000

    original, left = {owner}.{method}, [{calls}]

    def dies(*given, **more):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*given, **more)

    {owner}.{method} = dies
    pipeline.{name}(json.loads(sys.argv[1]), Context())
"""


def die(name: str, event: str, where: str, calls: int = 0) -> None:
    """Call a function in a process that is killed when it calls a method once too often."""
    module, owner, method = where.split(" ")
    code = textwrap.dedent(DIES).format(
        module=module, owner=owner, method=method, calls=calls, name=name
    )
    done = subprocess.run([sys.executable, "-c", code, event], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_fetcher_that_dies_before_it_has_written(cloud: Cloud) -> None:
    message = cloud.messages(cloud.begin(DAY))[3]
    die("fetch", json.dumps(message), "stockstream.lake.raw RawZone write_batch")
    assert RawZone(cloud.place).batches() == []
    assert cloud.call("fetch", message)["metadata"]["symbols_fetched"] == 11


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "calls"),
    [
        ("stockstream.lake.store Lake merge", 0),
        ("stockstream.lake.publication PairOfTables publish", 0),
        ("stockstream.lake.records Records record_health", 0),
        ("stockstream.lake.records Records record_health", 1),
    ],
)
def test_a_compactor_that_dies_in_the_middle(cloud: Cloud, where: str, calls: int) -> None:
    cloud.run(DAYS[0])
    state = cloud.begin(DAY)
    results = [cloud.fetch(message) for message in cloud.messages(state)]
    die("compact", json.dumps({"date": DAY, "batchResults": results}), where, calls)
    summary = cloud.end(state, results)
    assert (summary["state"], summary["run"]) == ("complete", f"{DAY}.1")
    assert len(cloud.lake.bars()) == 44 * 87
    assert cloud.lake.actions()["kind"].to_list() == ["dividend", "split"]
    again = cloud.run(DAY)
    assert again == summary


@pytest.mark.slow
def test_a_run_that_died_before_its_tables_is_made_good_by_the_next_days(cloud: Cloud) -> None:
    """S20 splits between both, so that its second half waits one day more for the whole of it."""
    state = cloud.begin(DAYS[0])
    for message in cloud.messages(state):
        cloud.fetch(message)
    summary = cloud.run(DAY)
    assert (summary["state"], summary["pending"]) == ("partial", ["S20.AX"])
    assert len(cloud.lake.bars()) == 44 * 87 - 1
    assert cloud.run(DAYS[2])["pending"] == []
    assert len(cloud.lake.bars(["S20"])) == 88
