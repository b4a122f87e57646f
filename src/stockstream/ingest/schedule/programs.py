"""Running the programs of the system that start other programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["is_installed", "run_program"]

SECONDS: Final = 60.0


def is_installed(name: str) -> bool:
    """Whether the shell would find a program."""
    return shutil.which(name) is not None


def run_program(
    words: Sequence[str], text: str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and keep what it says, in English.

    Args:
        words: the program and its arguments.
        text: its standard input.
        environment: variables beside those of this process.
    """
    return subprocess.run(  # noqa: S603 - no shell, and the words are ours
        words,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={**os.environ, "LC_ALL": "C", **(environment or {})},
    )
