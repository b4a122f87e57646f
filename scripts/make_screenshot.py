"""Write docs/images/tear-sheet.png and study.png: the pages of ``stockstream demo`` in a browser.

Run it from the repository with the development environment and a Chromium, when a page or the demo
has changed: ``python scripts/make_screenshot.py``. The bars are simulated.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PAGES = {"tearsheet.html": "tear-sheet.png", "sweep.html": "study.png"}
"""Pages of the demo, and what their pictures are called."""

CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1280, 1440
LARGEST = 300_000
"""Bytes: a picture that everybody who clones the repository fetches."""


def photograph(page_file: Path, picture: Path, browser_path: str) -> None:
    """Take a picture of the top of a page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-AU"
        )
        page.goto(page_file.as_uri())
        for chart in page.locator(".chart").all():
            chart.locator(".main-svg").first.wait_for()
        page.screenshot(path=picture, animations="disabled")
        browser.close()


def main() -> int:
    """Run the demo in a folder of its own and take the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browser", default=shutil.which("chromium") or CHROMIUM)
    parser.add_argument("--output", type=Path, default=IMAGES, help="folder of the pictures")
    options = parser.parse_args()
    from stockstream.cli import main as stockstream

    folder = options.output.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        if stockstream(["demo"]):
            return 1
        for page, picture in PAGES.items():
            photograph(Path("data/demo", page).absolute(), folder / picture, options.browser)
    sizes = {name: (folder / name).stat().st_size for name in PAGES.values()}
    for name, size in sizes.items():
        sys.stderr.write(f"{folder / name}: {size:,} bytes\n")
    return 0 if max(sizes.values()) <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
