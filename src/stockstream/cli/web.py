"""``stockstream app``: the web page."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from stockstream import __version__
from stockstream.cli import options
from stockstream.cli.console import emit, note
from stockstream.cli.exits import Exit
from stockstream.errors import ConfigError
from stockstream.settings import load_settings

__all__ = ["web"]

INSTALL = 'pip install "stockstream[app]"'


def web(
    lake: options.LakePlace = None,
    runs: options.Runs = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65_535,
            metavar="N",
            help="Where it listens; 0 takes a free one.  [default: the setting 'app.port', 8501]",
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="IP",
            help="Where it listens; 0.0.0.0 is every network of this machine.  [default: the "
            "setting 'app.address', 127.0.0.1]",
        ),
    ] = None,
    public: Annotated[
        bool,
        typer.Option(
            "--public",
            help="Let whoever reaches the page use it: start runs, spend money in the cloud.",
        ),
    ] = False,
    json: options.Json = False,
) -> int:
    """Open the web page: plan runs, start them, read their results.

    It is for this machine alone unless you say otherwise. Another address is refused as long as
    nobody has to sign in there (settings app.oidc and the others of that section), or --public is
    given. Runs go on when the page or its server is closed.

    stockstream app --lake data/demo/lake --runs data/demo/runs
    """
    if find_spec("streamlit") is None:
        raise ConfigError(f"the web page needs Streamlit: {INSTALL}")
    from stockstream.app.access import demand_guarded
    from stockstream.app.serving import address_in_words, listen, serve

    settings = load_settings().app
    asked = replace(
        settings,
        port=settings.port if port is None else port,
        address=address or settings.address,
        public=public or settings.public,
    )
    demand_guarded(asked)
    place, kept = options.lake_place(lake), Path(options.runs_place(runs)).absolute()
    listening = listen(asked.address, asked.port)

    def tell() -> None:
        url = address_in_words(listening)
        if json:
            emit({"page": url, "lake": place, "runs": str(kept), "version": __version__})
        else:
            note(f"the page: {url} (Control-C ends it, and no run)")

    with _environment(
        LAKE=place, RUNS=str(kept), APP__PUBLIC=str(asked.public), APP__ADDRESS=asked.address
    ):
        serve(listening, tell)
    return Exit.OK


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set what pages, and the processes that they start, read as settings."""
    names = {f"STOCKSTREAM__{name}": value for name, value in values.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
