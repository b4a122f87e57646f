"""Documentation that runs: the ``python`` and ``console`` blocks of README.md and docs/.

Each document is one test, in a folder of its own. The guides find the small simulated lake there
that the README makes; the README finds a folder with two price files. A ``python`` block that
begins with a file's name, such as ``# my_strategy.py``, is also saved under it. In a ``console``
block each command runs, an exit code that is not 0 is shown by ``$ echo $?``, and every line of
output must really have been printed, numbers and digests apart; ``...`` stands for lines left out.

``pytest README.md docs --update-docs`` writes the real output into the documents.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import shlex
import shutil
from contextlib import redirect_stderr, redirect_stdout
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from sybil import Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sybil import Example

ROOT = Path(__file__).parent
HOME = "/home/you"
"""Stands in the documents for the folder in which the commands ran."""

COMPANIES, START, END = 20, dt.date(2019, 1, 1), dt.date(2023, 12, 31)
"""The market that the README makes."""

LEFT_OUT = "..."
_FILE = re.compile(r"# (\w+\.py)\n")
_STEP = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_VARYING = {
    re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b"): "#",
    re.compile(r"[-+]?\d[\d,.:]*%?"): "#",
    re.compile(r"─+"): "─",
    re.compile(r"\s+"): " ",
}


class Step(NamedTuple):
    """A command of a console block, and the output that is shown below it."""

    command: str
    shown: str


class Run(NamedTuple):
    """What a command did."""

    code: int
    out: str = ""
    err: str = ""


def _save_and_run(example: Example) -> None:
    name = _FILE.match(example.parsed)
    if name:
        Path(name[1]).write_text(example.parsed, encoding="utf-8")
    PythonEvaluator()(example)


class PythonBlocks(PythonCodeBlockParser):
    """Runs Python, and saves what names its file."""

    def __init__(self) -> None:
        super().__init__()
        self.codeblock_parser = CodeBlockParser("python", _save_and_run)


class ConsoleBlocks(CodeBlockParser):
    """Runs the commands of a console block in this process."""

    language = "console"
    update = False

    def evaluate(self, example: Example) -> str | None:
        """Run a block; returns what is wrong with it."""
        source = str(example.parsed)
        steps = [Step(*found) for found in _STEP.findall(source)]
        runs = _play(steps)
        if self.update:
            document = Path(example.path)
            text = document.read_text(encoding="utf-8")
            document.write_text(text.replace(source, _rewritten(steps, runs), 1), encoding="utf-8")
            return None
        return "\n".join(_differences(steps, runs)) or None


CONSOLE = ConsoleBlocks()
SYBIL = Sybil(parsers=[PythonBlocks(), CONSOLE], fixtures=["workplace"])


class DocumentFile(pytest.File):
    """A document: one test, because its blocks build on each other."""

    def collect(self) -> Iterator[pytest.Item]:
        examples = list(SYBIL.parse(self.path).examples())
        if examples:
            yield DocumentItem.from_parent(self, name="blocks", examples=examples)


class DocumentItem(SybilItem):
    """All blocks of a document, in their order."""

    def __init__(self, name: str, parent: DocumentFile, examples: Sequence[Example]) -> None:
        pytest.Item.__init__(self, name, parent)
        self.examples, self.example = examples, examples[0]
        self.request_fixtures(SYBIL.fixtures)  # type: ignore[no-untyped-call]

    def runtest(self) -> None:
        for example in self.examples:
            self.example = example  # which a failure report names
            example.evaluate()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update-docs``."""
    parser.addoption(
        "--update-docs", action="store_true", help="write the real output into the documents"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take ``--update-docs`` over."""
    CONSOLE.update = config.getoption("--update-docs")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect README.md and the documents of docs/."""
    if file_path.suffix != ".md" or not file_path.is_relative_to(ROOT):
        return None
    top = file_path.relative_to(ROOT).parts[0]
    return (
        DocumentFile.from_parent(parent, path=file_path) if top in {"README.md", "docs"} else None
    )


@pytest.fixture(scope="session")
def simulated_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake that the README makes."""
    from stockstream.ingest.fetch import fetch
    from stockstream.providers.simulated import SimulatedProvider

    place = tmp_path_factory.mktemp("simulated") / "lake"
    fetch(SimulatedProvider(companies=COMPANIES), (), START, END, place)
    return place


@pytest.fixture
def workplace(
    simulated_lake: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Path]:
    """The folder in which a document runs, away from the user's settings."""
    from stockstream.indicators import registry

    for name in [name for name in os.environ if name.startswith("STOCKSTREAM_")]:
        if name != "STOCKSTREAM_CACHE":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    if request.node.path == ROOT / "README.md":
        _write_prices(simulated_lake, tmp_path / "prices")
    else:
        shutil.copytree(simulated_lake, tmp_path / "data" / "lake")
    shipped = set(registry.CLASSES)
    yield tmp_path
    for name in set(registry.CLASSES) - shipped:
        for known in (registry._classes, registry._specs):  # noqa: SLF001 - leave no trace
            known.pop(name, None)


def _write_prices(lake: Path, folder: Path) -> None:
    from stockstream.lake import Lake

    folder.mkdir()
    columns = ("date", "open", "high", "low", "close", "volume")
    for source, name in (("ZAC", "BHP"), ("ZAE", "CBA")):
        Lake(lake).bars([source]).select(columns).write_csv(folder / f"{name}.csv")


def _play(steps: Sequence[Step]) -> list[Run]:
    """Run the commands in order; ``echo $?`` prints the code of the one before."""
    runs: list[Run] = []
    for step in steps:
        shows_code = step.command == "echo $?"
        runs.append(Run(0, f"{runs[-1].code}\n") if shows_code else _run(step.command))
    return runs


def _run(command: str) -> Run:
    from stockstream.cli import main

    program, *words = shlex.split(command.replace("\\\n", " "))
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return Run(0 if set(words) <= set(targets) else 2, err=f"targets: {targets}")
    if program != "stockstream":
        return Run(127, err=f"{program}: a command that documents cannot run")
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    here = str(Path.cwd())
    return Run(code, out.getvalue().replace(here, HOME), err.getvalue().replace(here, HOME))


def _differences(steps: Sequence[Step], runs: Sequence[Run]) -> Iterator[str]:
    for step, run, following in zip_longest(steps, runs, steps[1:]):
        printed = {_masked(line) for line in (run.out + run.err).splitlines()} | {LEFT_OUT, ""}
        missing = [line for line in step.shown.splitlines() if _masked(line) not in printed]
        unsaid = run.code and (following is None or following.command != "echo $?")
        if missing or unsaid:
            lines = "\n".join(missing)
            yield (
                f"$ {step.command}\nended with exit code {run.code}\n{run.out}{run.err}"
                + f"and did not print:\n{lines}" * bool(missing)
            )


def _rewritten(steps: Sequence[Step], runs: Sequence[Run]) -> str:
    """The block with the real output where it showed any, unless it leaves lines out."""
    pieces = []
    for step, run in zip(steps, runs, strict=True):
        fixed = not step.shown or LEFT_OUT in step.shown.splitlines()
        pieces.append(f"$ {step.command}\n{step.shown if fixed else run.out or run.err}")
    return "".join(pieces)


def _masked(line: str) -> str:
    for pattern, sign in _VARYING.items():
        line = pattern.sub(sign, line)
    return line.strip()
