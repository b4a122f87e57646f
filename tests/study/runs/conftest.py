"""A small lake, studies on it that take as long as a test wants, and patience."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from stockstream.backtest.config import BacktestConfig
from stockstream.errors import DataError
from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider
from stockstream.runners.local import LocalRunner
from stockstream.study.plan import plan_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stockstream.study.runs.store import FolderStore
    from stockstream.study.study import Study

Plan: TypeAlias = "Callable[..., Study]"

STRATEGY = """
import os, time
from stockstream.strategy import *

class Mine(Strategy):
    days: int = 20
    share: float = 0.2
    rounds: int = 0  # of nothing, for each bar
    poison: str = ""
    gate: str = ""  # a file for which trials of 8 days wait

    def lookback(self):
        return self.days

    def on_data(self, date, symbol, data, portfolio):
        for _ in range(self.rounds):
            pass
        while self.gate and self.days == 8 and not os.path.exists(self.gate):
            time.sleep(0.02)
        if self.days == 13 and self.poison == "panic":
            raise GeneratorExit("the poison")
        if self.days == 13 and self.poison == "death":
            os._exit(9)
        past = self.history(symbol, "close", self.days)
        if len(past) < self.days:
            return None
        return Action.target_weight(self.share if past[-1] > past[0] else 0.0)
"""


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three simulated companies over two years; read only."""
    place = tmp_path_factory.mktemp("runs") / "lake"
    fetch(SimulatedProvider(companies=3), (), dt.date(2019, 1, 1), dt.date(2020, 12, 31), place)
    return place


@pytest.fixture(scope="session")
def strategy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A strategy in free form, which takes as long as it is told."""
    path = tmp_path_factory.mktemp("strategy") / "mine.py"
    path.write_text(STRATEGY, encoding="utf-8")
    return f"{path}:Mine"


@pytest.fixture
def plan(market: Path, strategy: str) -> Plan:
    """Plans a study of that strategy: so many trials, in chunks of so many."""

    def make(
        trials: int = 12,
        chunk: int = 3,
        lake: Path = market,
        first: int = 5,
        end: str = "2020-12-31",
        **parameters: Any,
    ) -> Study:
        config = BacktestConfig(
            strategy_class=strategy,
            start_date="2020-01-01",
            end_date=end,
            parameters=parameters,
            param_grid={"share": _shares(trials // 4), "days": tuple(range(first, first + 4))},
        )
        study = plan_study(config, Lake.open(lake), blocks=4)
        return type(study)(**{**vars_of(study), "chunk_trials": chunk})

    return make


def vars_of(study: Study) -> dict[str, Any]:
    """The fields of a study, without what it has worked out of them."""
    return {name: getattr(study, name) for name in study.__dataclass_fields__}


def _shares(count: int) -> tuple[float, ...]:
    return tuple(round(0.1 + 0.9 * i / count, 6) for i in range(count))


@pytest.fixture
def runner(tmp_path: Path, market: Path) -> Iterator[LocalRunner]:
    """Two workers; none of them outlives its test."""
    runner = LocalRunner(tmp_path / "runs", market, workers=2, every=0.05)
    yield runner
    for name in runner.names():
        with suppress(DataError):
            runner.cancel(name)


def eventually(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until something holds, for so long at most."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "what was waited for did not come"
        time.sleep(0.02)


def written(file: Path) -> tuple[int, int, int]:
    """Which file it is and when it was written; reading it changes nothing of that."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def digest(store: FolderStore) -> str:
    """SHA-256 of the names and bytes of all chunks; drafts of writers that were killed are none."""
    found = hashlib.sha256()
    for path in sorted((store.folder / "chunks").glob("*.parquet")):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()
