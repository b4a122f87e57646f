"""DAGs run for real: Airflow in its own environment, jobs in the one that has the engine."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.environment import ROOT, cache_folder, environment, lock_of
from tests.aws.sweeps import make_lake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["STRATEGY", "Played", "Stage"]

HERE = Path(__file__).parent
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
        python: of the environment with Airflow.
        home: of it.
        variables: Airflow Variables.
        environment: of its process.
    """

    python: Path
    home: Path
    variables: dict[str, str]
    environment: dict[str, str]

    def write(self, name: str, source: str) -> None:
        """Put a DAG file into the folder."""
        (self.home / "dags" / name).write_text(f"# an airflow dag\n{source}", encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment's Python in the home."""
        named = {f"AIRFLOW_VAR_{name.upper()}": value for name, value in self.variables.items()}
        return subprocess.run(
            [self.python, *words],
            env={**_environment(self.home), **self.environment, **named},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )

    def play(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> Played:
        """Run a DAG of the folder with ``dag.test()``."""
        out = self.home / "played.json"
        out.unlink(missing_ok=True)
        done = self.run(str(HERE / "play.py"), dag_id, str(out), json.dumps(conf or {}))
        log = done.stdout + done.stderr
        assert out.is_file(), log
        return Played(**json.loads(out.read_text(encoding="utf-8")), log=log)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",  # a busy machine is no broken file
        "PYTHONPATH": str(SOURCE),
    }


def _made_home(version: str) -> Path:
    """A home whose database is made, kept beside the environment it is for."""
    python, home = environment(version), cache_folder() / f"{version}.home"
    stamp, lock = home / "lock", hashlib.sha256(lock_of(version).read_bytes()).hexdigest()
    with home.with_suffix(".busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        if not (stamp.is_file() and stamp.read_text() == lock):
            shutil.rmtree(home, ignore_errors=True)
            (home / "dags").mkdir(parents=True)
            subprocess.run(
                [python, "-m", "airflow", "db", "migrate"],
                env=_environment(home),
                cwd=home,
                capture_output=True,
                check=True,
            )
            (home / "airflow.cfg").unlink()  # it names this folder
            stamp.write_text(lock, encoding="utf-8")
    return home


@pytest.fixture
def stage_for(tmp_path: Path) -> Callable[[Path], Stage]:
    """Makes a stage for an interpreter; jobs run with this one, which has the engine."""

    def make(python: Path) -> Stage:
        home, version = tmp_path / "airflow", python.parents[1].name
        shutil.copytree(_made_home(version), home)
        return Stage(python, home, {"stockstream_python": sys.executable}, {})

    return make


@pytest.fixture
def stage(stage_for: Callable[[Path], Stage], airflow_python: Path) -> Stage:
    """A stage with the reference version."""
    return stage_for(airflow_python)


@pytest.fixture
def every_stage(stage_for: Callable[[Path], Stage], every_airflow_python: Path) -> Stage:
    """A stage with each version in turn."""
    return stage_for(every_airflow_python)


@pytest.fixture(scope="session")
def three_companies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated lake that nobody writes to."""
    place = tmp_path_factory.mktemp("lake") / "lake"
    make_lake(place)
    return place


@pytest.fixture
def lake(three_companies: Path, tmp_path: Path) -> Path:
    """A lake of one's own."""
    place = tmp_path / "lake"
    shutil.copytree(three_companies, place)
    return place
