"""The documentation is complete and true: names, links, tests, generated parts.

Its examples are run by ``conftest.py`` of the repository's root.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import typer

from stockstream import errors
from stockstream.backtest.config import BacktestConfig, Costs, Margin, MarketRules
from stockstream.cli.app import app
from stockstream.indicators.registry import INDICATORS
from stockstream.ingest.factors.check import NOTES as FACTOR_NOTES
from stockstream.ingest.factors.check import RULES as FACTOR_RULES
from stockstream.ingest.health import KINDS, HealthEvent
from stockstream.ingest.run_record import RUN
from stockstream.lake.raw import RAW_SCHEMA
from stockstream.lake.tables import TABLES, UNIVERSE
from stockstream.market.findings import FINDINGS
from stockstream.market.listings import DAY_LIST_SCHEMA
from stockstream.market.rules import RULES
from stockstream.metrics.statistics import STATISTICS
from stockstream.metrics.summary import DEFINITIONS
from stockstream.providers.registry import provider_names
from stockstream.settings import ENVIRONMENT_PREFIX, Settings
from stockstream.strategies import SHIPPED
from stockstream.strategy.expression import Condition, Number
from stockstream.strategy.orders import ActionKind, Bracket
from stockstream.strategy.portfolio import FillReason
from stockstream.strategy.strategy import HOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
DECISIONS = sorted(DOCS.glob("decisions/[0-9]*.md"))
LARGEST_PICTURE = 300_000

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def prose(document: Path) -> str:
    """A document without its code blocks."""
    return _FENCED.sub("", read(document))


def named(document: Path) -> str:
    return str(document.relative_to(ROOT))


def methods(kind: type) -> set[str]:
    return {name for name, value in vars(kind).items() if callable(value) and name[0] != "_"}


def settings(section: Any = Settings, above: str = "") -> Iterator[str]:
    """Every setting in full, such as ``fetch.rate``."""
    defaults = section()
    for field in fields(section):
        value = getattr(defaults, field.name)
        if is_dataclass(value):
            yield from settings(type(value), f"{field.name}.")
        else:
            yield above + field.name


def variables() -> set[str]:
    """Environment variables: those of the settings, and what the sources name beside them."""
    found = (re.findall(r"\"(STOCKSTREAM_[A-Z]+)\"", read(path)) for path in sources("*.py"))
    others = {name for names in found for name in names}
    return others | {ENVIRONMENT_PREFIX + name.replace(".", "__").upper() for name in settings()}


def health_kinds() -> set[str]:
    """Kinds of the events that the sources make."""
    calls = (
        node
        for path in sources("*.py")
        for node in ast.walk(ast.parse(read(path)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == HealthEvent.__name__
    )
    written = [call.args[1] for call in calls]
    constants = {kind.value for kind in written if isinstance(kind, ast.Constant)}
    return {RUN, *KINDS, *map(str, constants)}


def finding_rules() -> set[str]:
    """Rules of the findings, those too that only one step makes."""
    made = re.compile(r"rule=pl\.lit\(\"(\w+)\"\),\s+severity=")
    found = (made.findall(read(path)) for path in sources("*.py"))
    return {*FINDINGS, *(name for names in found for name in names)}


def sources(pattern: str) -> Iterator[Path]:
    return (ROOT / "src" / "stockstream").rglob(pattern)


NAMES: dict[str, tuple[Iterable[str], str]] = {
    "strategies": (SHIPPED, "guide/strategies.md"),
    "indicators": (INDICATORS, "guide/indicators.md"),
    "expressions": (methods(Number) | methods(Condition), "guide/strategies.md"),
    "hooks": (HOOKS, "guide/strategies.md"),
    "actions": ({kind for kind in ActionKind if "trade" not in kind}, "guide/orders.md"),
    "brackets": ([field.name for field in fields(Bracket)], "guide/strategies.md"),
    "rules of the check": (RULES, "guide/quality.md"),
    "findings": (finding_rules(), "guide/quality.md"),
    "providers": (provider_names(), "guide/providers.md"),
    "kinds of failures": (get_args(errors.FailureKind), "guide/providers.md"),
    "kinds of health": (health_kinds(), "guide/pipeline.md"),
    "columns of a list": (DAY_LIST_SCHEMA, "guide/pipeline.md"),
    "tables": ([spec.name for spec in TABLES], "guide/lake.md"),
    "columns of a batch": (RAW_SCHEMA, "guide/lake.md"),
    "days of the universe": (
        [name for name in UNIVERSE.schema if name.startswith(("valid", "known", "renamed"))],
        "guide/lake.md",
    ),
    "rules of factors": ([*FACTOR_RULES, *FACTOR_NOTES], "guide/factors.md"),
    "configuration": (BacktestConfig.model_fields, "guide/backtests.md"),
    "costs": (Costs.model_fields, "guide/orders.md"),
    "margin": (Margin.model_fields, "guide/orders.md"),
    "rules of a market": (MarketRules.model_fields, "guide/orders.md"),
    "reasons": (FillReason, "guide/backtests.md"),
    "metrics": ([*DEFINITIONS, *STATISTICS], "semantics.md"),
    "errors": (errors.__all__, "reference/settings.md"),
    "settings": ([name.rpartition(".")[2] for name in settings()], "reference/settings.md"),
    "variables": (variables(), "reference/settings.md"),
}


@pytest.mark.parametrize("what", NAMES)
def test_every_name_is_documented(what: str) -> None:
    names, document = NAMES[what]
    known = set(re.findall(r"\w+", read(DOCS / document)))
    assert set(map(str, names)) - known == set()


def test_every_command_and_option_is_in_the_reference() -> None:
    text = read(DOCS / "reference" / "cli.md")
    for path, command in commands(typer.main.get_command(app), ("stockstream",)):
        assert f"## {' '.join(path)}\n" in text
        section = text.partition(f"## {' '.join(path)}\n")[2].partition("\n## ")[0]
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert not [name for name in parameter.opts if name not in section], path


def commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


@pytest.mark.slow
def test_generated_parts_are_up_to_date() -> None:
    script = ROOT / "scripts" / "make_reference.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), "run scripts/make_reference.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_block_says_what_it_is(document: Path) -> None:
    languages = {found[1] for found in _FENCED.finditer(read(document))}
    assert languages <= {"python", "console", "text", "toml", "json"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    for link in _LINK.findall(prose(document)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = (
        re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(prose(document))
    )
    return {title.strip().replace(" ", "-") for title in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_tests_that_are_named_exist(document: Path) -> None:
    contracts = (ROOT / "src" / "stockstream" / "testing").glob("*_contract.py")
    files = [
        path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("test_*.py")
    ]
    defined = {
        name
        for path in (*files, *contracts)
        for name in (path.stem, *re.findall(r"def (test_\w+)", read(path)))
    }
    assert set(re.findall(r"\btest_\w+", prose(document))) - defined == set()


def test_every_line_of_the_clock_is_stated_and_proved() -> None:
    text = read(DOCS / "semantics.md")
    lines = re.findall(r"^### (\d+)\. ", text, re.MULTILINE)
    assert lines == [str(number) for number in range(1, 11)]
    proofs = set(re.findall(r"test_\d\d_\w+", text))
    clock = read(ROOT / "tests" / "backtest" / "test_clock.py")
    assert proofs == set(re.findall(r"def (test_\d\d_\w+)", clock))


def test_every_folder_has_its_place_in_the_map() -> None:
    text = read(ROOT / "CONTRIBUTING.md")
    folders = {path.parent.name for path in (ROOT / "src" / "stockstream").glob("*/__init__.py")}
    assert {folder for folder in folders if f"`{folder}/`" not in text} == set()


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    named_targets = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"(?:^\$ |`)make ([a-z-]+)", read(document), re.MULTILINE)
    }
    assert named_targets
    assert named_targets - targets == set()


@pytest.mark.parametrize("decision", DECISIONS, ids=named)
def test_decisions_fit_on_a_page(decision: Path) -> None:
    text = read(decision)
    assert _HEADING.findall(text)[1:] == ["Context", "Decision", "Measured", "Consequences"]
    assert len(text.splitlines()) <= 60
    assert decision.name in read(DOCS / "decisions" / "README.md")


def test_the_picture_is_small() -> None:
    picture = (DOCS / "images" / "tear-sheet.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) <= LARGEST_PICTURE
