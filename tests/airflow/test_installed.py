"""A copy of stockstream in Airflow's own Python, which Airflow would take for the deployed one."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from stockstream.runners.airflow.bundle import build_bundle
from stockstream.runners.airflow.closure import SOURCES

if TYPE_CHECKING:
    from pathlib import Path

READ = """
import runpy, sys
folder = sys.argv[1]
sys.path.append(folder)  # behind the installed packages, as Airflow does
runpy.run_path(f"{folder}/stockstream_dags/stockstream_backtests.py")
"""


@pytest.mark.slow
def test_it_is_refused_with_the_reason(airflow_python: Path, tmp_path: Path) -> None:
    dags = tmp_path / "dags"
    for name, content in build_bundle({}).files.items():
        (dags / name).parent.mkdir(parents=True, exist_ok=True)
        (dags / name).write_bytes(content)
    home = {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(SOURCES.parent)}
    done = subprocess.run(
        [str(airflow_python), "-P", "-c", READ, str(dags)],
        cwd=tmp_path,
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    reason = done.stderr.strip().splitlines()[-1]
    assert reason.startswith("ImportError: stockstream is installed in the Python of this Airflow")
    assert f"uninstall it there ({SOURCES})" in reason
