"""Single pieces of the bundle, tested in each environment with Airflow by its own pytest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.airflow.stage import Stage

pytestmark = pytest.mark.slow

PIECES = Path(__file__).with_name("pieces.py")


def test_pieces(every_stage: Stage) -> None:
    alone = ("--noconftest", "-p", "no:cacheprovider", "-c", "/dev/null")
    every_stage.variables.clear()  # each piece sets its own
    done = every_stage.run("-m", "pytest", "-q", *alone, str(PIECES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
