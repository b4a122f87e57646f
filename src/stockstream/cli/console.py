"""Two streams: results on standard output, everything else on standard error.

People get text and tables; programs ask for ``--json`` and get one document, with fractions instead
of percent and null where a number is not defined.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["PROGRAM", "command", "complain", "emit", "heading", "note", "say", "show_table", "warn"]

PROGRAM = "stockstream"

NARROWEST = 40

PIPED_WIDTH = 200
"""Columns where nobody reads on a screen: no table is cut there."""


def emit(document: dict[str, Any]) -> None:
    """Print the one JSON document of a command."""
    typer.echo(json.dumps(document, indent=2, allow_nan=False, default=str))


def say(text: str = "", *, indent: str = "", mark: str = "", color: str | None = None) -> None:
    """Print a paragraph of a result, wrapped between words on a screen.

    Args:
        text: one paragraph.
        indent: what the lines after the first begin with.
        mark: stands before the text, in bold and in a colour.
        color: of the mark.
    """
    text = mark + _printable(text)
    if sys.stdout.isatty():
        text = textwrap.fill(
            text,
            max(NARROWEST, shutil.get_terminal_size().columns),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
        )
    styled = typer.style(mark, fg=color, bold=True) if mark else ""
    typer.echo(styled + text[len(mark) :])


def heading(text: str) -> None:
    """Print what the lines below are about, after an empty line."""
    typer.echo()
    typer.secho(text, bold=True)


def warn(text: str) -> None:
    """Print what a reader of the result must know."""
    say(text, indent="  ", mark="! ", color="yellow")


def note(text: str) -> None:
    """Say what goes on."""
    typer.secho(_printable(text), dim=True, err=True)


def complain(message: str, *, label: str = "error") -> None:
    """Say what went wrong."""
    styled = typer.style(label, fg="red", bold=True)
    typer.echo(f"{styled}: {_printable(message)}", err=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, align: str = "l") -> None:
    """Print a table.

    On a narrow screen, text in the last column wraps; elsewhere what has no room ends in an
    ellipsis.

    Args:
        columns: headers; a table whose headers are all empty has no head.
        rows: cells.
        align: a letter for each column, ``l`` or ``r``; columns beyond them are numbers, ``r``.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_edge=False,
        header_style="bold",
        show_header=any(columns),
    )
    for place, (name, side) in enumerate(zip_longest(columns, align, fillvalue="r"), start=1):
        is_prose = side == "l" and place == len(columns) > 1
        table.add_column(name, justify="left" if side == "l" else "right", no_wrap=not is_prose)
    for row in rows:
        table.add_row(*map(_printable, row))
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    console = Console(width=width, markup=False, highlight=False, emoji=False)
    with console.capture() as printed:
        console.print(table)
    typer.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def command(words: str) -> str:
    """A command of ours as the reader can type it here."""
    return f"{_typed_program()} {words}"


def _printable(text: str) -> str:
    r"""Text in which nothing steers a terminal, whoever sent it.

    >>> _printable("BHP \x1b]0;title\x07")
    'BHP \\x1b]0;title\\x07'
    """
    if text.isprintable():
        return text
    kept = (
        sign if sign.isprintable() or sign in "\n\t\N{NO-BREAK SPACE}" else repr(sign)[1:-1]
        for sign in text
    )
    return "".join(kept)


def _typed_program() -> str:
    """``stockstream`` if the shell finds this very program, else the path that does."""
    here = Path(sys.argv[0])
    if here.name != PROGRAM or not here.is_file():
        return PROGRAM
    found = shutil.which(PROGRAM)
    if found and Path(found).resolve() == here.resolve():
        return PROGRAM
    return os.path.relpath(here) if here.is_relative_to(Path.cwd()) else str(here)
