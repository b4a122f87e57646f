"""One source of a kernel, two ways to run it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockstream import jit
from stockstream.backtest.broker.fees import affordable, whole_lots
from stockstream.backtest.broker.terms import Terms
from stockstream.backtest.config import Costs
from stockstream.testing.play import config_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_a_kernel_is_the_plain_function_it_marks() -> None:
    assert whole_lots(-7.9, 1.0) == -7.0
    assert whole_lots(7.25, 0.0) == 7.25


@pytest.mark.slow
def test_compiled_calls_compiled_and_gives_the_same_bits() -> None:
    twin = jit.compiled(affordable)
    assert jit.compiled(affordable) is twin
    random = np.random.default_rng(1)
    for cash, price, minimum in random.uniform(1.0, 500.0, (200, 3)).tolist():
        costs = Costs(commission_bps=10, commission_per_share=0.01, commission_minimum=minimum / 50)
        for fractional in (True, False):
            terms = Terms.of(config_of(costs=costs, fractional=fractional))
            one = twin(cash, price, 0.5, terms.as_arrays())
            assert one == affordable(cash, price, 0.5, terms)


@pytest.mark.parametrize(
    ("mode", "steps", "pays"),
    [
        ("auto", 10, False),
        ("auto", jit.COMPILE_ABOVE + 1, True),
        ("never", 10**9, False),
        ("always", 1, True),
    ],
)
def test_size_decides_unless_the_environment_does(
    mode: str, steps: int, pays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSTREAM_JIT", mode)
    assert jit.pays_to_compile(steps) is pays


def test_small_parts_of_a_large_work_are_compiled() -> None:
    with jit.part_of(jit.COMPILE_ABOVE + 1):
        assert jit.pays_to_compile(10)
        with jit.part_of(10):
            assert jit.pays_to_compile(10)
    assert not jit.pays_to_compile(10)


def test_the_cache_follows_the_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STOCKSTREAM_CACHE", str(tmp_path))
    assert jit.cache_dir().parent == tmp_path / "stockstream" / "kernels"
    assert jit.cache_dir() == jit.cache_dir()


def test_a_changed_constant_never_meets_an_old_compilation(tmp_path: Path) -> None:
    """Kernels freeze constants of other files, which Numba does not watch."""
    copy = tmp_path / "stockstream"
    shutil.copytree(Path(jit.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))

    def folder() -> str:
        code = "from stockstream.jit import cache_dir; print(cache_dir())"
        env = {"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path), "PATH": ""}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    before = folder()
    assert before == folder()
    constants = copy / "backtest" / "broker" / "records.py"
    changed = constants.read_text(encoding="utf-8").replace(
        "AT_FILL: Final = 1", "AT_FILL: Final = 3"
    )
    constants.write_text(changed, encoding="utf-8")
    assert folder() != before


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    code = (
        "from stockstream.jit import compiled\n"
        "from stockstream.backtest.broker.fees import whole_lots\n"
        "print(compiled(whole_lots)(7.9, 1.0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"STOCKSTREAM_CACHE": str(blocked), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "7.0\n", done.stderr


def kernels() -> Iterator[Path]:
    root = Path(jit.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.name != "jit.py" and "@kernel" in path.read_text(encoding="utf-8"):
            yield path


def test_kernel_files_call_no_numpy_inside_kernels() -> None:
    found = list(kernels())
    assert len(found) >= 5
    for path in found:
        for piece in path.read_text(encoding="utf-8").split("@kernel")[1:]:
            body = piece.split("\n\n\n")[0]
            assert "np." not in body, f"{path.name}: {body.splitlines()[1]}"


@pytest.mark.slow
def test_a_process_that_must_compile_says_so_once(tmp_path: Path) -> None:
    code = (
        "from stockstream import jit\n"
        "from stockstream.backtest.broker.fees import commission, whole_lots\n"
        "jit.tell_when_compiling(lambda: print('wait'))\n"
        "jit.compiled(whole_lots)(7.9, 1.0)\n"
        "jit.compiled(commission)"
    )

    def said() -> str:
        env = {"STOCKSTREAM_CACHE": str(tmp_path), "PATH": ""}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert said() == "wait\n"
    assert said() == ""
