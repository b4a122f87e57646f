"""One call from a configuration with a grid to every trial of it."""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from stockstream.errors import StrategyError
from stockstream.study.chunk import run_chunk
from stockstream.study.plan import plan_study
from stockstream.study.result import StudyResult
from stockstream.study.runs.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeAlias

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.run import Source
    from stockstream.study.chunk import Chunk
    from stockstream.study.cutting.splits import Split
    from stockstream.study.runs.store import Store
    from stockstream.study.study import Study

    Progress: TypeAlias = Callable[[int, int], None]

__all__ = ["run_study", "run_sweep"]


def run_sweep(
    config: BacktestConfig,
    lake: Source,
    *,
    split: Split | str | None = None,
    workers: int | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> StudyResult:
    """Backtest every combination of a grid, over all the data at once or piece by piece.

    Each trial is an ordinary backtest with fresh capital: its fills are those of
    :meth:`stockstream.study.study.Study.trial_config` run alone, its metrics the same to 1e-9.

    Args:
        config: what to run; without a ``param_grid`` it is a single combination.
        lake: where the bars are.
        split: how to cut the data: ``ticker``, ``year``, ``walk_forward(...)`` and so on, see
            :class:`stockstream.study.cutting.splits.Split`; None: all of it as one portfolio.
        workers: threads; as many as there are processors by default. Results do not depend on it.
        store: where chunks go; in memory by default. What is in it already is not run again.
        progress: is told (done, total) trials at the start, after each chunk, and at the end.
        options: of :func:`stockstream.study.plan.plan_study`: ``where``, ``sample``, ``blocks``,
            ``keep_equity``, ``chunk_seconds``.

    Raises:
        ConfigError: the grid does not fit the strategy, no combination can run, or there are too
            many trials.
        NoDataError: there are no bars for it.
        StrategyError: every trial failed.
    """
    began = time.perf_counter()
    study = plan_study(config, lake, split=split, **options)
    kept = MemoryStore() if store is None else store
    run_study(study, lake, kept, workers=workers, progress=progress)
    result = StudyResult(study, kept, seconds=time.perf_counter() - began)
    first = kept.read(study.chunks[0])["error"]
    if not first.has_nulls() and result.failed == study.trials:  # else a trial of it ran
        raise StrategyError(f"every trial failed; the first: {result.failures[0].error}")
    return result


def run_study(
    study: Study,
    lake: Source,
    store: Store,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Run the chunks of a study that its store does not have yet.

    Args:
        study: what to run.
        lake: where the bars are.
        store: where the chunks go.
        workers: threads; as many as there are processors by default.
        progress: is told (done, total) trials.
    """
    missing = [chunk for chunk in study.chunks if not store.has(chunk)]
    done = study.trials - sum(chunk.trials for chunk in missing)
    if progress is not None:
        progress(done, study.trials)  # compiling comes first, and takes a while
    threads = min(workers or os.cpu_count() or 1, len(missing))
    for chunk in _run_all(missing, lake, store, threads):
        done += chunk.trials
        if progress is not None:
            progress(done, study.trials)


def _run_all(chunks: Sequence[Chunk], lake: Source, store: Store, threads: int) -> Iterable[Chunk]:
    """Run chunks and put them away; gives each when it is done."""
    if threads <= 1:
        for chunk in chunks:
            store.put(chunk, run_chunk(chunk, lake))
            yield chunk
        return
    waiting = iter(chunks)
    with ThreadPoolExecutor(threads) as pool:
        running = {}
        try:
            for chunk in waiting:
                running[pool.submit(run_chunk, chunk, lake)] = chunk
                if len(running) <= threads:
                    continue
                yield from _finished(running, store)
            while running:
                yield from _finished(running, store)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _finished(running: dict[Any, Chunk], store: Store) -> Iterable[Chunk]:
    ended, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in ended:
        chunk = running.pop(future)
        store.put(chunk, future.result())
        yield chunk
