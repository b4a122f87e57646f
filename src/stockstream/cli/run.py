"""From the arguments of a process to its exit code: every error ends here, as one clear line."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

import typer

from stockstream.cli.console import PROGRAM, complain, emit, note
from stockstream.cli.exits import Exit, exit_code
from stockstream.errors import PartialError, StockstreamError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DEBUG_VARIABLE", "run"]

DEBUG_VARIABLE = "STOCKSTREAM_DEBUG"
PANICS = "pyo3_runtime"
"""Where Python finds the panics of libraries that are written in Rust; they are no Exceptions."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; see :func:`stockstream.cli.main`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an old terminal shows "?" and does not fail
    try:
        return _invoke(given)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _abandon_output()
        return Exit.ERROR
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__module__ != PANICS:
            raise
        return _report(error, given)  # nobody should meet a traceback unasked


def _invoke(given: list[str]) -> int:
    from stockstream.cli.app import app
    from stockstream.jit import tell_when_compiling

    tell_when_compiling(_say_compiling)
    code: object = app(given, prog_name=PROGRAM, standalone_mode=False)
    sys.stdout.flush()
    return code if isinstance(code, int) else Exit.OK


def _say_compiling() -> None:
    note("compiling the kernels, once on this machine: this takes about ten seconds")


def _report(error: BaseException, given: list[str]) -> int:
    """Say what went wrong: in one line for people, in one JSON document for programs.

    Whoever raised the error has kept secrets out of it. What a user typed, such as the URL of a
    database in the wrong place, may still be in it.
    """
    from stockstream.providers.http import redact

    message, code = _described(error)
    message = redact(message)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        _abandon_output()
    if _debugging(given):
        sys.stderr.write(redact("".join(traceback.format_exception(error))))
    failures = error.failures if isinstance(error, PartialError) else ()
    if "--json" in given:
        problem: dict[str, Any] = {"type": type(error).__name__, "message": message}
        emit({"error": {**problem, "failures": list(failures)} if failures else problem})
    complain(message)
    for failure in failures:
        complain(failure, label="  not done")
    return code


def _described(error: BaseException) -> tuple[str, int]:
    """The message on one line, and the exit code."""
    if isinstance(error, StockstreamError):
        return _in_one_line(error), exit_code(error)
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}", Exit.ERROR
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else PROGRAM
        what = _in_one_line(error.format_message()).replace("Value error, ", "").rstrip(".")
        return f"{what}; see `{command} --help`", error.exit_code
    bug = (
        f"{type(error).__name__}: {error}; this is a bug of {PROGRAM}: run it again with "
        f"{DEBUG_VARIABLE}=1 and report what it shows"
    )
    return _in_one_line(bug), Exit.ERROR


def _abandon_output() -> None:
    """Nobody takes what is left; Python would try once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_one_line(text: object) -> str:
    return " ".join(str(text).split())


def _debugging(given: list[str]) -> bool:
    return "--debug" in given or os.environ.get(DEBUG_VARIABLE, "0") not in {"", "0"}
