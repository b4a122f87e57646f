"""A picture of a page, taken by a browser that is installed on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from stockstream.errors import DataError
from stockstream.market.whole_file import whole_file

__all__ = ["BROWSERS", "find_browser", "write_picture"]

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge",
    "msedge",
)
"""Programs that take pictures the way Chromium does, in the order in which they are looked for."""

PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)

WIDTH = 1280
HIGHEST = 16_000
"""Pixels: a little less than the highest picture that Chromium draws."""

PATIENCE = 90
"""Seconds for one start of the browser."""

OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=10000",
)

_HEIGHT = re.compile(r'data-height="(\d+)"')


def find_browser(named: str | None = None) -> str:
    """The program that takes the picture.

    Args:
        named: a program or its path; None looks for :data:`BROWSERS`.

    Raises:
        DataError: there is none.
    """
    wanted = BROWSERS if named is None else (named,)
    found = next(filter(None, map(shutil.which, wanted)), None)
    if found is None and named is None:
        found = next((place for place in PLACES if Path(place).is_file()), None)
    if found is None:
        looked = f"no program {named!r} is" if named else "neither Chromium, Chrome nor Edge is"
        raise DataError(
            f"{looked} installed here, and a picture needs one; install chromium "
            "(apt-get install chromium), or name one with --browser. The page itself needs none: "
            "open it, or send it"
        )
    return found


def write_picture(page: Path, picture: Path, *, browser: str | None = None) -> Path:
    """Take a picture of a whole page, 1280 pixels wide.

    Nothing is asked of any server: the browser may not look up a single address. An older file at
    that path is replaced whole or not at all.

    Args:
        page: file of a page that :func:`stockstream.report.page.write_page` wrote.
        picture: where to; its folder is made if it is missing.
        browser: see :func:`find_browser`.

    Returns:
        ``picture``.

    Raises:
        DataError: there is no browser, or it gave no picture, or it cannot be written there.
    """
    program = find_browser(browser)
    address = page.resolve().as_uri()
    with tempfile.TemporaryDirectory(prefix="stockstream-", ignore_cleanup_errors=True) as scratch:
        fresh = Path(scratch) / "page.png"
        text = _run(program, scratch, 900, "--dump-dom", address)
        height = _HEIGHT.search(text)
        if height is None:
            raise DataError(f"{program} did not draw {page}; open the page to see what is wrong")
        _run(program, scratch, min(int(height[1]), HIGHEST), f"--screenshot={fresh}", address)
        if not fresh.is_file():
            raise DataError(f"{program} gave no picture of {page}; try another one with --browser")
        try:
            picture.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(picture) as beside:
                shutil.copyfile(fresh, beside)  # it may come from another disk
        except OSError as error:
            raise DataError(
                f"cannot write the picture to {picture}: {error.strerror or error}; "
                "choose another file"
            ) from error
    return picture


def _run(program: str, scratch: str, height: int, *words: str) -> str:
    """Start the browser once; returns what it printed."""
    # Chromium's sandbox refuses root, which is what most containers run as; the page is our own
    rootless = sys.platform != "linux" or os.geteuid() != 0
    command = [
        program,
        *OPTIONS,
        *(() if rootless else ("--no-sandbox",)),
        f"--user-data-dir={scratch}/profile",
        f"--window-size={WIDTH},{height}",
        *words,
    ]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the words are ours
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DataError(
            f"{program} took more than {PATIENCE} seconds; try another one with --browser"
        ) from None
    except OSError as error:
        raise DataError(f"{program} cannot be started: {error.strerror or error}") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise DataError(f"{program} ended with exit code {done.returncode}: {last}")
    return done.stdout
