"""What came of an attempt: counts, digest, the failed by name, the best by belief."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.sweeps import EVENT, local_digest, plan_event

from stockstream.runners.jobs import names, summary
from stockstream.runners.jobs.summary import sweep_summary
from stockstream.study.result import StudyResult
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.selection import rank

if TYPE_CHECKING:
    from tests.runners.jobs.conftest import Jobs


def store_of(jobs: Jobs, planned: dict[str, Any]) -> BucketStore:
    return BucketStore.open(runs_of(jobs.lake).child(planned["run"]))


def test_a_run_that_is_whole(jobs: Jobs) -> None:
    planned = jobs.plan(**EVENT, at_once=3)
    assert jobs.items(planned) == [0] * planned["items"]
    found = jobs.collect(planned)
    study = plan_event(jobs.lake)
    assert found["digest"] == local_digest(study, jobs.lake)
    assert (found["run"], found["attempt"], found["state"]) == (study.name, "1", "done")
    assert (found["trials"], found["done"], found["failed"]) == (111, 111, 0)
    assert found["failures"] == found["failed_trials"] == []
    ranked = rank(StudyResult(study, store_of(jobs, planned)), count=1).row(0, named=True)
    assert found["best"]["point"] == ranked["point"]
    assert found["best"]["parameters"] == study.space.values(ranked["point"])
    assert found["best"]["deflated_sharpe"] == pytest.approx(ranked["deflated_sharpe"])
    assert found["seconds"] > 0
    assert jobs.collect(planned) == found  # again


def test_a_run_that_is_half_there(jobs: Jobs, failing: dict[str, Any]) -> None:
    planned = jobs.plan(**failing, each=True)
    for index in (1, 2):
        jobs("item", RUN=planned["run"], ATTEMPT="1", ITEM=index)
    store = store_of(jobs, planned)
    store.give_up(store.study.chunks[4], "trial 4: it needs more memory")
    found = jobs.collect(planned)
    assert (found["state"], found["done"], found["failed"]) == ("partial", 2, 4)
    assert found["digest"] is None
    assert [one["trial"] for one in found["failed_trials"]] == [0, 1, 3, 4]
    assert [one["label"] for one in found["failed_trials"]] == [
        f"days={days}" for days in (5, 13, 17, 21)
    ]
    lost, poisoned, _, given_up = (one["error"] for one in found["failed_trials"])
    assert lost.startswith("no worker finished it")
    assert poisoned == "Mine failed on 2020-06-01: ValueError: the poison"
    assert given_up == "trial 4: it needs more memory"
    assert found["failed_trials"][1]["parameters"] == {"days": 13, "poisoned": 13, "flaky": 17}


def test_a_run_of_which_nothing_is_there(jobs: Jobs) -> None:
    planned = jobs.plan(**EVENT)
    found = jobs.collect(planned)
    assert (found["done"], found["failed"], found["best"], found["digest"]) == (0, 111, None, None)
    assert len(found["failed_trials"]) == 50
    assert found["seconds"] == 0


def test_where_every_trial_failed_there_is_no_best(jobs: Jobs, failing: dict[str, Any]) -> None:
    failing["config"]["param_grid"] = {"days": [13]}
    planned = jobs.plan(**failing)
    jobs.items(planned)
    found = jobs.collect(planned)
    assert (found["state"], found["failed"], found["best"]) == ("done", 1, None)
    assert len(found["digest"]) == 64


def test_of_very_many_trials_there_is_neither_digest_nor_best(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = jobs.plan(**EVENT)
    jobs.items(planned)
    monkeypatch.setattr(summary, "MOST_DIGESTED", 110)
    monkeypatch.setattr(summary, "MOST_RANKED", 110)
    found = jobs.collect(planned)
    assert (found["digest"], found["best"], found["state"]) == (None, None, "done")


def test_what_an_item_said_badly_counts_nothing(jobs: Jobs) -> None:
    planned = jobs.plan(**EVENT)
    store = store_of(jobs, planned)
    for number, content in enumerate((b"{", b"[]", b'{"seconds": "x"}', b'{"seconds": 2.5}')):
        store.place.create(f"ended/1/{number}.json", content)
    assert jobs.collect(planned)["seconds"] == 2.5


def test_the_answer_fits_between_two_steps_of_a_workflow(
    jobs: Jobs, failing: dict[str, Any]
) -> None:
    failing["config"]["param_grid"] = {"days": [13], "flaky": list(range(100, 200))}
    del failing["config"]["parameters"]["flaky"]
    planned = jobs.plan(**failing)
    jobs.items(planned)
    found = jobs.collect(planned)
    assert found["failed"] == 100
    assert [one["trial"] for one in found["failed_trials"]] == list(range(50))
    assert len(json.dumps(found)) < 100_000
    assert sweep_summary(store_of(jobs, planned), "1") == found


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"KEY": ""}, "the environment variable KEY is missing"),
        ({"RUN": ""}, "the environment variable RUN is missing"),
        ({"RUN": "s-0123456789ab"}, "no sweep in"),
        ({"RUN": "../answers"}, "is no name of a run"),
        ({"ATTEMPT": "x"}, "no number of an attempt"),
    ],
)
def test_what_cannot_be_collected_ends_with_2(
    jobs: Jobs, caplog: pytest.LogCaptureFixture, told: dict[str, str], message: str
) -> None:
    right = {"KEY": "k", "RUN": "s-0123456789ab", "ATTEMPT": "1"}
    assert jobs("collect", **{**right, **told}) == names.NO_USE
    assert message in caplog.text
