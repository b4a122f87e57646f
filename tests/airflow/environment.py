"""Environments that hold a real Airflow, made by uv once and kept in a cache folder.

They hold what MWAA's constraints hold (polars 1.x, SQLAlchemy 1.4 with the older Airflow) and never
the engine. ``infra/airflow/requirements-<version>.lock`` says what is in them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LOCKS", "NEWEST", "ROOT", "VERSIONS", "cache_folder", "environment", "lock_of"]

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "infra" / "airflow"
NEWEST, OLDEST = "3.3.1", "3.0.6"
VERSIONS = (NEWEST, OLDEST)
"""The reference first, then the oldest Airflow that the bundle must run on."""

MWAA_PYTHON = "3.12"
"""Taken where the machine has it, else the Python that runs this; none is fetched."""


def environment(version: str) -> Path:
    """The interpreter of an environment with this Airflow, made if it is not there.

    Each lock has an environment of its own: two checkouts with different ones never replace each
    other's in the middle of a test.

    Args:
        version: one of ``VERSIONS``.

    Raises:
        RuntimeError: no uv, or uv could not install (no package index?); says what it printed.
    """
    lock = lock_of(version)
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    place = cache_folder() / f"{version}-{digest[:12]}"
    python, stamp = place / "bin" / "python", place / "whole"
    with _one_at_a_time(place.with_name(f"{place.name}.busy")):
        if not (python.is_file() and stamp.is_file()):
            _uv("venv", "--no-python-downloads", "--clear", "--python", _base(), str(place))
            _uv("pip", "sync", "--require-hashes", "--python", str(python), str(lock))
            _keep_bytecode(place)
            stamp.touch()
    return python


def lock_of(version: str) -> Path:
    """The committed list of what an environment holds, with hashes."""
    return LOCKS / f"requirements-{version}.lock"


def cache_folder() -> Path:
    """Where environments are kept: ``AIRFLOW_CACHE`` or the user's cache folder."""
    given = os.environ.get("AIRFLOW_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(home) / "stockstream" / "airflow"


def _base() -> str:
    """The Python that MWAA runs, if any.

    pyenv puts a program of every version it knows on the path, of which only the chosen one runs,
    so its folder of versions is looked into as well.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    others = sorted(pyenv.glob(f"{MWAA_PYTHON}.*/bin/python"), reverse=True)
    for found in (MWAA_PYTHON, *map(str, others)):
        try:
            return _uv("python", "find", "--no-python-downloads", "--system", found).strip()
        except RuntimeError:
            continue
    return sys.executable


def _keep_bytecode(place: Path) -> None:
    """Compile each module once, even where ``PYTHONDONTWRITEBYTECODE`` is set.

    Without bytecode every process and every task of Airflow takes ten seconds of a core to begin.
    """
    [packages] = place.glob("lib/python*/site-packages")
    line = "import sys; sys.dont_write_bytecode = False\n"
    (packages / "keep_bytecode.pth").write_text(line, encoding="utf-8")


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Let one process at a time make an environment: others of pytest-xdist wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        yield


def _uv(*words: str) -> str:
    own = ROOT / ".uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(own) if own.is_file() else None)
    if uv is None:
        raise RuntimeError("uv is not on the PATH and not in .uv/bin: run `make install` first")
    done = subprocess.run([uv, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(words)} failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout
