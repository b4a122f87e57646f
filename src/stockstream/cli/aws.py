"""``stockstream aws local``: AWS on this machine, to rehearse the deployment without an account."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from stockstream.cli import options
from stockstream.cli.console import command, emit, heading, note, say, show_table
from stockstream.cli.exits import EPILOG
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.aws.local import LocalAws

__all__ = ["aws_app"]

PORT = 5555
NOTHING = "no rehearsal is running"

aws_app = typer.Typer(cls=HelpGroup, rich_markup_mode=None, no_args_is_help=True, epilog=EPILOG)
local_app = typer.Typer(cls=HelpGroup, rich_markup_mode=None, no_args_is_help=True, epilog=EPILOG)
aws_app.add_typer(local_app, name="local")

Folder: TypeAlias = Annotated[
    Path,
    typer.Option(
        metavar="PATH",
        help="Where the rehearsal keeps its log and unpacks functions; each folder has its own.",
    ),
]
FOLDER = Path("data/aws")


@aws_app.callback()
def aws_command() -> None:
    """Rehearse the cloud on this machine: no account, no Docker."""


@local_app.callback()
def local_command() -> None:
    """An emulation of AWS on this machine, to try and to show the whole deployment.

    The control plane is emulated and lives in memory; functions, jobs, state machines and the
    files in the buckets are real. It listens on 127.0.0.1 only. Needs the extra `rehearsal`.
    """


@local_app.command("up", cls=HelpCommand, epilog=EPILOG)
def up(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = PORT,
    folder: Folder = FOLDER,
    detach: Annotated[
        bool,
        typer.Option("--detach/--foreground", help="Go on in the background, or until Control-C."),
    ] = True,
    hurry: Annotated[
        float,
        typer.Option(
            metavar="FACTOR",
            min=0.0,
            max=1.0,
            help="Factor on the waits of state machines: 0.01 makes 60 seconds before a retry 0.6.",
        ),
    ] = 1.0,
    json: options.Json = False,
) -> None:
    """Start the rehearsal.

    stockstream aws local up
    stockstream deploy aws apply --local
    """
    from stockstream.aws.local import LocalAws

    local = LocalAws.running(folder)
    is_new = local is None
    if local is None:
        local = LocalAws.start(folder, port=port, hurry=hurry, detach=detach)
    if json:
        emit({"started": is_new, **_place(local), "environment": local.environment})
    else:
        _show_place(local, is_new=is_new)
    if is_new and not detach:
        _wait(local)


@local_app.command("down", cls=HelpCommand, epilog=EPILOG)
def down(folder: Folder = FOLDER, json: options.Json = False) -> None:
    """End the rehearsal and every process of it; what was in it is gone."""
    from stockstream.aws.local import LocalAws

    local = LocalAws.running(folder)
    if local:
        local.stop()
    if json:
        emit({"stopped": local is not None})
    else:
        say(f"ended the rehearsal at {local.url}" if local else f"{NOTHING} with {folder}")


@local_app.command("status", cls=HelpCommand, epilog=EPILOG)
def status(folder: Folder = FOLDER, json: options.Json = False) -> None:
    """Show what is in it: functions, machines, executions, jobs, metrics."""
    from stockstream.aws.local import LocalAws
    from stockstream.aws.local.inventory import inventory

    local = LocalAws.running(folder)
    if local is None:
        if json:
            emit({"running": False})
        else:
            say(f"{NOTHING} with {folder}; {command('aws local up')} starts one")
        return
    content = inventory(local)
    if json:
        emit({"running": True, **_place(local), **content})
    else:
        say(f"{local.url}, process {local.pid}, log {local.log}")
        _show_content(content)


@local_app.command("env", cls=HelpCommand, epilog=EPILOG)
def env(folder: Folder = FOLDER, json: options.Json = False) -> None:
    """Print the variables that lead every AWS client to it.

    stockstream aws local env
    eval "$(stockstream aws local env)"
    """
    from stockstream.aws.local import LocalAws

    local = LocalAws.running(folder)
    if local is None:
        raise ConfigError(f"{NOTHING} with {folder}; start one: {command('aws local up')}")
    if json:
        emit(local.environment)
        return
    for name, value in local.environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _place(local: "LocalAws") -> dict[str, Any]:
    return {"url": local.url, "pid": local.pid, "folder": str(local.folder)}


def _show_place(local: "LocalAws", *, is_new: bool) -> None:
    words = "AWS is emulated at" if is_new else "the rehearsal runs already, at"
    say(f"{words} {local.url} (region {local.environment['AWS_REGION']})")
    say("  real:      functions, Batch jobs, state machines, files in buckets")
    say("  emulated:  everything else; it lives in memory until `aws local down`")
    say(f"  log:       {local.log}")
    heading("Next")
    say(f"  make the stack in it:     {command('deploy aws apply --local')}")
    say(f'  lead this shell to it:    eval "$({command("aws local env")})"')
    say(f"  see what is in it:        {command('aws local status')}")
    say(f"  end it:                   {command('aws local down')}")


def _wait(local: "LocalAws") -> None:
    try:
        note("Control-C ends it")
        local.wait()
    except KeyboardInterrupt:
        note("ended")
    finally:
        local.stop()


def _show_content(content: dict[str, list[dict[str, Any]]]) -> None:
    for name, rows in content.items():
        heading(name)
        if not rows:
            say("none")
            continue
        columns = tuple(rows[0])
        numbers = [isinstance(rows[0][column], (int, float)) for column in columns]
        align = "".join("r" if number else "l" for number in numbers)
        cells = [tuple(_cell(row[column]) for column in columns) for row in rows]
        show_table(columns, cells, align=align)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)
