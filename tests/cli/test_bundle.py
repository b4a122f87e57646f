"""Options that are written down once and spread over several commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from stockstream.cli.bundle import spread


@dataclass(frozen=True, kw_only=True)
class Shared:
    name: Annotated[str, typer.Option(help="whose")]
    times: Annotated[int, typer.Option(min=1)] = 2


def made() -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @spread
    def greet(shared: Shared, loud: Annotated[bool, typer.Option("--loud")] = False) -> None:
        """Say hello."""
        text = " ".join(["hello", shared.name] * shared.times)
        typer.echo(text.upper() if loud else text)

    return app


def test_each_field_is_an_option_of_the_command() -> None:
    run = CliRunner().invoke(made(), ["--name", "you", "--times", "1", "--loud"])
    assert (run.exit_code, run.output) == (0, "HELLO YOU\n")


def test_defaults_and_demands_are_those_of_the_fields() -> None:
    assert CliRunner().invoke(made(), ["--name", "a"]).output == "hello a hello a\n"
    assert "Missing option '--name'" in CliRunner().invoke(made(), []).output
    refused = CliRunner().invoke(made(), ["--name", "a", "--times", "0"])
    assert refused.exit_code == 2


def test_the_help_is_that_of_the_command() -> None:
    shown = CliRunner().invoke(made(), ["--help"]).output
    assert "Say hello." in shown
    assert "whose" in shown
