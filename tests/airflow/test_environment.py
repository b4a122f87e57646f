"""What Airflow's environments hold: as their locks say, what MWAA pins, and not the engine."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.airflow.environment import LOCKS, ROOT, VERSIONS, environment, lock_of

if TYPE_CHECKING:
    from pathlib import Path

MWAA = {
    "3.3.1": {"sqlalchemy": "2.0.51", "polars": "1.43.2", "pyarrow": "25.0.0", "pandas": "3.0.5"},
    "3.0.6": {"sqlalchemy": "1.4.54", "polars": "1.32.3", "pyarrow": "18.1.0", "pandas": "2.1.4"},
}
"""What the constraints of each MWAA version pin."""

HELD = """
import json
from importlib.metadata import distributions
print(json.dumps({one.name.lower(): one.version for one in distributions()}))
"""


def test_each_version_has_its_pins() -> None:
    assert tuple(MWAA) == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_lock_has_hashes_and_no_address(version: str) -> None:
    lock = lock_of(version).read_text(encoding="utf-8")
    entries = re.findall(r"^[A-Za-z0-9._-]+==", lock, re.MULTILINE)
    hashed = re.findall(r"^[A-Za-z0-9._-]+==\S+.*\\\n    --hash=sha256:", lock, re.MULTILINE)
    assert len(entries) == len(hashed) > 100
    assert "://" not in lock
    assert "index-url" not in lock


@pytest.mark.parametrize("version", VERSIONS)
def test_a_lock_is_made_by_make_lock(version: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(
        rf"^AIRFLOW := .*\b{re.escape(version)}@20\d\d-\d\d-\d\d", makefile, re.MULTILINE
    )
    assert (LOCKS / f"requirements-{version}.in").is_file()


@pytest.mark.slow
def test_an_environment_is_what_mwaa_has_without_the_engine(every_airflow_python: Path) -> None:
    said = subprocess.run(
        [str(every_airflow_python), "-c", HELD], capture_output=True, text=True, check=True
    )
    held = json.loads(said.stdout)
    pins = MWAA[held["apache-airflow"]]
    assert {name: held[name] for name in pins} == pins
    assert {"apache-airflow-providers-amazon", "pytest"} <= set(held)
    assert "stockstream" not in held


def test_there_is_a_clear_word_where_there_is_no_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tests.airflow.environment.ROOT", tmp_path)
    with pytest.raises(RuntimeError, match="uv is not on the PATH"):
        environment(VERSIONS[0])
