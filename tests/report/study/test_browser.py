"""The page of a study in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.report.page import write_page
from stockstream.report.study.page import render_study

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.conftest import Open
    from tests.report.study.conftest import Made

    from stockstream.report.study.findings import Outside

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

HOSTILE = "<img src=x onerror=alert(1)>'\"&{{7*7}}</script>"

FIVE: dict[str, tuple[Any, ...]] = {
    "lookback": (10, 20, 30, 40, 60, 90),
    "stop_loss": tuple(np.geomspace(0.005, 0.5, 9).tolist()),
    "kind": ("sma", "ema", HOSTILE),
    "strict": (True, False),
    "factors": (("DebtToEquity",), ("DebtToEquity", "PE"), ()),
}


@pytest.fixture(scope="module")
def sheet(made: Made, outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    findings = made(FIVE, pieces=40, outside=outside, failed=3, failures=((HOSTILE, 3),))
    return write_page(render_study(findings), folder / "study.html", "the page")


@pytest.mark.parametrize(
    ("width", "colours"), [(1280, "light"), (1280, "dark"), (820, "light"), (390, "dark")]
)
def test_the_page_is_whole_at_every_width(
    visit: Open, sheet: Path, width: int, colours: str
) -> None:
    seen = visit(sheet, width, color_scheme=colours)
    assert seen.requests == [sheet.as_uri()]
    assert seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    for box in seen.page.query_selector_all(".chart"):
        assert box.query_selector(".xtick, .xaxislayer-above") is not None
    seen.page.close()


def test_another_pair_of_parameters_is_drawn_from_the_keyboard(visit: Open, sheet: Path) -> None:
    seen = visit(sheet)
    first = seen.page.locator("#maps .chart").first
    assert first.locator(".xtitle").text_content() == "stop_loss"
    seen.page.focus("#pick-maps")
    seen.page.keyboard.press("ArrowDown")
    from playwright.sync_api import expect

    expect(first.locator(".xtitle")).to_have_text("kind")
    expect(seen.page.locator("#maps .chart").nth(1).locator(".xtitle")).to_have_text("kind")
    assert seen.complaints == []
    seen.page.close()


@pytest.mark.parametrize(
    "options",
    [
        {"axes": {"fast_period": (7,)}},
        {"axes": {"fast_period": tuple(range(5, 30))}, "unknown": 0.3},
        {"axes": FIVE, "unknown": 1.0},
    ],
)
def test_small_studies_draw_without_complaint(
    visit: Open, made: Made, tmp_path: Path, options: dict[str, Any]
) -> None:
    page = write_page(render_study(made(**options)), tmp_path / "study.html", "the page")
    seen = visit(page)
    assert seen.complaints == []
    assert seen.page.locator("#verdict li").count() >= 1
    seen.page.close()
