"""Every command and every option explains itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from stockstream.cli.app import app
from stockstream.cli.exits import EPILOG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Stockstream

COMMANDS = [
    *("demo", "doctor", "app"),
    *(
        "import",
        "update",
        "symbols",
        "fetch",
        "quality",
        "indicators",
        "factors",
        "lake",
        "schedule",
    ),
    *("backtest", "estimate", "sweep", "verify", "report", "reproduce", "compare", "new", "runs"),
    *("aws", "deploy", "airflow"),
]

GROUPS = {
    "new": "new strategy",
    "aws": "aws local status",
    "deploy": "deploy aws plan",
    "airflow": "airflow status",
}
"""Groups that do nothing by themselves, with a command of theirs."""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its path, groups included."""
    root = typer.main.get_command(app)
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        path, command = waiting.pop()
        yield path, command
        for name, child in getattr(command, "commands", {}).items():
            waiting.append((f"{path} {name}".strip(), child))


def test_the_commands_are_those_of_the_contract(stockstream: Stockstream) -> None:
    listed = re.findall(r"^  ([a-z]+)  +[A-Z]", stockstream("--help").out, re.MULTILINE)
    assert listed == COMMANDS


@pytest.mark.parametrize(
    ("path", "command"), list(commands()), ids=[path for path, _ in commands()]
)
def test_every_command_and_option_has_a_help_text(path: str, command: Any) -> None:
    assert command.help, path
    for parameter in command.params:
        if "--install-completion" not in parameter.opts + parameter.secondary_opts:
            assert parameter.help, f"{path} {parameter.opts}"


@pytest.mark.parametrize("path", [path for path, _ in commands()])
def test_the_exit_codes_are_in_every_help(stockstream: Stockstream, path: str) -> None:
    text = " ".join(stockstream(*path.split(), "--help").out.split())
    assert EPILOG in text


@pytest.mark.parametrize("path", [GROUPS.get(name, name) for name in COMMANDS])
def test_every_command_has_json(stockstream: Stockstream, path: str) -> None:
    assert "--json" in stockstream(*path.split(), "--help").out


def test_options_stand_in_groups_and_examples_keep_their_lines(stockstream: Stockstream) -> None:
    text = stockstream("backtest", "--help").out
    groups = re.findall(r"^([A-Z][a-z]+):$", text, re.MULTILINE)
    assert groups == ["Strategy", "Data", "Orders", "Costs", "Metrics", "Options"]
    assert "--symbols BHP,CBA \\\n    --start-date 2019-01-01" in text


def test_summaries_are_not_cut_off(stockstream: Stockstream) -> None:
    assert "..." not in stockstream("--help").out.replace("[ARGS]...", "")
    assert "..." not in stockstream("lake", "--help").out.replace("[ARGS]...", "")
