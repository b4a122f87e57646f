"""What a job is told, read from its environment and checked."""

from __future__ import annotations

import json
import os
from typing import Any

from stockstream.errors import ConfigError
from stockstream.runners.jobs import names

__all__ = ["chosen", "demanded", "demanded_key", "document", "fails_on_errors", "number"]


def demanded(name: str) -> str:
    """The value of a variable that a job cannot do without.

    Raises:
        ConfigError: it is not set.
    """
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(
            f"the environment variable {name} is missing: `python -m {names.MODULE} --help` says "
            "what each job reads"
        )
    return value


def chosen(name: str) -> str | None:
    """The value of a variable, None if it is not set or empty."""
    return os.environ.get(name) or None


def demanded_key() -> str:
    """What the answer of the job is to be called.

    Raises:
        ConfigError: it is missing, or cannot be the name of a file.
    """
    key = demanded(names.KEY)
    if not names.is_key(key):
        raise ConfigError(
            f"{names.KEY} is {key[:60]!r}: it becomes the name of a file; take at most 121 of a-z, "
            "0-9 and -, with a letter or digit first"
        )
    return key


def document(name: str, default: str | None = None) -> dict[str, Any]:
    """The JSON object in a variable.

    Raises:
        ConfigError: it is missing, or no object.
    """
    text = demanded(name) if default is None else chosen(name) or default
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{name} is no JSON ({error}): it is {text[:60]!r}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{name} is {text[:60]!r}: give a JSON object")
    return found


def number(name: str, default: str | None = None) -> int:
    """The whole number in a variable.

    Raises:
        ConfigError: it is missing, or none.
    """
    text = demanded(name) if default is None else os.environ.get(name, default)
    if not (text.isascii() and text.isdecimal()):
        raise ConfigError(f"{name} is {text[:60]!r}: give a whole number from 0 on")
    return int(text)


def fails_on_errors() -> bool:
    """Whether the job fails if trials of it do.

    Raises:
        ConfigError: the variable says something else.
    """
    text = chosen(names.FAILED_TRIALS)
    if text not in {None, names.ERROR}:
        raise ConfigError(
            f"{names.FAILED_TRIALS} is {text!r}: set it to {names.ERROR!r}, or not at all; then "
            "trials may fail and the job is done"
        )
    return text == names.ERROR
