"""The driver of one attempt: ``python -m stockstream.runners.cluster.driver LAKE RUN ATTEMPT ...``.

It hands parts of what is missing to the workers of a cluster until nothing is left, and says at the
end how it left. It may be killed at any moment: what is done is in the files of the run, and the
next attempt goes on from there.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import CloudError, DataError, LakeError, NoDataError, StockstreamError
from stockstream.lake.location import Location
from stockstream.runners.cluster.claim import Claim
from stockstream.runners.cluster.connection import connected
from stockstream.runners.cluster.nodes import demand_able_nodes, processors, tidy_nodes
from stockstream.runners.cluster.parts import Parts
from stockstream.runners.cluster.work import Order, run_part
from stockstream.runners.jobs.names import stop_file
from stockstream.runners.service import Look
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.ledger.liveness import this_process
from stockstream.study.runs.plans import read_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["MODULE", "Work", "main"]

MODULE: Final = "stockstream.runners.cluster.driver"
"""What ``python -m`` is given."""

EVERY: Final = 1.0
"""Seconds between two looks at the cluster and at whether somebody wants the driver to leave."""

CLAIMED_WITHIN: Final = 20.0
"""Seconds in which whoever starts a driver notes down that he did."""

TRIES: Final = 3
"""Times in a row that a part may find the lake or the run out of reach."""

SPARE_LOSSES: Final = 50
"""Workers that may be lost beyond one for each part that was done; a chunk that kills its workers
takes five of them before it is given up."""

NO_NODES: Final = 120.0
"""Seconds without a processor after which nobody waits for a node any longer."""

_log = logging.getLogger("stockstream.cluster")


class Work:
    """Deals the chunks of an attempt.

    Args:
        order: which attempt.
        chunks: numbers of those that the plan has.
        at_once: workers at most; 0 takes all processors.
        is_over: whether the driver has to leave.
    """

    def __init__(
        self, order: Order, chunks: Iterable[int], at_once: int, is_over: Callable[[], bool]
    ) -> None:
        import ray

        self._parts, self._order = Parts(chunks), order
        self._at_once, self._is_over = at_once, is_over
        self._task = ray.remote(run_part).options(num_cpus=1, max_retries=0)
        self._running: dict[Any, tuple[int, ...]] = {}
        self._tries: dict[tuple[int, ...], int] = {}
        self._workers, self._looked, self._seen = 0.0, -EVERY, time.monotonic()
        self.done = self.lost = self.failed = 0

    def through(self) -> bool:
        """Deal until nothing is left; returns whether it is so, or somebody wanted it to stop.

        Raises:
            StockstreamError: a worker says that it cannot go on.
            CloudError: workers are lost again and again, or there are none.
        """
        import ray

        while self._parts or self._running:
            if self._look_around():
                return False
            while self._parts and len(self._running) < self._workers:
                part = self._parts.take(self._workers)
                self._running[self._task.remote(self._order, part)] = part
            if not self._running:
                time.sleep(EVERY)
                continue
            some, rest = ray.wait(list(self._running), timeout=EVERY)
            if some and rest:
                some += ray.wait(rest, num_returns=len(rest), timeout=0)[0]
            for one in some:
                self._settle(one, self._running.pop(one))
        return True

    def _look_around(self) -> bool:
        """Count the processors again, after a while; returns whether the driver has to leave."""
        now = time.monotonic()
        if now - self._looked < EVERY:
            return False
        self._looked, found = now, processors()
        self._workers = min(found, self._at_once or found)
        if found:
            self._seen = now
        elif now - self._seen > NO_NODES:
            raise CloudError(
                f"for {NO_NODES:g} s no node of the cluster has had a processor: add nodes, then "
                "`stockstream runs resume` goes on"
            )
        return self._is_over()

    def _settle(self, one: Any, part: tuple[int, ...]) -> None:
        """Take the answer of a worker; if there is none, its part is dealt again."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        try:
            ran = ray.get(one)
        except RayTaskError as error:
            self._refused(part, error.cause)
        except RayError as error:
            self._lose(part, " ".join(str(error).split()))
        else:
            self.done += 1
            self.failed += ran.failed
            self._tries.pop(part, None)
            _log.info("chunks %d to %d: %d run in %.1f s", part[0], part[-1], ran.ran, ran.seconds)

    def _refused(self, part: tuple[int, ...], error: BaseException) -> None:
        """What a worker raised: the lake may answer the next time, other code stays other code."""
        passing = isinstance(error, (LakeError, DataError)) and not isinstance(error, NoDataError)
        self._tries[part] = self._tries.get(part, 0) + 1
        if passing and self._tries[part] < TRIES:
            _log.warning("chunks %d to %d are dealt again: %s", part[0], part[-1], error)
            self._parts.bring_back(part)
        elif isinstance(error, StockstreamError):
            raise error
        else:
            raise CloudError(f"a worker failed: {type(error).__name__}: {error}") from error

    def _lose(self, part: tuple[int, ...], why: str) -> None:
        self.lost += 1
        _log.warning("the worker of chunks %d to %d is lost: %s", part[0], part[-1], why)
        if self.lost > SPARE_LOSSES + self.done:
            raise CloudError(
                f"workers of the cluster ended {self.lost:,} times without a word; the last: {why}"
            )
        self._parts.bring_back(part)


def main(arguments: Sequence[str] | None = None) -> int:
    """Drive the attempt that is named; returns the exit code of the process.

    Args:
        arguments: lake, run, attempt, address of the cluster (may be empty), workers at once.
    """
    lake, run, attempt, address, at_once = sys.argv[1:] if arguments is None else arguments
    logging.basicConfig(
        level="INFO", format="%(asctime)s %(process)d %(message)s", stream=sys.stderr
    )
    order = Order(lake, run, attempt, str(Path.cwd()))
    os.chdir("/")  # Ray lets its workers import what lies in the folder of its driver
    claim = Claim(runs_of(lake).child(run), attempt)
    leave = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leave.set())
    if not _is_ours(claim):
        _log.error("another driver has attempt %s at %s", attempt, run)
        return 1
    try:
        _drive(order, claim, address, int(at_once), leave)
    except (StockstreamError, OSError) as error:
        words = " ".join(str(error).split())
        _log.error("%s", words)
        claim.leave(Look("failed", words))
        return 1
    return 0


def _drive(order: Order, claim: Claim, address: str, at_once: int, leave: threading.Event) -> None:
    store = BucketStore.open(claim.place)
    plan = read_plan(store, order.attempt)

    def is_over() -> bool:
        with suppress(OSError):  # what does not answer now is asked again soon
            return leave.is_set() or lake.has(stop)
        return False

    lake, stop = Location.of(order.lake), stop_file(order.run, order.attempt)
    with connected(address, at_once or os.cpu_count() or 1):
        signal.signal(signal.SIGTERM, lambda *_: leave.set())  # Ray has put its own
        if address:
            demand_able_nodes(order)
        chunks = (number for item in plan.items for number in item.chunks)
        work = Work(order, chunks, at_once, is_over)
        _log.info("attempt %s at %s: %d chunks", order.attempt, order.run, plan.chunks)
        whole = work.through()
        _log.info("%d parts done, %d lost, %d chunks given up", work.done, work.lost, work.failed)
        claim.leave(Look("ended" if whole else "cancelled"))
        tidy_nodes(order)


def _is_ours(claim: Claim) -> bool:
    """Whether the attempt is noted down for this process; who started it does so at once."""
    until = time.monotonic() + CLAIMED_WITHIN
    while time.monotonic() < until:
        driver = claim.driver()
        if driver is not None:
            return driver == this_process()
        time.sleep(0.02)
    return False


if __name__ == "__main__":
    sys.exit(main())
