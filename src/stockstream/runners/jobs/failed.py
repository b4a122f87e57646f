"""Trials without numbers, each with its parameters and the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.bucket_store import BucketStore
    from stockstream.study.study import Study

__all__ = ["LONGEST", "NOT_RUN", "failed_trials", "in_words", "label_of"]

LONGEST: Final = 500
"""Characters of a reason."""

AT_A_TIME: Final = 256
"""Chunks that are looked into at a time."""

NOT_RUN: Final = (
    "no worker finished it: they were lost, stopped, or never started; resume the run and it is "
    "tried again"
)


def failed_trials(store: BucketStore, chunks: Sequence[Chunk], count: int) -> list[dict[str, Any]]:
    """The first trials of some chunks that have no numbers.

    Args:
        store: of the run.
        chunks: of its study, in their order.
        count: at most so many.

    Returns:
        For each ``trial``, its number; ``label``, the parameters of the grid and the piece in
        words; ``parameters``, all of them; ``error``, of its row, or why its chunk is not there.

    Raises:
        DataError: the run cannot be read.
    """
    absent = {chunk.number for chunk in store.missing()}
    there = [chunk for chunk in chunks if chunk.number not in absent]
    missing = [chunk for chunk in chunks if chunk.number in absent]
    found = dict(_with_errors(store, there, count))
    given_up = {one.number: one.error for one in store.reasons(missing, count)}
    for chunk in missing:
        if len(found) >= 2 * count:
            break
        why = given_up.get(chunk.number, NOT_RUN)
        found.update(dict.fromkeys(range(chunk.first, min(chunk.stop, chunk.first + count)), why))
    return [
        {
            "trial": trial,
            "label": label_of(store.study, trial),
            "parameters": store.study.parameters(trial),
            "error": found[trial][:LONGEST],
        }
        for trial in sorted(found)[:count]
    ]


def label_of(study: Study, trial: int) -> str:
    """A trial in words: what changes from one to the next, ``fast_period=5, symbol=BHP.AX``."""
    piece, point = study.piece_and_point(trial)
    changing = {**study.space.values(point), **_piece(study, piece)} or study.config.parameters
    return ", ".join(f"{name}={value}" for name, value in changing.items()) or "the only trial"


def in_words(trial: Mapping[str, Any]) -> str:
    """One of :func:`failed_trials` in a line."""
    return f"trial {trial['trial']:,} ({trial['label']}): {trial['error']}"


def _piece(study: Study, number: int) -> dict[str, Any]:
    piece = study.pieces[number]
    return {name: piece.role if name == "role" else piece.label for name in study.split.labels}


def _with_errors(
    store: BucketStore, chunks: Sequence[Chunk], count: int
) -> Iterator[tuple[int, str]]:
    """The first rows that say why their trial failed."""
    import polars as pl

    left = count
    for first in range(0, len(chunks), AT_A_TIME):
        for chunk in store.failing(chunks[first : first + AT_A_TIME]):
            rows = store.read(chunk).filter(pl.col("error").is_not_null()).head(left)
            yield from rows.select("trial", "error").iter_rows()
            left -= len(rows)
            if left <= 0:
                return
