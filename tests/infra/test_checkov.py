"""No finding of checkov stays open: each is repaired, or explained where it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CHECKOV = "checkov==3.3.30"
SKIP = re.compile(r"#checkov:skip=(\w+):(.*)")
ENOUGH_WORDS = 5
"""From this number of words on a reason is one."""


def uv(infra: Path) -> str:
    """The path of uv, which keeps checkov in an environment of its own."""
    own = infra.parents[1] / ".uv" / "bin" / "uv"
    found = shutil.which("uv") or (str(own) if own.is_file() else None)
    if found is None:
        pytest.skip("uv is not on the PATH and not in .uv/bin: `make install` puts it there")
    return found


@pytest.fixture(scope="module")
def results(infra: Path) -> dict[str, list[dict[str, Any]]]:
    """What checkov finds, without asking anybody."""
    tool = [uv(infra), "tool", "run", "--quiet", "--from", CHECKOV, "checkov"]
    words = ["--directory", str(infra), "--framework", "terraform", "--skip-download"]
    done = subprocess.run(
        [*tool, *words, "--output", "json"], capture_output=True, text=True, check=False
    )
    if not done.stdout.strip() and not os.environ.get("CI"):
        pytest.skip(f"{CHECKOV} cannot be installed here: {done.stderr.strip()[-200:]}")
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)["results"]
    return found


@pytest.mark.slow
def test_nothing_is_found(results: dict[str, list[dict[str, Any]]]) -> None:
    assert [(one["check_id"], one["resource"]) for one in results["failed_checks"]] == []
    assert results["parsing_errors"] == []
    assert len(results["passed_checks"]) > 100


@pytest.mark.slow
def test_each_suppression_is_needed(results: dict[str, list[dict[str, Any]]], infra: Path) -> None:
    used = {one["check_id"] for one in results["skipped_checks"]}
    written = {check for check, _ in suppressions(infra)}
    assert written == used


def test_each_suppression_is_explained(infra: Path) -> None:
    found = suppressions(infra)
    assert found
    for check, reason in found:
        assert len(reason.split()) >= ENOUGH_WORDS, check


def suppressions(infra: Path) -> list[tuple[str, str]]:
    """Check and reason of every suppression."""
    files = infra.rglob("*.tf")
    return [one for file in files for one in SKIP.findall(file.read_text(encoding="utf-8"))]
