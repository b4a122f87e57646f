"""What somebody does on the page to get from a form to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from stockstream.app.tasks import read_progress

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page
    from tests.app.visitor import Visitor

__all__ = ["deploy", "hand_in", "run_of", "text_of", "trigger", "wait_for_the_end"]


def hand_in(visitor: Visitor, **fields: str) -> str:
    """Fill the form by its address and hand it in; returns the name of the request."""
    page = visitor.open(f"/?{urlencode(fields)}")
    page.locator(".st-key-continue button:enabled").click()
    page.wait_for_url("**request=q-*")
    visitor.settle()
    return parse_qs(urlsplit(page.url).query)["request"][0]


def deploy(visitor: Visitor) -> None:
    """Deploy, and wait until the section is complete."""
    visitor.page.locator(".st-key-deploy button").click()
    visitor.page.locator(".st-key-trigger button").wait_for()
    visitor.settle()


def trigger(visitor: Visitor) -> None:
    """Start the run, and wait until it is watched."""
    visitor.page.locator(".st-key-trigger button").click()
    visitor.page.locator(".st-key-section-monitor [data-testid=stMetricValue]").first.wait_for()


def wait_for_the_end(visitor: Visitor) -> None:
    """Wait until the run is over and its summary is there."""
    visitor.page.get_by_text("trials have numbers").wait_for()
    visitor.settle()


def run_of(runs: Path, request: str) -> str:
    """The run that a request became."""
    return str(read_progress(runs / "requests" / request, "trigger").found["run"])


def text_of(page: Page, section: str) -> str:
    """What a section says."""
    return page.locator(f".st-key-section-{section}").inner_text()
