"""The ``stockstream`` command: one file for each command.

Nothing heavy is imported before a command needs it: ``stockstream --help`` loads neither numpy nor
polars (``tests/cli/test_startup.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        arguments: what stands behind ``stockstream``; the process's own by default.

    Returns:
        The exit code: 0 ok, 1 error, 2 usage, 3 partly done.
    """
    from stockstream.cli.run import run

    return run(arguments)
