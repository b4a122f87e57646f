"""Runs that have given something: read from their folders, and matched with each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from stockstream.app.state.runs import demand_run
from stockstream.backtest.archive import load_result
from stockstream.errors import StockstreamError
from stockstream.runners.local import LocalRunner
from stockstream.study.runs.store import STUDY, FolderStore
from stockstream.study.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stockstream.backtest.result import BacktestResult
    from stockstream.study.result import StudyResult

__all__ = [
    "Choice",
    "Home",
    "backtest_at",
    "choices",
    "homes_of",
    "stamp_of",
    "study_at",
]

MOST_LOOKED_AT: Final = 60
"""Studies that are looked at for a point, the newest first."""

APART: Final = {"param_grid", "parameters", "warmup_start", "benchmark", "sleeves"}
"""What may differ between a study and the backtest of one of its points."""

BACKTEST: Final = "result.json"


class Choice(NamedTuple):
    """A run that has a result, to choose from.

    Attributes:
        name: of the run.
        label: its strategy and what tells it from others.
    """

    name: str
    label: str


class Home(NamedTuple):
    """The study of which a backtest is a point.

    Attributes:
        study: its name.
        point: number of the point.
        split: how the data was cut.
        unseen: ISO date of the first session that the point was not chosen on; empty where every
            session was seen.
    """

    study: str
    point: int
    split: str
    unseen: str


def stamp_of(runs: Path, run: str) -> str:
    """Changes whenever a run has given something new.

    Raises:
        ConfigError: this is no name of a run.
        NoDataError: there is none of this name.
    """
    folder = demand_run(runs, run)
    seen = [folder / BACKTEST, folder / STUDY, folder / "chunks", folder / "equity.parquet"]
    return "-".join(str(one.stat().st_mtime_ns) for one in seen if one.exists())


def backtest_at(runs: Path, run: str) -> BacktestResult:
    """A kept backtest.

    Raises:
        ConfigError: this is no name of a run.
        NoDataError: there is none of this name.
        DataError: it cannot be read.
    """
    return load_result(demand_run(runs, run))


def study_at(runs: Path, run: str) -> StudyResult:
    """What a study has given so far, from the folder of its run alone.

    Raises: as :func:`backtest_at`.
    """
    demand_run(runs, run)
    return LocalRunner(runs).result(run)


def choices(runs: Path, kind: str, most: int = 200) -> list[Choice]:
    """Runs that have a result, the newest first.

    Args:
        runs: the folder of runs.
        kind: ``r`` for backtests, ``s`` for studies.
        most: runs to give.
    """
    name = {"r": BACKTEST, "s": STUDY}[kind]
    return [
        Choice(file.parent.name, _label(file, kind)) for file in _newest(runs, kind, name)[:most]
    ]


def homes_of(result: BacktestResult, runs: Path) -> list[Home]:
    """The studies of which a backtest is a point, the newest first."""
    if result.config.sleeves:
        return []
    return [
        home
        for file in _newest(runs, "s", STUDY)[:MOST_LOOKED_AT]
        if _is_alike(file, result)
        for home in _home(file, result)
    ]


def _newest(runs: Path, kind: str, name: str) -> list[Path]:
    files = []
    for file in runs.glob(f"{kind}-*/{name}"):
        try:
            files.append((file.stat().st_mtime_ns, file))
        except OSError:  # deleted while we looked
            continue
    return [file for _, file in sorted(files, reverse=True)]


def _label(file: Path, kind: str) -> str:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        config = kept["config"]
        said = config["strategy_class"] or "several strategies"
        values = config["parameters"]
        if kind == "s":
            values = {name: f"{len(given)} values" for name, given in kept["space"]["axes"]}
        words = ", ".join(f"{name}={value}" for name, value in values.items())
        days = f"{config['start_date']} to {config['end_date']}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "cannot be read"
    return f"{said} {words} {days}"[:160]


def _is_alike(file: Path, result: BacktestResult) -> bool:
    """Whether a study is of the same strategy, data and terms, by its file alone."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        config, version = kept["config"], kept["identity"]["data_version"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    own = result.config.model_dump(mode="json")
    same = (config.get(name) == value for name, value in own.items() if name not in APART)
    return version == result.identity.data_version and all(same)


def _home(file: Path, result: BacktestResult) -> Iterator[Home]:
    try:
        study = Study.from_json(file.read_text(encoding="utf-8"))
        store = FolderStore(file.parent, study)
        if not any(store.has(chunk) for chunk in study.chunks):
            return
        point = point_of(study, result.config.parameters)
    except (OSError, StockstreamError):
        return
    if point is not None:
        yield Home(study.name, point, str(study.split), _unseen(study))


def point_of(study: Study, parameters: dict[str, Any]) -> int | None:
    """The number of the point with these parameters; None if it was not tried."""
    fixed = study.config.parameters
    if any(_plain(parameters.get(name)) != _plain(value) for name, value in fixed.items()):
        return None
    there = np.ones(study.points, dtype=bool)
    for name, column in study.space.columns(0, study.points).items():
        if name not in parameters:
            return None
        wanted = parameters[name]
        if column.dtype == object:
            there &= np.array([_plain(value) == _plain(wanted) for value in column.tolist()])
        elif isinstance(wanted, bool | int | float):
            there &= column == wanted
        else:
            return None
    found = np.flatnonzero(there)
    return int(found[0]) if len(found) else None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _unseen(study: Study) -> str:
    """From when on no choice has seen the data: only a hold-out keeps days from every choice."""
    if study.split.kind != "hold_out":
        return ""
    return str(min(piece.start for piece in study.pieces if piece.role == "test"))
