"""The package of the light functions: small, alone, and always the same bytes."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.functions import FUNCTIONS

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "make_lambda_zip.py"

PARAMS = {"strategy": "MovingAverageCrossover", "fastPeriod": 5}
BY_YEAR = {"startYear": 2000, "endYear": 2002, "additionalParams": PARAMS}
BY_TICKER = {"tickers": ["BHP.AX", "CBA.AX"], "additionalParams": PARAMS}
ITEMS = [{"ticker": name, "additionalParams": PARAMS} for name in BY_TICKER["tickers"]]

CALL = """
import importlib, json, sys
folder, handler, event = sys.argv[1:]
sys.path[:] = [folder, *(place for place in sys.path if "packages" not in place)]
module, _, name = handler.rpartition(".")
answer = getattr(importlib.import_module(module), name)(json.loads(event), None)
homes = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
print(json.dumps([answer, sorted(set(homes)), sorted(sys.modules)]))
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_lambda_zip", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def package(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output: Path = tmp_path_factory.mktemp("package") / "made" / "light.zip"
    assert script.main(["--installed", "--output", str(output)]) == 0
    return output


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(package).extractall(folder)
    return folder


def call(unpacked: Path, handler: str, event: dict[str, Any]) -> list[Any]:
    """What a handler answers in a process that has the package and the standard library only."""
    command = [sys.executable, "-I", "-B", "-c", CALL, str(unpacked), handler, json.dumps(event)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": ""})
    assert done.returncode == 0, done.stderr
    answer: list[Any] = json.loads(done.stdout)
    return answer


def test_it_is_far_below_the_limit(package: Path, script: ModuleType) -> None:
    entries = zipfile.ZipFile(package).infolist()
    size = sum(entry.file_size for entry in entries)
    assert size < 20_000_000 < script.MOST_BYTES < 250_000_000
    tops = {entry.filename.partition("/")[0] for entry in entries}
    assert tops == {
        *("stockstream", "pydantic", "pydantic_core", "annotated_types"),
        *("typing_extensions.py", "typing_inspection"),
    }


def test_too_large_a_package_is_refused(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "MOST_BYTES", 1000)
    with pytest.raises(SystemExit, match=r"bytes are more than the 1,000 of a function"):
        script.main(["--installed", "--output", str(tmp_path / "light.zip")])
    assert not list(tmp_path.iterdir())


def test_the_same_files_give_the_same_bytes(
    script: ModuleType, package: Path, unpacked: Path, tmp_path: Path
) -> None:
    """Whenever they were written, and in whatever order they are found."""
    again = tmp_path / "light.zip"
    files = {p.relative_to(unpacked).as_posix(): p for p in unpacked.rglob("*") if p.is_file()}
    script.write_zip(again, dict(reversed(files.items())))
    assert again.read_bytes() == package.read_bytes()
    assert all(entry.date_time[0] == 1980 for entry in zipfile.ZipFile(again).infolist())


def test_it_has_all_that_pydantic_needs(script: ModuleType) -> None:
    found, waiting = set[str](), ["pydantic"]
    while waiting:
        name = waiting.pop()
        found.add(name)
        for need in metadata.requires(name) or ():
            named = re.split(r"[\s;<>=!~\[(]", need, maxsplit=1)[0].lower().replace("_", "-")
            if "extra ==" not in need and named not in found:
                waiting.append(named)
    assert found == set(script.PACKAGES)


def test_it_takes_the_versions_of_the_lock(script: ModuleType) -> None:
    entries = list(script.locked(script.PACKAGES))
    assert len(entries) == len(script.PACKAGES)
    for name, entry in zip(script.PACKAGES, entries, strict=True):
        assert entry.startswith(f"{name}=={metadata.version(name)} ")
        assert entry.count("--hash=sha256:") >= 2
    with pytest.raises(SystemExit, match="has no no-such-package: run `make lock`"):
        list(script.locked(["no-such-package"]))


@pytest.mark.parametrize(
    ("function", "event", "answer"),
    [
        ("date-range-splitter", BY_YEAR, {**BY_YEAR, "years": [2000, 2001, 2002]}),
        ("split-tickers", BY_TICKER, ITEMS),
        ("process-tickers", BY_TICKER, {**BY_TICKER, "tickers": ITEMS}),
    ],
)
def test_a_function_runs_with_nothing_else_on_the_path(
    unpacked: Path, function: str, event: dict[str, Any], answer: Any
) -> None:
    given, homes, modules = call(unpacked, FUNCTIONS[function].handler, event)
    assert given == answer
    assert str(unpacked / "pydantic" / "__init__.py") in homes
    assert not [home for home in homes if "packages" in home or home.startswith(str(ROOT))]
    assert not {"numpy", "polars", "numba", "obstore", "boto3"} & set(modules)


def test_every_light_function_is_tried_here() -> None:
    light = {name for name, function in FUNCTIONS.items() if function.package == "zip"}
    assert light == {"date-range-splitter", "split-tickers", "process-tickers"}


def test_a_bad_strategy_is_named_without_the_engine(unpacked: Path) -> None:
    bad = {**BY_YEAR, "additionalParams": {"strategy": "Momentum", "momentum_perod": 5}}
    handler = FUNCTIONS["date-range-splitter"].handler
    command = [sys.executable, "-I", "-B", "-c", CALL, str(unpacked), handler, json.dumps(bad)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": ""})
    assert "UnknownNameError" in done.stderr
    assert "did you mean 'momentum_period'?" in done.stderr
