"""The stack that is looked at, and what the checks do with it."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from stockstream.lake.store import Lake
from stockstream.study.runs.bucket_store import runs_of

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.lake.location import Location
    from stockstream.runners.stack import Stack
    from stockstream.study.study import Study

__all__ = ["CannotTell", "Site", "Wrong", "demand"]

GRID: Final = {"fast_period": (5, 10, 15, 20), "slow_period": (30, 60)}
YEARS_BACK: Final = dt.timedelta(days=730)
SYMBOLS: Final = 3
CHUNK_TRIALS: Final = 6


class Wrong(Exception):  # noqa: N818 - a verdict
    """The stack does not do what it should."""


class CannotTell(Exception):  # noqa: N818 - a verdict
    """Nothing was found out."""


@dataclass
class Site:
    """A stack that is looked at.

    Attributes:
        stack: which.
        runs: folder of this machine for the runs of the checks.
        is_rehearsal: whether it is on this machine.
        patience: seconds that an execution or job may take.
        pause: seconds between two looks.
        salt: makes the studies of the checks new ones.
    """

    stack: Stack
    runs: Path
    is_rehearsal: bool = False
    patience: float = 1200.0
    pause: float = 3.0
    salt: int = field(default_factory=lambda: int(time.time()) % 1_000_000)

    def client(self, service: str) -> Any:
        """A client of a service."""
        return self.stack.account.client(service)

    def name(self, of: str) -> str:
        """A name in the account."""
        return self.stack.prefix + of

    @property
    def pipeline(self) -> str:
        """ARN of the state machine of the daily run."""
        return self.stack.machine.rpartition(":")[0] + ":" + self.name("stock-data-pipeline")

    @property
    def url(self) -> str:
        """Of the lake."""
        return f"s3://{self.stack.bucket}"

    @cached_property
    def lake(self) -> Lake:
        """The lake of the stack.

        Raises:
            CannotTell: there is none yet.
        """
        if not Lake.exists(self.url):
            raise CannotTell(
                f"the bucket holds no lake yet: `stockstream lake copy {self.url}`, or wait for "
                "the first daily run"
            )
        return Lake.open(self.url)

    @property
    def runs_there(self) -> Location:
        """Where the runs are in the bucket."""
        return runs_of(self.url)

    def study(self, number: int) -> Study:
        """A small sweep that no other check and no earlier run has: 24 trials on three symbols.

        Raises:
            CannotTell: there is no lake, or nothing in it.
        """
        import polars as pl

        from stockstream.backtest.config import BacktestConfig
        from stockstream.study.plan import plan_study

        last = self.lake.last_session()
        if last is None:
            raise CannotTell("the lake has no bar yet")
        first = last - YEARS_BACK
        bars = self.lake.scan_bars().filter(pl.col("date") >= first)
        most = bars.group_by("symbol").len().sort(["len", "symbol"], descending=[True, False])
        config = BacktestConfig(
            strategy_class="MovingAverageCrossover",
            start_date=first,
            end_date=last,
            universe=tuple(most.head(SYMBOLS).collect()["symbol"]),
            initial_capital=100_000.0 + self.salt + number,
            param_grid=GRID,
        )
        return replace(plan_study(config, self.lake, split="ticker"), chunk_trials=CHUNK_TRIALS)

    def invoke(self, function: str, event: object) -> tuple[Any, str, str]:
        """Call a function; its answer, its error if it failed, and the end of its log."""
        answer = self.client("lambda").invoke(
            FunctionName=self.name(function), Payload=json.dumps(event), LogType="Tail"
        )
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        return json.loads(answer["Payload"].read()), answer.get("FunctionError", ""), log

    def start(self, machine: str, name: str, event: object) -> str:
        """Start an execution; its ARN."""
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(event)
        )
        return str(started["executionArn"])

    def end(self, execution: str) -> Any:
        """What an execution came to.

        Raises:
            CannotTell: it takes too long.
        """
        client, deadline = self.client("stepfunctions"), time.monotonic() + self.patience
        while time.monotonic() < deadline:
            found = client.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            time.sleep(self.pause)
        raise CannotTell(f"{execution} has not ended after {self.patience:.0f} s")


def demand(holds: bool, otherwise: str) -> None:
    """Raise what was found instead.

    Raises:
        Wrong: it does not hold.
    """
    if not holds:
        raise Wrong(otherwise)
