"""Write docs/images/tear-sheet.png, study.png and page.png: what ``stockstream demo`` looks like.

Run it from the repository with the development environment and a Chromium, when a page or the demo
has changed: ``python scripts/make_screenshot.py``. The bars are simulated.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PAGES = {"tearsheet.html": "tear-sheet.png", "sweep.html": "study.png"}
"""Pages of the demo, and what their pictures are called."""

APP, PLOT = "page.png", ".stPlotlyChart"

CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1280, 1440
LARGEST = 300_000
"""Bytes: a picture that everybody who clones the repository fetches."""


def photograph(address: str, chart: str, picture: Path, browser_path: str) -> None:
    """Take a picture of the top of a page, when all that is drawn by ``chart`` is there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-AU"
        )
        page.goto(address)
        page.locator(f"{chart} .main-svg").first.wait_for()
        for one in page.locator(chart).all():
            one.locator(".main-svg").first.wait_for()
        page.screenshot(path=picture, animations="disabled")
        browser.close()


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The web page with the lake and the runs of the demo: its address."""
    words = [f"--lake={folder / 'lake'}", f"--runs={folder / 'runs'}", "--port=0", "--json"]
    command = [sys.executable, "-m", "stockstream", "app", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        try:
            assert process.stdout is not None
            yield json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["page"]
        finally:
            process.terminate()


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
            address = Path("data/demo", page).absolute().as_uri()
            photograph(address, ".chart", folder / picture, options.browser)
        with served(Path("data/demo")) as address:
            [run] = (path.name for path in Path("data/demo/runs").glob("r-*"))
            photograph(f"{address}/result?run={run}", PLOT, folder / APP, options.browser)
    sizes = {name: (folder / name).stat().st_size for name in (*PAGES.values(), APP)}
    for name, size in sizes.items():
        sys.stderr.write(f"{folder / name}: {size:,} bytes\n")
    return 0 if max(sizes.values()) <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
