"""Which modules of this package some files need, read off their imports; nothing is run."""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import stockstream
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["PACKAGE", "SOURCES", "closure"]

PACKAGE: Final = "stockstream"
SOURCES: Final = Path(stockstream.__file__).parent

ALLOWED: Final = frozenset({PACKAGE, "airflow", "pydantic"}) | sys.stdlib_module_names
"""What every Airflow has, and ourselves. Its Amazon provider is below ``airflow``."""


def closure(roots: Iterable[Path]) -> dict[str, bytes]:
    """The modules that some files import, with those that these import, and so on.

    Imports within functions count, those for type checkers only do not.

    Args:
        roots: files, of this package or not; they are not part of the answer unless imported.

    Returns:
        Content of each file of the package by its path below it, such as ``study/grid.py``, sorted.

    Raises:
        StockstreamError: one imports what no Airflow has.
    """
    found: dict[str, Path] = {}
    waiting = [name for root in roots for name in _needed(root)]
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if name in found or file is None:
            continue
        found[name] = file
        waiting += _needed(file)
    files = sorted(set(found.values()))
    return {file.relative_to(SOURCES).as_posix(): file.read_bytes() for file in files}


def _needed(file: Path) -> Iterator[str]:
    """Every module of this package that a file imports, with the packages around it."""
    for name in _names(file.read_bytes()):
        top = name.partition(".")[0]
        if top not in ALLOWED:
            raise StockstreamError(
                f"{file.name} imports {top}, and no Airflow has that: what is deployed to it may "
                "import the standard library, pydantic and Airflow only"
            )
        if top == PACKAGE:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


@lru_cache(maxsize=512)
def _names(content: bytes) -> tuple[str, ...]:
    """What a file imports, by its content: a state of it is read once."""
    return tuple(_imported(ast.parse(content)))


def _imported(node: ast.AST) -> Iterator[str]:
    """Names of modules, and of what is taken out of them, which may be modules too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            if child.level:
                raise StockstreamError("imports in this package begin with its name, not with dots")
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.If) and _is_for_type_checkers(child.test):
            yield from (name for other in child.orelse for name in _imported(other))
        else:
            yield from _imported(child)


def _is_for_type_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _file_of(module: str) -> Path | None:
    """The file of a module; None if it is a name within one."""
    place = SOURCES.joinpath(*module.split(".")[1:])
    if (place / "__init__.py").is_file():
        return place / "__init__.py"
    file = place.with_suffix(".py")
    return file if file.is_file() else None
