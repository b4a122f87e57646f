"""What is deployed to an Airflow: few modules of ours, which import nothing that it lacks."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from stockstream.runners.airflow.closure import SOURCES, closure

if TYPE_CHECKING:
    from pathlib import Path

OWN = sorted((SOURCES / "airflow").rglob("*.py"))

OTHERS = [
    "__init__.py",
    "backtest/__init__.py",
    "backtest/config.py",
    "errors.py",
    "runners/__init__.py",
    "runners/jobs/__init__.py",
    "runners/jobs/names.py",
    "study/__init__.py",
    "study/grid.py",
    "study/notation.py",
]
"""All that Airflow's processes have of the engine."""

IMPORT = """
import importlib, json, sys
for name in sys.argv[1].split(","):
    importlib.import_module(name)
engine = {"numba", "deltalake", "obstore", "polars", "plotly", "typer", "stockstream.lake"}
print(json.dumps(sorted(engine & set(sys.modules))))
"""


def test_airflow_gets_a_few_modules_of_the_engine() -> None:
    found = closure(OWN)  # refuses what is neither ours nor Airflow's
    assert [name for name in found if not name.startswith("airflow/")] == OTHERS


@pytest.mark.slow
def test_they_are_imported_where_nothing_else_is(
    every_airflow_python: Path, tmp_path: Path
) -> None:
    modules = {**closure(OWN), **{str(p.relative_to(SOURCES)): p.read_bytes() for p in OWN}}
    for name, content in modules.items():
        path = tmp_path / "dags" / "stockstream" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    names = [
        "stockstream." + name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name in modules
        if name.startswith("airflow/")
    ]
    done = subprocess.run(
        [every_airflow_python, "-c", IMPORT, ",".join(names)],
        env={
            "PATH": os.environ["PATH"],
            "AIRFLOW_HOME": str(tmp_path),
            "PYTHONPATH": str(tmp_path / "dags"),
            "STOCKSTREAM_CONFIGS": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == []
