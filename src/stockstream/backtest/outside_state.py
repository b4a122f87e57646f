"""What a strategy's code keeps outside its instances, to be put back between runs.

Every run starts from a fresh instance, but a class variable or a module's dictionary lives on. A
cache that is filled once would show a run with the future cut off what an earlier one has seen.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.strategy.strategy import Strategy

__all__ = ["OutsideState"]

PLAIN = (bool, int, float, str, tuple, type(None))
CONTAINERS = (dict, list, set)


class OutsideState:
    """Class variables and module globals of a strategy's own code, as they are now.

    Numbers, strings, tuples, dictionaries, lists and sets are kept, containers by a copy of their
    first level. What the package itself defines is left alone.

    Args:
        strategy: whose class, and whose bases of one's own, are looked at.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._owners = list(_owners(type(strategy)))
        self._kept = [_plain_values(owner) for owner in self._owners]

    def restore(self) -> None:
        """Put everything back: values, contents of containers, and no names that are new."""
        for owner, kept in zip(self._owners, self._kept, strict=True):
            for name in _plain_values(owner).keys() - kept.keys():
                delattr(owner, name)
            for name, (value, copy) in kept.items():
                _refill(value, copy)
                if vars(owner).get(name) is not value:
                    setattr(owner, name, value)


def _owners(kind: type) -> Iterator[Any]:
    """The classes of one's own, and the modules that they are defined in."""
    own = [c for c in kind.__mro__ if c.__module__.partition(".")[0] not in _NOT_OWN]
    yield from own
    names = dict.fromkeys(c.__module__ for c in own)
    yield from (sys.modules[name] for name in names if name in sys.modules)


_NOT_OWN = {"stockstream", "builtins", "typing", "abc"}


def _plain_values(owner: Any) -> dict[str, tuple[Any, Any]]:
    """Names with a value that can be put back: the value, and a copy of what is in it."""
    return {
        name: (value, value.copy() if isinstance(value, CONTAINERS) else None)
        for name, value in vars(owner).items()
        if not name.startswith("__") and isinstance(value, (*PLAIN, *CONTAINERS))
    }


def _refill(value: Any, copy: Any) -> None:
    if copy is None:
        return
    value.clear()
    if isinstance(value, list):
        value.extend(copy)
    else:
        value.update(copy)
