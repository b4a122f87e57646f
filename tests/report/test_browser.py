"""The tear sheet in a real browser: what is drawn, what is asked for, what fits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stockstream.report import theme
from stockstream.report.comparison import compare, write_comparison
from stockstream.report.tearsheet import write_tear_sheet

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from tests.report.conftest import Backtest, Open

    from stockstream.backtest.result import BacktestResult

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def sheet(result: BacktestResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tear_sheet(result, tmp_path_factory.mktemp("sheet") / "sheet.html")


@pytest.mark.parametrize(
    ("width", "colours"),
    [(1280, "light"), (1280, "dark"), (820, "light"), (390, "light"), (320, "dark")],
)
def test_page_is_whole_at_every_width(visit: Open, sheet: Path, width: int, colours: str) -> None:
    seen = visit(sheet, width, color_scheme=colours)
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


@pytest.mark.parametrize(("width", "colours"), [(1280, "dark"), (390, "light")])
def test_a_comparison_is_whole_too(
    visit: Open, backtest: Backtest, tmp_path: Path, width: int, colours: str
) -> None:
    runs = {f"r-{fast}": backtest(parameters={"fast_period": fast}) for fast in (5, 10, 15)}
    page = write_comparison(compare(runs), tmp_path / "comparison.html")
    seen = visit(page, width, color_scheme=colours)
    assert seen.requests == [page.as_uri()]
    assert seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.page.locator("#metrics td.best").count() >= 5
    seen.page.close()


def rgb(colour: str) -> str:
    """``#0867c4`` as browsers say it."""
    return f"rgb({', '.join(str(part) for part in bytes.fromhex(colour[1:]))})"


def test_charts_follow_the_colour_scheme(visit: Open, sheet: Path) -> None:
    from playwright.sync_api import expect

    seen = visit(sheet)
    own = seen.page.locator("#equity .js-line").nth(1)
    expect(own).to_have_css("stroke", rgb(theme.LIGHT.strategy))
    seen.page.emulate_media(color_scheme="dark")
    expect(own).to_have_css("stroke", rgb(theme.DARK.strategy))
    assert seen.complaints == []
    seen.page.close()


def test_trades_can_be_filtered_sorted_and_downloaded(
    visit: Open, sheet: Path, result: BacktestResult
) -> None:
    seen = visit(sheet)
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


def test_a_drawdown_leads_to_its_trades(visit: Open, sheet: Path) -> None:
    seen = visit(sheet)
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
