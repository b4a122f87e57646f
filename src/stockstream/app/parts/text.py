"""Text of others on a page: shown as it is, whatever signs are in it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["plain"]

JOINER: Final = "\u2060"
"""Nothing to be seen: an address with it inside is not made a link, as all others are."""

_LINKS: Final = re.compile(r"(://|(?<=www)\.|(?<=\S)@(?=[^\s.]+\.))", re.IGNORECASE)
_SIGNS: Final = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no link, no picture, no colour, no formula.

    Args:
        text: of a user, a file or a service.
    """
    apart = _LINKS.sub(f"{JOINER}\\1", " ".join(text.split()))
    return _SIGNS.sub(r"\\\1", apart)
