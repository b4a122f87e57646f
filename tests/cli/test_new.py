"""``stockstream new``: what it writes runs, passes its own test, and is never written over."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

FORMS = [(), ("--free-form",)]


@pytest.mark.parametrize("form", FORMS, ids=["rules", "free form"])
def test_it_writes_a_strategy_and_its_test(
    stockstream: Stockstream, tmp_path: Path, form: tuple[str, ...]
) -> None:
    said = stockstream("new", "strategy", "my_swing.py", *form)
    assert said.code == 0
    assert "backtest --strategy my_swing.py:MySwing" in said.out
    text = (tmp_path / "my_swing.py").read_text()
    assert "class MySwing(Strategy):" in text or "class MySwing(RuleStrategy):" in text
    assert "strategy = MySwing" in (tmp_path / "test_my_swing.py").read_text()
    assert "$" not in text


@pytest.mark.parametrize("form", FORMS, ids=["rules", "free form"])
def test_what_it_writes_can_be_backtested(
    stockstream: Stockstream, lake: Path, form: tuple[str, ...]
) -> None:
    stockstream("new", "strategy", "mine.py", *form)
    said = stockstream("backtest", "--strategy", "mine.py:Mine", "--lake", lake, "--json")
    assert said.code == 0
    document = said.document
    assert document["config"]["strategy_class"] == "mine.py:Mine"
    assert document["engine"] == ("event" if form else "compiled")
    assert document["metrics"]["trades"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=["rules", "free form"])
def test_what_it_writes_passes_its_own_test(
    stockstream: Stockstream, tmp_path: Path, form: tuple[str, ...]
) -> None:
    stockstream("new", "strategy", "mine.py", *form)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_what_it_writes_is_clean(stockstream: Stockstream, tmp_path: Path) -> None:
    stockstream("new", "strategy", "mine.py")
    stockstream("new", "strategy", "other.py", "--free-form")
    rules = "E,F,W,I,N,D,B,C4,UP,SIM,RUF,PL,RET"
    odd = "D100,D102,D203,D213,D413"
    for words in (["check", "--select", rules, "--ignore", odd], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", words[0], "--isolated", *words[1:], "."]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_written_over(stockstream: Stockstream, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("precious")
    (tmp_path / "test_other.py").write_text("precious")
    for name in ("mine", "other"):
        said = stockstream("new", "strategy", f"{name}.py")
        assert said.code == 2
        assert "exists already and stays as it is" in said.err
    assert (tmp_path / "mine.py").read_text() == "precious"
    assert (tmp_path / "test_other.py").read_text() == "precious"
    assert not (tmp_path / "other.py").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.txt", "no name for a Python file"),
        ("my-own.py", "my_strategy.py"),
        ("class.py", "no name for a Python file"),
        ("random.py", "would hide the module 'random'"),
        ("nowhere/mine.py", "there is no folder nowhere"),
        ("mine.py:2nd", "'2nd' is no name for a class"),
    ],
)
def test_names_that_do_not_do(stockstream: Stockstream, name: str, message: str) -> None:
    said = stockstream("new", "strategy", name)
    assert said.code == 2
    assert message in said.err


def test_the_class_can_be_named(stockstream: Stockstream) -> None:
    document = stockstream("new", "strategy", "mine.py:Swing", "--json").document
    assert document == {"strategy": "mine.py", "test": "test_mine.py", "class": "Swing"}


def test_alone_it_says_what_can_be_made(stockstream: Stockstream) -> None:
    said = stockstream("new")
    assert said.code == 0
    assert "strategy" in said.out
