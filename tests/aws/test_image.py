"""The image of the functions and jobs, as far as it can be tried without Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.dockerfile import DOCKER, ROOT, installs, instructions, needs, stages, versions

import stockstream
from stockstream import jit
from stockstream.backtest.config import BacktestConfig
from stockstream.study.plan import plan_study
from stockstream.testing.market import simulated_lake

DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
LOCK = (DOCKER / "requirements.lock").read_text(encoding="utf-8")


def test_both_stages_are_the_python_of_the_functions() -> None:
    bases = [rest.split()[0] for word, rest in instructions(DOCKERFILE) if word == "FROM"]
    variables = (ROOT / "scripts" / "make_lambda_zip.py").read_text(encoding="utf-8")
    runtime = re.search(r'RUNTIME: Final = "python([\d.]+)"', variables)
    assert runtime is not None
    assert bases == [f"python:{runtime[1]}-slim"] * 2
    assert "://" not in DOCKERFILE


def test_everything_is_installed_by_its_hash_or_from_here() -> None:
    assert len(installs(DOCKERFILE)) == 2
    for line in installs(DOCKERFILE):
        assert ("--require-hashes" in line) != ("--no-build-isolation --no-index" in line)
    assert not [word for word, _ in instructions(DOCKERFILE) if word == "ADD"]
    assert not re.search(r"\b(apt-get|curl|wget|sudo)\b", DOCKERFILE)


def test_it_ends_as_nobody_with_one_entry() -> None:
    last = stages(DOCKERFILE)[-1]
    assert [rest for word, rest in last if word == "USER"] == ["10001:10001"]
    assert [json.loads(rest) for word, rest in last if word == "ENTRYPOINT"] == [["/entry.sh"]]
    assert [json.loads(rest) for word, rest in last if word == "CMD"] == [["stockstream", "--help"]]
    assert last.index(("USER", "10001:10001")) > max(
        i for i, (word, _) in enumerate(last) if word in {"COPY", "RUN"}
    )


def test_kernels_are_made_as_they_will_be_looked_for() -> None:
    """Numba takes a kernel only if the processor has the name that it was compiled for."""
    build, final = (
        dict(
            setting.split("=", 1)
            for word, rest in stage
            if word == "ENV"
            for setting in shlex.split(rest)
        )
        for stage in stages(DOCKERFILE)
    )
    for name in ("NUMBA_CPU_NAME", "STOCKSTREAM_CACHE"):
        assert build[name] == final[name]
    assert final["NUMBA_CPU_NAME"] == "generic"
    assert final["STOCKSTREAM_CACHE"].startswith("/opt/stockstream/")
    assert ("COPY", "--from=build /opt/stockstream /opt/stockstream") in stages(DOCKERFILE)[-1]
    assert any(
        "stockstream doctor --warm" in rest for word, rest in stages(DOCKERFILE)[0] if word == "RUN"
    )


def test_what_is_copied_is_there_and_nothing_else_is_sent() -> None:
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*"
    sent = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    for word, rest in instructions(DOCKERFILE):
        if word != "COPY" or "--from=" in rest:
            continue
        for source in [part for part in rest.split()[:-1] if not part.startswith("--")]:
            assert (ROOT / source).exists(), source
            assert any(source == one or source.startswith(f"{one}/") for one in sent), source
    assert "**/__pycache__" in rules


def test_the_lock_has_all_that_the_project_needs() -> None:
    locked = versions(LOCK)
    entries = re.split(r"^(?=[a-z])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == sum(map(len, locked.values()))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in LOCK
    assert needs() <= set(locked)
    assert {"adbc-driver-postgresql", "awslambdaric", "boto3", "uv-build"} <= set(locked)


def test_the_lock_has_the_versions_that_are_tested() -> None:
    tested = versions((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    for name, found in versions(LOCK).items():
        assert found <= tested.get(name, found), name


def run_entry(folder: Path, *words: str, **environment: str) -> str:
    """What the entry runs, with a ``python`` that only says how it was called."""
    python = folder / "python"
    python.write_text('#!/bin/sh\necho "python $*"\n', encoding="utf-8")
    python.chmod(0o755)
    return subprocess.run(
        [DOCKER / "entry.sh", *words],
        env={"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_entry_serves_lambda_and_runs_commands(tmp_path: Path) -> None:
    handler = "stockstream.aws.handlers.pieces.process_year"
    served = run_entry(tmp_path, handler, AWS_LAMBDA_RUNTIME_API="127.0.0.1:9001")
    assert served == f"python -m awslambdaric {handler}\n"
    job = run_entry(tmp_path, "python", "-m", "stockstream.runners.jobs", "item")
    assert job == "python -m stockstream.runners.jobs item\n"
    assert run_entry(tmp_path, "echo", "two words") == "two words\n"
    assert os.access(DOCKER / "entry.sh", os.X_OK)


FIRST_TRIALS = """
import json, sys
from dataclasses import replace
from pathlib import Path
from stockstream.lake.store import Lake
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.pinned import PinnedLake
from stockstream.study.study import Study

place, *studies = sys.argv[1:]
compiled = []
for path in studies:
    study = Study.from_json(Path(path).read_text())
    chunk = study.chunks[0]
    lake = PinnedLake(Lake.open(place), study.identity)
    frame = run_chunk(replace(chunk, stop=chunk.first + 1), lake)
    assert frame["error"].null_count() == 1, frame["error"][0]
    from numba.core import event

    if not compiled:  # from here on
        recorder = event.RecordingListener()
        event.register("numba:compile", recorder)
    compiled.append(len(recorder.buffer))
print(json.dumps(compiled))
"""

BOUND = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 1)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE: what lets root write anywhere
os.execv(sys.argv[1], sys.argv[1:])
"""


def study_file(folder: Path, strategy: str, split: str, **grid: tuple[int, ...]) -> str:
    days = {"start_date": "2019-01-02", "end_date": "2021-12-31"}
    config = BacktestConfig(strategy_class=strategy, **days, param_grid=grid)
    study = plan_study(config, simulated_lake(), split=split)
    file = folder / f"{strategy}-{split}.json"
    file.write_text(study.to_json(), encoding="utf-8")
    return str(file)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="takes the rights of root by a call of Linux")
def test_the_first_trial_runs_on_kernels_of_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """What the image does: warmed when it is built, then read by another user from then on."""
    cache, elsewhere, code = tmp_path / "cache", tmp_path / "elsewhere", tmp_path / "code"
    elsewhere.mkdir()
    ours = Path(stockstream.__file__).parent
    shutil.copytree(ours, code / ours.name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(elsewhere),
        "PYTHONPATH": str(code),  # as in the image: sources that nobody changes
        "NUMBA_CPU_NAME": "generic",
        "STOCKSTREAM_CACHE": str(cache),
    }
    warm = [sys.executable, "-m", "stockstream", "doctor", "--warm", "--lake", str(tmp_path)]
    subprocess.run(warm, env=environment, capture_output=True, check=True)
    kept = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    for path in (cache, *kept):
        path.chmod(path.stat().st_mode & ~0o222)
    studies = [
        study_file(tmp_path, "MovingAverageCrossover", "ticker", fast_period=(5, 10)),
        study_file(tmp_path, "MovingAverageCrossover", "year", fast_period=(5, 10)),
        study_file(tmp_path, "RSIMeanReversion", "none", oversold=(25, 30)),
        study_file(tmp_path, "MeanReversionStrategy", "none", cooldown_period=(3, 5)),
        study_file(tmp_path, "MomentumStrategy", "none", momentum_period=(10, 20)),
        study_file(tmp_path, "LongShortEquityStrategy", "none", rebalance_period=(7, 14)),
    ]
    command = [sys.executable, "-c", FIRST_TRIALS, str(simulated_lake().location), *studies]
    done = subprocess.run(
        [sys.executable, "-c", BOUND, *command],
        env={**environment, "STOCKSTREAM_JIT": "always"},
        capture_output=True,
        text=True,
        check=False,
        cwd=elsewhere,
    )
    assert done.returncode == 0, done.stderr
    compiled = json.loads(done.stdout)
    assert compiled == [0] * len(studies)
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == kept
    assert not list(elsewhere.iterdir())
    for path in (cache, *kept):
        path.chmod(path.stat().st_mode | 0o200)


def test_kernels_of_another_user_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only root's and one's own: they are code."""
    assert jit._is_trusted(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    assert jit._is_trusted(tmp_path) is (tmp_path.stat().st_uid == 0)
    monkeypatch.setattr(
        Path, "stat", lambda _: os.stat_result((0o755, 0, 0, 2, 4711, 0, 0, 0, 0, 0))
    )
    assert not jit._is_trusted(tmp_path)
