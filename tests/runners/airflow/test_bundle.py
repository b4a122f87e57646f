"""What is deployed: exactly what the DAGs need, the same bytes each time."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import ConfigError, StockstreamError
from stockstream.runners.airflow import bundle as bundle_module
from stockstream.runners.airflow.bundle import DAGS, STAMP, build_bundle, find_examples
from stockstream.runners.airflow.closure import ALLOWED, SOURCES, closure

if TYPE_CHECKING:
    from pathlib import Path

DAG = "# an airflow dag\n"


def imported(content: bytes) -> set[str]:
    """Top-level names that a module imports, those for type checkers too."""
    nodes = list(ast.walk(ast.parse(content)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    taken = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | taken}


def test_the_same_sources_give_the_same_bytes() -> None:
    configs = {"b.json": b"{}", "a.json": b"{ }"}
    one, other = build_bundle(configs), build_bundle(dict(reversed(configs.items())))
    assert one == other
    assert list(one.files) == list(other.files)
    changed = build_bundle({**configs, "a.json": b"{}"})
    assert changed.digest != one.digest
    assert changed.code == one.code


def test_what_comes_last_makes_it_visible() -> None:
    bundle = build_bundle({"a.json": b"{}"})
    names = list(bundle.files)
    modules = [name for name in names if name.startswith(f"stockstream/v_{bundle.code}/")]
    pointer = names.index("stockstream/__init__.py")
    assert names[0] == "stockstream/.airflowignore"
    assert max(map(names.index, modules)) < pointer < names.index(f"{DAGS}/configs/a.json")
    assert names[-len(bundle.dags) :] == [f"{DAGS}/{path.name}" for path in dag_files()]


def dag_files() -> list[Path]:
    return sorted((SOURCES / "airflow" / "dags").glob("stockstream_*.py"))


def test_every_dag_file_begins_with_the_digest_and_has_the_words_that_airflow_looks_for() -> None:
    bundle = build_bundle({})
    assert len(bundle.dags) >= 3
    for path in dag_files():
        content = bundle.dags[f"{DAGS}/{path.name}"]
        first, _, rest = content.partition(b"\n")
        assert first.decode().startswith(f"{STAMP}{bundle.digest};")
        assert rest == path.read_bytes()
        assert b"dag" in content.lower()
        assert b"airflow" in content.lower()


def test_the_modules_are_the_closure_and_nothing_of_the_engine() -> None:
    bundle = build_bundle({})
    folder = f"stockstream/v_{bundle.code}/"
    names = {name.removeprefix(folder) for name in bundle.modules if name.startswith(folder)}
    own = {path.relative_to(SOURCES).as_posix() for path in (SOURCES / "airflow").rglob("*.py")}
    assert {name for name in own if "/dags/" not in name} <= names
    assert {"errors.py", "backtest/config.py", "study/grid.py", "runners/jobs/names.py"} <= names
    assert len(names) < 60
    for name in names:
        content = bundle.modules[folder + name]
        assert content == (SOURCES / name).read_bytes()
        assert imported(content) <= ALLOWED | {"polars", "numpy"}, name  # for type checkers


def test_the_deployed_modules_are_those_in_use_and_load_no_engine(tmp_path: Path) -> None:
    bundle = build_bundle({})
    for name, content in bundle.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import stockstream.errors, stockstream.airflow.document as one\n"
        "from stockstream.airflow import BacktestConfig\n"
        "print(one.__file__, stockstream.__version__, BacktestConfig.__module__)\n"
        "print([m for m in ('polars', 'numpy', 'numba', 'boto3') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    place = tmp_path / "stockstream" / f"v_{bundle.code}"
    lines = [f"{place}/airflow/document.py {bundle.version} stockstream.airflow.config", "[]"]
    assert done.stdout.splitlines() == lines


def test_a_dag_file_that_imports_what_no_airflow_has(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"{DAG}def run():\n    import polars\n")
    with pytest.raises(StockstreamError, match=r"mine\.py imports polars, and no Airflow has that"):
        build_bundle({}, [tmp_path / "mine.py"])


def test_what_only_type_checkers_import_is_not_needed(tmp_path: Path) -> None:
    text = "import typing\nif typing.TYPE_CHECKING:\n    import polars\nelse:\n    import json\n"
    (tmp_path / "mine.py").write_text(DAG + text)
    assert closure([tmp_path / "mine.py"]) == {}
    (tmp_path / "mine.py").write_text("from stockstream.study import grid, nothing\n")
    assert {"__init__.py", "study/__init__.py", "study/grid.py"} <= set(
        closure([tmp_path / "mine.py"])
    )


def test_an_import_with_dots(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from . import other\n")
    with pytest.raises(StockstreamError, match="not with dots"):
        closure([tmp_path / "mine.py"])


def test_a_file_that_no_airflow_would_look_into(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("print('DAG')\n")
    with pytest.raises(StockstreamError, match=r"mine\.py lacks the words dag and airflow"):
        build_bundle({}, [tmp_path / "mine.py"])


def test_two_dag_files_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "stockstream_sweep.py").write_text(DAG)
    with pytest.raises(ConfigError, match=r"there are two DAG files stockstream_sweep\.py"):
        build_bundle({}, [tmp_path / "stockstream_sweep.py"])


def test_the_examples_of_a_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = find_examples()
    assert len(examples) == 2
    bundle = build_bundle({}, examples)
    assert {f"{DAGS}/{path.name}" for path in examples} < set(bundle.dags)
    monkeypatch.setattr(bundle_module, "EXAMPLES", tmp_path)
    with pytest.raises(ConfigError, match="leave --examples out"):
        find_examples()
