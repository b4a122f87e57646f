"""Programs that take their time: listened to line by line, and stopped without harm."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["last_lines", "run_program"]

SHOWN = 12


def run_program(
    words: Sequence[str],
    hear: Callable[[str], None],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    stopping: Callable[[], None],
    given: str | None = None,
) -> int:
    """Run a program to its end.

    It gets no Control-C of its own: ours is passed on once, so that it ends in good order.

    Args:
        words: the program and its arguments.
        hear: takes each line of what it says, on either stream.
        folder: where it works.
        environment: all its variables; those of this process by default.
        stopping: called when the user wants it to stop, before it is told.
        given: what it reads on standard input.

    Returns:
        Its exit code.

    Raises:
        KeyboardInterrupt: the user stopped it; it has ended.
    """
    with subprocess.Popen(  # noqa: S603 - a list of words, no shell
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        if process.stdin is not None and given is not None:
            process.stdin.write(given)
            process.stdin.close()
        try:
            return _listen(process, hear)
        except KeyboardInterrupt:
            stopping()
            _stop(process, hear)
            raise


def _stop(process: subprocess.Popen[str], hear: Callable[[str], None]) -> None:
    """Ask it to end and wait for it; a second Control-C is passed on too."""
    while process.poll() is None:
        try:
            process.send_signal(signal.SIGINT)
            _listen(process, hear)
        except KeyboardInterrupt:
            continue


def _listen(process: subprocess.Popen[str], hear: Callable[[str], None]) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        hear(line)
    return process.wait()


def last_lines(text: str) -> str:
    """The end of what a program said, on one line."""
    lines = [line.strip(" \u2502\u2575\u2577\t") for line in text.splitlines()]
    return " ".join([line for line in lines if line][-SHOWN:]) or "it said nothing"
