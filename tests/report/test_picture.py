"""A picture of a page: by a real browser, or an error that says what to do."""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import DataError
from stockstream.report import picture
from stockstream.report.picture import find_browser, write_picture
from stockstream.report.tearsheet import write_tear_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.backtest.result import BacktestResult

DRAWN = '<html data-height="700">'


def browser(folder: Path, body: str) -> str:
    """A program that is started like a browser and does what a test says."""
    program = folder / "chromium"
    program.write_text(f"#!{sys.executable}\nimport sys, time\nwords = sys.argv\n{body}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.browser
def test_a_real_browser_draws_the_whole_page(result: BacktestResult, tmp_path: Path) -> None:
    try:
        find_browser()
    except DataError:
        pytest.skip("no Chromium here: apt-get install chromium, or leave out -m browser")
    page = write_tear_sheet(result, tmp_path / "sheet.html")
    found = write_picture(page, tmp_path / "new" / "sheet.png")
    content = found.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert width == picture.WIDTH
    assert 3_000 < height < picture.HIGHEST
    assert [path.name for path in found.parent.iterdir()] == ["sheet.png"]


def test_no_browser_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "PLACES", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DataError, match=r"neither Chromium.*install chromium.*--browser"):
        find_browser()
    with pytest.raises(DataError, match="no program 'my-browser' is installed"):
        find_browser("my-browser")


def test_the_page_is_measured_and_then_taken(tmp_path: Path) -> None:
    script = (
        f"print('{DRAWN}')\n"
        "[open(w.partition('=')[2], 'wb').write(' '.join(words).encode())"
        " for w in words if w.startswith('--screenshot=')]"
    )
    page = tmp_path / "page.html"
    found = write_picture(page, tmp_path / "p.png", browser=browser(tmp_path, script))
    said = found.read_text()
    assert "--window-size=1280,700" in said
    assert "MAP * ~NOTFOUND" in said
    assert said.endswith(page.as_uri())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('<html>')", "did not draw"),
        (f"print('{DRAWN}')", "gave no picture"),
        ("sys.exit('cannot open display')", "ended with exit code 1: cannot open display"),
        ("time.sleep(60)", "took more than 1 seconds"),
    ],
)
def test_what_a_browser_can_do_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    monkeypatch.setattr(picture, "PATIENCE", 1)
    with pytest.raises(DataError, match=said):
        write_picture(tmp_path / "p.html", tmp_path / "p.png", browser=browser(tmp_path, body))
    assert not (tmp_path / "p.png").exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    script = (
        f"print('{DRAWN}')\n"
        "[open(w.partition('=')[2], 'wb').write(b'x')"
        " for w in words if w.startswith('--screenshot=')]"
    )
    (tmp_path / "p.png").mkdir()
    with pytest.raises(DataError, match="cannot write the picture"):
        write_picture(tmp_path / "p.html", tmp_path / "p.png", browser=browser(tmp_path, script))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chromium", "p.png"]
