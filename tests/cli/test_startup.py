"""What starting costs: which modules are loaded before any work is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numba", "polars", "numpy", "pydantic", "deltalake", "obstore", "plotly", "jinja2", "rich")


def loaded(code: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has after some code."""
    program = f"{code}\nimport sys; print('MODULES', *sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    last = done.stdout.splitlines()[-1].split()
    assert last[0] == "MODULES"
    return {name.partition(".")[0] for name in last[1:]}


@pytest.mark.parametrize(
    "code",
    [
        "import stockstream",
        "from stockstream.cli import main; main(['--help'])",
        "from stockstream.cli import main; main(['--version'])",
    ],
    ids=["import", "help", "version"],
)
def test_starting_loads_nothing_heavy(code: str) -> None:
    assert not loaded(code) & set(HEAVY)


def test_the_help_of_a_command_loads_nothing_heavy_of_ours() -> None:
    code = "from stockstream.cli import main; main(['backtest', '--help'])"
    assert loaded(code) & set(HEAVY) <= {"pydantic"}  # Typer's own, to read defaults


def test_a_backtest_loads_neither_numba_nor_charts() -> None:
    code = (
        "from stockstream.cli.backtest import backtest\n"
        "import stockstream.backtest.run, stockstream.lake.store, stockstream.cli.result_view"
    )
    assert not loaded(code) & {"numba", "plotly", "jinja2"}


def test_python_dash_m_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stockstream", "backtst"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: No such command 'backtst'")
