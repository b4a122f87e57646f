"""The tear sheet in a real browser: what is drawn, what is asked for, what fits."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.report import theme
from stockstream.report.tearsheet import write_tear_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from stockstream.backtest.result import BacktestResult

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@dataclass
class Visit:
    """A page with everything it said and asked for."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).is_file():
        pytest.skip("no Chromium here: apt-get install chromium, or leave out -m browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def sheet(result: BacktestResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tear_sheet(result, tmp_path_factory.mktemp("sheet") / "sheet.html")


def visit(browser: Browser, sheet: Path, width: int = 1280, **options: Any) -> Visit:
    page = browser.new_page(viewport={"width": width, "height": 900}, **options)
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(sheet.as_uri())
    # no wait_for_function: it polls by eval, which the page's own policy forbids
    for box in page.locator(".chart").all():
        box.locator(".main-svg").first.wait_for()
    return seen


@pytest.mark.parametrize(
    ("width", "colours"),
    [(1280, "light"), (1280, "dark"), (820, "light"), (390, "light"), (320, "dark")],
)
def test_page_is_whole_at_every_width(
    browser: Browser, sheet: Path, width: int, colours: str
) -> None:
    seen = visit(browser, sheet, width, color_scheme=colours)
    assert seen.requests == [sheet.as_uri()]
    assert seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    buttons = seen.page.locator(".modebar-btn").evaluate_all("all => all.map(b => b.dataset.title)")
    assert set(buttons) <= {"Download plot as a PNG", "Reset axes"}
    # every chart has an axis and fits its column
    for box in seen.page.query_selector_all(".chart"):
        assert box.query_selector(".xtick, .xaxislayer-above, .x2tick") is not None
        drawn, column = (
            part.bounding_box()
            for part in (box.query_selector(".main-svg"), box)
            if part is not None
        )
        assert drawn is not None
        assert column is not None
        assert drawn["width"] <= column["width"] + 1
    seen.page.close()


def rgb(colour: str) -> str:
    """``#0867c4`` as browsers say it."""
    return f"rgb({', '.join(str(part) for part in bytes.fromhex(colour[1:]))})"


def test_charts_follow_the_colour_scheme(browser: Browser, sheet: Path) -> None:
    from playwright.sync_api import expect

    seen = visit(browser, sheet)
    own = seen.page.locator("#equity .js-line").nth(1)
    expect(own).to_have_css("stroke", rgb(theme.LIGHT.strategy))
    seen.page.emulate_media(color_scheme="dark")
    expect(own).to_have_css("stroke", rgb(theme.DARK.strategy))
    assert seen.complaints == []
    seen.page.close()


def test_trades_can_be_filtered_sorted_and_downloaded(
    browser: Browser, sheet: Path, result: BacktestResult
) -> None:
    seen = visit(browser, sheet)
    page = seen.page
    visible = "[...document.querySelectorAll('#trade-table tbody tr')].filter(r => !r.hidden)"
    page.fill("#trade-filter", "bhp")
    of_bhp = int((result.trades["symbol"] == "BHP.AX").sum())
    assert page.evaluate(f"{visible}.length") == of_bhp
    assert page.inner_text("#trade-count").startswith(f"{of_bhp} of ")

    page.click("#trade-reset")
    profit = page.locator("#trade-table th", has_text="Profit")
    for direction, expected in (("ascending", "min"), ("descending", "max")):
        profit.click()
        assert profit.get_attribute("aria-sort") == direction
        first = float(page.evaluate(f"{visible}[0].cells[7].dataset.sort"))
        assert first == getattr(result.trades["pnl"], expected)()

    with page.expect_download() as waiting:
        page.click("#trade-download")
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert text.count("\n") == result.trades.height + 1
    assert seen.complaints == []
    page.close()


def test_a_drawdown_leads_to_its_trades(browser: Browser, sheet: Path) -> None:
    seen = visit(browser, sheet)
    link = seen.page.locator("#drawdowns button.link").first
    start, end = link.get_attribute("data-from"), link.get_attribute("data-to")
    link.click()
    assert f"held between {start} and {end}" in seen.page.inner_text("#trade-count")
    spans = seen.page.evaluate(
        "[...document.querySelectorAll('#trade-table tbody tr')].filter(r => !r.hidden)"
        ".map(r => [r.dataset.from, r.dataset.to])"
    )
    assert spans
    assert all(entered <= end and left >= start for entered, left in spans)
    seen.page.close()


def test_zero_trades_shout(browser: Browser, idle: BacktestResult, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(write_tear_sheet(idle, tmp_path / "idle.html").as_uri())
    alarm = page.locator(".alarm")
    assert alarm.is_visible()
    cards = page.locator(".cards").bounding_box()
    above = alarm.bounding_box()
    assert above is not None
    assert cards is not None
    assert above["y"] < cards["y"]
    page.close()
