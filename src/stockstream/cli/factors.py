"""``stockstream factors``: fundamentals and scores in the lake."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, note
from stockstream.cli.exits import EPILOG, Exit
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.cli.request import open_lake
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.ingest.factors import Database, FactorSource

__all__ = ["factors_app"]

SOURCE, LAYOUT = "Database", "Layout"

factors_app = typer.Typer(
    cls=HelpGroup, rich_markup_mode=None, invoke_without_command=True, epilog=EPILOG
)


@factors_app.callback()
def factors_command(
    context: typer.Context, lake: options.LakePlace = None, json: options.Json = False
) -> None:
    """Fundamentals and scores, each with the day it became public."""
    if context.invoked_subcommand is None:
        show(lake, json)
    else:
        options.demand_none_before(context, lake, json)


@factors_app.command("import", cls=HelpCommand, epilog=EPILOG)
def import_(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|URL",
            help="CSV and Parquet files, folders of them, or the URL of one database, such as "
            "postgresql://USER@HOST/DATABASE or sqlite:///path/to/file.db.",
        ),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(metavar="SQL", help="What to read.", rich_help_panel=SOURCE),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A whole table, as TABLE or SCHEMA.TABLE.", rich_help_panel=SOURCE
        ),
    ] = None,
    url_env: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Take the URL from this environment variable: no password is on a command line.",
            rich_help_panel=SOURCE,
        ),
    ] = None,
    db_env: Annotated[
        str | None,
        typer.Option(
            metavar="PREFIX",
            help="Take host, port, user, password, database and engine from the environment: DB_ "
            "reads DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME, DB_ENGINE.",
            rich_help_panel=SOURCE,
        ),
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column that says when a value became public.  [default: known_at]",
            rich_help_panel=LAYOUT,
        ),
    ] = None,
    known_lag: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="DAYS",
            help="Days from the date of a value to its publication, where no column says it.",
            rich_help_panel=LAYOUT,
        ),
    ] = None,
    factors: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Only these factors.  [default: every one in the source]",
            rich_help_panel=LAYOUT,
        ),
    ] = None,
    suffix: options.Suffix = "",
    date_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="How dates are written, where they can be read in two ways, such as %d/%m/%Y.",
            rich_help_panel=LAYOUT,
        ),
    ] = None,
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> int:
    """Import fundamentals and scores from files or a database.

    A row has symbol, date, name and value; or symbol, date and a column for each factor. date is
    the period that a value is about, known_at the day on which it became public: a backtest sees
    the value from then on. A restatement is a row of its own; nothing is ever replaced.

    stockstream factors import fundamentals.csv --suffix .AX
    stockstream factors import --url-env FACTORS_URL --table ratios --known-lag 90
    """
    from stockstream.cli.factors_view import show_import
    from stockstream.ingest.factors import import_factors

    sources = _sources(places or [], _database(url_env, db_env), query, table)
    note(f"reading {', '.join(source.name for source in sources[:3])} ...")
    summary = import_factors(
        sources,
        options.lake_place(lake),
        known_at=known_at,
        known_lag=known_lag,
        names=options.split_names(factors),
        suffix=suffix,
        date_format=date_format,
    )
    if json:
        emit(summary.as_dict())
    else:
        show_import(summary)
    return Exit.PARTIAL if summary.is_partial else Exit.OK


@factors_app.command("show", cls=HelpCommand, epilog=EPILOG)
def show(lake: options.LakePlace = None, json: options.Json = False) -> None:
    """List the factors of the lake: days, symbols, how late known."""
    from stockstream.cli.factors_view import factor_spans, show_spans

    spans = factor_spans(open_lake(lake))
    if json:
        emit({"factors": spans.to_dicts()})
    else:
        show_spans(spans)


def _database(url_env: str | None, db_env: str | None) -> "Database | None":
    from stockstream.ingest.factors import Database

    if url_env is not None and db_env is not None:
        raise ConfigError("--url-env and --db-env exclude each other: they name one database")
    if url_env is not None:
        return Database.from_variable(url_env)
    return None if db_env is None else Database.from_environment(db_env)


def _sources(
    places: list[str], database: "Database | None", query: str | None, table: str | None
) -> "list[FactorSource]":
    """The database that was asked for, or the files."""
    from stockstream.ingest.factors import Database, SqlSource, find_files

    urls = [place for place in places if "://" in place]
    if (database is not None and places) or (urls and len(places) > 1):
        raise ConfigError("give files, or one database; import them one after the other")
    if urls:
        database = Database.from_url(urls[0])
        if database.secrets:
            note("the password is in this machine's list of processes; --url-env keeps it out")
    if database is not None:
        return [SqlSource.of(database, query=query, table=table)]
    if query is not None or table is not None:
        raise ConfigError(
            "--query and --table need a database: give its URL, --url-env or --db-env"
        )
    if not places:
        raise ConfigError("nothing to import; give files, the URL of a database, or --url-env")
    if any("@" in place and not Path(place).exists() for place in places):
        raise ConfigError(
            "what has an @ in it is no file; the URL of a database begins postgresql://"
        )
    return [*find_files([Path(place) for place in places])]
