"""What came of an attempt, short enough to be handed from one step of a workflow to the next."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from stockstream.backtest.result import json_ready
from stockstream.runners.jobs.failed import LONGEST, NOT_RUN, failed_trials
from stockstream.study.result import StudyResult
from stockstream.study.runs.file_store import reading
from stockstream.study.selection import rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.bucket_store import BucketStore

__all__ = ["sweep_summary"]

MOST: Final = 50
"""Failures that are listed one by one."""

MOST_DIGESTED: Final = 5_000_000
"""Trials whose numbers are read for a digest: a function reads them in a minute."""

MOST_RANKED: Final = 250_000
"""Trials of which the best is looked for: their sums of each block are in memory at once."""

TOGETHER: Final = 16
"""Requests side by side."""

SELECTOR: Final = "deflated_sharpe"
SHOWN: Final = (
    *(SELECTOR, "sharpe", "total_return", "max_drawdown", "trades", "gained", "pieces", "failed"),
)
"""What is said of the best point."""

ENDED: Final = "ended"


def sweep_summary(store: BucketStore, attempt: str) -> dict[str, Any]:
    """Count what is there, name what is not, and say what is best.

    Args:
        store: of the run.
        attempt: that has ended.

    Returns:
        ``run``; ``attempt``; ``state``: ``done`` if every chunk is there, else ``partial``;
        ``trials`` of the study; ``done``: trials whose row is there; ``failed``: trials without
        numbers, be it that their row has an error or that their chunk is not there;
        ``failed_chunks``; ``failures``: a ``{"chunk", "trials", "error"}`` for each chunk that was
        given up, and for each row of chunks that nobody finished; ``failed_trials``: the first of
        them, see :func:`stockstream.runners.jobs.failed.failed_trials`; ``digest`` of the numbers,
        None if a chunk is not there or there are more than :data:`MOST_DIGESTED`; ``best``: the
        point that can be believed most, with ``parameters`` and metrics, None if no point can, or
        there are more than :data:`MOST_RANKED` trials; ``seconds`` that items of all attempts have
        computed, as far as they said so.

    Raises:
        DataError: the run cannot be read.
    """
    missing = store.missing()
    study = store.study
    absent = {chunk.number for chunk in missing}
    there = [chunk for chunk in store.study.chunks if chunk.number not in absent]
    given_up = {failure.number: failure for failure in store.failures()}
    failures = [
        {"chunk": one.number, "trials": one.trials, "error": one.error[:LONGEST]}
        for one in given_up.values()
    ]
    failures += _not_run([chunk for chunk in missing if chunk.number not in given_up])
    lost = sum(chunk.trials for chunk in missing)
    failed = lost + store.failed(there)
    result = StudyResult(study, store)
    return {
        "run": study.name,
        "attempt": attempt,
        "state": "partial" if missing else "done",
        "trials": study.trials,
        "done": study.trials - lost,
        "failed": failed,
        "failed_chunks": len(missing),
        "failures": _shortened(failures, study.name),
        "failed_trials": failed_trials(store, study.chunks, MOST) if failed else [],
        "digest": None if missing or study.trials > MOST_DIGESTED else result.digest,
        "best": _best(result) if there and study.trials <= MOST_RANKED else None,
        "seconds": _seconds(store),
    }


def _best(result: StudyResult) -> dict[str, Any] | None:
    """The point that comes first by what is left of its Sharpe ratio when luck is taken off."""
    ranked = rank(result, SELECTOR, 1)
    if ranked.is_empty():
        return None
    row = ranked.row(0, named=True)
    point = row["point"]
    metrics = {name: row[name] for name in SHOWN}
    return json_ready({"parameters": result.study.space.values(point), "point": point, **metrics})


def _seconds(store: BucketStore) -> float:
    """What the items that have ended took together, on one core each."""
    with reading(store.place), ThreadPoolExecutor(TOGETHER) as pool:
        names = [file.name for file in store.place.files(ENDED)]
        contents = list(pool.map(store.place.read, names))
    return round(sum(map(_seconds_of, contents)), 3)


def _seconds_of(content: bytes) -> float:
    """What an item said; nothing if that cannot be read."""
    try:
        return float(json.loads(content)["seconds"])
    except (ValueError, KeyError, TypeError):
        return 0.0


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
