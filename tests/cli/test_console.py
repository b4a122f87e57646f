"""Text and tables on a screen, and through a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stockstream.cli import console
from stockstream.cli.progress import progress

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LONG = "a sentence that goes on for somewhat longer than the screen is wide"


def watch(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Make standard output and error a terminal."""
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")


def test_a_screen_wraps_between_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(monkeypatch, columns=40)
    console.warn(LONG)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("  ")
    assert "longer" in lines[0] + lines[1]


def test_a_pipe_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.warn(LONG)
    assert capsys.readouterr().out == f"! {LONG}\n"


def test_a_pipe_gets_the_whole_table(capsys: pytest.CaptureFixture[str]) -> None:
    console.show_table(("name", "n"), [("x" * 90, "1"), ("[b]y", "1,000")], align="l")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "n"]
    assert lines[2] == f"{'x' * 90}      1"
    assert lines[3].startswith("[b]y ")
    assert lines[3].endswith(" 1,000")


def test_a_screen_cuts_a_table_and_never_wraps_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(monkeypatch, columns=40)
    console.show_table(("name", "n"), [("x" * 90, "1")], align="l")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "\u2026" in lines[2]


HOSTILE = "BHP\x1b]0;title\x07\x9b31m\N{RIGHT-TO-LEFT OVERRIDE}\rCBA"
SHOWN = r"BHP\x1b]0;title\x07\x9b31m\u202e\rCBA"


def test_what_comes_from_outside_does_not_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.say(HOSTILE)
    console.warn(HOSTILE)
    console.show_table(("name",), [(HOSTILE,), ("two  spaces\N{NO-BREAK SPACE}é",)])
    console.note(HOSTILE)
    console.complain(HOSTILE)
    said = capsys.readouterr()
    assert said.out.splitlines()[:2] == [SHOWN, f"! {SHOWN}"]
    assert said.out.count(SHOWN) == 3
    assert "two  spaces\N{NO-BREAK SPACE}é" in said.out
    assert said.err == f"{SHOWN}\nerror: {SHOWN}\n"


def test_progress_is_a_line_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("sweep", "trials") as update:
        update(1, 2)
    assert capsys.readouterr() == ("", "sweep ...\n")


def test_progress_is_a_bar_on_a_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(monkeypatch, columns=100)
    with progress("sweep", "trials") as update:
        update(3, 3)
    said = capsys.readouterr()
    assert said.out == ""
    assert "3/3" in said.err


def test_commands_are_shown_as_they_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "stockstream"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert console.command("demo") == "bin/stockstream demo"
    monkeypatch.chdir(program.parent.parent.parent)
    assert console.command("demo") == f"{tmp_path.name}/bin/stockstream demo"
    monkeypatch.setenv("PATH", str(program.parent))
    assert console.command("demo") == "stockstream demo"
    monkeypatch.setattr(sys, "argv", ["-c"])
    assert console.command("demo") == "stockstream demo"


def test_prose_in_the_last_column_wraps_and_leaves_the_others_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(monkeypatch, columns=40)
    console.show_table(("", "", ""), [("zero_volume", "486", LONG)], align="lrl")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("zero_volume  486  a sentence")
    assert all(line.startswith(" " * 18) for line in lines[1:])
