"""Plug-ins: what other packages add, found by their entry points and loaded when first used.

A package adds a strategy to ``stockstream`` with three lines in its ``pyproject.toml``::

    [project.entry-points."stockstream.strategies"]
    MyStrategy = "my_package.my_module:MyStrategy"
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any, Literal, get_args

from stockstream.errors import ConfigError, StrategyError, UnknownNameError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from pathlib import Path
    from types import ModuleType

__all__ = ["GROUPS", "Group", "load_file", "load_plugin", "plugin_names"]

Group = Literal["strategies", "indicators", "providers", "runners"]
GROUPS: tuple[Group, ...] = get_args(Group)


def plugin_names(group: Group) -> tuple[str, ...]:
    """The names that installed packages add to a group, sorted. Loads none of them."""
    return tuple(sorted(_entry_points(group)))


def load_plugin(group: Group, name: str) -> Any:
    """Load one plug-in.

    Raises:
        UnknownNameError: no installed package adds this name to the group.
        ConfigError: the plug-in is installed but fails to load, or two packages claim its name.
    """
    found = _entry_points(group)
    if name not in found:
        raise UnknownNameError(f"plug-in of stockstream.{group}", name, found)
    owners = found[name]
    if len(owners) > 1:
        packages = " and ".join(sorted(_package(owner) for owner in owners))
        raise ConfigError(f"{packages} both add {name!r} to stockstream.{group}; uninstall one")
    [entry_point] = owners
    try:
        return entry_point.load()
    except Exception as error:
        raise ConfigError(
            f"plug-in {name!r} of stockstream.{group} ({entry_point.value}, from "
            f"{_package(entry_point)}) does not load: {type(error).__name__}: {error}; "
            "repair or uninstall that package"
        ) from error


def load_file(path: Path) -> ModuleType:
    """A Python file as a module of its own, read again only when its bytes have changed.

    Raises:
        ConfigError: it is no Python file.
        StrategyError: it fails when it is read.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(str(path).encode() + b"\0" + content).hexdigest()[:16]
    name = f"stockstream_file_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None:
        raise ConfigError(f"{path} is no Python file: its name should end in .py")
    module = module_from_spec(spec)
    sys.modules[name] = module  # annotations are resolved through it
    sys.path.append(str(path.parent))
    try:
        # these bytes, and no bytecode that Python keeps: it takes that of a file which was changed
        # within a second and has the same length
        exec(compile(content, path, "exec", dont_inherit=True), vars(module))  # noqa: S102
    except Exception as error:
        del sys.modules[name]
        raise StrategyError(f"{path} fails: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent))
    return module


@cache
def _entry_points(group: Group) -> dict[str, list[EntryPoint]]:
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for entry_point in entry_points(group=f"stockstream.{group}"):
        found.setdefault(entry_point.name, []).append(entry_point)
    return found


def _package(entry_point: EntryPoint) -> str:
    return entry_point.dist.name if entry_point.dist else "an unnamed package"
