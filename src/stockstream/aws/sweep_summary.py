"""What came of a sweep in the cloud, short enough to be handed from state to state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.bucket_store import BucketStore

__all__ = ["sweep_summary"]

MOST: Final = 50
"""Failures that are listed one by one."""

LONGEST: Final = 500
"""Characters of a reason."""

NOT_RUN: Final = (
    "no worker finished it: they were lost, stopped, or never started; resume the run and it is "
    "tried again"
)


def sweep_summary(store: BucketStore, attempt: str) -> dict[str, Any]:
    """Count what is there, and name what is not.

    Args:
        store: of the run.
        attempt: that has ended.

    Returns:
        ``run``; ``attempt``; ``state``: ``done`` if every chunk is there, else ``partial``;
        ``trials`` of the study; ``done``: trials whose row is there; ``failed``: trials without
        numbers, be it that their row has an error or that their chunk is not there;
        ``failed_chunks``; ``failures``: a ``{"chunk", "trials", "error"}`` for each chunk that was
        given up, and for each row of chunks that nobody finished.

    Raises:
        DataError: the run cannot be read.
    """
    missing = store.missing()
    absent = {chunk.number for chunk in missing}
    there = [chunk for chunk in store.study.chunks if chunk.number not in absent]
    given_up = {failure.number: failure for failure in store.failures()}
    failures = [
        {"chunk": one.number, "trials": one.trials, "error": one.error[:LONGEST]}
        for one in given_up.values()
    ]
    failures += _not_run([chunk for chunk in missing if chunk.number not in given_up])
    lost = sum(chunk.trials for chunk in missing)
    return {
        "run": store.study.name,
        "attempt": attempt,
        "state": "partial" if missing else "done",
        "trials": store.study.trials,
        "done": store.study.trials - lost,
        "failed": lost + store.failed(there),
        "failed_chunks": len(missing),
        "failures": _shortened(failures, store.study.name),
    }


def _not_run(chunks: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
    """An entry for each row of chunks that follow each other."""
    row: list[Chunk] = []
    for chunk in chunks:
        if row and chunk.number != row[-1].number + 1:
            yield _entry(row)
            row = []
        row.append(chunk)
    if row:
        yield _entry(row)


def _entry(row: Sequence[Chunk]) -> dict[str, Any]:
    to = f" to {row[-1].number:,}" if len(row) > 1 else ""
    return {
        "chunk": row[0].number,
        "trials": sum(chunk.trials for chunk in row),
        "error": f"chunk {row[0].number:,}{to}: {NOT_RUN}",
    }


def _shortened(failures: list[dict[str, Any]], run: str) -> list[dict[str, Any]]:
    if len(failures) <= MOST:
        return failures
    rest = failures[MOST:]
    more = {
        "chunk": rest[0]["chunk"],
        "trials": sum(failure["trials"] for failure in rest),
        "error": f"and {len(rest) - 1:,} more like it: see runs/{run}/failures in the bucket",
    }
    return [*failures[:MOST], more]
