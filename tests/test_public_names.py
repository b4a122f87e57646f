"""The names that users import, and what importing them costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import stockstream

HEAVY = ("numpy", "polars", "numba", "pydantic", "deltalake", "plotly", "typer", "rich")


@pytest.mark.parametrize("name", stockstream.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(stockstream, name).__name__ == name
    assert name in dir(stockstream)


def test_the_names_that_load_and_the_names_that_type_checkers_see_are_the_same() -> None:
    tree = ast.parse(Path(stockstream.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stockstream.")
        for alias in node.names
    }
    assert sorted(seen) == stockstream.__all__ == sorted(stockstream._HOME)


def test_an_unknown_name_is_no_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = stockstream.nothing


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import stockstream, sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_version_is_that_of_the_distribution() -> None:
    assert stockstream.__version__ == metadata.version("stockstream")
