"""DAGs run for real: Airflow in its own environment, jobs in the one that has the engine."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.airflow.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.airflow.warm import WarmPython

__all__ = ["SOURCE", "STRATEGY", "Played", "Stage", "environment_of", "made_home"]

PLAY = Path(__file__).with_name("play.py")
SOURCE = ROOT / "src"

STRATEGY = '''
import os
from pathlib import Path
from stockstream.strategy import Action, Strategy

MARK = Path({mark!r})

class Mine(Strategy):
    """Fails always, or only in the first process that tries."""
    days: int = 20
    poisoned: int = 0
    flaky: int = 0

    def lookback(self):
        return self.days

    def on_data(self, date, symbol, data, portfolio):
        if self.days == self.poisoned:
            raise ValueError("the poison")
        if self.days == self.flaky:
            MARK.touch()
            first = MARK.read_text() or str(os.getpid())
            MARK.write_text(first)
            if first == str(os.getpid()):
                raise ValueError("only once")
        past = self.history(symbol, "close", self.days)
        if len(past) < self.days:
            return None
        return Action.target_weight(0.2 if past[-1] > past[0] else 0.0)
'''
"""A file with a strategy; ``mark`` is a file that it may write."""


@dataclass(frozen=True)
class Played:
    """What came of a run.

    Attributes:
        state: of the run.
        run_id: of it.
        tasks: of each task its ``state``, ``tries``, ``label`` and what it ``returned``.
        log: of everything.
    """

    state: str
    run_id: str
    tasks: dict[str, dict[str, Any]]
    log: str

    def states(self, part: str = "") -> dict[str, str]:
        """States of the tasks whose id has a part."""
        return {name: task["state"] for name, task in self.tasks.items() if part in name}


@dataclass(frozen=True)
class Stage:
    """A home of Airflow with a folder of DAGs.

    Attributes:
        home: of it.
        variables: Airflow Variables.
        environment: of its programs, beside :func:`environment_of`; what Airflow reads of it when
            it is imported comes too late.
        warm: runs programs of the environment.
    """

    home: Path
    variables: dict[str, str]
    environment: dict[str, str]
    warm: WarmPython

    def write(self, name: str, source: str) -> None:
        """Put a DAG file into the folder."""
        (self.home / "dags" / name).write_text(f"# an airflow dag\n{source}", encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment's Python in the home."""
        named = {f"AIRFLOW_VAR_{name.upper()}": value for name, value in self.variables.items()}
        environment = {**environment_of(self.home), **self.environment, **named}
        return self.warm.run(words, environment, self.home)

    def start(
        self, dag_id: str, conf: Mapping[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a DAG of the folder with ``dag.test()``, or try to."""
        self._out.unlink(missing_ok=True)
        return self.run(str(PLAY), dag_id, str(self._out), json.dumps(conf or {}))

    def play(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> Played:
        """Run a DAG of the folder, and say what came of it."""
        done = self.start(dag_id, conf)
        log = done.stdout + done.stderr
        assert self._out.is_file(), log
        return Played(**json.loads(self._out.read_text(encoding="utf-8")), log=log)

    @property
    def _out(self) -> Path:
        return self.home / "played.json"


def environment_of(home: Path) -> dict[str, str]:
    """The environment of an Airflow whose home is a folder."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",  # a busy machine is no broken file
        "PYTHONPATH": str(SOURCE),
    }


def made_home(python: Path) -> Path:
    """A home whose database is made, kept beside the environment it is for."""
    place = python.parents[1]
    home = place.with_name(f"{place.name}.home")
    stamp = home / "made"
    with place.with_name(f"{place.name}.home.busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        if not stamp.is_file():
            shutil.rmtree(home, ignore_errors=True)
            (home / "dags").mkdir(parents=True)
            subprocess.run(
                [python, "-m", "airflow", "db", "migrate"],
                env=environment_of(home),
                cwd=home,
                capture_output=True,
                check=True,
            )
            (home / "airflow.cfg").unlink()  # it names this folder
            stamp.touch()
    return home
