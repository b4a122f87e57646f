"""A server whose runs wait for a gate, with secrets around it that nobody may see."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from tests.app.plugin import GATE, NAME, install
from tests.app.server import serving

from stockstream.app.form import Draft
from stockstream.app.request import Request
from stockstream.lake.store import Lake
from stockstream.runners.local import LocalRunner
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page
    from tests.app.server import Server
    from tests.app.visitor import Visitor
    from tests.app.visits import Visit

CANARIES: Final = {
    "MY_API_KEY": "canary-of-an-api-key",
    "DATABASE_PASSWORD": "canary-of-a-password",
    "AWS_SECRET_ACCESS_KEY": "canary-of-the-cloud",
    "STOCKSTREAM__AIRFLOW__PASSWORD": "canary-of-an-airflow",
}
AXE: Final = Path(__file__).parent / "axe"
TRIALS, FAILED, SOON = 12, 6, 8
"""Of the sweep of these stories: those of 13 days fail, those of the last of three symbols wait at
the gate."""

_numbers = count(1)


class Room(NamedTuple):
    """A place for one story.

    Attributes:
        server: that serves it.
        gate: a file; the trials wait as long as it is not there.
        share: a parameter that no other story uses, in percent.
    """

    server: Server
    gate: Path
    share: int

    @property
    def runs(self) -> Path:
        """The folder of runs."""
        return self.server.runs

    @property
    def shares(self) -> str:
        """Two values of the parameter ``share``, the first one this story's own."""
        return f"{self.share}, 91"

    def ask(self) -> str:
        """Keep a request; returns the address of its page."""
        lake = Lake.open(str(self.server.lake))
        values = {"days": "5, 13", "share": self.shares}
        draft = Draft(strategy=NAME, values=values, split="ticker")
        request = Request(draft, str(lake.location), lake.version())
        request.keep(self.runs)
        return f"/?request={request.name}"

    def run_of(self, page: Page) -> str:
        """The run that the address of a page names."""
        page.wait_for_url("**run=s-*")
        return str(re.findall(r"run=(s-[0-9a-f]+)", page.url)[0])

    def demand_exact(self, run: str) -> None:
        """Every trial is there, and none is there twice."""
        frame = LocalRunner(self.runs).result(run).scan().collect()
        assert sorted(frame["trial"]) == list(range(TRIALS))
        assert frame["error"].count() == FAILED


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all stories."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(str(simulated_lake(3).location), folder / "lake")
    path = str(install(folder / "installed"))
    around = {"PYTHONPATH": path, GATE: str(folder / "gate"), **CANARIES}
    with serving(folder, folder / "lake", folder / "runs", **around) as server:
        yield server


@pytest.fixture
def room(shared_server: Server) -> Iterator[Room]:
    """The gate is shut when a story begins; at its end nobody has seen a secret."""
    gate = shared_server.folder / "gate"
    gate.unlink(missing_ok=True)
    yield Room(shared_server, gate, next(_numbers))
    gate.touch()
    written = [shared_server.folder / "server.log", *shared_server.runs.rglob("*")]
    for file in written:
        if file.is_file():
            content = file.read_bytes()
            assert not [one for one in CANARIES.values() if one.encode() in content], file.name


@pytest.fixture
def guest(room: Room, visitor: Visit) -> Iterator[Callable[..., Visitor]]:
    """Lets somebody come who looks for secrets before leaving."""
    came: list[Visitor] = []

    def come(width: int = 1280, colours: str = "light") -> Visitor:
        came.append(visitor(room.server.address, width, colours))
        return came[-1]

    yield come
    for one in came:
        content = one.page.content()
        assert not [secret for secret in CANARIES.values() if secret in content]
        assert str(room.server.folder) not in one.page.locator("body").inner_text()


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest) -> str:
    """The source of axe-core, installed by npm into the cache of pytest as its lock says."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm here, which installs axe-core: apt-get install npm")
    folder = request.config.cache.mkdir("axe-core")
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    lock = AXE / "package-lock.json"
    kept = folder / lock.name
    if not source.is_file() or kept.read_bytes() != lock.read_bytes():
        for name in ("package.json", lock.name):
            shutil.copy(AXE / name, folder / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode or not source.is_file():
            kept.unlink(missing_ok=True)
            pytest.skip("npm cannot install axe-core here; is its registry within reach?")
    return source.read_text(encoding="utf-8")


def eventually(holds: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "what was waited for did not come"
        time.sleep(0.02)
