"""Running an item of a plan, wherever that is: what is missing of it, chunk by chunk.

An item may come twice, late, or to two workers at once, and a worker may be killed at any moment.
Only files say what has happened, so whoever comes next goes on from there. A worker that is killed
cannot say so: it notes which chunk it begins with, and a chunk at which workers end again and again
is given up, after all the others have run.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

from stockstream.errors import ConfigError, LakeError, StockstreamError
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.blame import blame, trouble
from stockstream.study.runs.file_store import reading, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    import polars as pl

    from stockstream.backtest.run import Source
    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.bucket_store import BucketStore
    from stockstream.study.runs.plans import Item

__all__ = ["MOST_LOST", "RanItem", "Unfinished", "run_item"]

MOST_LOST: Final = 3
"""Workers that may end at a chunk without a word before it is given up. One that raises an error is
given up at the second."""

TRIES: Final = "tries"
SLACK: Final = 1.5
"""So much longer than the longest one a chunk may take."""

LOOKING: Final = 8
"""Requests side by side that find out which chunks are there."""

AHEAD: Final = 2
"""Results that may wait for the bucket while the next chunk runs."""

PASSING = (LakeError, KeyboardInterrupt)
LOST = (
    f"its workers ended without a word, {MOST_LOST} times: a trial kills its process, or needs "
    "more memory or time than a worker has"
)

_log = logging.getLogger("stockstream.items")


class Unfinished(StockstreamError):  # noqa: N818 - a state machine knows it by this name
    """The worker had to leave before its item was done; the next one goes on."""


class RanItem(NamedTuple):
    """An item that is done.

    Attributes:
        chunks: of the item.
        ran: chunks that were run now; the others were there, or were given up.
        failed: chunks that were given up, now or before.
        seconds: that running them took.
        failed_trials: trials of the chunks that were run now that say why they failed.
    """

    chunks: int
    ran: int
    failed: int
    seconds: float
    failed_trials: int


def run_item(
    item: Item,
    store: BucketStore,
    lake: Source,
    has_time: Callable[[float], bool] = lambda _: True,
    *,
    again: bool = False,
) -> RanItem:
    """Run the chunks of an item that are missing; each is kept as soon as it is done.

    With ``again`` those in which a trial failed before are run again, ahead of the others, and
    those that were given up; what is better than before takes its place.

    Args:
        item: which chunks.
        store: of the run.
        lake: at the version of the study.
        has_time: whether a chunk that takes so many seconds can still be run; the first always is.
        again: see above.

    Raises:
        ConfigError: the study has no such chunk.
        Unfinished: there was no time for all of them.
        DataError: a result cannot be kept.
        LakeError: the data cannot be read.
    """
    chunks = _chunks_of(item, store)
    with ThreadPoolExecutor(LOOKING) as pool:
        there = list(pool.map(store.has, chunks))
        missing = [chunk for chunk, done in zip(chunks, there, strict=True) if not done]
        failing: list[Chunk] = []
        if again:
            store.forgive(missing)
            failing = store.failing(
                [chunk for chunk, done in zip(chunks, there, strict=True) if done]
            )
        given_up = {chunk.number for chunk in store.given_up(missing)}
        todo = [chunk for chunk in missing if chunk.number not in given_up]
        work = _Work(store, lake, _Tries(store, item), pool, failing)
        left = work.through([*failing, *todo], has_time)
    if left:
        raise Unfinished(
            f"{left:,} of {len(chunks):,} chunks of an item of {item.run} are left: its worker had "
            "to leave; start the same item again, and it goes on with them"
        )
    given_up_in_all = len(given_up) + work.failed
    return RanItem(len(chunks), work.ran, given_up_in_all, work.seconds, work.failed_trials)


def _chunks_of(item: Item, store: BucketStore) -> list[Chunk]:
    every = store.study.chunks
    beyond = [number for number in item.chunks if number >= len(every)]
    if beyond:
        raise ConfigError(
            f"{item.run} has no chunk {beyond[0]:,}: they go from 0 to {len(every) - 1:,}; plan "
            "the attempt again"
        )
    return [every[number] for number in item.chunks]


class _Work:
    """What one worker does with an item."""

    def __init__(
        self,
        store: BucketStore,
        lake: Source,
        tries: _Tries,
        pool: ThreadPoolExecutor,
        failing: Sequence[Chunk],
    ) -> None:
        self.store, self.lake, self.tries, self.pool = store, lake, tries, pool
        self.again = {chunk.number for chunk in failing}
        self.ran = self.failed = self.failed_trials = 0
        self.seconds = self.longest = 0.0
        self._keeping: deque[Future[None]] = deque()

    def through(self, todo: Sequence[Chunk], has_time: Callable[[float], bool]) -> int:
        """Run chunks, those at which workers were lost last; gives how many are left."""
        ordered = sorted(todo, key=self._turn)
        left = 0
        for place, chunk in enumerate(ordered):
            if place and not has_time(self.longest * SLACK):
                left = len(ordered) - place
                break
            self._take(chunk, is_first=not place)
        self._settle(0)
        return left

    def _turn(self, chunk: Chunk) -> tuple[int, bool, int]:
        return self.tries.of(chunk), chunk.number not in self.again, chunk.number

    def _take(self, chunk: Chunk, *, is_first: bool) -> None:
        lost, again = self.tries.of(chunk), chunk.number in self.again
        if lost and not again and self.store.has(chunk):  # by one who was only thought to be lost
            return
        if lost >= MOST_LOST:
            self._give_up(chunk, LOST)
            return
        if lost or is_first:
            self.tries.begin(chunk)
        began = time.perf_counter()
        found = self._tried(chunk)
        seconds = time.perf_counter() - began
        self.seconds += seconds
        self.longest = max(self.longest, seconds)
        if isinstance(found, str):
            self._give_up(chunk, found)
        else:
            self.ran += 1
            self.failed_trials += int(found["error"].count())
            self._settle(AHEAD - 1)
            self._keeping.append(self.pool.submit(self._keep, chunk, found))

    def _tried(self, chunk: Chunk) -> pl.DataFrame | str:
        """The rows of a chunk, or why there are none, at the second failure."""
        try:
            return self._run(chunk)
        except PASSING:
            raise
        except BaseException as error:  # noqa: BLE001 - one bad chunk never ends a run
            _log.warning("chunk %d failed: %s", chunk.number, trouble(chunk, error))
        try:
            return self._run(chunk)
        except PASSING:
            raise
        except BaseException as error:  # noqa: BLE001
            return blame(chunk, error, self._run, PASSING)

    def _run(self, chunk: Chunk) -> pl.DataFrame:
        return run_chunk(chunk, self.lake)

    def _keep(self, chunk: Chunk, frame: pl.DataFrame) -> None:
        if chunk.number in self.again:
            self.store.improve(chunk, frame)
        else:
            self.store.put(chunk, frame)
        if frame["error"].count():  # it may be run again, and its worker was not lost
            self.tries.forget(chunk)

    def _give_up(self, chunk: Chunk, why: str) -> None:
        _log.warning("chunk %d is given up: %s", chunk.number, why)
        self.store.give_up(chunk, why)
        self.failed += 1

    def _settle(self, waiting: int) -> None:
        """Wait until only so many results are on their way to the bucket."""
        while len(self._keeping) > waiting:
            self._keeping.popleft().result()


class _Tries:
    """At which chunks the workers of an item began; one that is still missing may have ended them.

    Names are ``tries/<attempt>/<first chunk of the item>/<chunk>-<how often>``.
    """

    def __init__(self, store: BucketStore, item: Item) -> None:
        self._store = store
        self._place = store.place.child(f"{TRIES}/{item.attempt}/{item.chunks[0]}")
        with reading(self._place):
            names = [file.name for file in self._place.files()]
        self._counts = Counter(int(name.partition("-")[0]) for name in names)
        self._begun: set[int] = set()

    def of(self, chunk: Chunk) -> int:
        """How many began with a chunk before."""
        return self._counts[chunk.number]

    def begin(self, chunk: Chunk) -> None:
        """Note that this worker does.

        Raises:
            NoDataError: the run was deleted.
            DataError: it cannot be written.
        """
        self._store.demand_run()
        with writing(self._place):
            self._place.create(f"{chunk.number}-{self.of(chunk) + 1}", b"")
        self._begun.add(chunk.number)

    def forget(self, chunk: Chunk) -> None:
        """Note that nobody was lost at a chunk.

        Raises:
            DataError: the notes cannot be removed.
        """
        noted = self.of(chunk) + (chunk.number in self._begun)
        with writing(self._place):
            for number in range(1, noted + 1):
                self._place.remove(f"{chunk.number}-{number}")
