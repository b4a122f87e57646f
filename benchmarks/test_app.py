"""What somebody waits for at the page, and what open pages cost, beside a page without anything.

Budgets: the first page 3 s after the server is there, later ones 1.2 s, ten idle sessions 2 % of a
core, ten that watch a run 40 %. They are printed; asserted are shares of a core, and multiples of
what Streamlit takes for a title, since a slow machine is slow at both.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.app.plugin import NAME, install
from tests.app.server import serving
from tests.app.steps import hand_in, run_of, trigger
from tests.app.visitor import Visitor
from tests.app.visits import browser
from tests.runners.cluster.conftest import free_port

from stockstream.backtest.archive import save_result
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_backtest
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from tests.app.server import Server

    from stockstream.lake.store import Lake

BARE = Path(__file__).with_name("bare_page.py")
__all__ = ["browser"]

SESSIONS, WATCHED = 10, 20.0
TICKS = os.sysconf("SC_CLK_TCK")
TABS = {"Prices": ".main-svg", "Coverage": ".st-key-presence .main-svg", "Health": ".st-key-shown"}
SLOW = {"strategy": NAME, "p_days": "20:419:400", "p_share": "0.1, 0.2"}
"""Some minutes of trials in free form."""


@pytest.fixture(autouse=True)
def _network(socket_enabled: None) -> None:
    """Loopback."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Lake]:
    """A folder, and a market of forty companies with a kept backtest."""
    folder, lake = tmp_path_factory.mktemp("page"), simulated_lake(40)
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover", start_date="2015-01-02", end_date="2020-12-31"
    )
    save_result(run_backtest(config, lake), folder / "runs")
    return folder, lake


@pytest.fixture
def server(place: tuple[Path, Lake]) -> Iterator[Server]:
    """A server that has just been started."""
    folder, lake = place
    path = folder / "packages"
    if not path.exists():
        install(path)
    with serving(folder, lake.location.address, folder / "runs", PYTHONPATH=str(path)) as started:
        yield started


@contextmanager
def bare() -> Iterator[tuple[str, int]]:
    """Streamlit with a title: its address and its process."""
    port = free_port()
    options = ("--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1")
    quiet = ("--browser.gatherUsageStats=false", "--server.fileWatcherType=none")
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(BARE), *options, *quiet],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if str(port) in line:
                break
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def seconds_to_open(visitor: Visitor, address: str) -> float:
    """From the address to a page that is whole."""
    began = time.perf_counter()
    visitor.open(address)
    return time.perf_counter() - began


def share_of_a_core(process: int, seconds: float = WATCHED) -> float:
    """How much of a core a process takes."""

    def used() -> float:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    began, before = time.perf_counter(), used()
    time.sleep(seconds)
    return (used() - before) / (time.perf_counter() - began)


def seconds_to_click(visitor: Visitor, role: Any, name: str, sign: str) -> float:
    """From a click on a link or tab to what only its page has, and a page that is whole."""
    began = time.perf_counter()
    visitor.page.get_by_role(role, name=name, exact=True).click()
    visitor.page.locator(sign).first.wait_for()
    visitor.settle()
    return time.perf_counter() - began


def test_how_long_pages_take(benchmark: Any, browser: Browser, server: Server) -> None:
    with bare() as (address, _):
        visitors = [Visitor(browser, address) for _ in range(5)]
        least_first, *again = (seconds_to_open(one, "/") for one in visitors)
    seen = Visitor(browser, server.address)
    first = benchmark.pedantic(lambda: seconds_to_open(seen, "/"), rounds=1)
    found: dict[str, list[float]] = {}
    for _ in range(3):
        for name in ("Runs", "Compare", "Data"):
            took = seconds_to_click(seen, "link", name, f"h1:has-text('{name}')")
            found.setdefault(name, []).append(took)
        for name, sign in TABS.items():
            found.setdefault(name, []).append(seconds_to_click(seen, "tab", name, sign))
    for one in (*visitors, seen):
        one.page.close()
    later = {name: round(statistics.median(took), 2) for name, took in found.items()}
    chart = found["Prices"][0]
    print(
        f"\nfirst page {first:.2f} s, a bare one {least_first:.2f} s, its next {min(again):.2f} s"
    )
    print(f"first chart, with which the browser gets Plotly: {chart:.2f} s; later: {later}")
    assert first < 4 * least_first
    assert max(later.values()) < 2 * statistics.median(again)


@pytest.mark.parametrize("live", [False, True], ids=["idle", "watching a run"])
def test_what_open_pages_cost(benchmark: Any, browser: Browser, server: Server, live: bool) -> None:
    address, request = "/", ""
    if live:
        first = Visitor(browser, server.address)
        request = hand_in(first, **SLOW)
        trigger(first)
        address = f"/?request={request}"
        first.page.close()
    sessions = [Visitor(browser, server.address) for _ in range(SESSIONS)]
    for one in sessions:
        one.open(address)
    ours = benchmark.pedantic(lambda: share_of_a_core(server.pid), rounds=1)
    if live:
        assert sessions[0].page.get_by_role("button", name="Cancel").is_visible()
        print(f"\nthe run: {run_of(server.runs, request)}")
    for one in sessions:
        one.page.close()
    with bare() as (address, process):
        sessions = [Visitor(browser, address) for _ in range(SESSIONS)]
        for one in sessions:
            one.open("/?live=1" if live else "/")
        least = share_of_a_core(process)
        for one in sessions:
            one.page.close()
    print(f"\n{SESSIONS} sessions: {ours:.1%} of a core; bare pages {least:.1%}")
    assert ours < (0.4 if live else 0.02)
