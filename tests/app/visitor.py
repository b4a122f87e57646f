"""Somebody at a browser: opens pages, keeps pictures, and hears every complaint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

__all__ = ["IS_WHOLE", "PATIENCE", "Visitor"]

PATIENCE = 120_000
"""Milliseconds that a page is waited for at most: a busy machine is slow, not wrong."""

PROBES = ("_stcore/health", "_stcore/host-config")
"""Streamlit asks for these below the address of a page first, and then above it."""

IS_WHOLE = """() => document.querySelector("[data-test-script-state=notRunning]")
    && !document.querySelector("[data-testid=stSkeleton]")"""
GOES_BEYOND = """width => [...document.querySelectorAll("html, [data-testid=stMain]")]
    .filter(one => one.scrollWidth > width).length"""

HEIGHT = """() => Math.min(6000, Math.max(...[...document.querySelectorAll(
    "html, [data-testid=stMain]")].map(one => one.scrollHeight)))"""
"""Of the whole page, which scrolls in a part of itself."""


class Visitor:
    """A browser of its own, without the cookies of others.

    Args:
        browser: Chromium.
        server: address of the page.
        width: of the window, in pixels.
        colours: ``light`` or ``dark``.

    Attributes:
        page: what is open.
        complaints: errors of the page.
        asked: every address that was asked for.
    """

    def __init__(
        self, browser: Browser, server: str, width: int = 1280, colours: str = "light"
    ) -> None:
        self.server, self.width = server, width
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 1000},
            color_scheme="dark" if colours == "dark" else "light",
        )
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, address: str = "/") -> Page:
        """Open a page and wait until it is whole."""
        self.page.goto(self.server + address)
        self.page.locator("h1").first.wait_for()
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the script of the page has ended and all is drawn."""
        self.page.wait_for_function(IS_WHOLE)

    def is_well(self) -> None:
        """Nothing is wrong with the page: it fits, no error, and nobody else was asked."""
        assert self.complaints == []
        own = (self.server, self.server.replace("http", "ws", 1), "data:", "blob:")
        assert [url for url in self.asked if not url.startswith(own)] == []
        assert self.page.locator("[data-testid=stException]").count() == 0
        assert self.page.evaluate(GOES_BEYOND, self.width) == 0
        for chart in self.page.locator(".stPlotlyChart").all():
            assert chart.get_attribute("aria-label") or chart.locator("[aria-label]").count()

    def keep(self, name: str) -> None:
        """Keep a picture of the whole page where ``STOCKSTREAM_TEST_ARTEFACTS`` says."""
        folder = os.environ.get("STOCKSTREAM_TEST_ARTEFACTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            whole = self.page.evaluate(HEIGHT)
            self.page.set_viewport_size({"width": self.width, "height": whole})
            self.settle()
            self.page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")
            self.page.set_viewport_size({"width": self.width, "height": 1000})

    def _hear(self, said: ConsoleMessage) -> None:
        address = said.location.get("url", "")
        if said.type == "error" and not any(probe in address for probe in PROBES):
            self.complaints.append(f"{said.text} {address}")
