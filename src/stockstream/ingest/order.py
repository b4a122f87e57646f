"""What one batch is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["Order", "full_name"]


def full_name(name: str, suffix: str) -> str:
    """The symbol that the lake stores: ``BHP`` and ``BHP.AX`` are both ``BHP.AX``."""
    return name if name.endswith(suffix) else name + suffix


@dataclass(frozen=True)
class Order:
    """Some symbols of a session.

    Attributes:
        names: bare codes or full ones.
        number: of the batch, 0 and up.
        session: the as-of session.
        suffix: makes bare codes full, such as ``".AX"``.
        again: whether symbols are asked for of which the lake has this session already.
    """

    names: tuple[str, ...]
    number: int
    session: dt.date
    suffix: str = ""
    again: bool = False

    @property
    def symbols(self) -> list[str]:
        """In full, each once."""
        return list(dict.fromkeys(full_name(name, self.suffix) for name in self.names))
