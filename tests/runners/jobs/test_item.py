"""An item of a plan: run once or often, killed, stopped, failing; its exit code says what next."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest
from tests.aws.sweeps import local_digest, plan_event

from stockstream.backtest.config import BacktestConfig
from stockstream.errors import LakeError
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.runners.jobs import names
from stockstream.study.plan import plan_study
from stockstream.study.result import StudyResult
from stockstream.study.runs import items
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.runners.jobs.conftest import Jobs

COMMAND = (sys.executable, "-m", names.MODULE, "item")


@pytest.fixture
def store(jobs: Jobs, monkeypatch: pytest.MonkeyPatch, request: Any) -> BucketStore:
    """A run of 6 chunks in 3 items, which is another one for each test."""
    study = replace(plan_event(jobs.lake), chunk_trials=20, flags=(request.node.name,))
    store = BucketStore.create(runs_of(jobs.lake), study)
    make_plan(store, "1", at_once=3)
    monkeypatch.setenv("RUN", study.name)
    monkeypatch.setenv("ATTEMPT", "1")
    return store


def test_children_of_an_array_run_the_whole_plan(
    store: BucketStore, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in ("1", "0", "2", "1"):  # the second "1" is a retry that was not needed
        monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", index)
        assert jobs("item") == names.DONE
    assert store.missing() == []
    assert StudyResult(store.study, store).digest == local_digest(store.study, jobs.lake)


def test_a_job_that_is_no_array_runs_the_first_item(store: BucketStore, jobs: Jobs) -> None:
    assert jobs("item") == names.DONE
    assert [chunk.number for chunk in store.done()] == [0, 1]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("RUN", "", "the environment variable RUN is missing"),
        ("RUN", "../x", "is no name of a run"),
        ("RUN", "s-0123456789ab", "no sweep in"),
        ("ATTEMPT", "", "the environment variable ATTEMPT is missing"),
        ("ATTEMPT", "one", "'one' is no number of an attempt"),
        ("ATTEMPT", "2", "plans/2.json is missing, the last is attempt 1"),
        ("AWS_BATCH_JOB_ARRAY_INDEX", "3", "has 3 items, and none has the index 3"),
        ("AWS_BATCH_JOB_ARRAY_INDEX", "-1", "give a whole number from 0 on"),
        ("ITEM", "one", "ITEM is 'one': give a whole number"),
        ("ITEM", "²", "give a whole number"),
        ("FAILED_TRIALS", "yes", "set it to 'error', or not at all"),
        ("STOCKSTREAM__LOKE", "x", "unknown setting 'loke'"),
    ],
)
def test_what_no_retry_can_help_ends_with_2(
    store: BucketStore,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variable: str,
    value: str,
    message: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert jobs("item") == names.NO_USE
    assert message in caplog.text
    assert store.done() == []


def test_what_may_pass_ends_with_1(
    store: BucketStore,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object) -> None:
        raise LakeError("the lake does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(items, "run_chunk", refuse)
        assert jobs("item") == names.AGAIN
    assert "the lake does not answer" in caplog.text
    assert jobs("item") == names.DONE
    assert len(store.done()) == 2


def test_a_reclaimed_machine_keeps_what_is_done(
    store: BucketStore,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = items.run_chunk  # type: ignore[attr-defined]

    def reclaimed(*given: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return run(*given)

    with monkeypatch.context() as spot:
        spot.setattr(items, "run_chunk", reclaimed)
        assert jobs("item") == names.AGAIN
    assert "1 of 2 chunks of an item" in caplog.text
    assert [chunk.number for chunk in store.done()] == [0]
    assert jobs("item") == names.DONE
    assert [chunk.number for chunk in store.done()] == [0, 1]


def test_an_item_says_what_it_has_done(store: BucketStore, jobs: Jobs) -> None:
    assert jobs("item", ITEM=2) == names.DONE
    file = names.ended_file(store.study.name, "1", 2)
    told = json.loads(jobs.read(file))
    assert told.pop("seconds") > 0
    assert told == {"chunks": 2, "ran": 2, "failed": 0, "failed_trials": 0}
    assert jobs("item", ITEM=2) == names.DONE
    again = {"chunks": 2, "ran": 0, "failed": 0, "failed_trials": 0, "seconds": 0.0}
    assert json.loads(jobs.read(file)) == again
    folder = names.ended_folder(store.study.name, "1")
    assert [one.name for one in Location.of(jobs.lake).files(folder)] == [file]


def test_a_stopped_attempt_is_not_begun(
    store: BucketStore, jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    Location.of(jobs.lake).create(names.stop_file(store.study.name, "1"), b"")
    assert jobs("item") == names.NO_USE
    assert "the attempt was stopped" in caplog.text
    assert store.done() == []
    make_plan(store, "2", at_once=3)
    assert jobs("item", ATTEMPT="2") == names.DONE


def test_an_attempt_that_is_stopped_leaves_after_the_chunk(
    store: BucketStore, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, now = items.run_chunk, [0.0]  # type: ignore[attr-defined]

    def stopped(*given: Any) -> Any:
        store.place.create("plans/1.stop", b"")
        now[0] += 3.0  # longer than the pause between two looks
        return run(*given)

    monkeypatch.setattr(items, "run_chunk", stopped)
    monkeypatch.setattr("stockstream.runners.jobs.item.time", Clock(now))
    assert jobs("item") == names.NO_USE
    assert [chunk.number for chunk in store.done()] == [0]


class Clock:
    """In the place of the module ``time``."""

    def __init__(self, now: list[float]) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now[0]


def test_a_bucket_that_does_not_say_whether_to_stop_stops_nothing(
    store: BucketStore, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = Location.has

    def refuse(place: Location, name: str) -> bool:
        if name.endswith(".stop"):
            raise OSError("503 Slow Down")
        return has(place, name)

    monkeypatch.setattr(Location, "has", refuse)
    assert jobs("item") == names.DONE


def test_a_full_disk_is_told_and_the_item_goes_on_when_there_is_room(
    store: BucketStore,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for method in ("create", "replace"):  # of the chunk; of what the item says at its end
        with monkeypatch.context() as full:
            full.setattr(Location, method, _no_space)
            assert jobs("item") == names.AGAIN
        assert "free some space" in caplog.text
        caplog.clear()
    assert len(store.done()) == 2
    assert jobs("item") == names.DONE


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_poisoned_trial_fails_its_item_alone_and_its_row_is_kept(
    jobs: Jobs, failing: dict[str, Any], mark: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mark.touch()
    planned = jobs.plan(**failing, each=True)
    assert jobs.items(planned, FAILED_TRIALS="error") == [0, 3, 0, 0, 0]
    assert "trial 1 (days=13): Mine failed on 2020-06-01: ValueError: the poison" in caplog.text
    ran = watched_chunks(jobs, planned)
    assert jobs.items(planned, FAILED_TRIALS="error") == [0, 3, 0, 0, 0]
    assert ran == [1]  # and no other
    assert jobs.items(planned) == [0, 0, 0, 0, 0]  # nobody asked for the code
    assert ran == [1]


def test_a_flaky_trial_is_run_again_and_its_row_replaced(
    jobs: Jobs, failing: dict[str, Any], mark: Path
) -> None:
    planned = jobs.plan(**failing, each=True)
    assert jobs.items(planned, FAILED_TRIALS="error") == [0, 3, 0, 3, 0]
    before = jobs.collect(planned)
    assert [one["trial"] for one in before["failed_trials"]] == [1, 3]
    mark.touch()
    ran = watched_chunks(jobs, planned)
    assert jobs.items(planned, FAILED_TRIALS="error") == [0, 3, 0, 0, 0]
    assert ran == [1, 3]
    after = jobs.collect(planned)
    assert [one["trial"] for one in after["failed_trials"]] == [1]
    study = BucketStore.open(runs_of(jobs.lake).child(planned["run"])).study
    assert after["digest"] == local_digest(study, jobs.lake) != before["digest"]


def test_a_trial_that_fails_later_does_not_replace_one_that_ran(
    jobs: Jobs, failing: dict[str, Any], mark: Path
) -> None:
    """Two that came at once: the one that failed is the last to write."""
    planned = jobs.plan(**failing, each=True)
    store = BucketStore.open(runs_of(jobs.lake).child(planned["run"]))
    chunk = store.study.chunks[3]
    failed = items.run_chunk(chunk, Lake.open(jobs.lake))  # type: ignore[attr-defined]
    assert failed["error"].count() == 1
    mark.touch()
    assert jobs.items(planned) == [0] * 5
    store.put(chunk, failed)
    store.improve(chunk, failed)
    assert store.failing(store.study.chunks) == [store.study.chunks[1]]


def test_items_of_many_trials_run_again_what_failed_before_the_rest(
    jobs: Jobs, failing: dict[str, Any], mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = jobs.plan(**failing, each=True)
    store = BucketStore.open(runs_of(jobs.lake).child(planned["run"]))
    make_plan(store, "2", at_once=1)
    told = {"RUN": planned["run"], "ATTEMPT": "2", "FAILED_TRIALS": "error"}
    with monkeypatch.context() as leaving:
        leaving.setattr(items, "run_chunk", interrupted(4))
        assert jobs("item", **told) == names.AGAIN
    assert [chunk.number for chunk in store.done()] == [0, 1, 2, 3]
    mark.touch()
    ran = watched_chunks(jobs, planned)
    assert jobs("item", **told) == names.FAILED
    assert ran == [1, 3, 4]
    assert jobs.collect(planned)["failed"] == 1


def test_a_trial_that_fails_again_and_again_is_never_taken_for_a_lost_worker(
    jobs: Jobs, failing: dict[str, Any], mark: Path
) -> None:
    mark.touch()
    planned = jobs.plan(**failing, each=True)
    told = {"RUN": planned["run"], "ATTEMPT": "1", "ITEM": 1, "FAILED_TRIALS": "error"}
    for _ in range(items.MOST_LOST + 2):
        assert jobs("item", **told) == names.FAILED
    (failed,) = jobs.collect(planned)["failed_trials"][1:2]
    assert failed["trial"] == 1
    assert failed["error"] == "Mine failed on 2020-06-01: ValueError: the poison"


def test_nine_combinations_as_jobs_of_their_own_are_the_local_study(jobs: Jobs) -> None:
    """Long and short by a factor: the whole is what run_study makes of it in other chunks."""
    add_factors(jobs.lake)
    config = {
        "strategy_class": "LongShortEquityStrategy",
        "start_date": "2019-06-03",
        "end_date": "2020-12-31",
        "factors": ["DebtToEquity"],
        "quantile": 0.34,
        "param_grid": {"take_profit_pct": [0.05, 0.1, 0.15], "rebalance_period": [1, 7, 30]},
    }
    planned = jobs.plan(config=config, each=True)
    assert (planned["items"], planned["chunks"], planned["trials"]) == (9, 9, 9)
    assert planned["labels"][5] == "take_profit_pct=0.1, rebalance_period=30"
    sixth = planned["parameters"][5]
    assert (sixth["take_profit_pct"], sixth["rebalance_period"]) == (0.1, 30)
    assert (sixth["factors"], sixth["quantile"]) == (["DebtToEquity"], 0.34)
    assert jobs.items(planned, FAILED_TRIALS="error") == [0] * 9
    collected = jobs.collect(planned)
    whole = plan_study(BacktestConfig(**config), Lake.open(jobs.lake))
    assert len(whole.chunks) < 9
    assert collected["digest"] == local_digest(whole, jobs.lake)
    assert (collected["state"], collected["failed"]) == ("done", 0)
    assert whole.digest != planned["digest_of_study"]


def add_factors(lake: str) -> None:
    """Debt of each company, another one each quarter."""
    place = Lake.open(lake)
    days = pl.date_range(dt.date(2018, 12, 31), dt.date(2020, 12, 31), "1q", eager=True)
    symbols = pl.DataFrame({"symbol": place.symbols()}).with_row_index("n")
    rows = symbols.join(pl.DataFrame({"date": days}).with_row_index("q"), how="cross").select(
        "symbol",
        "date",
        name=pl.lit("DebtToEquity"),
        value=((pl.col("n") + pl.col("q")) % 3).cast(pl.Float64),
        known_at=pl.col("date"),
    )
    place.add_factors(rows, source="a test")


def watched_chunks(jobs: Jobs, planned: dict[str, Any]) -> list[int]:
    """The numbers of the chunks that are run from now on."""
    ran: list[int] = []
    run = items.run_chunk  # type: ignore[attr-defined]

    def watched(chunk: Any, lake: Any) -> Any:
        ran.append(chunk.number)
        return run(chunk, lake)

    jobs.patch.setattr(items, "run_chunk", watched)
    return ran


def interrupted(at: int) -> Any:
    """Runs chunks until the one at which the lake does not answer."""
    run = items.run_chunk  # type: ignore[attr-defined]

    def until(chunk: Any, lake: Any) -> Any:
        if chunk.number == at:
            raise LakeError("the lake does not answer")
        return run(chunk, lake)

    return until


@pytest.mark.slow
def test_the_command_of_the_job_definition_works(
    store: BucketStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", "2")
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"item 2 of attempt 1 at {store.study.name}: 2 chunks, 2 run now" in done.stderr
    assert [chunk.number for chunk in store.done()] == [4, 5]
    monkeypatch.setenv("ATTEMPT", "7")
    refused = subprocess.run(COMMAND, capture_output=True, text=True, check=False, timeout=120)
    assert refused.returncode == names.NO_USE
    assert "plans/7.json is missing" in refused.stderr
