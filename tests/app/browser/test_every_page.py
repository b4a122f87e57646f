"""Every page at every width and in both colours: whole, quiet, and readable by everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stockstream.app.form import Draft
from stockstream.app.pages.data import TABS as DATA_TABS
from stockstream.app.pages.result import TABS as RESULT_TABS
from stockstream.app.pages.study import TABS as STUDY_TABS
from stockstream.app.request import Request
from stockstream.backtest.archive import save_result
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_backtest
from stockstream.lake.store import Lake
from stockstream.study.plan import plan_study
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.app.browser.conftest import Room
    from tests.app.server import Server
    from tests.app.visitor import Visitor

    Guest = Callable[..., Visitor]

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.slow]

VIEWS = [(1280, "light"), (1280, "dark"), (390, "light")]
JUDGE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => [one.id, one.nodes.map(node => node.target.join(" ")).slice(0, 5)])"""


@pytest.fixture(scope="module")
def addresses(shared_server: Server) -> dict[str, str]:
    """Pages by what they show."""
    lake, runs = Lake.open(str(shared_server.lake)), shared_server.runs
    terms: dict[str, Any] = {
        "strategy_class": "MovingAverageCrossover",
        "start_date": "2020-06-01",
        "end_date": "2021-12-31",
    }
    result = save_result(run_backtest(BacktestConfig(**terms), lake), runs).name
    grid = {"fast_period": (5, 10, 15), "slow_period": (30, 60)}
    study = plan_study(BacktestConfig(**terms, param_grid=grid), lake)
    run_study(study, lake, FolderStore.create(runs, study), workers=1)
    request = Request(Draft(), str(lake.location), lake.version())
    request.keep(runs)
    return {
        "create": "/",
        "problem": "/?p_fast_period=7:91&symbols=NOPE",
        "trigger": f"/?request={request.name}",
        "monitor": f"/?run={study.name}",
        "lost": "/?run=s-0123456789ab",
        "runs": "/runs",
        "result": f"/result?run={result}",
        "study": f"/study?run={study.name}",
        "data": "/data",
        **_tabs(f"/result?run={result}", RESULT_TABS),
        **_tabs(f"/study?run={study.name}", STUDY_TABS),
        **_tabs("/data?", DATA_TABS),
        "compare": f"/compare?run={result}",
    }


def _tabs(page: str, tabs: Iterable[str]) -> dict[str, str]:
    kind = page.partition("?")[0].removeprefix("/")
    return {
        f"{kind}-{tab.lower().replace(' ', '-')}": f"{page}&tab={tab.replace(' ', '+')}"
        for tab in tabs
    }


@pytest.mark.parametrize(("width", "colours"), VIEWS)
def test_every_page_is_well_and_nobody_is_shut_out(
    room: Room,
    guest: Guest,
    axe: str,
    addresses: dict[str, str],
    width: int,
    colours: str,
) -> None:
    room.gate.touch()
    seen = guest(width, colours)
    wrong = {}
    for name, address in addresses.items():
        if "tab=" in address and (width, colours) != VIEWS[0]:
            continue  # they are made of the same parts
        page = seen.open(address)
        seen.keep(f"{name}-{width}-{colours}")
        seen.is_well()
        page.evaluate(axe)
        found = page.evaluate(JUDGE)
        if found:
            wrong[name] = found
    assert wrong == {}
