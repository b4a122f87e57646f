"""The peers' benchmark beside ours, in the same run: prototypes of the limit, and vectorbt.

Its scripts lie beside the checkout, in ``../shared/peers-bench`` (``STOCKSTREAM_PEERS_BENCH``);
what needs them is skipped where they are not. vectorbt runs in an environment of its own, which
``python -m parity --install-only`` makes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parity.environments import cache_folder, is_installed, python_of

__all__ = ["Peer", "limit", "limit_with_brackets", "vectorbt"]

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(
    (
        "BT_THREADS",
        "NUMBA_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "POLARS_MAX_THREADS",
    ),
    "1",
)


class Peer(NamedTuple):
    """What a peer did.

    Attributes:
        rate: millions of bars a CPU second, or a second on one thread.
        memory: MB at most.
        mean_return: of its trials.
    """

    rate: float
    memory: float
    mean_return: float


def limit(work: str, symbols: int, rounds: int = 7) -> Peer:
    """The prototype of the limit: four metrics, this very crossover and nothing else."""
    line = _run(sys.executable, "p_ours.py", work, str(symbols), rounds=rounds)
    return _peer(line, symbols)


def limit_with_brackets() -> Peer:
    """The prototype that is given its signals, with a stop and a target."""
    printed = _run(sys.executable, "limit/signals_nb.py", "1", rounds=1)
    found = re.search(r"SL 0\.05 TP 0\.15.*best\s+([\d.]+)\).*mean_tr (\S+)", printed)
    assert found is not None, printed
    return Peer(float(found[1]), 0.0, float(found[2]))


def vectorbt(symbols: int) -> Peer:
    """Vectorbt as its users write it, four metrics."""
    if not is_installed("vectorbt"):
        pytest.skip(f"no vectorbt in {cache_folder()}: run python -m parity --install-only")
    work = "W1" if symbols == 1 else "W2"
    line = _run(str(python_of("vectorbt")), "p_vectorbt.py", work, "numba", str(symbols), rounds=1)
    return _peer(line, symbols)


def _peer(printed: str, symbols: int) -> Peer:
    """The line of JSON of the peers' harness: 1,000 trials x 2,520 bars for each symbol."""
    found = json.loads(next(line for line in printed.splitlines() if line.startswith("{")))
    bars = 1000 * 2520 * symbols
    return Peer(bars / found["cpu_s"] / 1e6, found["rss_mb"], found["check"]["mean_tr"])


def _run(program: str, *words: str, rounds: int) -> str:
    shared = ROOT.parent / "shared" / "peers-bench"
    folder = Path(os.environ.get("STOCKSTREAM_PEERS_BENCH", shared))
    if not (folder / words[0]).is_file():
        pytest.skip(f"the peers' benchmark is not at {folder} (set STOCKSTREAM_PEERS_BENCH)")
    numba = {"NUMBA_CACHE_DIR": str(cache_folder() / "numba"), "RUNS": str(rounds)}
    done = subprocess.run(
        [program, *words],
        cwd=folder,
        env={**os.environ, **ONE_THREAD, **numba},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
