"""What a study will take: found out by running a little of it."""

from __future__ import annotations

import resource
import sys
import time
from bisect import bisect_right
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.jit import kernels_loaded
from stockstream.study.chunk import Chunk, run_chunk
from stockstream.study.reuse import panel_of
from stockstream.study.runs.file_store import encoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from stockstream.backtest.run import Source
    from stockstream.study.study import Study

__all__ = ["Estimate", "PathShare", "estimate", "peak_memory"]

GOLDEN = 0.6180339887498949  # its multiples spread evenly over a line, however many there are
GROWTH = 4
MOST_CUTS = 50


@dataclass(frozen=True)
class PathShare:
    """One way in which trials run, and how many of them.

    Attributes:
        path: ``sparse``, ``broker`` or ``event``, and why not the faster one.
        share: of the trials, a fraction.
        trial_seconds: of one core, for one trial.
    """

    path: str
    share: float
    trial_seconds: float


@dataclass(frozen=True)
class Estimate:
    """What a study will take on this machine.

    Attributes:
        name: of the study.
        points, pieces, trials: points times pieces are the trials.
        chunks: parts that are run, kept and resumed whole.
        workers: that share the chunks.
        paths: how the trials run, the most frequent way first.
        start_seconds: that the first trial took to come: reading the data, loading kernels and,
            once on a machine, compiling them.
        core_seconds: of all trials on one core.
        seconds: of all trials with all workers, from the first one on.
        memory: bytes that one worker holds at most: this process did, in which the sample ran.
        stored: bytes of the files of its trials.
        sampled: trials that were run to find this out.
    """

    name: str
    points: int
    pieces: int
    trials: int
    chunks: int
    workers: int
    paths: tuple[PathShare, ...]
    start_seconds: float
    core_seconds: float
    seconds: float
    memory: int
    stored: int
    sampled: int

    def to_dict(self) -> dict[str, Any]:
        """The estimate as JSON values."""
        return asdict(self)


class _Sample(NamedTuple):
    """Trials that were run, on how many bars and for how long."""

    frame: pl.DataFrame
    bars: int
    seconds: float

    @property
    def work(self) -> int:
        return len(self.frame) * self.bars


def estimate(study: Study, lake: Source, *, workers: int = 1, calibrate: float = 0.3) -> Estimate:
    """Run some trials of a study, spread over all of it, and reckon what the whole will take.

    Trials are taken to cost in proportion to the bars of their piece. The sample counts at least
    one trial, so that a strategy whose every trial takes minutes takes minutes to estimate.

    Args:
        study: what is planned.
        lake: where the bars are.
        workers: that will share the chunks.
        calibrate: seconds to spend, after the first trial.

    Raises:
        NoDataError: the lake has no bars for it.
        UnknownNameError: the strategy is not registered.
    """
    began = time.perf_counter()
    _run(study, lake, study.trials // 2, 1)
    started = time.perf_counter() - began
    samples = list(_samples(study, lake, calibrate))
    like_a_chunk = max(len(sample.frame) for sample in samples) / GROWTH
    judged = [sample for sample in samples if len(sample.frame) > like_a_chunk]
    # what is planned once for all pieces shows in the first samples only
    rate = median(sample.seconds / sample.work for sample in judged)
    core = rate * study.points * _all_bars(study, lake)
    used = max(1, min(workers, len(study.chunks)))
    return Estimate(
        name=study.name,
        points=study.points,
        pieces=len(study.pieces),
        trials=study.trials,
        chunks=len(study.chunks),
        workers=used,
        paths=_paths(samples, core / study.trials),
        start_seconds=started,
        core_seconds=core,
        seconds=core / used,
        memory=peak_memory(),
        stored=_stored(judged[-1].frame, study.trials),
        sampled=sum(len(sample.frame) for sample in samples),
    )


def _samples(study: Study, lake: Source, calibrate: float) -> Iterator[_Sample]:
    """Ranges of trials at places spread over the study, ever longer ones, for some time."""
    place, size, spent = 0.5, 1, 0.0
    while True:
        sample = _run(study, lake, int(place * study.trials), size)
        yield sample
        spent += sample.seconds
        if spent + sample.seconds > calibrate:  # though the next one may take longer
            return
        size, place = min(size * GROWTH, study.trials), (place + GOLDEN) % 1.0


def _run(study: Study, lake: Source, trial: int, size: int) -> _Sample:
    """Run some trials around one, of its piece and of its chunk: as many as asked for, or all."""
    piece, _ = study.piece_and_point(trial)
    chunk = study.chunks[bisect_right(study.chunks, trial, key=attrgetter("first")) - 1]
    low = max(chunk.first, piece * study.points)
    high = min(chunk.stop, (piece + 1) * study.points)
    size = min(size, high - low)
    first = min(trial, high - size)
    chunk = Chunk(study, -1, first, first + size)
    while True:
        loaded = kernels_loaded()
        began = time.process_time()  # so that what else runs here does not count
        frame = run_chunk(chunk, lake)
        seconds = time.process_time() - began
        if kernels_loaded() == loaded:  # else compiling took most of the time
            return _Sample(frame, _bars_of(study, lake, piece), seconds)


def _bars_of(study: Study, lake: Source, piece: int) -> int:
    """Sessions times symbols of a piece."""
    return max(1, study.pieces[piece].cut(panel_of(study, lake)).symbol_bars)


def _all_bars(study: Study, lake: Source) -> float:
    """Sessions times symbols of all pieces; of many, some spread over them speak for the others."""
    pieces = len(study.pieces)
    looked_at = range(0, pieces, -(-pieces // MOST_CUTS))
    return sum(_bars_of(study, lake, piece) for piece in looked_at) * pieces / len(looked_at)


def _paths(samples: Sequence[_Sample], trial_seconds: float) -> tuple[PathShare, ...]:
    """How the trials of the samples ran; the time of a sample is shared out over its trials.

    Args:
        samples: all of them.
        trial_seconds: of the whole study, to which the times are scaled.
    """
    trials: dict[str, int] = {}
    work: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for sample in samples:
        each = sample.seconds / len(sample.frame)
        for path, count in _counts(sample.frame).items():
            trials[path] = trials.get(path, 0) + count
            work[path] = work.get(path, 0) + count * sample.bars
            seconds[path] = seconds.get(path, 0.0) + count * each
    rates = {path: seconds[path] / work[path] for path in trials}
    total = sum(trials.values())
    mean = sum(rates[path] * trials[path] for path in trials) / total
    found = [
        PathShare(path, trials[path] / total, trial_seconds * rates[path] / mean) for path in trials
    ]
    return tuple(sorted(found, key=lambda path: -path.share))


def _counts(frame: pl.DataFrame) -> Mapping[str, int]:
    return dict(frame["path"].cast(str).value_counts(sort=True).iter_rows())


def _stored(frame: pl.DataFrame, trials: int) -> int:
    """Bytes that all trials take as files, as these do."""
    return int(len(encoded(frame)) / len(frame) * trials)


def peak_memory() -> int:
    """Bytes that this process has held at most."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        # getrusage would count the process that started this one too, as it was then
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
