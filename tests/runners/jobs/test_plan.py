"""Plans as answers: the same for the message that comes twice, another when there is a reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.sweeps import EVENT, plan_event

from stockstream.lake.location import Location
from stockstream.runners.jobs import names, planning
from stockstream.runners.jobs.answers import Answers
from stockstream.runners.jobs.requests import plan_asked
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import last_attempt, make_plan

if TYPE_CHECKING:
    from tests.runners.jobs.conftest import Jobs

SMALL: dict[str, Any] = {
    "config": {**EVENT["config"], "param_grid": {"fast_period": [3, 5, 8]}, "slow_period": 20},
    "blocks": 4,
}
"""Three combinations, one portfolio."""


def store_of(jobs: Jobs, planned: dict[str, Any]) -> BucketStore:
    return BucketStore.open(runs_of(jobs.lake).child(planned["run"]))


def test_the_answer_says_what_the_items_are(jobs: Jobs) -> None:
    planned = jobs.plan(**EVENT, at_once=2)
    study = plan_event(jobs.lake)
    chunks = len(study.chunks)
    items = min(2, chunks)
    labels = planned.pop("labels")
    assert len(planned.pop("request")) == 64
    assert planned == {
        "run": study.name,
        "attempt": "1",
        "items": items,
        "trials": 111,
        "chunks": chunks,
        "missing": chunks,
        "digest_of_study": study.digest,
    }
    assert labels[0].startswith("trials 0 to ")
    assert labels[-1].endswith(" to 110")


def test_each_trial_is_an_item_with_its_parameters(jobs: Jobs) -> None:
    planned = jobs.plan(**SMALL, each=True)
    assert planned["items"] == planned["chunks"] == planned["trials"] == 3
    assert planned["labels"] == ["fast_period=3", "fast_period=5", "fast_period=8"]
    assert planned["parameters"] == [{"fast_period": fast, "slow_period": 20} for fast in (3, 5, 8)]


def test_pieces_are_named_in_the_labels(jobs: Jobs) -> None:
    planned = jobs.plan(**SMALL, each=True, split="ticker")
    study = store_of(jobs, planned).study
    labels = [f"fast_period=3, symbol={piece.label}" for piece in study.pieces]
    assert planned["labels"][::3] == labels


def test_without_a_grid_there_is_one_trial(jobs: Jobs) -> None:
    config = {name: EVENT["config"][name] for name in ("strategy_class", "start_date", "end_date")}
    planned = jobs.plan(config=config, each=True, blocks=4)
    assert (planned["items"], planned["trials"]) == (1, 1)
    assert planned["labels"] == ["fast_period=20, slow_period=50"]


def test_very_many_items_have_no_labels(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MOST_LABELS", 2)
    assert jobs.plan(**SMALL, each=True)["labels"] == []
    assert len(jobs.plan("b-key", **EVENT, at_once=2)["labels"]) <= 2


def test_the_same_message_finds_the_answer_that_is_there(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = jobs.plan(**SMALL, each=True)
    jobs("item", RUN=planned["run"], ATTEMPT="1", ITEM=0)

    def never(*_: object, **__: object) -> None:
        pytest.fail("it was planned again")

    monkeypatch.setattr(planning, "plan_attempt", never)
    assert jobs.plan(**SMALL, each=True) == planned


def test_messages_that_come_at_once_give_one_plan(jobs: Jobs) -> None:
    with ThreadPoolExecutor(4) as pool:  # main() needs the main thread; the jobs are the same
        asked = plan_asked({**SMALL, "each": True}, 30)
        found = list(pool.map(lambda _: planning.plan_attempt(asked, jobs.lake), range(8)))
    assert len({store.study.name for store, _ in found}) == 1
    for store, plan in found:
        assert plan.chunks == 3
        assert int(plan.attempt) <= last_attempt(store)


def test_who_loses_the_race_gives_the_answer_of_the_winner(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = jobs.plan(**SMALL, each=True)
    read, reads = Answers.read, []

    def late(answers: Answers, key: str) -> dict[str, Any] | None:
        reads.append(key)
        return None if len(reads) == 1 else read(answers, key)

    monkeypatch.setattr(Answers, "read", late)
    assert jobs("plan", KEY="a-key", REQUEST={**SMALL, "each": True}) == names.DONE
    assert jobs.answer("a-key") == first


def test_another_key_plans_another_attempt(jobs: Jobs) -> None:
    first, second = jobs.plan(**SMALL), jobs.plan("b-key", **SMALL)
    assert (first["run"], first["attempt"]) == (second["run"], "1")
    assert second["attempt"] == "2"
    assert jobs.plan(**SMALL)["attempt"] == "3"  # the first is no longer the last


def test_another_request_under_the_key_is_planned(jobs: Jobs) -> None:
    first = jobs.plan(**SMALL)
    second = jobs.plan(**{**SMALL, "split": "ticker"})
    assert first["run"] != second["run"]
    assert jobs.answer("a-key") == second


def test_an_attempt_that_is_over_is_followed_by_the_next(jobs: Jobs) -> None:
    planned = jobs.plan(**SMALL, each=True)
    assert jobs.items(planned) == [0, 0, 0]
    again = jobs.plan(**SMALL, each=True)
    assert (again["attempt"], again["items"], again["missing"]) == ("2", 0, 0)
    assert jobs.plan(**SMALL, each=True) == again  # there is nothing to be over


def test_an_attempt_that_was_stopped_is_followed_by_the_next(jobs: Jobs) -> None:
    planned = jobs.plan(**SMALL, each=True)
    Location.of(jobs.lake).create(names.stop_file(planned["run"], "1"), b"")
    assert (jobs.plan(**SMALL, each=True)["attempt"]) == "2"


def test_a_run_that_was_deleted_is_planned_anew(jobs: Jobs) -> None:
    planned = jobs.plan(**SMALL)
    store_of(jobs, planned).erase()
    again = jobs.plan(**SMALL)
    assert again == planned
    assert store_of(jobs, again).missing()


def test_a_plan_of_other_code_is_planned_anew(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    from stockstream.errors import ConfigError

    planned = jobs.plan(**SMALL)

    def refuse(_: object) -> None:
        raise ConfigError("was planned by the code 0.0.1")

    monkeypatch.setattr(planning, "demand_same_code", refuse)
    assert jobs.plan(**SMALL)["attempt"] == "2"
    assert planned["attempt"] == "1"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"run": 7}', b"\xff"])
def test_an_answer_that_is_damaged_is_replaced(jobs: Jobs, content: bytes) -> None:
    Location.of(jobs.lake).create(names.answer_file("a-key"), content)
    assert jobs.plan(**SMALL)["attempt"] == "1"


def test_trials_that_failed_are_planned_again_where_each_is_an_item(
    jobs: Jobs, failing: dict[str, Any]
) -> None:
    planned = jobs.plan(**failing, each=True)
    assert jobs.items(planned, FAILED_TRIALS="error") == [0, 3, 0, 3, 0]
    again = jobs.plan("next-day", **failing, each=True)
    assert (again["attempt"], again["labels"]) == ("2", ["days=13", "days=17"])


def test_trials_that_failed_are_planned_again_where_that_is_an_error(
    jobs: Jobs, failing: dict[str, Any]
) -> None:
    planned = jobs.plan(**failing)
    assert jobs.items(planned) == [0] * planned["items"]
    told = {"REQUEST": failing}
    assert jobs("plan", KEY="b-key", **told) == names.DONE
    assert jobs.answer("b-key")["items"] == 0
    assert jobs("plan", KEY="c-key", FAILED_TRIALS="error", **told) == names.DONE
    assert jobs.answer("c-key")["missing"] >= 1


def test_a_study_of_a_laptop_is_planned_by_its_name(jobs: Jobs) -> None:
    study = replace(plan_event(jobs.lake), chunk_trials=20)
    BucketStore.create(runs_of(jobs.lake), study)
    planned = jobs.plan(run=study.name, at_once=3, attempt=1)
    assert (planned["items"], planned["chunks"]) == (3, 6)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"KEY": ""}, "the environment variable KEY is missing"),
        ({"KEY": "../x"}, "KEY is '../x': it becomes the name of a file"),
        ({"KEY": "x" * 122}, "at most 121 of a-z"),
        ({"KEY": "A"}, "it becomes the name of a file"),
        ({"REQUEST": ""}, "the environment variable REQUEST is missing"),
        ({"REQUEST": "{"}, "REQUEST is no JSON"),
        ({"REQUEST": "[]"}, "give a JSON object"),
        ({"REQUEST": {}}, "not both and not neither"),
        ({"REQUEST": {**SMALL, "each": "yes"}}, "each is 'yes'; give true or false"),
        ({"REQUEST": {**SMALL, "attempt": "one"}}, "no number of an attempt"),
        ({"REQUEST": {"run": "s-0123456789ab"}}, "no sweep in"),
        ({"REQUEST": {"config": {**EVENT["config"], "start_date": "x"}}}, "start_date"),
        ({"REQUEST": {"config": {**EVENT["config"], "strategy_class": "No"}}}, "unknown strategy"),
    ],
)
def test_what_cannot_be_planned_ends_with_2(
    jobs: Jobs, caplog: pytest.LogCaptureFixture, told: dict[str, Any], message: str
) -> None:
    assert jobs("plan", **{"KEY": "a-key", "REQUEST": SMALL, **told}) == names.NO_USE
    assert message in caplog.text
    assert not list(runs_of(jobs.lake).files())


def test_more_trials_than_items_are_refused_as_an_item_each(
    jobs: Jobs, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MOST_ITEMS", 2)
    assert jobs("plan", KEY="k", REQUEST={**SMALL, "each": True}) == names.NO_USE
    assert "3 trials as an item each are more than the 2 that an attempt may have" in caplog.text
    assert not list(runs_of(jobs.lake).files())


def test_a_run_of_large_chunks_cannot_be_planned_as_an_item_each(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    study = plan_event(jobs.lake)
    BucketStore.create(runs_of(jobs.lake), study)
    asked = {"run": study.name, "each": True}
    assert jobs("plan", KEY="k", REQUEST=asked) == names.NO_USE
    assert "was planned with several trials in a chunk" in caplog.text


def test_a_full_disk_leaves_no_half_of_an_answer(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    create = Location.create

    def full(place: Location, name: str, content: bytes) -> bool:
        if name == names.answer_file("a-key"):
            raise OSError(28, "No space left on device")
        return create(place, name, content)

    with monkeypatch.context() as disk:
        disk.setattr(Location, "create", full)
        assert jobs("plan", KEY="a-key", REQUEST=SMALL) == names.AGAIN
    assert "free some space" in caplog.text
    assert jobs.plan(**SMALL)["items"] >= 1


def test_attempts_of_others_are_no_plan_of_ours(jobs: Jobs) -> None:
    planned = jobs.plan(**SMALL)
    make_plan(store_of(jobs, planned))
    assert jobs.plan(**SMALL)["attempt"] == "3"
