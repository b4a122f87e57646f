"""The pages of results in a real browser: drawn, readable at every width, asking nobody."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.app.server import serving

from stockstream.app.pages.result import TABS as RESULT_TABS
from stockstream.app.pages.study import TABS as STUDY_TABS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.app.results.conftest import There
    from tests.app.visits import Visit

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(there: There, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the page."""
    with serving(tmp_path_factory.mktemp("server"), there.lake, there.runs) as started:
        yield started.address


TABS = {
    "overview": ("/result?run={point}&tab=Overview", ".st-key-equity .main-svg"),
    "statistics": (
        "/result?run={point}&tab=Statistics",
        ".st-key-contribution .main-svg",
    ),
    "trades": ("/result?run={point}&tab=Trades", ".st-key-chart-holding .main-svg"),
    "parameters": ("/result?run={point}&tab=Parameters", ".st-key-plateau-parameters .main-svg"),
    "robustness": ("/result?run={point}&tab=Robustness", ".st-key-fan .main-svg"),
    "beside": ("/result?run={point}&tab=Compare+runs&with={other}", ".st-key-growth .main-svg"),
    "reproduce": ("/result?run={point}&tab=Reproduce", ".st-key-tear-sheet"),
    "idle": ("/result?run={idle}", ".st-key-alarm"),
    "best": ("/study?run={held_out}&tab=Best+points", ".st-key-best-sharpes .main-svg"),
    "grid": ("/study?run={held_out}&tab=Parameters", ".st-key-of-parallel .main-svg"),
    "doubts": ("/study?run={held_out}&tab=Doubts", ".st-key-doubt-sharpes .main-svg"),
    "pieces": ("/study?run={apart}&tab=Pieces+and+failures", ".st-key-table-paths table"),
    "again": ("/study?run={held_out}&tab=Reproduce", ".st-key-tear-sheet"),
    "compare": ("/compare?runs={point}&runs={other}", ".st-key-correlation .main-svg"),
}
"""Addresses, and what is drawn last there."""

VIEWS = [
    *((tab, 1280, "light") for tab in TABS),
    *(
        (tab, *view)
        for tab in ("overview", "statistics", "trades", "best")
        for view in ((1280, "dark"), (390, "light"))
    ),
]

CLIPPED = """() => [...document.querySelectorAll(".st-key-cards [data-testid=stMetric] p")]
    .filter(text => text.scrollWidth > text.clientWidth + 1
        || text.parentElement.scrollWidth > text.parentElement.clientWidth + 1)
    .map(text => text.textContent)"""
ROWS = """() => [...document.querySelectorAll(".st-key-cards [data-testid=stMetric]")]
    .map(card => Math.round(card.getBoundingClientRect().top))"""


def test_every_tab_is_seen() -> None:
    assert set(RESULT_TABS) | set(STUDY_TABS) == {
        parse_qs(urlsplit(address).query).get("tab", ["Overview"])[0]
        for address, _ in TABS.values()
        if not address.startswith("/compare")
    }


@pytest.mark.parametrize(("tab", "width", "colours"), VIEWS)
def test_page_is_well(
    visitor: Visit, server: str, there: There, tab: str, width: int, colours: str
) -> None:
    address, last = TABS[tab]
    seen = visitor(server, width, colours)
    seen.open(address.format(**there._asdict()))
    seen.page.locator(last).first.wait_for()
    seen.is_well()
    seen.keep(f"results-{tab}-{width}-{colours}")
    assert seen.page.evaluate(CLIPPED) == []
    rows = Counter(seen.page.evaluate(ROWS)).values()
    assert set(rows) in ([set()] if tab == "compare" else [{3}] if width == 1280 else [{2}])


def test_robustness_is_measured_and_shown(visitor: Visit, server: str, there: There) -> None:
    seen = visitor(server)
    seen.open(f"/result?run={there.other}&tab=Robustness")
    seen.page.locator(".st-key-measure button").click()
    seen.page.locator(".st-key-costs .main-svg").first.wait_for()
    seen.is_well()
    seen.keep("result-robustness-measured")


def test_a_click_on_a_drawdown_shows_its_trades(visitor: Visit, server: str, there: There) -> None:
    seen = visitor(server)
    seen.open(f"/result?run={there.point}")
    mark = seen.page.locator(".st-key-equity .textpoint").first
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box is not None
    seen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    seen.page.get_by_text("trades were held between").wait_for()
    seen.is_well()


def test_a_point_is_backtested(visitor: Visit, server: str, there: There) -> None:
    seen = visitor(server)
    seen.open(f"/study?run={there.walk}")
    seen.page.locator(".st-key-backtest-point button").click()
    seen.page.wait_for_url("**/?request=q-*")
    seen.page.locator(".st-key-section-create").wait_for()
    seen.is_well()


def test_the_tear_sheet_is_handed_out(
    visitor: Visit, server: str, there: There, tmp_path: Path
) -> None:
    seen = visitor(server)
    seen.open(f"/result?run={there.point}&tab=Reproduce")
    button = seen.page.get_by_role("button", name="Download the tear sheet")
    with seen.page.expect_download() as waiting:
        button.click()
    waiting.value.save_as(tmp_path / "sheet.html")
    text = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert there.point in text
    assert len(text) < 6_000_000
