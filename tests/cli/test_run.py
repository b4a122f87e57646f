"""Every error ends as one clear line, the right exit code, and JSON where it was asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from stockstream.cli import app
from stockstream.errors import PartialError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


def test_a_misspelt_option_is_usage_and_names_the_nearest(stockstream: Stockstream) -> None:
    said = stockstream("backtest", "--strategy", "X", "--symbolz", "BHP")
    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "--symbols" in said.err
    assert "stockstream backtest --help" in said.err


def test_a_misspelt_command_is_usage_and_names_the_nearest(stockstream: Stockstream) -> None:
    said = stockstream("backtst")
    assert said.code == 2
    assert "Did you mean 'backtest'?" in said.err


def test_an_error_is_one_json_document_too(stockstream: Stockstream) -> None:
    said = stockstream("backtest", "--strategy", "X", "--lake", "nowhere", "--json")
    assert said.code == 1
    assert said.document["error"]["type"] == "LakeError"
    assert said.document["error"]["message"] in said.err


def test_usage_is_json_too(stockstream: Stockstream) -> None:
    said = stockstream("backtest", "--json")
    assert said.code == 2
    assert "--strategy" in said.document["error"]["message"]


def test_partial_work_is_listed(stockstream: Stockstream, monkeypatch: pytest.MonkeyPatch) -> None:
    def partly(*_: object, **__: object) -> None:
        raise PartialError("2 of 3 done", ["C: no answer"])

    monkeypatch.setattr(app, "app", partly)
    said = stockstream("anything", "--json")
    assert said.code == 3
    assert said.document["error"]["failures"] == ["C: no answer"]
    assert "C: no answer" in said.err


def test_a_bug_is_called_one_and_hides_its_traceback(
    stockstream: Stockstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(app, "app", broken)
    said = stockstream("anything")
    assert said.code == 1
    assert "RuntimeError: two lines" in said.err
    assert "STOCKSTREAM_DEBUG=1" in said.err
    assert "Traceback" not in said.err


def test_debug_shows_the_traceback(
    stockstream: Stockstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSTREAM_DEBUG", "1")
    said = stockstream("backtest", "--strategy", "X", "--lake", "nowhere")
    assert said.code == 1
    assert "Traceback" in said.err
    assert "Traceback" in stockstream("--debug", "lake", "info", "--lake", "nowhere").err


def test_a_panic_of_a_library_is_one_clear_line_too(
    stockstream: Stockstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries that are written in Rust raise what is no Exception."""
    panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})

    def broken(*_: object, **__: object) -> None:
        raise panic("called `Option::unwrap()` on a `None` value")

    monkeypatch.setattr(app, "app", broken)
    said = stockstream("anything", "--json")
    assert said.code == 1
    assert said.document["error"]["type"] == "PanicException"
    assert said.err.startswith("error: PanicException: called `Option::unwrap()`")


@pytest.mark.parametrize(
    ("name", "level", "shown"),
    [
        ("stockstream.ingest", "DEBUG", True),
        ("botocore.auth", "INFO", False),
        ("botocore.auth", "WARNING", True),
    ],
)
def test_debugging_is_about_this_program(name: str, level: str, shown: bool) -> None:
    record = logging.makeLogRecord({"name": name, "levelno": getattr(logging, level)})
    assert app._is_for_users(record) is shown


def test_a_password_in_the_wrong_place_is_not_repeated(stockstream: Stockstream) -> None:
    said = stockstream("--debug", "lake", "info", "postgresql://me:hush@host/db?token=hush")
    assert said.code == 2
    assert "postgresql://***@host/db?token=***" in said.err
    assert "hush" not in said.err


def test_ctrl_c_is_130(stockstream: Stockstream, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "app", interrupted)
    assert stockstream("anything").code == 130


def test_without_a_command_the_help_is_shown(stockstream: Stockstream) -> None:
    said = stockstream()
    assert said.code == 0
    assert said.out == stockstream("--help").out


def test_version(stockstream: Stockstream) -> None:
    import stockstream as package

    assert stockstream("--version").out == f"stockstream {package.__version__}\n"


def test_a_setting_that_cannot_be_used_is_usage(stockstream: Stockstream, tmp_path: Path) -> None:
    (tmp_path / "stockstream.toml").write_text("lack = 'typo'\n", encoding="utf-8")
    said = stockstream("doctor")
    assert said.code == 2
    assert "did you mean 'lake'" in said.err
