"""Kept runs by the names that people type."""

from __future__ import annotations

from pathlib import Path

from stockstream.errors import NoDataError

__all__ = ["LATEST", "find_run", "latest_run"]

LATEST = "latest"


def find_run(run: str, runs: Path) -> Path:
    """The folder of a run: its name, its folder, or ``latest``.

    Raises:
        NoDataError: the newest run was asked for and there is none.
    """
    if run != LATEST:
        return Path(run) if Path(run).is_dir() else runs / run
    kept = sorted(runs.glob("r-*/result.json"), key=lambda path: path.stat().st_mtime)
    if not kept:
        raise NoDataError(f"no run is kept in {runs}; make one with `stockstream backtest`")
    return kept[-1].parent


def latest_run(runs: Path, kinds: str = "rs") -> str:
    """The name of the newest run: ``r`` of the backtests, ``s`` of the sweeps.

    Raises:
        NoDataError: there is none.
    """
    files = {"r": "r-*/result.json", "s": "s-*/study.json"}
    kept = [path for kind in kinds for path in runs.glob(files[kind])]
    if not kept:
        made = "stockstream sweep" if kinds == "s" else "stockstream backtest"
        raise NoDataError(f"no such run is kept in {runs}; make one with `{made}`")
    return max(kept, key=lambda path: path.stat().st_mtime).parent.name
