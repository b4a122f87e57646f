"""Each peer in an environment of its own, made by uv once and kept in a cache folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from parity.cases import save

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parity.cases import Case

__all__ = [
    "PACKAGES",
    "PeerResult",
    "cache_folder",
    "install",
    "is_installed",
    "python_of",
    "run_peer",
    "speed_of_pybroker",
    "versions",
]

ROOT = Path(__file__).parents[1]
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "vectorbt": ("vectorbt==1.2.0",),
    "backtesting": ("backtesting==0.6.6",),
    "bt": ("bt==1.4.1",),
    "backtrader": ("backtrader==1.9.78.123", "pandas", "numpy"),
    "zipline": ("zipline-reloaded==3.2.1",),
    "pybroker": ("lib-pybroker==2.0.2",),
}
"""What each peer's environment holds; the first package is the peer."""

WANTED_PYTHON = "3.12"
"""Taken if uv finds one on the machine or may fetch one; else the Python that runs this."""


class PeerResult(NamedTuple):
    """What a peer did with one case; ``peers/exchange.py`` says what the fields mean."""

    equity: float
    fills: list[tuple[int, int, float, float]]
    trades: int
    refused: int


def cache_folder() -> Path:
    """Where environments are kept: ``PARITY_CACHE`` or the user's cache folder."""
    given = os.environ.get("PARITY_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(home) / "stockstream" / "peers"


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment, there or not."""
    return cache_folder() / peer / "bin" / "python"


def is_installed(peer: str) -> bool:
    """Whether the peer's environment holds the packages that are asked for today."""
    stamp = cache_folder() / peer / "packages.json"
    return stamp.is_file() and json.loads(stamp.read_text()) == list(PACKAGES[peer])


def install(peer: str) -> None:
    """Make a peer's environment, unless it is there.

    Raises:
        RuntimeError: there is no uv, or it could not install the peer; says what it printed.
    """
    if is_installed(peer):
        return
    place = cache_folder() / peer
    try:
        _uv("venv", "--python", WANTED_PYTHON, "--clear", str(place))
    except RuntimeError:
        _uv("venv", "--python", sys.executable, "--clear", str(place))
    _uv("pip", "install", "--python", str(python_of(peer)), *PACKAGES[peer])
    (place / "packages.json").write_text(json.dumps(PACKAGES[peer]), encoding="utf-8")


def _uv(*words: str) -> None:
    own = ROOT / ".uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(own) if own.is_file() else None)
    if uv is None:
        raise RuntimeError("uv is not on the PATH and not in .uv/bin: run `make install` first")
    done = subprocess.run([uv, "--quiet", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(words)} failed:\n{done.stderr.strip()}")


def versions(peer: str) -> dict[str, str]:
    """Versions in a peer's environment: of Python, the peer and what it calculates with."""
    names = [PACKAGES[peer][0].partition("==")[0], "numpy", "pandas", "numba"]
    code = (
        "import json, platform, sys; from importlib.metadata import version, distributions;"
        "have = {d.name.lower() for d in distributions()};"
        "print(json.dumps({'python': platform.python_version(),"
        " **{n: version(n) for n in sys.argv[1:] if n in have}}))"
    )
    found: dict[str, str] = json.loads(_run([str(python_of(peer)), "-c", code, *names]))
    return found


def run_peer(peer: str, setup: str, weight: float, cases: Sequence[Case]) -> list[PeerResult]:
    """Run a set-up of a peer on cases, in its environment.

    Raises:
        RuntimeError: its process failed; says what it printed.
    """
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        given, results = Path(folder) / "cases.npz", Path(folder) / "results.json"
        save(given, cases)
        words = [f"parity.peers.run_{peer}", str(given), str(results), setup, str(weight)]
        _run([str(python_of(peer)), "-m", *words])
        found: list[Any] = json.loads(results.read_text(encoding="utf-8"))
    return [_result(*one) for one in found]


def speed_of_pybroker(bars: Mapping[str, Any], fast: int, slow: int, weight: float) -> float:
    """Seconds of CPU that pybroker takes for crossings of averages in one portfolio.

    Args:
        bars: open, high, low, close and volume, ``[T, S]`` each.
        fast: period of the fast average.
        slow: period of the slow one.
        weight: of equity in each symbol.
    """
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        path = Path(folder) / "bars.npz"
        np.savez(path, **bars)
        words = ["parity.peers.speed_pybroker", str(path), str(fast), str(slow), str(weight)]
        found = json.loads(_run([str(python_of("pybroker")), "-m", *words]).splitlines()[-1])
    return float(found["seconds"])


def _result(equity: float, fills: list[list[Any]], trades: int, refused: int) -> PeerResult:
    rows = [(bar, symbol, size, price) for bar, symbol, size, price in fills]
    return PeerResult(equity, rows, trades, refused)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout
