"""Bayesian search: try few points of a grid, each chosen after the results of those before.

What comes out is an ordinary study whose points are those that were tried, with everything that a
study has: their number counts for the deflated Sharpe ratio like that of any other.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.errors import ConfigError, GridError
from stockstream.strategy.registry import get_strategy
from stockstream.study.plan import plan_study
from stockstream.study.planning.planning import read_grid
from stockstream.study.points.sampling import Shuffle
from stockstream.study.points.space import Space
from stockstream.study.proposals import Proposals, alone_in, demand_optuna
from stockstream.study.result import StudyResult
from stockstream.study.runs.store import FolderStore, MemoryStore
from stockstream.study.selection import demand_selector, rank
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.run import Source
    from stockstream.study.cutting.splits import Split
    from stockstream.study.runs.store import Store
    from stockstream.study.study import Study
    from stockstream.study.sweep import Progress

    Numbers: TypeAlias = tuple[int, ...]

__all__ = ["BATCH", "RELATIVE", "search", "search_points"]

BATCH = 16
"""Points that are tried at a time."""

MOST_SEARCHED = 100_000
PROBED = 500
MOST_CORNERS = 256

RELATIVE = frozenset({"deflated_sharpe", "plateau"})
"""Ways to select that hold points against each other, so that a point alone has no value."""


def search(
    config: BacktestConfig,
    lake: Source,
    *,
    trials: int,
    metric: str = "sharpe",
    split: Split | str | None = None,
    where: Sequence[str] = (),
    batch: int = BATCH,
    runs: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> StudyResult:
    """Search a grid for the points with the best metric.

    Args:
        config: what to run; its ``param_grid`` may be far too large to try all of it, and ``seed``
            is that of the search.
        lake: where the bars are.
        trials: points to try.
        metric: what is searched for: a name of :data:`stockstream.study.selection.SELECTORS`.
        split: how to cut the data; the value of a point is over its pieces.
        where: constraints between the parameters; points that break one are never tried.
        batch: points that are tried at a time, without knowing of each other.
        runs: folder of kept runs. The result is kept there like that of any study, and the search
            in ``search-<digest>``, with Optuna's journal: the same call again goes on where it was,
            also after ``kill -9``; with more ``trials`` it goes on further. None keeps nothing.
        workers: threads; the result does not depend on it.
        progress: is told (done, total) points.
        options: of :func:`stockstream.study.plan.plan_study`: ``blocks``, ``keep_equity``.

    Returns:
        The trials of the points that were tried, in the order in which they were; fewer points
        than asked for where the grid has no more.

    Raises:
        ConfigError: the grid does not fit the strategy, or Optuna is not installed.
        DataError: another process runs this search, or the folder cannot be written to.
    """
    began = time.perf_counter()
    demand_optuna()
    _demand_searchable(trials, metric, batch, config)
    grid, fixed, _ = read_grid(get_strategy(config.strategy_class), config)
    space = Space(grid, tuple(where), listed=(), fixed=fixed)
    probe = plan_study(config, lake, split=split, space=_probe(space), **options)
    place = None if runs is None else runs / _name(replace(probe, space=space), metric, batch)
    ran: dict[Numbers, StudyResult] = {}

    def run(numbers: Numbers) -> StudyResult:
        if numbers not in ran:
            study = _listed(probe, space, numbers)
            store = _store(study, place)
            run_study(study, lake, store, workers=workers)
            ran[numbers] = StudyResult(study, store)
        return ran[numbers]

    with nullcontext() if place is None else alone_in(place):
        proposals = Proposals(
            space,
            batch=batch,
            seed=config.seed,
            minimise=demand_selector(metric).ascending,
            folder=place,
        )
        tried = search_points(
            proposals,
            lambda numbers: _scores(run(numbers), metric),
            trials=trials,
            batch=batch,
            progress=progress,
        )
        parts = [run(tried[first : first + batch]) for first in range(0, len(tried), batch)]
        study = _listed(probe, space, tried)
        store = _joined(parts, study, _store(study, runs))
    return StudyResult(study, store, seconds=time.perf_counter() - began)


def search_points(
    proposals: Proposals,
    evaluate: Callable[[Numbers], Sequence[float]],
    *,
    trials: int,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> Numbers:
    """Propose, evaluate and learn until so many points were tried, or none are left.

    Args:
        proposals: what to try next; it may have learnt something before.
        evaluate: gives the score of each point of a batch, NaN where it could not run.
        trials: points to try in all.
        batch: points at a time.
        progress: is told (done, total) points at the start and after each batch.

    Returns:
        The points that were tried, as numbers on the grid, in their order.
    """
    if progress is not None:
        progress(min(len(proposals.tried), trials), trials)
    while len(proposals.tried) < trials:
        numbers = proposals.propose(min(batch, trials - len(proposals.tried)))
        if not numbers:
            break
        proposals.record(dict(zip(numbers, evaluate(numbers), strict=True)))
        if progress is not None:
            progress(len(proposals.tried), trials)
    return tuple(proposals.tried)[:trials]


def _demand_searchable(trials: int, metric: str, batch: int, config: BacktestConfig) -> None:
    if config.sleeves:
        raise ConfigError(
            f"a search tries one strategy; this book has {len(config.sleeves)}: search each alone"
        )
    demand_selector(metric)
    if metric in RELATIVE:
        raise ConfigError(
            f"a search cannot look for {metric}: it holds points against each other; search for "
            "pooled_sharpe, and rank what was found by it"
        )
    if not 1 <= trials <= MOST_SEARCHED or batch < 1:
        what = f"a search of {trials:,} points, {batch:,} at a time"
        raise GridError(what, f"try from 1 to {MOST_SEARCHED:,}, at least one at a time")


def _probe(space: Space) -> Space:
    """Points from which a study is planned: corners, every value of every axis, some at random.

    How far back the points look and which columns they read is found out from them.
    """
    ends = [(0, size - 1) for size in space.sizes]
    diagonals = np.arange(max(space.sizes, default=1))
    numbers = Shuffle(space.whole, 0).at(np.arange(min(PROBED, space.whole))).tolist()
    numbers += [space.number(corner) for corner in islice(product(*ends), MOST_CORNERS)]
    numbers += [space.number([int(i) % size for size in space.sizes]) for i in diagonals]
    chosen = np.unique(np.array(numbers, dtype=np.int64))
    kept = chosen[space.keeps(chosen)]
    return replace(space, where=(), listed=tuple((kept if len(kept) else chosen).tolist()))


def _listed(study: Study, space: Space, numbers: Numbers) -> Study:
    return replace(study, space=replace(space, listed=numbers))


def _name(study: Study, metric: str, batch: int) -> str:
    digest = hashlib.sha256(f"{study.digest} {metric} {batch}".encode()).hexdigest()
    return f"search-{digest[:12]}"


def _store(study: Study, runs: Path | None) -> Store:
    return MemoryStore() if runs is None else FolderStore.create(runs, study)


def _scores(result: StudyResult, metric: str) -> list[float]:
    """What each point of a study is worth; NaN where it is undefined."""
    scores = np.full(result.study.points, np.nan)
    ranked = rank(result, metric)
    scores[ranked["point"].to_numpy()] = ranked[metric].to_numpy()
    return [float(score) for score in scores]


def _joined(parts: Sequence[StudyResult], study: Study, store: Store) -> Store:
    """Put the trials of several studies away as those of one that has all their points."""
    import polars as pl

    frames, before = [], 0
    for part in parts:
        points = part.study.points
        piece, point = pl.col("trial") // points, pl.col("trial") % points
        frames.append(part.scan().with_columns(trial=piece * study.points + before + point))
        before += points
    trials = pl.concat(frames).sort("trial").collect()
    for chunk in study.chunks:
        store.put(chunk, trials[chunk.first : chunk.stop])
    return store
