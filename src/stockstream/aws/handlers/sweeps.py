"""The steps of a sweep in the cloud: plan an attempt, run its items, say what came of it.

All they know of each other is in the bucket, below ``runs/<run>/``. So each of them may be called
twice, late, or by several at once, and the same files come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from stockstream.runners.jobs.planning import plan_attempt
from stockstream.runners.jobs.requests import attempt_of, plan_asked, run_asked
from stockstream.runners.jobs.summary import sweep_summary
from stockstream.settings import load_settings
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.items import run_item
from stockstream.study.runs.pinned import open_run
from stockstream.study.runs.plans import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockstream.lake.location import Location

    Event = Mapping[str, Any]

__all__ = ["collect_sweep", "plan_sweep", "run_chunks"]

RESERVE: Final = 10.0
"""Seconds before a function is killed that are kept to write what has been computed."""

RESERVED_SHARE: Final = 0.2
"""Of a function's time: what is kept of a short one."""


def plan_sweep(event: Event, _context: object = None) -> dict[str, Any]:
    """Plan an attempt at a sweep: which chunks are missing, in items of a minute or so.

    Args:
        event: ``{"run": "s-0123456789ab"}`` of a study that is in the bucket, or
            ``{"config": {...}, "split": "ticker", "where": [...], "sample": {"method": "sobol",
            "size": 1000, "seed": 1}, "blocks": 16, "keep_equity": 0}``, planned on the bucket's
            lake as it is now, all but ``config`` optional. Either with ``"attempt": "1"``, without
            which it is the one after the last, ``"at_once"``, how many workers there are (the
            setting ``aws.at_once`` by default), and ``"each": true``, an item for each trial.

    Returns:
        ``run``, ``attempt``, ``plan`` (the key of its file in the bucket), ``items``, ``trials``
        and ``chunks`` of the whole study, and ``missing``: chunks that the plan has.

    Raises:
        ConfigError: the event cannot be used, or the study was planned by other code.
        DataError: the run cannot be read or written.
        LakeError: the lake cannot be read.
    """
    settings = load_settings()
    asked = plan_asked(event, settings.aws.at_once)
    store, plan = plan_attempt(asked, settings.lake, again=asked.each)
    return {
        "run": store.study.name,
        "attempt": plan.attempt,
        "plan": _key(store.place.child(plan.file)),
        "items": len(plan.items),
        "trials": store.study.trials,
        "chunks": len(store.study.chunks),
        "missing": plan.chunks,
    }


def run_chunks(event: Event, context: Any) -> dict[str, Any]:
    """Run what is missing of an item of a plan, as far as the function's time goes.

    Args:
        event: ``{"run": "s-0123456789ab", "attempt": "1", "chunks": [3, 4, 5]}``.
        context: of the call; knows how much time is left.

    Returns:
        The item's ``run`` and ``attempt``, and what is in
        :class:`stockstream.study.runs.items.RanItem`.

    Raises:
        ConfigError: it is no item, or the study was planned by other code.
        Unfinished: not all of it could be run; another call goes on.
        DataError: the run cannot be read or written.
        LakeError: the lake cannot be read.
    """
    item = Item.of(event)
    store, lake = open_run(load_settings().lake, item.run)
    ran = run_item(item, store, lake, _time_in(context))
    return {"run": item.run, "attempt": item.attempt, **ran._asdict()}


def collect_sweep(event: Event, _context: object = None) -> dict[str, Any]:
    """Say what came of an attempt, when all its items have ended.

    Args:
        event: ``{"run": "s-0123456789ab", "attempt": "1"}``.

    Returns:
        See :func:`stockstream.runners.jobs.summary.sweep_summary`.

    Raises:
        ConfigError: the event cannot be used.
        DataError: the run cannot be read.
    """
    runs = runs_of(load_settings().lake)
    store = BucketStore.open(runs.child(run_asked(event)))
    return sweep_summary(store, attempt_of(event))


def _time_in(context: Any) -> Callable[[float], bool]:
    """Whether so many seconds are left of a function's time, and those to write the results."""
    reserve = min(RESERVE, RESERVED_SHARE * context.get_remaining_time_in_millis() / 1000)

    def is_left(seconds: float) -> bool:
        return bool(context.get_remaining_time_in_millis() / 1000 - reserve > seconds)

    return is_left


def _key(place: Location) -> str:
    """The key of a file in its bucket; in a folder its path."""
    return place.address if place.is_local else urlsplit(place.address).path.lstrip("/")
