"""The image of the page, as far as it can be tried without Docker."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.dockerfile import DOCKER, ROOT, installs, instructions, needs, stages, versions
from typer.main import get_command

from stockstream.cli.app import app

if TYPE_CHECKING:
    import pytest

PAGE = (DOCKER / "page.Dockerfile").read_text(encoding="utf-8")
LOCK = (DOCKER / "page.lock").read_text(encoding="utf-8")


def test_everything_is_installed_by_its_hash_or_from_here() -> None:
    assert len(installs(PAGE)) == 2
    for line in installs(PAGE):
        assert ("--require-hashes" in line) != ("--no-build-isolation --no-index" in line)
    assert not re.search(r"\b(apt-get|curl|wget|sudo)\b|^ADD", PAGE, re.MULTILINE)
    entries = re.split(r"^(?=[a-z])", LOCK, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_lock_has_all_that_the_page_needs_as_it_is_tested() -> None:
    locked = versions(LOCK)
    assert needs("app", "aws") <= set(locked)
    assert {"streamlit", "authlib", "uvicorn", "boto3", "uv-build"} <= set(locked)
    tested = versions((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    for name, found in locked.items():
        assert found <= tested.get(name, found), name


def test_it_ends_as_nobody_who_may_write_the_runs_only() -> None:
    last = stages(PAGE)[-1]
    assert [rest for word, rest in last if word == "USER"] == ["10001:10001"]
    assert ("VOLUME", "/data") in last
    assert "STOCKSTREAM__RUNS=/data/runs" in dict(last)["ENV"]
    assert ("RUN", "install -d -o 10001 -g 10001 /data") in last


def test_what_is_copied_is_there_and_sent() -> None:
    rules = (DOCKER / "page.Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    for word, rest in instructions(PAGE):
        if word == "COPY" and "--from=" not in rest:
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert any(source == one or source.startswith(f"{one}/") for one in sent), source


def test_its_command_is_one_that_others_are_refused_by(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody who starts it and sets nothing opens it to everybody."""
    from stockstream.cli import main

    [words] = [json.loads(rest) for word, rest in stages(PAGE)[-1] if word == "CMD"]
    assert words[:2] == ["stockstream", "app"]
    assert words[1] in get_command(app).commands  # type: ignore[attr-defined]
    assert main(words[1:]) == 2
    assert "where nobody signs in" in capsys.readouterr().err
