"""The pages of the data and of the runs in a real browser: whole, quiet, dark, on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.app.data.lakes import told_lake
from tests.app.runs.test_page import backtest, sweep
from tests.app.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.app.visits import Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.enable_socket]

TABS = ("Contents", "Prices", "Coverage", "Health", "Set aside")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the page, with a lake and runs of its own."""
    folder = tmp_path_factory.mktemp("app")
    told_lake(folder)
    backtest(folder / "runs")
    sweep(folder / "runs")
    with serving(folder, folder / "lake", folder / "runs") as started:
        yield started.address


@pytest.mark.parametrize(
    ("width", "colours"), [(1280, "light"), (1280, "dark"), (390, "light")], ids=str
)
def test_every_page_is_whole(visitor: Visit, server: str, width: int, colours: str) -> None:
    seen = visitor(server, width, colours)
    for tab in TABS:
        page = seen.open(f"/data?tab={tab}&indicators=sma%3A50&indicators=rsi".replace(" ", "+"))
        page.locator(".st-key-shown").wait_for()
        if tab in {"Prices", "Coverage"}:
            page.locator(".js-plotly-plot .main-svg").first.wait_for()
        seen.keep(f"data-{tab}-{width}-{colours}")
        seen.is_well()
    seen.open("/runs").locator("[class*='st-key-row-']").first.wait_for()
    seen.keep(f"runs-{width}-{colours}")
    seen.is_well()


def test_a_connection_is_tested_by_a_click(visitor: Visit, server: str) -> None:
    seen = visitor(server)
    page = seen.open("/runs")
    page.click(".st-key-test-lake button")
    page.wait_for_selector(".st-key-connection-lake >> text=answers")
    page.click(".st-key-test-airflow button")
    page.wait_for_selector(".st-key-connection-airflow >> text=no Airflow was named")
    seen.keep("connections")
    seen.is_well()


def test_a_run_is_deleted_after_a_question(visitor: Visit, server: str) -> None:
    seen = visitor(server)
    page = seen.open("/runs?kind=backtests")
    row = page.locator("[class*='st-key-row-r-']")
    row.get_by_role("button", name="Delete").click()
    page.wait_for_selector(".st-key-keep button")
    seen.keep("delete")
    page.click(".st-key-keep button")
    page.wait_for_selector(".st-key-keep button", state="detached")
    assert row.count() == 1
    row.get_by_role("button", name="Delete").click()
    page.click(".st-key-delete-for-good button")
    page.wait_for_selector("text=No run is like this")
    seen.is_well()


def test_the_address_follows_the_tab_and_the_symbol(visitor: Visit, server: str) -> None:
    seen = visitor(server)
    page = seen.open("/data?tab=Prices&span=all")
    page.wait_for_selector(".js-plotly-plot .main-svg")
    page.get_by_role("tab", name="Coverage").click()
    page.wait_for_url("**tab=Coverage**")
    page.wait_for_selector(".st-key-presence .main-svg")
    seen.is_well()
