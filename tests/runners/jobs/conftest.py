"""A lake, jobs in this process, and strategies that fail always or only once."""

from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.conftest import aws_bucket, aws_environment, local_aws
from tests.aws.sweeps import make_lake

from stockstream.runners.jobs import names
from stockstream.runners.jobs.command import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Job = Callable[..., int]

__all__ = ["Jobs", "aws_bucket", "aws_environment", "local_aws"]

STRATEGY = """
from pathlib import Path
from stockstream.strategy import *

class Mine(Strategy):
    days: int = 20
    poisoned: int = 0
    flaky: int = 0

    def lookback(self):
        return self.days

    def on_data(self, date, symbol, data, portfolio):
        if self.days == self.poisoned:
            raise ValueError("the poison")
        if self.days == self.flaky and not Path(MARK).exists():
            raise ValueError("only once")
        past = self.history(symbol, "close", self.days)
        if len(past) < self.days:
            return None
        return Action.target_weight(0.2 if past[-1] > past[0] else 0.0)
"""


class Jobs:
    """Runs jobs in this process, on one lake.

    Attributes:
        lake: the folder, or its URL.
        patch: undoes at the end of the test what is changed with it.
    """

    def __init__(self, lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lake, self.patch = lake, monkeypatch
        monkeypatch.setenv(names.LAKE, lake)

    def __call__(self, action: str, **told: str | int | dict[str, Any]) -> int:
        """The exit code of a job that is told this and nothing else."""
        with self.patch.context() as environment:
            for name, value in told.items():
                text = json.dumps(value) if isinstance(value, dict) else str(value)
                environment.setenv(name, text)
            return main([action])

    def plan(self, key: str = "a-key", **request: Any) -> dict[str, Any]:
        """The answer of a plan that goes well."""
        assert self("plan", KEY=key, REQUEST=request) == names.DONE
        return self.answer(key)

    def items(self, planned: dict[str, Any], **told: str) -> list[int]:
        """The exit codes of all items of a plan."""
        run, attempt = planned["run"], planned["attempt"]
        return [
            self("item", RUN=run, ATTEMPT=attempt, ITEM=index, **told)
            for index in range(planned["items"])
        ]

    def collect(self, planned: dict[str, Any], key: str = "collected") -> dict[str, Any]:
        """What came of an attempt."""
        told = {"KEY": key, "RUN": planned["run"], "ATTEMPT": planned["attempt"]}
        assert self("collect", **told) == names.DONE
        return self.answer(key)

    def answer(self, key: str) -> dict[str, Any]:
        """What a job has left."""
        found: dict[str, Any] = json.loads(self.read(names.answer_file(key)))
        return found

    def read(self, name: str) -> bytes:
        """A file below the lake."""
        from stockstream.lake.location import Location

        return Location.of(self.lake).read(name)


@pytest.fixture(autouse=True)
def _own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jobs set signals and read variables that a batch job would have."""
    for name in (names.ARRAY_INDEX, names.FAILED_TRIALS, names.LEAVE_AT_EOF):
        monkeypatch.delenv(name, raising=False)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def three_companies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that nobody writes to."""
    place = tmp_path_factory.mktemp("jobs") / "lake"
    make_lake(place)
    return place


@pytest.fixture
def jobs(three_companies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """Jobs on a lake of their own."""
    return Jobs(str(shutil.copytree(three_companies, tmp_path / "lake")), monkeypatch)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """While this file is not there, the flaky strategy fails."""
    return tmp_path / "mark"


@pytest.fixture
def failing(tmp_path: Path, mark: Path) -> dict[str, Any]:
    """A request for five combinations: days=13 always fails, days=17 while there is no mark."""
    path = tmp_path / "mine.py"
    path.write_text(STRATEGY.replace("MARK", repr(str(mark))), encoding="utf-8")
    config = {
        "strategy_class": f"{path}:Mine",
        "start_date": "2020-06-01",
        "end_date": "2020-12-31",
        "parameters": {"poisoned": 13, "flaky": 17},
        "param_grid": {"days": [5, 13, 15, 17, 21]},
    }
    return {"config": config, "blocks": 4}
