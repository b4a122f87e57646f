"""How far a run on a service is, from what files and the service say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockstream.study.runs.run_status import RunStatus
from stockstream.study.runs.store import STUDY

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.runners.service import Look
    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.run_status import FailedChunk, RunState
    from stockstream.study.study import Study

__all__ = ["cloud_status"]

LATELY: Final = 60.0
"""Seconds before the newest result from which the rate is taken."""

SHOWN_FAILURES: Final = 20
SAID: Final = frozenset({"running", "stopped", "unreachable"})
"""States in which what the service says of the attempt is the last word on it."""

LEFT: Final = "its workers have ended and left it: `stockstream runs resume` goes on"


def cloud_status(
    study: Study,
    look: Look,
    done: Sequence[Chunk],
    failed: int,
    folder: Path,
    *,
    times: Sequence[tuple[dt.datetime, int]] = (),
    failures: Sequence[FailedChunk] = (),
) -> RunStatus:
    """Count.

    Args:
        study: of the run.
        look: what the service says of the last attempt.
        done: chunks that are there.
        failed: their trials that have an error in place of numbers.
        folder: of the run on this machine.
        times: when each chunk was written beside the lake, and its trials.
        failures: chunks that were given up and that nobody has run after all.
    """
    trials = sum(chunk.trials for chunk in done)
    given_up = sum(failure.trials for failure in failures)
    state = _state(look, len(study.chunks) - len(done), len(failures))
    rate = _rate(times) if state == "running" else None
    left = study.trials - trials - given_up
    error = look.error if state in SAID else ""
    return RunStatus(
        run=study.name,
        state=state,
        strategy=study.config.strategy_class,
        done=trials + given_up,
        failed=failed + given_up,
        total=study.trials,
        chunks_done=len(done),
        chunks_total=len(study.chunks),
        workers=(),
        rate=rate,
        seconds_left=left / rate if rate else None,
        created=(folder / STUDY).stat().st_mtime,
        error=error or (LEFT if state == "stopped" else ""),
        failures=tuple(failures[:SHOWN_FAILURES]),
    )


def _state(look: Look, missing: int, given_up: int) -> RunState:
    if not missing:
        return "done"
    if look.state == "running":
        return "running"
    if look.state == "unknown":
        return "unreachable"
    if missing == given_up:
        return "partial"
    return "cancelled" if look.state == "cancelled" else "stopped"


def _rate(times: Sequence[tuple[dt.datetime, int]]) -> float | None:
    """Trials a second of late; by the clock of the files alone."""
    if not times:
        return None
    newest = max(moment for moment, _ in times)
    ages = [((newest - moment).total_seconds(), trials) for moment, trials in times]
    recent = [one for one in ages if one[0] <= LATELY]
    span = max(age for age, _ in recent)
    begun = sum(trials for age, trials in recent if age == span)  # before the span was measured
    return (sum(trials for _, trials in recent) - begun) / span if span else None
