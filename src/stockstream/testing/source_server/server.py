"""The server from the outside: start it, steer it, stop it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.errors import ConfigError
from stockstream.testing.source_server.bodies import write_bodies
from stockstream.testing.source_server.frames import MarketFrames, write_market
from stockstream.testing.source_server.source import DIRECTORY_PATH

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from stockstream.testing.source_server.bodies import Recorded
    from stockstream.testing.source_server.plan import FaultPlan

__all__ = ["RequestCounts", "SourceServer"]

COMMAND: Final = (sys.executable, "-m", "stockstream.testing.source_server")
PATIENCE: Final = 10.0


class RequestCounts(NamedTuple):
    """How often the server was asked since it was started.

    Attributes:
        endpoints: by endpoint: ``chart``, ``directory``, ``eod``, ``div``, ``splits``.
        symbols: by symbol, as Yahoo writes it; the directory is ``directory``.
    """

    endpoints: Mapping[str, int]
    symbols: Mapping[str, int]


class SourceServer:
    """A running server, in a process of its own.

    Attributes:
        url: without a slash at the end; the base URL for Yahoo and for EODHD.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    @contextmanager
    def start(
        cls,
        market: Path | str | MarketFrames | None = None,
        *,
        bodies: Path | str | Mapping[str, Recorded] | None = None,
        today: dt.date | None = None,
        time: dt.time | None = None,
        plan: FaultPlan | None = None,
    ) -> Iterator[SourceServer]:
        """Start a server on a free port of this machine, and stop it at the end of the block.

        Args:
            market: folder of a market, or its frames.
            bodies: folder of recorded bodies, or (status, content type, body) by symbol.
            today: see :meth:`today`; None is the last day of the market.
            time: see :meth:`today`.
            plan: see :meth:`plan`.

        Raises:
            ConfigError: the server did not start; the message is its own.
        """
        with ExitStack() as stack:
            place = Path(stack.enter_context(TemporaryDirectory(prefix="stockstream-source-")))
            if isinstance(market, MarketFrames):
                market = write_market(market, place / "market")
            if bodies is not None and not isinstance(bodies, Path | str):
                bodies = write_bodies(bodies, place / "bodies")
            given = {"--market": market, "--bodies": bodies, "--today": today, "--time": time}
            options = [f"{name}={value}" for name, value in given.items() if value is not None]
            server = cls(stack.enter_context(_process(options)))
            if plan is not None:
                server.plan(plan)
            yield server

    @property
    def directory_url(self) -> str:
        """Where the ASX directory is served."""
        return self.url + DIRECTORY_PATH

    def today(self, date: dt.date, time: dt.time | None = None) -> None:
        """Set the clock of the market's exchange (the one of its first symbol).

        Args:
            date: on that clock; for the other exchanges it is the same moment.
            time: on that clock; None is 18:00, after the close.

        Raises:
            ConfigError: the day is outside the table of the exchange's sessions.
        """
        body = {"date": str(date), "time": str(time) if time else None}
        self._control("PUT", "today", json.dumps(body).encode())

    def plan(self, plan: FaultPlan) -> None:
        """Follow a plan of faults from now on: its counts begin anew and the log is empty."""
        self._control("PUT", "plan", plan.to_json())

    def faults(self) -> list[dict[str, Any]]:
        """What went wrong since the plan was set: date, endpoint, symbol, attempt, kind."""
        return list(self._control("GET", "faults"))

    def requests(self) -> RequestCounts:
        """How often the server was asked since it was started."""
        return RequestCounts(**self._control("GET", "requests"))

    def _control(self, method: str, what: str, body: bytes | None = None) -> Any:
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=PATIENCE)
        try:
            connection.request(method, f"/control/{what}", body)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ConfigError(content.decode())
        return json.loads(content)


@contextmanager
def _process(options: list[str]) -> Iterator[str]:
    """A server that runs; gives its URL. It also stops when this process dies."""
    with (
        TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603 - our own module
            [*COMMAND, "--control", "--follow", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            errors.seek(0)
            raise ConfigError(f"the source server did not start: {errors.read().strip()}")
        try:
            yield json.loads(first)["url"]
        finally:
            process.terminate()
