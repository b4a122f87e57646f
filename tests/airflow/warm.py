"""Pythons that have Airflow imported already, one for each environment, for all tests."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.airflow.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["WarmPython"]

PROGRAM = Path(__file__).with_name("forks.py")


class WarmPython:
    """An interpreter that runs each program in a fork of itself, see ``forks.py``.

    Args:
        python: of an environment with Airflow.
        home: a folder of its own; the programs have others.
        environment: of it.
    """

    def __init__(self, python: Path, home: Path, environment: Mapping[str, str]) -> None:
        self._printed = home / "printed"
        with self._printed.open("wb") as printed:
            self._process = subprocess.Popen(
                [python, PROGRAM],
                env={**environment, "PYTHONPATH": str(ROOT)},
                cwd=home,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                text=True,
            )
        self._answer()

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as ``python WORDS`` does.

        Args:
            words: behind ``python``.
            environment: all of it.
            folder: in which it runs.
        """
        with tempfile.TemporaryDirectory() as out:
            asked = {"words": [*words], "environment": {**environment}, "folder": str(folder)}
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({**asked, "out": out}) + "\n")
            self._process.stdin.flush()
            code = int(self._answer())
            said = [Path(out, name).read_text("utf-8") for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess([*words], code, *said)

    def close(self) -> None:
        """End it."""
        with self._process as process:
            process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._printed.read_text("utf-8")
        return line
