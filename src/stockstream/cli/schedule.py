"""``stockstream schedule``: start the daily run by itself."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stockstream.cli import options
from stockstream.cli.console import PROGRAM, command, emit, heading, note, say, warn
from stockstream.cli.exits import EPILOG, Exit
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.ingest.schedule import Plan

__all__ = ["schedule_app"]

CRONTAB = "crontab"
BOTH = (
    "both a systemd timer and a line in the crontab are installed, so that the run starts twice; "
    f"remove both with `{PROGRAM} schedule remove`, then install one"
)

schedule_app = typer.Typer(
    cls=HelpGroup, rich_markup_mode=None, invoke_without_command=True, epilog=EPILOG
)


@schedule_app.callback()
def schedule_command(context: typer.Context, json: options.Json = False) -> None:
    """Start the daily run by itself: install, show, remove."""
    if context.invoked_subcommand is None:
        show(json)
    else:
        options.demand_none_before(context, json)


@schedule_app.command("install", cls=HelpCommand, epilog=EPILOG)
def install(
    update: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- OPTIONS", help="Options of `stockstream update`, behind two hyphens."
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            metavar="HH:MM",
            help="Time of day. In the evening it is about the session that has closed (Monday to "
            "Friday), in the morning about the one of the day before (Tuesday to Saturday).",
        ),
    ] = "18:30",
    timezone: Annotated[
        str, typer.Option(metavar="NAME", help="The time zone of this time.")
    ] = "Australia/Sydney",
    systemd: Annotated[
        bool | None,
        typer.Option(
            "--systemd/--cron",
            help="A systemd timer of the user, or a line in the crontab.  [default: systemd where "
            "the machine has it]",
        ),
    ] = None,
    enable: Annotated[
        bool, typer.Option("--enable", help="Start the systemd timer now and at every boot.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")
    ] = False,
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> int:
    """Start `stockstream update` each day, once bars are final.

    The run starts in this folder, with its stockstream.toml, on the lake that commands here use.
    Installing again replaces what was installed.

    stockstream schedule install
    stockstream schedule install --at 06:00 --cron -- --provider yahoo
    """
    import datetime as dt

    from stockstream.ingest.schedule import Plan, parse_time

    plan = Plan(_command(lake, update or []), Path.cwd(), parse_time(at), timezone)
    if _takes_systemd(systemd):
        done = _install_timer(plan, enable=enable, dry_run=dry_run)
    elif enable:
        raise ConfigError("--enable goes with --systemd: a line in the crontab is enough by itself")
    else:
        done = _install_line(plan, dry_run=dry_run)
    done["next"] = plan.next_run(dt.datetime.now(dt.UTC)).isoformat()
    if json:
        emit(done)
    else:
        _show(done)
        say(f"next run: {done['next']} ({plan.timezone})")
    return Exit.PARTIAL if done["failures"] else Exit.OK


@schedule_app.command("show", cls=HelpCommand, epilog=EPILOG)
def show(json: options.Json = False) -> None:
    """Show what is installed."""
    from stockstream.ingest.schedule import Crontab, Timer

    content = {str(path): path.read_text(encoding="utf-8") for path in Timer().installed()}
    if block := Crontab().installed():
        content[CRONTAB] = block
    if json:
        emit({"content": content})
        return
    if not content:
        say(f"nothing is installed; {command('schedule install')} does it")
    _show_content(content)
    if CRONTAB in content and len(content) > 1:
        warn(BOTH)


@schedule_app.command("remove", cls=HelpCommand, epilog=EPILOG)
def remove(json: options.Json = False) -> None:
    """Remove the timer and the line in the crontab."""
    from stockstream.ingest.schedule import Crontab, Timer

    removed = [str(path) for path in Timer().remove()]
    removed += [CRONTAB] if Crontab().remove() else []
    if json:
        emit({"removed": removed})
        return
    for place in removed:
        say(f"removed {place}")
    if not removed:
        say("nothing was installed")


def _takes_systemd(asked: bool | None) -> bool:
    from stockstream.ingest.schedule.programs import is_installed

    return is_installed("systemctl") if asked is None else asked


def _install_timer(plan: "Plan", *, enable: bool, dry_run: bool) -> dict[str, Any]:
    from stockstream.ingest.schedule import ENABLING, Crontab, Timer

    timer, warnings, failures = Timer(), list[str](), list[str]()
    if not dry_run:
        timer.install(plan)
        warnings += timer.complaints()
        failures += timer.enable() if enable else []
        warnings += [BOTH] if Crontab().installed() else []
    return {
        "kind": "systemd",
        "written": not dry_run,
        "content": {str(path): text for path, text in timer.files(plan).items()},
        "commands": [] if enable else [" ".join(words) for words in ENABLING],
        "warnings": warnings,
        "failures": failures,
    }


def _install_line(plan: "Plan", *, dry_run: bool) -> dict[str, Any]:
    import datetime as dt

    from stockstream.ingest.schedule import Crontab, Timer

    crontab, warnings = Crontab(), list[str]()
    if not crontab.is_there():
        warnings.append(
            "there is no program crontab here: put these lines at the end of the crontab yourself, "
            "or install a cron"
        )
    elif warning := crontab.clock_warning(plan, dt.datetime.now(dt.UTC)):
        warnings.append(warning)
    written = crontab.is_there() and not dry_run
    if written:
        crontab.install(plan)
        warnings += [BOTH] if Timer().installed() else []
    return {
        "kind": "cron",
        "written": written,
        "content": {CRONTAB: crontab.block(plan)},
        "commands": [],
        "warnings": warnings,
        "failures": [],
    }


def _command(lake: str | None, update: list[str]) -> tuple[str, ...]:
    """This very program by its absolute path, whatever the shell's PATH is by then."""
    from stockstream.lake.location import Location

    here = Path(sys.argv[0])
    is_ours = here.name == PROGRAM and here.is_file()
    program = (str(here.absolute()),) if is_ours else (sys.executable, "-m", "stockstream")
    return (*program, "update", "--lake", str(Location.of(options.lake_place(lake))), *update)


def _show(done: dict[str, Any]) -> None:
    if not done["written"]:
        note("nothing was written")
    _show_content(done["content"])
    if done["commands"]:
        say("start it with:" if done["written"] else "and start it with:")
        for line in done["commands"]:
            say(f"  {line}")
    for text in (*done["warnings"], *done["failures"]):
        warn(text)


def _show_content(content: dict[str, str]) -> None:
    for place, text in content.items():
        heading(place)
        typer.echo(text, nl=False)
