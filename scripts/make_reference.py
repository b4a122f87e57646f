"""Write the parts of docs/ that the code itself knows: the command line, and tables of names.

Run it from the repository after a change to an option, a metric, a rule, an indicator, a setting,
an error or a shipped strategy: ``python scripts/make_reference.py``. With ``--check`` it writes
nothing and names the documents that are out of date; ``tests/test_docs.py`` does that.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``; the names are the functions
of ``TABLES``.
"""

from __future__ import annotations

import argparse
import inspect
import io
import os
import re
import sys
from contextlib import redirect_stdout
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
COMMANDS = DOCS / "reference" / "cli.md"
COLUMNS = "100"

HEAD = """# Command line

<!-- Written by scripts/make_reference.py from the commands themselves; not edited by hand. -->

This is what `stockstream COMMAND --help` prints. Results go to standard output, everything else
to standard error; [Backtests and results](../guide/backtests.md#for-programs) tells what programs
can rely on.
"""

_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def command_reference() -> str:
    """The help page of every command."""
    sections = [
        f"\n## {' '.join(['stockstream', *path])}\n\n```text\n{_help(path)}```\n"
        for path in _commands()
    ]
    return HEAD + "".join(sections)


def _commands() -> Iterator[tuple[str, ...]]:
    import typer

    from stockstream.cli.app import app

    yield from _paths(typer.main.get_command(app))


def _paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _paths(inner, (*path, name))


def _help(path: tuple[str, ...]) -> str:
    from stockstream.cli import main

    printed = io.StringIO()
    with redirect_stdout(printed):
        main([*path, "--help"])
    return "\n".join(line.rstrip() for line in printed.getvalue().splitlines()) + "\n"


def metrics() -> str:
    """Every metric and its definition."""
    from stockstream.metrics.summary import DEFINITIONS

    return _table(("metric", "definition"), ((f"`{k}`", v) for k, v in DEFINITIONS.items()))


def statistics() -> str:
    """Every statistic of the second layer and its definition."""
    from stockstream.metrics.statistics import STATISTICS

    return _table(("statistic", "definition"), ((f"`{k}`", v) for k, v in STATISTICS.items()))


def rules() -> str:
    """Every rule of the check."""
    from stockstream.market.rules import RULES

    return _table(("rule", "what it finds"), ((f"`{k}`", v) for k, v in RULES.items()))


def findings() -> str:
    """Every kind of finding and how much it matters."""
    from stockstream.market.findings import FINDINGS, SEVERITY

    rows = ((f"`{k}`", SEVERITY[k], v) for k, v in FINDINGS.items())
    return _table(("finding", "severity", "what it means"), rows)


def factor_rules() -> str:
    """Every rule by which values of factors stay out."""
    from stockstream.ingest.factors.check import RULES

    return _table(("rule", "what it finds"), ((f"`{k}`", v) for k, v in RULES.items()))


def health_kinds() -> str:
    """What a run may say."""
    from stockstream.ingest.health import KINDS

    return _table(("kind", "what happened"), ((f"`{name}`", text) for name, text in KINDS.items()))


def columns() -> str:
    """What a column of a file may be, and the headers it is known by."""
    from stockstream.providers.files.layout import FIELDS

    rows = ((f"`{field}`", ", ".join(aliases)) for field, aliases in FIELDS.items())
    return _table(("field", "other headers, in any case and with any signs"), rows)


def indicators() -> str:
    """Every indicator: what it is, parameters with their defaults, what it reads, its columns."""
    from stockstream.indicators.registry import CLASSES, INDICATORS

    rows = []
    for name, spec in INDICATORS.items():
        given = ", ".join(f"{p}={d}" for p, d in zip(spec.parameters, spec.defaults, strict=True))
        added = ", ".join(f"`{column}`" for column in spec.columns(spec.defaults))
        what = _summary(CLASSES[name]).partition(";")[0]
        reads = ", ".join(spec.inputs)
        rows.append((f"`{name}`", CLASSES[name].__name__, what, given, reads, added))
    return _table(("name", "class", "what it is", "parameters", "reads", "columns"), rows)


def strategies() -> str:
    """Every shipped strategy with its parameters."""
    from stockstream.strategies import SHIPPED
    from stockstream.strategy.parameters import parameters_of
    from stockstream.strategy.registry import get_strategy

    rows = []
    for name in SHIPPED:
        found = get_strategy(name)
        given = "; ".join(f"`{p.name}`: {p.doc}, {p.wants()}" for p in parameters_of(found))
        rows.append((f"`{name}`", _summary(found), given))
    return _table(("strategy", "what it does", "parameters"), rows)


def parameters(name: str) -> str:
    """Every parameter of a shipped strategy: its default, what it may be, its meaning."""
    from stockstream.strategy.parameters import parameters_of
    from stockstream.strategy.registry import get_strategy

    known = _attributes(get_strategy(name))
    rows = (
        (
            f"`{one.name}`",
            f"`{one.show(one.default)}`",
            one.wants().partition(" (default")[0],
            known[one.name],
        )
        for one in parameters_of(get_strategy(name))
    )
    return _table(("parameter", "default", "may be", "meaning"), rows)


def settings() -> str:
    """Every setting: in the file, in the environment, its default, its meaning."""
    from stockstream.settings import Settings

    defaults = {one.name: getattr(Settings(), one.name) for one in fields(Settings)}
    sections = {name: type(value) for name, value in defaults.items() if is_dataclass(value)}
    parts = [_settings_of(Settings, "", sections)]
    for name, section in sections.items():
        head = f"\n### `[{name}]`\n\n{_summary(section)}.\n"
        parts.append(head + _settings_of(section, f"{name}__"))
    return "".join(parts)


def _settings_of(kind: Any, above: str, left_out: Container[str] = ()) -> str:
    from stockstream.settings import ENVIRONMENT_PREFIX

    meanings = _attributes(kind)
    rows = (
        (
            f"`{one.name}`",
            f"`{ENVIRONMENT_PREFIX}{above.upper()}{one.name.upper()}`",
            f"`{one.default}`" if one.default not in {None, "", ()} else "",
            meanings[one.name] + _limits(one.metadata),
        )
        for one in fields(kind)
        if one.name not in left_out
    )
    return _table(("setting", "environment variable", "default", "meaning"), rows)


def _limits(metadata: Mapping[str, float]) -> str:
    words = {"least": "at least", "most": "at most"}
    limits = (f"{words.get(limit, limit)} {bound}" for limit, bound in metadata.items())
    return f" ({', '.join(limits)})" if metadata else ""


def costs() -> str:
    """Every cost that a backtest can have."""
    from stockstream.backtest.config import Costs

    return _fields("cost", Costs)


def margin() -> str:
    """Every limit on what may be held."""
    from stockstream.backtest.config import Margin

    return _fields("limit", Margin)


def market_rules() -> str:
    """Every rule of an exchange that a backtest can keep."""
    from stockstream.backtest.config import MarketRules

    return _fields("rule", MarketRules)


def _fields(head: str, model: Any) -> str:
    meanings = _attributes(model)
    return _table((head, "meaning"), ((f"`{k}`", meanings[k]) for k in model.model_fields))


def errors() -> str:
    """Every error, the builtin that it is too, and what it says."""
    from stockstream import errors as module

    rows = []
    for name in ("StockstreamError", *sorted(set(module.__all__) - {"StockstreamError"})):
        kind = getattr(module, name)
        if not isinstance(kind, type):
            continue
        bases = ", ".join(f"`{base.__name__}`" for base in kind.__bases__)
        rows.append((f"`{name}`", bases, _summary(kind)))
    return _table(("error", "is a", "raised for"), rows)


TABLES: dict[str, Callable[[], str]] = {
    table.__name__: table
    for table in (
        *(metrics, statistics, rules, findings, factor_rules, health_kinds, columns, indicators),
        *(strategies, settings, costs, margin, market_rules, errors),
    )
}


def _parameter_tables() -> dict[str, Callable[[], str]]:
    """``parameters_NAME`` for each shipped strategy."""
    from stockstream.strategies import SHIPPED

    return {f"parameters_{name}": partial(parameters, name) for name in SHIPPED}


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"

    return "\n" + line(heads) + line(["---"] * len(heads)) + "".join(map(line, rows)) + "\n"


def _summary(documented: Any) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0].rstrip(".").replace("``", "`")


def _attributes(documented: Any) -> dict[str, str]:
    """Name and meaning of what the ``Attributes:`` of a docstring list."""
    text = (inspect.getdoc(documented) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^    (\w+): (.+(?:\n {6,}.+)*)", text, re.MULTILINE)
    return {
        name: re.sub(r"\s+", " ", meaning).rstrip(".").replace("``", "`") for name, meaning in found
    }


def documents() -> dict[Path, str]:
    """Every document that the code knows something of, as it should be."""
    found = {COMMANDS: command_reference()}
    tables = TABLES | _parameter_tables()
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if path != COMMANDS and _TABLE.search(text):
            found[path] = _TABLE.sub(lambda m: f"{m[1]}{tables[m[2]]()}{m[3]}", text)
    return found


def main() -> int:
    """Write the documents, or with ``--check`` name those that differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where they differ"
    )
    check = parser.parse_args().check
    os.environ["COLUMNS"] = COLUMNS
    stale = [
        (path, text)
        for path, text in documents().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        sys.stderr.write(f"{'out of date' if check else 'written'}: {path.relative_to(ROOT)}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
