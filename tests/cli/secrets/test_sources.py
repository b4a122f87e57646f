"""Sources that refuse, fail or lie, and repeat the request while they do: no canary gets out."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.lake.store import Lake
from stockstream.market.simulated import simulate_market
from stockstream.testing.source_server import (
    Burst,
    DirectoryFault,
    FaultPlan,
    Poison,
    SourceServer,
    market_frames,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.secrets.conftest import Canaries, Echo, Watch

pytestmark = pytest.mark.slow

ANSWERS = [
    *((status, "html") for status in (200, 400, 401, 402, 403, 404, 408, 410, 429, 500, 503)),
    *((status, "error") for status in (200, 401, 404, 429, 500)),
    *((200, kind) for kind in ("text", "chart", "rows", "warning", "header", "list", "xml")),
    *((200, kind) for kind in ("redirect", "cut", "silent")),
]


@pytest.mark.parametrize(("status", "kind"), ANSWERS)
def test_no_answer_brings_one_out(
    status: int, kind: str, poisoned: None, echo: Echo, watch: Watch
) -> None:
    echo.status, echo.kind = status, kind
    for command in ("symbols", "update"):
        watch("--debug", command, "--lake", f"of-{command}", "--json")
    for provider in ("eodhd", "yahoo"):
        run = ("--provider", provider, "--config", "symbols.json", "--lake", f"of-{provider}")
        assert watch("--debug", "fetch", *run).code != 0
        watch("update", *run, "--json")
        watch("lake", "health", "--lake", f"of-{provider}", "--json")
    asked = " ".join(echo.asked)
    assert all(page in asked for page in ("access_token=", "api_token=", "/v8/finance/chart/BHP"))


def test_nobody_there(poisoned: None, echo: Echo, watch: Watch) -> None:
    echo.stop()
    for provider in ("eodhd", "yahoo"):
        assert watch("--debug", "update", "--provider", provider, "--lake", "lake").code == 1
    assert watch("--debug", "symbols", "--lake", "lake").code == 1


@pytest.mark.parametrize("status", [200, 429])
def test_a_process_of_its_own(
    status: int, poisoned: None, canaries: Canaries, echo: Echo, tmp_path: Path
) -> None:
    """What the libraries say that are not written in Python is seen only from outside."""
    echo.status = status
    for words in (
        ("update", "--provider", "eodhd", "--lake", "lake"),
        ("update", "--provider", "yahoo", "--config", "symbols.json", "--lake", "lake"),
        ("factors", "import", "--url-env", "FACTORS_URL", "--table", "ratios"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "stockstream", "--debug", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode != 0
        canaries.demand_none(done.stdout + done.stderr, " ".join(words))


SESSION = dt.date(2024, 6, 28)
SYMBOLS = 5


@pytest.fixture(scope="module")
def _running() -> Iterator[SourceServer]:
    market = simulate_market(SYMBOLS, dt.date(2024, 4, 2), SESSION, seed=5)
    with SourceServer.start(market_frames(market.bars, market.actions)) as server:
        yield server


@pytest.fixture
def server(
    _running: SourceServer, poisoned: None, canaries: Canaries, monkeypatch: pytest.MonkeyPatch
) -> SourceServer:
    """The rehearsal's server in place of the echo."""
    _running.today(SESSION)
    _running.plan(FaultPlan())
    url = _running.url.replace("://", f"://{canaries.encoded()}:{canaries.encoded()}@")
    list_url = f"{_running.directory_url}?x-signature={canaries.encoded()}"
    for name, value in {
        "EODHD__BASE_URL": url,
        "YAHOO__BASE_URL": url,
        "SYMBOLS__URL": list_url,
        "FETCH__TIMEOUT": "3",
    }.items():
        monkeypatch.setenv(f"STOCKSTREAM__{name}", value)
    return _running


@pytest.mark.parametrize("provider", ["eodhd", "yahoo"])
@pytest.mark.parametrize(
    "kind",
    [
        *("server_error", "reset", "timeout", "truncated", "rate_limited", "malformed", "html"),
        *("not_found", "null_chart", "wrong_symbol", "empty", "null_bar"),
    ],
)
def test_a_run_of_which_a_part_fails(
    kind: Any, provider: str, server: SourceServer, watch: Watch
) -> None:
    """The lake is written: bars, health, quarantine, symbol list, batches and their notes."""
    of_lists: Any = "html" if kind in {"html", "malformed"} else "error_json"
    server.plan(
        FaultPlan(
            timeout_seconds=0.05,
            poison=(Poison(kind, ("ZAA.AX", "ZAB.AX")),),
            bursts=(Burst(first=3, count=1),),
            directory=(DirectoryFault(of_lists, attempts=1),),
        )
    )
    run = ("--provider", provider, "--session", SESSION, "--lake", "lake")
    assert watch("--debug", "update", *run, "--json").code == 1  # there is no list
    assert watch("--debug", "update", *run).code in {0, 3}
    watch("update", *run, "--again", "--json")
    watch("lake", "health", "--lake", "lake", "--json")
    assert len(Lake.open("lake").symbols()) >= SYMBOLS - 2
