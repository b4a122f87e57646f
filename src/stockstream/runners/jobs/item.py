"""The job ``item``: run one item of a plan, as a child of an array job or for itself."""

from __future__ import annotations

import json
import logging
import os
import time
from typing import TYPE_CHECKING, Final

from stockstream.errors import ConfigError
from stockstream.lake.location import Location
from stockstream.runners.jobs import environment, names
from stockstream.runners.jobs.failed import failed_trials, in_words
from stockstream.settings import load_settings
from stockstream.study.runs.file_store import writing
from stockstream.study.runs.items import Unfinished, run_item
from stockstream.study.runs.pinned import open_run
from stockstream.study.runs.plans import demand_attempt, read_item
from stockstream.study.runs.store import demand_run_name

if TYPE_CHECKING:
    import threading

    from stockstream.study.runs.bucket_store import BucketStore
    from stockstream.study.runs.items import RanItem
    from stockstream.study.runs.plans import Item

__all__ = ["run"]

LOOK: Final = 2.0
"""Seconds between two looks for the file that stops the attempt."""

SHOWN: Final = 5
"""Failed trials that are named in the log."""

_log = logging.getLogger("stockstream.jobs")


def run(leave: threading.Event) -> int:
    """Run the item that the environment names.

    Args:
        leave: set when the job is to leave after the chunk at hand.

    Returns:
        An exit code of :mod:`stockstream.runners.jobs.names`.

    Raises:
        ConfigError: there is no such item, the attempt was stopped, or other code planned it.
        NoDataError: there is no such run or plan.
        Unfinished: it had to leave before the item was done.
        DataError: the run cannot be read or written.
        LakeError: the lake cannot be read.
    """
    run_name = demand_run_name(environment.demanded(names.RUN))
    attempt, index = demand_attempt(environment.demanded(names.ATTEMPT)), _index()
    strict = environment.fails_on_errors()
    place = Location.of(load_settings().lake)
    store, lake = open_run(place.address, run_name)
    item = read_item(store, attempt, index)
    watch = _Watch(place, item, leave)
    watch.demand_wanted()
    if leave.is_set():
        raise Unfinished("the job was asked to leave; start the same item again")
    try:
        ran = run_item(item, store, lake, watch, again=strict)
    except Unfinished:
        watch.demand_wanted()
        raise
    _say_ended(place, item, index, ran)
    _log.info(
        "item %s of attempt %s at %s: %d chunks, %d run now in %.1f s, %d given up",
        *(index, attempt, run_name, ran.chunks, ran.ran, ran.seconds, ran.failed),
    )
    if not strict or not (ran.failed or ran.failed_trials):
        return names.DONE
    _name_failed(store, item)
    return names.FAILED


def _index() -> int:
    """The index of the item: that of the array job, that which was given, or the only one."""
    name = names.ARRAY_INDEX if names.ARRAY_INDEX in os.environ else names.ITEM
    return environment.number(name, "0")


class _Watch:
    """Whether there is time for one more chunk."""

    def __init__(self, lake: Location, item: Item, leave: threading.Event) -> None:
        self._lake, self._run, self._leave = lake, item.run, leave
        self._file = names.stop_file(item.run, item.attempt)
        self._stopped, self._looked = False, float("-inf")

    def __call__(self, _seconds: float) -> bool:
        return not (self._leave.is_set() or self._is_stopped())

    def demand_wanted(self) -> None:
        """Refuse to go on with what is not wanted any more.

        Raises:
            ConfigError: somebody stopped the attempt.
        """
        if self._is_stopped():
            raise ConfigError(
                f"the attempt was stopped: {self._lake.path(self._file)} is there; what is done "
                f"stays, and `stockstream runs resume {self._run}` goes on"
            )

    def _is_stopped(self) -> bool:
        now = time.monotonic()
        if not self._stopped and now - self._looked >= LOOK:
            self._looked = now
            try:
                self._stopped = self._lake.has(self._file)
            except OSError as error:  # it is looked for again soon
                _log.warning("cannot look for %s: %s", self._file, error)
        return self._stopped


def _say_ended(lake: Location, item: Item, index: int, ran: RanItem) -> None:
    told = {**ran._asdict(), "seconds": round(ran.seconds, 3)}
    with writing(lake):
        lake.replace(names.ended_file(item.run, item.attempt, index), json.dumps(told).encode())


def _name_failed(store: BucketStore, item: Item) -> None:
    chunks = [store.study.chunks[number] for number in item.chunks]
    for trial in failed_trials(store, chunks, SHOWN):
        _log.error("%s", in_words(trial))
