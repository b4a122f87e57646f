"""Strategies by name: the shipped ones, those of installed plug-ins, and those in a file.

Nothing is imported until it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from inspect import isabstract
from pathlib import Path

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.plugins import load_file, load_plugin, plugin_names
from stockstream.strategy.strategy import Strategy

__all__ = ["canonical_name", "get_strategy", "load_strategy_file", "strategy_names"]

_SHIPPED_ROOM = "stockstream.strategies"  # above this one, so it is named and not imported


def strategy_names() -> tuple[str, ...]:
    """Names of the shipped strategies, then of the installed ones."""
    shipped = _shipped()
    return (*shipped, *(name for name in plugin_names("strategies") if name not in shipped))


def get_strategy(name: str) -> type[Strategy]:
    """The class of a strategy.

    ``MovingAverageCrossover``, ``moving_average_crossover`` and ``MovingAverageCrossoverStrategy``
    are the same one; ``my.py:Mine`` is read from a file (:func:`load_strategy_file`).

    Raises:
        UnknownNameError: there is none of this name; says the nearest ones.
        ConfigError: the file is missing, or what a plug-in offers is no strategy.
        StrategyError: the file fails when it is read.
    """
    if _is_file(name):
        return load_strategy_file(name)
    known = canonical_name(name)
    home = _shipped().get(known)
    found = getattr(import_module(home), known) if home else load_plugin("strategies", known)
    return _checked(found, known)


def canonical_name(name: str) -> str:
    """The one name of a strategy, however it was spelt: what a configuration should keep.

    ``Momentum`` and ``momentum_strategy`` are ``MomentumStrategy``; a file is named with its class,
    ``my.py`` as ``my.py:Mine``.

    Raises:
        UnknownNameError: there is none of this name; says the nearest ones.
        ConfigError: a file that is missing or leaves open which class is meant.
        StrategyError: the file fails when it is read.
    """
    if _is_file(name):
        path = name if name.endswith(".py") else name.rpartition(":")[0]
        return f"{path}:{load_strategy_file(name).__name__}"
    names = {_folded(known): known for known in reversed(strategy_names())}
    known = names.get(_folded(name))
    if known is None:
        hint = "a strategy of your own: path/to/file.py:ClassName"
        raise UnknownNameError("strategy", name, strategy_names(), hint)
    return known


def load_strategy_file(reference: str) -> type[Strategy]:
    """A strategy class from a Python file: ``path/to/my.py:Mine``.

    The class may be left out where the file defines one strategy only. Modules beside the file can
    be imported by it. Reading an unchanged file again gives the same class.

    Raises:
        ConfigError: there is no such file, or it leaves open which class is meant.
        UnknownNameError: the file has no such class.
        StrategyError: the file fails when it is read.
    """
    text, _, wanted = reference.rpartition(":") if ".py:" in reference else (reference, "", "")
    path = Path(text).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"strategy file {text!r} does not exist (looked in {Path.cwd()}); "
            "write path/to/file.py:ClassName"
        )
    module = load_file(path.resolve())
    defined = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy)
        if value.__module__ == module.__name__ and not isabstract(value)
    }
    if not wanted and len(defined) == 1:
        return next(iter(defined.values()))
    if wanted in vars(module):
        return _checked(getattr(module, wanted), reference)
    if wanted or not defined:
        raise UnknownNameError(f"strategy in {text}", wanted or "(any)", defined)
    raise ConfigError(
        f"{text} defines {len(defined)} strategies: say which one, such as "
        f"{text}:{next(iter(defined))} ({', '.join(defined)})"
    )


def _shipped() -> dict[str, str]:
    """Class name of each shipped strategy -> the module it lives in."""
    shipped: dict[str, str] = import_module(_SHIPPED_ROOM).SHIPPED
    return shipped


def _is_file(name: str) -> bool:
    return name.endswith(".py") or ".py:" in name


def _folded(name: str) -> str:
    plain = name.casefold().replace("_", "").replace("-", "")
    return plain.removesuffix("strategy") or plain


def _checked(value: object, name: str) -> type[Strategy]:
    if not (isinstance(value, type) and issubclass(value, Strategy)):
        raise ConfigError(
            f"{name} is {value!r}, which is no subclass of stockstream.strategy.Strategy"
        )
    if isabstract(value):
        raise ConfigError(f"{name} is no strategy yet: it has no rules(self, bars) method")
    return value
