"""Exit codes, and how an error becomes one of them."""

from __future__ import annotations

from enum import IntEnum

from stockstream.errors import ConfigError, PartialError

__all__ = ["EPILOG", "Exit", "exit_code"]


class Exit(IntEnum):
    """What the process says to the one that started it."""

    OK = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    INTERRUPTED = 130


EPILOG = (
    "Exit codes: 0 done; 1 error; 2 the command line cannot be used (a misspelt name, a bad "
    "value); 3 partly done, what was not is listed."
)
"""Stands below the help of every command."""


def exit_code(error: Exception) -> Exit:
    """The exit code of an error."""
    if isinstance(error, ConfigError):
        return Exit.USAGE
    return Exit.PARTIAL if isinstance(error, PartialError) else Exit.ERROR
