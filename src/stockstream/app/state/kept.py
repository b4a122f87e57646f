"""The runs of the folder, the newest first: what each is, how far it is, and where it runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stockstream.app.tasks.progress import read_progress
from stockstream.app.tasks.start import folder_of_deletion, folder_of_run, start
from stockstream.errors import DataError, NoDataError, StockstreamError
from stockstream.runners.choice import runner_of
from stockstream.runners.cloud_record import CloudRecord
from stockstream.runners.local import LocalRunner
from stockstream.study.runs.run_status import ENDED
from stockstream.study.runs.store import STUDY, demand_run_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Kept", "Kind", "delete", "details", "kept_runs", "steer"]

Kind: TypeAlias = Literal["sweep", "backtest"]

RESULT: Final = "result.json"
LOCAL: Final = "this machine"
UNREADABLE: Final = "unreadable"
DELETING: Final = "deleting"


@dataclass(frozen=True)
class Kept:
    """One run.

    Attributes:
        run: its name.
        kind: ``sweep`` or ``backtest``.
        created: when it was started, in seconds since 1970.
        strategy: its name.
        runner: where it runs.
        state: of a sweep, see ``RunState``; a backtest that is kept is done; ``unreadable``,
            ``deleting``, or ``unknown`` of a sweep elsewhere that nobody has asked for yet.
        done, failed, trials: of the sweep; a backtest is one trial.
        trouble: why it cannot be read or deleted; empty otherwise.
    """

    run: str
    kind: Kind
    created: float
    strategy: str = ""
    runner: str = LOCAL
    state: str = "unknown"
    done: int = 0
    failed: int = 0
    trials: int = 0
    trouble: str = ""

    @property
    def can_be_resumed(self) -> bool:
        """Whether there is something left to do, and nobody does it."""
        return self.kind == "sweep" and self.state in {"partial", "cancelled", "stopped"}

    @property
    def can_be_cancelled(self) -> bool:
        """Whether somebody works on it."""
        return self.kind == "sweep" and self.state in {"running", "unreachable", "unknown"}


def kept_runs(runs: Path, kind: Kind | None = None, text: str = "") -> list[Kept]:
    """Runs with what files alone say of them, the newest first; see :func:`details`.

    Args:
        runs: the folder of runs.
        kind: only sweeps, or only backtests.
        text: only runs with this in their name, strategy or runner, in any case.
    """
    found: list[Kept] = []
    for pattern, its_kind in ((f"s-*/{STUDY}", "sweep"), (f"r-*/{RESULT}", "backtest")):
        if kind in {None, its_kind}:
            found += [
                _outline(str(file), its_kind, file.stat().st_mtime) for file in runs.glob(pattern)
            ]
    wanted = text.strip().lower()
    if wanted:
        found = [one for one in found if wanted in f"{one.run} {one.strategy} {one.runner}".lower()]
    return sorted(found, key=lambda one: (-one.created, one.run))


def details(runs: Path, shown: Sequence[Kept]) -> list[Kept]:
    """The same runs with their states. Nobody elsewhere is asked: what was noted last is shown."""
    return [_detailed(runs, one) for one in shown]


def steer(runs: Path, run: str, how: Literal["cancel", "resume"]) -> None:
    """Start to cancel or resume a run.

    Raises:
        ConfigError: this is no name of a run.
        DataError: the task cannot be started.
    """
    start(folder_of_run(runs, demand_run_name(run)), how, again=True)


def delete(runs: Path, run: str) -> None:
    """Remove a run: at once if it is here and over, else by a task that stops it first.

    Raises:
        ConfigError: this is no name of a run.
        StockstreamError: it cannot be removed.
    """
    folder = runs / demand_run_name(run)
    if CloudRecord.read(folder) is None and _is_over(runs, run):
        runner_of(run, runs).delete(run)
        return
    noted = folder_of_deletion(runs, run)
    try:
        noted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{run} cannot be deleted: {error.strerror or error}") from error
    start(noted, "delete", again=True)


def _is_over(runs: Path, run: str) -> bool:
    if run.startswith("r-"):
        return True
    try:
        return LocalRunner(runs).status(run).state in ENDED
    except NoDataError:
        raise
    except DataError:  # a folder that cannot be read has no worker either
        return True


def _detailed(runs: Path, one: Kept) -> Kept:
    one = _noted(runs, one)
    deleting = read_progress(folder_of_deletion(runs, one.run), "delete")
    if deleting.state == "running":
        return replace(one, state=DELETING)
    if deleting.state == "failed":
        return replace(one, trouble=f"it could not be deleted: {deleting.words}")
    return one


def _noted(runs: Path, one: Kept) -> Kept:
    if one.kind == "backtest" or one.state == UNREADABLE:
        return one
    try:
        if one.runner == LOCAL:
            status = LocalRunner(runs).status(one.run)
            return replace(
                one,
                state=status.state,
                done=status.done,
                failed=status.failed,
                trials=status.total,
                trouble=status.error,
            )
        watched = read_progress(folder_of_run(runs, one.run), "watch")
    except StockstreamError as error:
        return replace(one, state=UNREADABLE, trouble=str(error))
    status_of = watched.found.get("status") or {}
    return replace(
        one,
        state=str(status_of.get("state", "unknown")),
        done=int(status_of.get("done", 0)),
        failed=int(status_of.get("failed", 0)),
        trials=int(status_of.get("total", one.trials)),
        trouble=str(status_of.get("error", "")),
    )


@lru_cache(maxsize=10_000)
def _outline(file: str, kind: Kind, created: float) -> Kept:
    """What the file of a run says of it; read once, for it is not changed."""
    from pathlib import Path

    path = Path(file)
    run = path.parent.name
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        config = given["config"]
        record = CloudRecord.read(path.parent)
        sleeves = [sleeve["strategy_class"] for sleeve in config.get("sleeves") or ()]
        return Kept(
            run,
            kind,
            created,
            strategy=str(config.get("strategy_class") or " + ".join(sleeves)),
            runner=LOCAL if record is None else record.runner,
            state="done" if kind == "backtest" else "unknown",
            done=1 if kind == "backtest" else 0,
            trials=1 if kind == "backtest" else 0,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StockstreamError) as error:
        return Kept(
            run, kind, created, state=UNREADABLE, trouble=f"{type(error).__name__}: {error}"
        )
