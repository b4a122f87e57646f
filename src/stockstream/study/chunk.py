"""Chunks: contiguous trials that one worker runs at once.

Running a chunk reads the lake and gives a table, always the same one: a chunk may be run twice, by
two machines, or again after a crash, and nothing changes. What chunks of one study share (the
panel, the plans of its points) is kept by the process from one to the next.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from stockstream.backtest.trial_rows import METRICS, empty_rows
from stockstream.jit import part_of
from stockstream.metrics.summary import Metrics
from stockstream.study.reuse import panel_of, piece_of, plan_of
from stockstream.study.trials import run_planned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from stockstream.backtest.run import Source
    from stockstream.backtest.trial_rows import TrialRows
    from stockstream.study.study import Study
    from stockstream.study.trials import RanTrials

__all__ = ["COUNTS", "Chunk", "cut_chunks", "run_chunk"]

SUMS = ("sums", "squares", "cubes", "fourths", "downside")

EVEN = 4
"""Chunks of whole pieces are a multiple of it in number: so many workers end together."""

COUNTS = frozenset(
    name for name, field_ in Metrics.__dataclass_fields__.items() if field_.type == "int"
)
"""Metrics that are whole numbers."""


@dataclass(frozen=True)
class Chunk:
    """Some trials of a study.

    Attributes:
        study: whose trials they are.
        number: of the chunk, from 0.
        first, stop: trials ``first`` to ``stop - 1``.
    """

    study: Study = field(repr=False)
    number: int
    first: int
    stop: int

    @property
    def trials(self) -> int:
        """How many."""
        return self.stop - self.first

    @property
    def name(self) -> str:
        """The digest of what it is: the name of its file."""
        made_of = f"{self.study.digest} {self.first} {self.stop}"
        return hashlib.sha256(made_of.encode()).hexdigest()[:24]


def cut_chunks(study: Study) -> tuple[Chunk, ...]:
    """The chunks of a study: some whole pieces each, or parts of one piece that are alike."""
    points, pieces, most = study.points, len(study.pieces), study.chunk_trials
    if most >= points:
        parts = -(-pieces // (most // points))
        parts = min(-(-parts // EVEN) * EVEN, pieces)
        bounds = [pieces * part // parts * points for part in range(parts + 1)]
    else:
        parts = -(-points // most)
        inside = [points * part // parts for part in range(parts)]
        bounds = [piece * points + start for piece in range(pieces) for start in inside]
        bounds.append(points * pieces)
    return tuple(
        Chunk(study, number, first, stop) for number, (first, stop) in enumerate(pairwise(bounds))
    )


def run_chunk(chunk: Chunk, lake: Source) -> pl.DataFrame:
    """Run the trials of a chunk.

    Args:
        chunk: which ones.
        lake: where the bars are, at the study's data version.

    Returns:
        A row for each trial: ``trial``, the metrics (null where undefined), ``error`` (null where
        it ran), ``path`` (which engine, and why not the faster one), ``bars``, the sessions of each
        block, the sums of :class:`stockstream.backtest.trial_rows.TrialRows`, ``equity`` if it is
        kept.

    Raises:
        NoDataError: the lake has no bars for it.
        UnknownNameError: the strategy is not registered here.
    """
    study = chunk.study
    panel = panel_of(study, lake)
    rows = empty_rows(chunk.trials, len(study.block_dates) - 1, len(study.curve_dates))
    ran: list[RanTrials] = []
    for piece, first, stop in _by_piece(chunk):
        planned = plan_of(
            study.config.strategy_class, study.space, study.config.parameters, first, stop
        )
        here = piece_of(study, piece, panel)
        place = piece * study.points + first - chunk.first
        own = rows.part(place, place + stop - first)
        dates = study.block_dates, study.curve_dates
        with part_of(here.symbol_bars * study.trials):
            ran.append(run_planned(planned, here, study.config, *dates, own))
        rows.errors.update((place + i, why) for i, why in own.errors.items())
    return _frame(chunk, rows, ran)


def _by_piece(chunk: Chunk) -> Iterator[tuple[int, int, int]]:
    """Its pieces, each with the points ``first:stop`` of it."""
    points = chunk.study.points
    trial = chunk.first
    while trial < chunk.stop:
        piece, point = divmod(trial, points)
        stop = min(points, point + chunk.stop - trial)
        yield piece, point, stop
        trial += stop - point


def _frame(chunk: Chunk, rows: TrialRows, ran: Sequence[RanTrials]) -> pl.DataFrame:
    import polars as pl

    columns = [pl.Series("trial", np.arange(chunk.first, chunk.stop))]
    for name, values in zip(METRICS, np.ascontiguousarray(rows.metrics.T), strict=True):
        series = pl.Series(name, values, nan_to_null=True)
        columns.append(series.cast(pl.Int64) if name in COUNTS else series)
    errors = [rows.errors.get(i) for i in range(chunk.trials)] if rows.errors else [None]
    columns.append(_texts("error", [errors], chunk.trials))
    columns.append(_texts("path", [part.paths for part in ran], chunk.trials))
    bars = (pl.Series("bars", part.bars.astype(np.int32)[None]) for part in ran)
    columns.append(
        pl.concat(
            one.new_from_index(0, len(part.paths)) for one, part in zip(bars, ran, strict=True)
        )
    )
    columns += [pl.Series(name, getattr(rows, name)) for name in SUMS]
    if rows.curve.shape[1]:
        columns.append(pl.Series("equity", rows.curve))
    return pl.DataFrame(columns)


def _texts(name: str, parts: Sequence[Sequence[str | None]], count: int) -> pl.Series:
    """A column of texts, which are all the same mostly."""
    import polars as pl

    known = set[str | None]().union(*parts)
    if len(known) == 1:
        return pl.Series(name, list(known), pl.String).new_from_index(0, count)
    return pl.Series(name, [text for part in parts for text in part], pl.String)
