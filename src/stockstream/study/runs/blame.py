"""Why a chunk cannot be run, in words: which of its trials it is, with its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.errors import StockstreamError
from stockstream.study.chunk import Chunk

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["blame", "trouble"]


def trouble(chunk: Chunk, error: BaseException) -> str:
    """What went wrong in a chunk that will be tried again."""
    return f"trials {chunk.first:,} to {chunk.stop - 1:,}: {_in_words(error)}"


def blame(
    chunk: Chunk,
    error: BaseException,
    run: Callable[[Chunk], object],
    passing: tuple[type[BaseException], ...],
) -> str:
    """What went wrong in a chunk that is given up, and in which trial.

    Args:
        chunk: that failed.
        error: that it raised.
        run: runs a part of it.
        passing: errors that are nobody's fault; they are raised.
    """
    trial, error = _culprit(chunk, error, run, passing)
    study = chunk.study
    piece, _ = study.piece_and_point(trial)
    label = study.pieces[piece].label
    given = ", ".join(f"{name}={value}" for name, value in study.parameters(trial).items())
    place = "" if label is None else f" on {label}"
    return f"trial {trial:,} ({given}{place}): {_in_words(error)}"


def _culprit(
    chunk: Chunk,
    error: BaseException,
    run: Callable[[Chunk], object],
    passing: tuple[type[BaseException], ...],
) -> tuple[int, BaseException]:
    """The first trial of a chunk that fails, found by halving."""
    first, stop = chunk.first, chunk.stop
    while stop - first > 1:
        middle = (first + stop) // 2
        try:
            run(Chunk(chunk.study, chunk.number, first, middle))
        except passing:
            raise
        except BaseException as found:  # noqa: BLE001 - whatever it is, it is looked for
            stop, error = middle, found
        else:
            first = middle
    return first, error


def _in_words(error: BaseException) -> str:
    """An error in one line: ours say it themselves, others need their kind."""
    if isinstance(error, StockstreamError):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")
