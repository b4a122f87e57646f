"""Asking a source for the symbols of one batch until each has come or is given up."""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stockstream.errors import (
    ConfigError,
    DataError,
    FetchError,
    MalformedError,
    TransientError,
)
from stockstream.ingest.notes import RETRYABLE, Failed
from stockstream.ingest.pacing import backoff
from stockstream.market.actions import ACTION_SCHEMA, empty_actions
from stockstream.market.bars import BAR_SCHEMA, empty_bars
from stockstream.providers.base import Failure, FetchResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from random import Random

    import polars as pl

    from stockstream.errors import FailureKind
    from stockstream.ingest.pacing import Pacing
    from stockstream.ingest.windows import Window
    from stockstream.providers.base import Provider

__all__ = ["Answers", "Asker"]

LONGEST_RETRY_AFTER: Final = 300.0
"""Seconds; a symbol whose source wants to be left alone for longer is left to the next run."""

MANY_ROWS: Final = 5000


@dataclass(eq=False)
class Answers:
    """What came, and what did not.

    Attributes:
        results: as the provider gave them, in the order of the answers.
        fetched_at: when each symbol came, UTC, ISO 8601.
        failed: why the others did not.
        recovered: failures of symbols that came in the end.
        incomplete: what the source said about symbols that came, or about files.
        requests: how often it was asked.
    """

    results: list[FetchResult] = field(default_factory=list)
    fetched_at: dict[str, str] = field(default_factory=dict)
    failed: dict[str, Failed] = field(default_factory=dict)
    recovered: dict[str, tuple[FailureKind, ...]] = field(default_factory=dict)
    incomplete: dict[str, str] = field(default_factory=dict)
    requests: int = 0


@dataclass(eq=False)
class _Job:
    """A symbol that is still to come."""

    window: Window
    faults: list[FailureKind] = field(default_factory=list)
    alone: bool = False

    @property
    def symbol(self) -> str:
        return self.window.symbol

    def may_come_yet(self, failure: Failure, attempts: int) -> bool:
        """Whether to ask again after its last failure."""
        return (
            failure.kind in RETRYABLE
            and failure.retry_after <= LONGEST_RETRY_AFTER
            and len(self.faults) < attempts
            and self.faults.count("malformed") < 2
        )


class Asker:
    """Asks for symbols one request at a time; those that fail go to the end of the queue.

    Args:
        provider: the source.
        pacing: shared with everyone who asks the same source.
        attempts: how often a symbol is asked for.
        rng: draws the waits.
        settled: called with each symbol that has come or is given up.
    """

    def __init__(
        self,
        provider: Provider,
        pacing: Pacing,
        *,
        attempts: int,
        rng: Random,
        settled: Callable[[str], None],
    ) -> None:
        self._provider, self._pacing = provider, pacing
        self._attempts, self._rng, self._settled = attempts, rng, settled
        self._at_once = provider.pace.symbols_per_request or math.inf
        self._order = itertools.count()

    def ask(self, windows: Iterable[Window]) -> Answers:
        """Ask for every window.

        Raises:
            ConfigError: the provider lacks an option or a key.
            Stopped: the run was told to stop.
        """
        answers = Answers()
        queue = [(-math.inf, next(self._order), _Job(window)) for window in windows]
        while queue:
            for due, job in self._request(self._next(queue), answers):
                heapq.heappush(queue, (due, next(self._order), job))
        return answers

    def _next(self, queue: list[tuple[float, int, _Job]]) -> list[_Job]:
        """The symbols of the next request, when their time has come."""
        clock = self._pacing.clock
        hopeless = self._pacing.breaker.gave_up
        clock.sleep(0.0 if hopeless else max(0.0, queue[0][0] - clock.time()))
        now = math.inf if hopeless else max(clock.time(), queue[0][0])
        jobs = [heapq.heappop(queue)[2]]
        while (
            queue
            and len(jobs) < self._at_once
            and queue[0][0] <= now
            and not (jobs[0].alone or queue[0][2].alone)
        ):
            jobs.append(heapq.heappop(queue)[2])
        return jobs

    def _request(self, jobs: list[_Job], answers: Answers) -> list[tuple[float, _Job]]:
        """Ask for some symbols; returns those to ask for again, and when."""
        try:
            self._pacing.breaker.enter()
        except TransientError as error:
            for job in jobs:
                self._give_up(job, Failure(job.symbol, str(error), "transient"), answers)
            return []
        taken = self._pacing.budget.take()
        answers.requests += 1
        outcome = self._fetch(jobs)
        if isinstance(outcome, FetchResult):
            return self._sort_out(jobs, outcome, taken, answers)
        if len(jobs) == 1:
            failure = Failure(jobs[0].symbol, outcome)
            return self._sort_out(jobs, _nothing([failure]), taken, answers)
        self._pacing.breaker.failed([job.symbol for job in jobs], outcome)
        for job in jobs:
            job.alone = True  # one of them broke the provider: find out which
        return [(-math.inf, job) for job in jobs]

    def _fetch(self, jobs: Sequence[_Job]) -> FetchResult | str:
        """What the provider answers, or what it broke on."""
        symbols = [job.symbol for job in jobs]
        start = min(job.window.start for job in jobs)
        end = max(job.window.end for job in jobs)
        try:
            return _whole(self._provider.fetch(symbols, start, end))
        except FetchError as error:
            reason, kind, wait = str(error), error.kind, error.retry_after
            return _nothing(Failure(symbol, reason, kind, wait) for symbol in symbols)
        except ConfigError as error:
            self._pacing.breaker.failed(symbols, str(error))  # it may have been the probe
            raise
        except DataError as error:
            return _nothing(Failure(symbol, str(error)) for symbol in symbols)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything; the others go on
            return f"the provider broke: {type(error).__name__}: {error}"

    def _sort_out(
        self, jobs: list[_Job], result: FetchResult, taken: float, answers: Answers
    ) -> list[tuple[float, _Job]]:
        """Settle what came and what will not; returns the rest with the time to ask again."""
        clock = self._pacing.clock
        came = {*_symbols(result.bars), *_symbols(result.actions)}
        said = {failure.name: failure for failure in result.failures}
        stamp = clock.now().isoformat(timespec="seconds")
        failures: list[Failure] = []
        again: list[_Job] = []
        for job in jobs:
            failure = said.pop(job.symbol, None)
            if job.symbol in came:
                answers.fetched_at[job.symbol] = stamp
                self._came(job, failure, answers)
                continue
            failure = failure or Failure(job.symbol, "the source sent nothing for it", "empty")
            failures.append(failure)
            job.faults.append(failure.kind)
            if job.may_come_yet(failure, self._attempts):
                again.append(job)
            else:
                self._give_up(job, failure, answers)
        answers.results.append(result)
        answers.incomplete |= {name: failure.reason for name, failure in said.items()}
        wait = max((failure.retry_after for failure in failures), default=0.0)
        self._report([job.symbol for job in jobs], failures, wait, taken)
        if not again:
            return []
        # One wait for all, so that they share the next request as well.
        failed, wait = max(len(job.faults) for job in again), min(wait, LONGEST_RETRY_AFTER)
        due = clock.time() + backoff(failed, wait, self._rng)
        return [(due, job) for job in again]

    def _came(self, job: _Job, failure: Failure | None, answers: Answers) -> None:
        if job.faults:
            answers.recovered[job.symbol] = tuple(job.faults)
        if failure is not None:
            answers.incomplete[job.symbol] = failure.reason
        self._settled(job.symbol)

    def _give_up(self, job: _Job, failure: Failure, answers: Answers) -> None:
        answers.failed[job.symbol] = Failed(failure.kind, failure.reason, len(job.faults))
        self._settled(job.symbol)

    def _report(
        self, symbols: list[str], failures: list[Failure], wait: float, taken: float
    ) -> None:
        """Tell budget and breaker how the source did.

        An answer that cannot be read counts as a failure of the source: those who keep visitors out
        with a page of HTML send it with status 200.
        """
        budget, breaker = self._pacing.budget, self._pacing.breaker
        if any(failure.kind == "rate_limited" for failure in failures):
            # A longer ban is left to the breaker: it opens if the next requests meet it as well.
            budget.slow_down(taken, wait if wait <= LONGEST_RETRY_AFTER else 0.0)
        failed = [failure for failure in failures if failure.kind in RETRYABLE]
        if len(failed) == len(symbols):
            breaker.failed(symbols, failed[-1].reason, wait)
        else:
            budget.speed_up()
            breaker.succeeded()


def _whole(result: FetchResult) -> FetchResult:
    """The result, if it is one: plug-ins are not type-checked."""
    missing = {*BAR_SCHEMA} - {*result.bars.columns} | {*ACTION_SCHEMA} - {*result.actions.columns}
    if missing:
        raise MalformedError(f"the provider's frames lack the column(s) {', '.join(missing)}")
    return result


def _symbols(frame: pl.DataFrame) -> list[str]:
    """The symbols of some rows; few rows are read faster than made unique."""
    column = frame["symbol"]
    return (column.unique() if len(column) > MANY_ROWS else column).to_list()


def _nothing(failures: Iterable[Failure]) -> FetchResult:
    return FetchResult(empty_bars(), empty_actions(), tuple(failures))
