"""What a page may say of an error: neither a secret nor where something lies on this machine."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import StockstreamError
from stockstream.lake.remote import without_password
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["discreet", "place_name", "secrets", "without_secrets"]

HIDDEN: Final = "***"
SHORTEST: Final = 6
"""Characters of a secret: shorter ones would be found everywhere."""

_SECRET_NAMES: Final = re.compile(
    r"SECRET|PASSW|TOKEN|CREDENTIAL|API_?KEY|ACCESS_KEY|PRIVATE", re.IGNORECASE
)
_QUERY: Final = re.compile(r"(://[^\s?]+)\?[^\s'\"]+")
_PATH: Final = re.compile(r"(?<![\w:/.~])(/[^\s/:;,'\"()<>]+)((?:/[^\s/:;,'\"()<>]+)*)/?")


def discreet(text: str) -> str:
    """A text without secrets and without paths of this machine; the last name of a path stays.

    Args:
        text: such as the message of an error.
    """
    text = _QUERY.sub(r"\1", without_secrets(text))
    for known in sorted({str(Path.cwd()), str(Path.home())}, key=len, reverse=True):
        if len(known) > 1:  # no more than a name is left, also where a path has spaces
            text = text.replace(f"{known}/", "")
    return _PATH.sub(_last_name, text)


def without_secrets(text: str) -> str:
    """A text without the secrets of the environment and of the settings."""
    for secret in secrets():
        text = text.replace(secret, HIDDEN)
    return without_password(text)


def place_name(place: str | Path) -> str:
    """What a folder or URL is called: its last name, or its bucket.

    Args:
        place: of a lake or of runs.
    """
    text = without_password(str(place)).rstrip("/")
    scheme, separator, rest = text.partition("://")
    if separator and scheme != "file":
        return f"{scheme}://{rest.partition('?')[0].partition('/')[0]}"
    return text.rpartition("/")[2] or "/"


def secrets() -> list[str]:
    """Every secret of the environment and of the settings, the longest first."""
    found = {value for name, value in os.environ.items() if _SECRET_NAMES.search(name)}
    with suppress(StockstreamError):  # settings that cannot be read; the environment is known
        found.update(_secret_settings(load_settings()))
    return sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True)


def _secret_settings(section: Any) -> Iterator[str]:
    """Values that ``repr`` leaves out."""
    for one in fields(section):
        value = getattr(section, one.name)
        if is_dataclass(value):
            yield from _secret_settings(value)
        elif not one.repr:
            yield from (value,) if isinstance(value, str) else value


def _last_name(found: re.Match[str]) -> str:
    """Of a path of this machine; what only looks like one, as an API's, stays."""
    if not Path(found[1]).exists():
        return found[0]
    return found[0].rstrip("/").rpartition("/")[2]
