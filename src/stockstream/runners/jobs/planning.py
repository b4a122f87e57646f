"""The job ``plan``: plan a study and an attempt at it, and say what its items are."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any

from stockstream.backtest.result import json_ready
from stockstream.errors import ConfigError, NoDataError
from stockstream.lake.store import Lake
from stockstream.runners.jobs import environment, names
from stockstream.runners.jobs.answers import Answers
from stockstream.runners.jobs.failed import label_of
from stockstream.runners.jobs.requests import plan_asked
from stockstream.settings import load_settings
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.file_store import reading
from stockstream.study.runs.pinned import demand_same_code
from stockstream.study.runs.plans import MOST_ITEMS, last_attempt, make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.lake.location import Location
    from stockstream.runners.jobs.requests import PlanAsked
    from stockstream.study.runs.plans import Item, Plan
    from stockstream.study.study import Study

__all__ = ["plan_attempt", "run"]

_log = logging.getLogger("stockstream.jobs")


def run() -> int:
    """Plan what the environment asks for and leave the answer.

    The job that comes again with the same key and request gives the answer that is there, as long
    as its attempt is the last one and not over.

    Returns:
        An exit code of :mod:`stockstream.runners.jobs.names`.

    Raises:
        ConfigError: the request cannot be planned.
        NoDataError: there are no bars for it, or no such run.
        DataError: the run cannot be read or written.
        LakeError: the lake cannot be read.
    """
    key, request = environment.demanded_key(), environment.document(names.REQUEST)
    strict, settings = environment.fails_on_errors(), load_settings()
    asked, wanted = plan_asked(request, settings.aws.at_once), _digest(request)
    answers = Answers(settings.lake)
    kept = answers.read(key)
    if kept is None or not _is_good(kept, wanted, answers.place):
        fresh = _planned(asked, settings.lake, again=strict or asked.each) | {"request": wanted}
        if kept is not None:
            answers.write(key, fresh)
        elif not answers.write_first(key, fresh):
            fresh = answers.read(key) or fresh  # the same message came twice, and at once
        kept = fresh
    _log.info(
        "%s, attempt %s: %d items, %d of %d chunks are missing, %d trials",
        *(kept[name] for name in ("run", "attempt", "items", "missing", "chunks", "trials")),
    )
    return names.DONE


def plan_attempt(asked: PlanAsked, lake: str, *, again: bool = False) -> tuple[BucketStore, Plan]:
    """Plan an attempt at a study, and the study if it is new.

    Args:
        asked: for what.
        lake: folder or URL.
        again: see :func:`stockstream.study.runs.plans.make_plan`.

    Raises:
        ConfigError: it cannot be planned, or was planned by other code.
        NoDataError: there are no bars for it, or no such run.
        DataError: the run cannot be read or written.
        LakeError: the lake cannot be read.
    """
    runs = runs_of(lake)
    if asked.run is not None:
        store = BucketStore.open(runs.child(asked.run))
        demand_same_code(store.study)
        _demand_single(store.study, asked)
    else:
        study = asked.study(Lake.open(lake))
        _demand_single(study, asked)
        store = BucketStore.create(runs, study)
    at_once = len(store.study.chunks) if asked.each else asked.at_once
    return store, make_plan(store, asked.attempt, at_once, again=again)


def _demand_single(study: Study, asked: PlanAsked) -> None:
    """Refuse an item for each trial where that cannot be."""
    if not asked.each:
        return
    if study.trials > MOST_ITEMS:
        raise ConfigError(
            f"{study.trials:,} trials as an item each are more than the {MOST_ITEMS:,} that an "
            "attempt may have: plan it without each, then an item has many of them"
        )
    if len(study.chunks) != study.trials:
        raise ConfigError(
            f"{study.name} was planned with several trials in a chunk, so that they cannot be an "
            "item each: give its config in place of its name, or leave each out"
        )


def _planned(asked: PlanAsked, lake: str, *, again: bool) -> dict[str, Any]:
    store, plan = plan_attempt(asked, lake, again=again)
    study = store.study
    labels = [_label(item, study) for item in plan.items[: names.MOST_LABELS]]
    answer = {
        "run": study.name,
        "attempt": plan.attempt,
        "items": len(plan.items),
        "trials": study.trials,
        "chunks": len(study.chunks),
        "missing": plan.chunks,
        "labels": labels if len(plan.items) <= names.MOST_LABELS else [],
        "digest_of_study": study.digest,
    }
    if asked.each:
        firsts = [study.chunks[item.chunks[0]].first for item in plan.items]
        answer["parameters"] = [json_ready(study.parameters(trial)) for trial in firsts]
    return answer


def _label(item: Item, study: Study) -> str:
    first, last = study.chunks[item.chunks[0]].first, study.chunks[item.chunks[-1]].stop - 1
    return label_of(study, first) if first == last else f"trials {first:,} to {last:,}"


def _is_good(kept: Mapping[str, Any], wanted: str, lake: Location) -> bool:
    """Whether an answer may be given again: asked for the same, and somebody can work on it."""
    try:
        run, attempt, items = str(kept["run"]), str(kept["attempt"]), int(kept["items"])
        if kept["request"] != wanted:
            return False
        store = BucketStore.open(runs_of(lake).child(run))
        demand_same_code(store.study)
    except (KeyError, TypeError, ValueError, ConfigError, NoDataError):
        return False
    if str(last_attempt(store)) != attempt:
        return False
    if not items:
        return not store.missing()
    with reading(lake):
        ended = sum(1 for _ in lake.files(names.ended_folder(run, attempt)))
        return ended < items and not lake.has(names.stop_file(run, attempt))


def _digest(request: Mapping[str, Any]) -> str:
    text = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
