"""The command with all its subcommands."""

import logging
from collections.abc import Callable
from typing import Annotated

import typer

import stockstream
from stockstream.cli.airflow import airflow_app
from stockstream.cli.aws import aws_app
from stockstream.cli.backtest import backtest
from stockstream.cli.compare import compare
from stockstream.cli.demo import demo
from stockstream.cli.deploy import deploy_app
from stockstream.cli.doctor import doctor
from stockstream.cli.estimate import estimate
from stockstream.cli.exits import EPILOG
from stockstream.cli.factors import factors_app
from stockstream.cli.fetch import fetch
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.cli.import_ import import_files
from stockstream.cli.indicators import indicators
from stockstream.cli.lake import lake_app
from stockstream.cli.new import new_app
from stockstream.cli.quality import quality
from stockstream.cli.report import report
from stockstream.cli.reproduce import reproduce
from stockstream.cli.runs import runs_app
from stockstream.cli.schedule import schedule_app
from stockstream.cli.sweep import sweep
from stockstream.cli.symbols import symbols
from stockstream.cli.update import update
from stockstream.cli.verify import verify
from stockstream.cli.web import web
from stockstream.settings import load_settings

__all__ = ["app"]

START, DATA, RESEARCH, CLOUD = "Start here", "Data", "Research", "Cloud"

app = typer.Typer(
    cls=HelpGroup,
    rich_markup_mode=None,
    add_completion=True,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"max_content_width": 100},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"stockstream {stockstream.__version__}")
        raise typer.Exit


@app.callback()
def stockstream_command(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", help="Print the traceback of an error; so does STOCKSTREAM_DEBUG=1."
        ),
    ] = False,
) -> None:
    """Daily market data in, trustworthy backtests out.

    Start with `stockstream demo`: a simulated market, a backtest, a sweep, a tear sheet, offline.
    """
    del version  # its callback has printed it and left
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit
    handler = logging.StreamHandler()
    handler.addFilter(_is_for_users)
    logging.basicConfig(
        level="DEBUG" if debug else load_settings().log_level,
        format="%(levelname)s %(name)s: %(message)s",
        handlers=[handler],
    )


def _is_for_users(record: logging.LogRecord) -> bool:
    """Not what libraries write for their own makers: it may hold requests with their keys."""
    return record.name.startswith("stockstream") or record.levelno >= logging.WARNING


def _add(panel: str, name: str, function: Callable[..., int | None]) -> None:
    app.command(name, cls=HelpCommand, epilog=EPILOG, rich_help_panel=panel)(function)


_add(START, "demo", demo)
_add(START, "doctor", doctor)
_add(START, "app", web)
_add(DATA, "import", import_files)
_add(DATA, "update", update)
_add(DATA, "symbols", symbols)
_add(DATA, "fetch", fetch)
app.add_typer(factors_app, name="factors", rich_help_panel=DATA)
app.add_typer(lake_app, name="lake", rich_help_panel=DATA)
_add(DATA, "quality", quality)
_add(DATA, "indicators", indicators)
app.add_typer(schedule_app, name="schedule", rich_help_panel=DATA)
app.add_typer(new_app, name="new", rich_help_panel=RESEARCH)
_add(RESEARCH, "backtest", backtest)
_add(RESEARCH, "estimate", estimate)
_add(RESEARCH, "sweep", sweep)
app.add_typer(runs_app, name="runs", rich_help_panel=RESEARCH)
_add(RESEARCH, "verify", verify)
_add(RESEARCH, "report", report)
_add(RESEARCH, "reproduce", reproduce)
_add(RESEARCH, "compare", compare)
app.add_typer(aws_app, name="aws", rich_help_panel=CLOUD)
app.add_typer(deploy_app, name="deploy", rich_help_panel=CLOUD)
app.add_typer(airflow_app, name="airflow", rich_help_panel=CLOUD)
