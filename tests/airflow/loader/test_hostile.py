"""Documents as an enemy writes them: an error of ours or a DAG like any other, and no code runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.airflow.environment import ROOT

READERS = Path(__file__).with_name("readers.py")


def read(count: int, seed: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(READERS), str(count), str(seed)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def demand_harmless(found: dict[str, Any], count: int) -> None:
    outcomes = found["outcomes"]
    assert set(outcomes) == {"taken", "refused"}, outcomes
    assert outcomes["taken"] > count / 10
    assert outcomes["refused"] > count / 2
    assert found["events"] == {}


def test_three_thousand_documents_run_no_code() -> None:
    demand_harmless(read(3_000, seed=7), 3_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [771, 772, 773, 774])
def test_a_hundred_thousand_documents_run_no_code(seed: int) -> None:
    demand_harmless(read(25_000, seed), 25_000)
