"""``stockstream new``: files to begin with."""

import keyword
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import command, emit, say
from stockstream.cli.exits import EPILOG
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.errors import ConfigError

__all__ = ["new_app"]

TEMPLATES = resources.files("stockstream.cli") / "templates"

new_app = typer.Typer(
    cls=HelpGroup, rich_markup_mode=None, invoke_without_command=True, epilog=EPILOG
)


@new_app.callback()
def new_command(context: typer.Context) -> None:
    """Begin something of your own: a strategy with its test."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@new_app.command("strategy", cls=HelpCommand, epilog=EPILOG)
def strategy(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py[:NAME]",
            help="Where to write it. The class is named after the file unless you name it.",
        ),
    ],
    free_form: Annotated[
        bool,
        typer.Option(
            "--free-form", help="Python that decides bar by bar (on_data), instead of rules."
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Write a strategy that runs as it is, and its test beside it.

    Nothing is ever overwritten. The test holds it against what every strategy must keep.

    stockstream new strategy mine.py
    """
    path, name = _named(file)
    test = path.with_name(f"test_{path.name}")
    kind = "free_form" if free_form else "rules"
    words = {"NAME": name, "FILE": path.name, "MODULE": path.stem, "TEST": test.name}
    for taken in (path, test):
        if taken.exists():
            raise ConfigError(f"{taken} exists already and stays as it is; choose another name")
    if find_spec(path.stem) is not None:
        raise ConfigError(
            f"{path.name} would hide the module {path.stem!r} that Python has; choose another name"
        )
    _write(path, kind, words)
    _write(test, "test", words)
    if json:
        emit({"strategy": path, "test": test, "class": name})
        return
    say(f"{path}: class {name}")
    say(f"{test}: its test; run it with `pytest {test}`")
    say(f"try it: {command(f'backtest --strategy {path}:{name}')}")


def _named(given: str) -> tuple[Path, str]:
    """The file, and the class that it is to define.

    Raises:
        ConfigError: Python could not import a file or name a class like that.
    """
    text, _, name = given.rpartition(":") if ".py:" in given else (given, "", "")
    path = Path(text).expanduser()
    stem = path.stem
    if path.suffix != ".py" or not _is_name(stem):
        raise ConfigError(
            f"{path.name!r} is no name for a Python file that a test can import; "
            "use letters, digits and _, such as my_strategy.py"
        )
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}; make it first")
    name = name or "".join(part[:1].upper() + part[1:] for part in stem.split("_"))
    if not _is_name(name):
        raise ConfigError(f"{name!r} is no name for a class; write {path}:MyStrategy")
    return path, name


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _write(path: Path, template: str, words: dict[str, str]) -> None:
    text = (TEMPLATES / f"{template}.py.txt").read_text(encoding="utf-8")
    with path.open("x", encoding="utf-8") as made:
        made.write(Template(text).substitute(words))
