"""Which data: the versions of the tables that a backtest reads."""

from __future__ import annotations

import re
from typing import NamedTuple

from stockstream.errors import ConfigError

__all__ = ["DataVersion", "versions_in"]


class DataVersion(NamedTuple):
    """Versions of the tables ``bars`` and ``actions``, written ``"bars@3 actions@1"``."""

    bars: int
    actions: int

    def __str__(self) -> str:
        return f"bars@{self.bars} actions@{self.actions}"

    @classmethod
    def parse(cls, text: str) -> DataVersion:
        """Read what :meth:`__str__` writes; what a panel was read from may name more tables.

        Raises:
            ConfigError: it is written differently.
        """
        match = re.fullmatch(r"bars@(\d+) actions@(\d+)(?: \w+@\d+)*", text.strip(), re.ASCII)
        if match is None:
            raise ConfigError(f"{text!r} is no data version; one looks like 'bars@3 actions@1'")
        return cls(int(match[1]), int(match[2]))


def versions_in(text: str) -> dict[str, int]:
    """The version of each table that a data version names."""
    return {name: int(number) for name, number in re.findall(r"(\w+)@(\d+)", text, re.ASCII)}
