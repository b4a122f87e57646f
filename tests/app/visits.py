"""Fixtures: a real browser, and visitors with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.app.visitor import Visitor

from stockstream.errors import DataError
from stockstream.report.picture import find_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from playwright.sync_api import Browser

Visit: TypeAlias = "Callable[..., Visitor]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of this machine."""
    try:
        program = find_browser()
    except DataError:
        pytest.skip("no Chromium here: apt-get install chromium, or leave out -m browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield opened
        opened.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visit]:
    """Lets somebody come; all leave with the test."""
    came: list[Visitor] = []

    def come(server: str, width: int = 1280, colours: str = "light") -> Visitor:
        came.append(Visitor(browser, server, width, colours))
        return came[-1]

    yield come
    for one in came:
        one.page.close()
