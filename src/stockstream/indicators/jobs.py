"""Compiled runs of indicators over many series: some at a time, over threads.

Series without a gap go through the dense form of an indicator (``docs/kernels.md``), a dozen of
similar length together; all others, and indicators that have none, through its array form. All
indicators of a dozen series run one after the other while those are in the processor's cache.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockstream.indicators.four import FOUR
from stockstream.jit import compiled, kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from stockstream.indicators.spec import IndicatorSpec, Params

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

__all__ = ["Job", "run"]

TOGETHER = 12
"""Series for which a kernel is called once: threads take turns between their calls."""

SPARE = 3
"""Columns of scratch of one series beyond one for each of them."""

LARGEST = int(np.float64(1e100).view(np.int64))
"""The bits of a large number: as whole numbers, those of positive floats rise with them."""


class Job(NamedTuple):
    """One indicator to run.

    Attributes:
        spec: the indicator.
        params: checked values of its parameters.
        inputs: one ``[N]`` array for each of its inputs.
        results: one ``[N]`` array for each of its outputs, to be written to.
    """

    spec: IndicatorSpec
    params: Params
    inputs: tuple[Floats, ...]
    results: tuple[Floats, ...]


def run(jobs: Sequence[Job], offsets: Ints, threads: int = 1) -> None:
    """Write the results of some jobs over the same series.

    Args:
        jobs: indicators with their inputs and results.
        offsets: ``[S + 1]``; where each series begins, then the row count.
        threads: to spread the series over; kernels hold no lock.
    """
    if threads == 1 and all(job.spec.dense is None for job in jobs):
        for job in jobs:
            _Runner([job], offsets).series(0, len(offsets) - 1)
        return
    longest_first = np.argsort(-np.diff(offsets), kind="stable")
    groups = list(_groups(longest_first))
    if threads == 1:
        _Runner(jobs, offsets).groups(groups)
        return
    with ThreadPoolExecutor(threads) as pool:
        parts = [groups[i::threads] for i in range(threads)]
        runs = [pool.submit(_Runner(jobs, offsets).groups, part) for part in parts]
        for one in runs:
            one.result()


def _groups(series: Ints) -> Iterator[Ints]:
    """Up to ``TOGETHER`` at a time, a multiple of four where so many are left."""
    first = 0
    while first < len(series):
        left = len(series) - first
        size = min(TOGETHER, left - left % FOUR or left)
        yield series[first : first + size]
        first += size


class _Runner:
    """What one thread needs: the kernels, and memory of its own for their states."""

    def __init__(self, jobs: Sequence[Job], offsets: Ints) -> None:
        self.offsets = offsets
        self.work = [
            _Work(
                job,
                np.zeros(job.spec.state_size(job.params)),
                compiled(job.spec.array),
                job.spec.dense and compiled(job.spec.dense),
                sum(job.params) + 1,
                {id(column): column.view(np.int64) for column in job.inputs},
            )
            for job in jobs
        ]
        longest = int(np.diff(offsets).max(initial=0))
        self.spare = np.arange(TOGETHER + SPARE) * longest
        self.scratch = np.empty(len(self.spare) * longest)
        self.no_gap = compiled(no_gap)

    def groups(self, groups: Sequence[Ints]) -> None:
        """All jobs over some series, up to ``TOGETHER`` at a time."""
        for group in groups:
            begins = self.offsets[group]
            rows = self.offsets[group + 1] - begins
            shortest = int(rows[-1]) if len(group) % FOUR == 0 else 0
            gapless: dict[int, bool] = {}
            for work in self.work:
                if not self._dense(work, begins, rows, shortest, gapless):
                    for series in group.tolist():
                        self._array(work, series, series + 1)

    def series(self, first: int, stop: int) -> None:
        """All jobs over series that stand one after the other, in their array form."""
        for work in self.work:
            self._array(work, first, stop)

    def _array(self, work: _Work, first: int, stop: int) -> None:
        job, bounds = work.job, self.offsets[first : stop + 1]
        work.array(*job.inputs, bounds, *job.params, work.state, *job.results)

    def _dense(
        self, work: _Work, begins: Ints, rows: Ints, shortest: int, gapless: dict[int, bool]
    ) -> bool:
        """Run the dense form if there is one for these series; whether it did."""
        if work.dense is None or shortest < work.least:
            return False
        for column, bits in work.bits.items():
            if column not in gapless:
                gapless[column] = self.no_gap(bits, begins, rows, LARGEST)
            if not gapless[column]:
                return False
        job = work.job
        done: bool = work.dense(
            *job.inputs, begins, rows, *job.params, self.scratch, self.spare, *job.results
        )
        return done


class _Work(NamedTuple):
    """A job with what running it takes."""

    job: Job
    state: Floats
    array: Callable[..., None]
    dense: Callable[..., bool] | None
    least: float
    bits: dict[int, Ints]


@kernel
def no_gap(bits: Sequence[int], begins: Sequence[int], rows: Sequence[int], largest: int) -> bool:
    """Whether all values of four series (or eight ...) are 0 or positive, and not monstrous.

    So prices and volumes are. Looked at are the bits of the floats, as whole numbers: those of NaN
    and infinity are larger than ``largest``, those of negative numbers and of -0.0 below 0. This
    is the first look at the bars: memory gives four streams faster than one.
    """
    found = 0  # negative as soon as one of the numbers or-ed to it is
    for s in range(0, len(rows), FOUR):
        shortest = min(rows[s], rows[s + 1], rows[s + 2], rows[s + 3])
        a = bits[begins[s] : begins[s] + shortest]
        b = bits[begins[s + 1] : begins[s + 1] + shortest]
        c = bits[begins[s + 2] : begins[s + 2] + shortest]
        d = bits[begins[s + 3] : begins[s + 3] + shortest]
        for t in range(len(a)):
            found |= a[t] | b[t] | c[t] | d[t]
            found |= (largest - a[t]) | (largest - b[t]) | (largest - c[t]) | (largest - d[t])
        for lane in range(s, s + FOUR):
            rest = bits[begins[lane] + shortest : begins[lane] + rows[lane]]
            for t in range(len(rest)):
                found |= rest[t] | (largest - rest[t])
    return found >= 0
