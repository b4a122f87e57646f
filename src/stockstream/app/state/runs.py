"""The runs that there are, and how far each is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from stockstream.app.tasks.progress import read_progress
from stockstream.app.tasks.start import folder_of_run, start
from stockstream.errors import NoDataError
from stockstream.runners.cloud_record import CloudRecord
from stockstream.runners.local import LocalRunner
from stockstream.study.runs.detached import LOG
from stockstream.study.runs.run_status import FailedChunk, RunStatus
from stockstream.study.runs.store import demand_run_name

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["demand_run", "log_tail", "status_of"]

TAIL: Final = 4_000
"""Bytes of a log that are shown."""


def status_of(runs: Path, run: str) -> RunStatus:
    """How far a run is. One that is elsewhere is asked by a process that goes on by itself.

    Args:
        runs: the folder of runs.
        run: its name.

    Raises:
        ConfigError: this is no name of a run.
        NoDataError: there is none of this name.
        DataError: what is known of it cannot be read.
    """
    folder = demand_run(runs, run)
    if CloudRecord.read(folder) is None:
        return LocalRunner(runs).status(run)
    noted = folder_of_run(runs, run)
    watched = read_progress(noted, "watch")
    if watched.state in {"idle", "lost"}:
        start(noted, "watch")
    found = watched.found.get("status")
    known = _waiting(run) if found is None else _status(found)
    if watched.state == "failed" and not known.has_ended:
        return replace(known, state="unreachable", error=watched.words)
    return known


def demand_run(runs: Path, run: str) -> Path:
    """The folder of a run that is there.

    Raises:
        ConfigError: this is no name of a run.
        NoDataError: there is none of this name.
    """
    folder = runs / demand_run_name(run)
    if not folder.is_dir():
        raise NoDataError(f"there is no run {run}: it was deleted, or is of another folder of runs")
    return folder


def log_tail(runs: Path, run: str) -> str:
    """The last lines of what the workers of a run on this machine said."""
    try:
        with (runs / demand_run_name(run) / LOG).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - TAIL, 0))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _status(found: dict[str, Any]) -> RunStatus:
    failures = tuple(FailedChunk(**one) for one in found["failures"])
    return RunStatus(**{**found, "workers": tuple(found["workers"]), "failures": failures})


def _waiting(run: str) -> RunStatus:
    return RunStatus(run, "running", "", 0, 0, 0, 0, 0, (), None, None, 0.0, "", ())
