"""Write docs/images/tear-sheet.png: the tear sheet of ``stockstream demo`` in a real browser.

Run it from the repository with the development environment and a Chromium, when the page or the
demo has changed: ``python scripts/make_screenshot.py``. The bars are simulated.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "tear-sheet.png"
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
    """Run the demo in a folder of its own and take the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browser", default=shutil.which("chromium") or CHROMIUM)
    parser.add_argument("--output", type=Path, default=PICTURE)
    options = parser.parse_args()
    from stockstream.cli import main as stockstream

    output = options.output.absolute()
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        if stockstream(["demo"]):
            return 1
        photograph(Path("data/demo/tearsheet.html").absolute(), output, options.browser)
    size = output.stat().st_size
    sys.stderr.write(f"{output}: {size:,} bytes\n")
    return 0 if size <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
