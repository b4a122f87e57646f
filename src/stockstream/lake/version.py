"""Which data: the versions of the two tables that a backtest reads."""

from __future__ import annotations

import re
from typing import NamedTuple

from stockstream.errors import ConfigError

__all__ = ["DataVersion"]


class DataVersion(NamedTuple):
    """Versions of the tables ``bars`` and ``actions``, written ``"bars@3 actions@1"``."""

    bars: int
    actions: int

    def __str__(self) -> str:
        return f"bars@{self.bars} actions@{self.actions}"

    @classmethod
    def parse(cls, text: str) -> DataVersion:
        """Read what :meth:`__str__` writes.

        Raises:
            ConfigError: it is written differently.
        """
        match = re.fullmatch(r"bars@(\d+) actions@(\d+)", text.strip(), re.ASCII)
        if match is None:
            raise ConfigError(f"{text!r} is no data version; one looks like 'bars@3 actions@1'")
        return cls(int(match[1]), int(match[2]))
