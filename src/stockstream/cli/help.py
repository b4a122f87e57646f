"""Plain help pages, with the options of a command in groups.

Typer's own coloured pages need 0.2 s more than everything else of ``--help`` together.
"""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

SUMMARY = 64
"""Letters of a command's summary that fit beside its name."""

_EXAMPLE = re.compile(r"\n\n(?=stockstream )")

__all__ = ["HelpCommand", "HelpGroup"]


class HelpCommand(TyperCommand):
    """A command whose options are listed under the ``rich_help_panel`` they name.

    A paragraph of its help that begins with ``stockstream`` is an example: its lines stay.
    """

    def __init__(self, name: str | None, *, help: str | None = None, **options: Any) -> None:  # noqa: A002 - Typer's own word
        super().__init__(name, help=_EXAMPLE.sub("\n\n\b\n", help or ""), **options)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options, those without a panel last."""
        _write_options(self, ctx, formatter)


class HelpGroup(TyperGroup):
    """A group whose commands are listed under the ``rich_help_panel`` they name."""

    command_class = HelpCommand

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands in the order in which they were added, then the group's options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            panel = getattr(command, "rich_help_panel", None) or "Commands"
            groups.setdefault(panel, []).append((name, command.get_short_help_str(SUMMARY)))
        for panel, rows in groups.items():
            with formatter.section(panel):
                formatter.write_dl(rows)
        _write_options(self, ctx, formatter)


def _write_options(command: TyperCommand | TyperGroup, ctx: Any, formatter: Any) -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        entry = parameter.get_help_record(ctx)
        if entry is not None:
            panel = getattr(parameter, "rich_help_panel", None)
            kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
            groups.setdefault(panel or kind, []).append(entry)
    for name in sorted(groups, key=lambda group: group == "Options"):
        with formatter.section(name):
            formatter.write_dl(groups[name])
