"""The repository as a whole: the lock, the gates, what must not be in it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted() -> set[str]:
    groups = PROJECT["dependency-groups"].values()
    every = [*PROJECT["project"]["dependencies"], *(need for group in groups for need in group)]
    names = [need for need in every if isinstance(need, str)]
    return {normal(re.split(r"[\s;<>=!~\[(]", need, maxsplit=1)[0]) for need in names}


def test_the_lock_has_every_dependency_with_hashes() -> None:
    pins = re.findall(r"^([A-Za-z0-9._-]+)==\S+.*\\\n    --hash=sha256:", LOCK, re.MULTILINE)
    entries = re.findall(r"^[A-Za-z0-9._-]+==", LOCK, re.MULTILINE)
    assert len(pins) == len(entries) > 50
    assert wanted() <= {normal(name) for name in pins}


def test_the_lock_names_no_address() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_ci_runs_the_tests_as_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert script.rstrip().endswith("\nmake test")
    assert "\n$ make test\n" in readme


@pytest.mark.parametrize(
    "target",
    "demo test test-unit lint format check bench package deploy clean install".split(),  # noqa: SIM905
)
def test_the_makefile_has_the_expected_targets(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_market_data_and_no_large_file_is_committed() -> None:
    for path in tracked():
        assert path.suffix not in {".parquet", ".feather", ".pkl"}, path
        assert path.stat().st_size < 500_000 or path.name == "requirements.lock", path
