"""What a Ray cluster costs beside the trials: the start, each part, the memory of each worker.

A cluster of this machine and the local runner do the same study one after the other, so that the
ratio means something on a machine that others use too.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks.sweep_work import config_of

from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.cluster.service import ClusterService
from stockstream.runners.local import LocalRunner
from stockstream.study.chunk import run_chunk
from stockstream.study.plan import plan_study
from stockstream.study.runs.bucket_store import BucketStore, runs_of

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.runners.protocol import Runner
    from stockstream.study.study import Study

pytestmark = pytest.mark.enable_socket

SECONDS, MOST_RATIO = 70.0, 1.1
"""Ten more than a minute: points of a large grid share more than those of the small ones."""

PARTS, MOST_PER_PART = 400, 0.030
SYMBOLS, SHARED = 1000, 0.25

ROUNDS = 2


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty simulated companies over ten years."""
    place = tmp_path_factory.mktemp("cluster") / "lake"
    fetch(SimulatedProvider(companies=20), (), dt.date(2010, 1, 1), dt.date(2019, 12, 31), place)
    return place


def study_of(lake: Path, slow: int, split: str | None = "ticker") -> Study:
    """40 fast averages times so many slow ones, for each symbol or for all on one account."""
    grid = ("fast_period=5:44:40", f"slow_period=50:{49 + slow}:{slow}")
    config = config_of(("MovingAverageCrossover", grid))
    return plan_study(config, Lake.open(lake), split=split)


def took(runner: Runner, study: Study) -> float:
    """Seconds from submitting a study to its last result."""
    began = time.perf_counter()
    *_, last = runner.follow(runner.submit(study))
    assert (last.state, last.failed) == ("done", 0), last.error
    return time.perf_counter() - began


def test_a_sweep_of_a_minute_beside_the_local_runner(
    benchmark: Any, lake: Path, tmp_path: Path
) -> None:
    """The whole of it: start-up, work, the last result; some rounds of each, in turn."""

    def local(place: Path) -> Runner:
        return LocalRunner(place, lake, every=1.0)

    def cluster(place: Path) -> Runner:
        return CloudRunner(place, str(lake), ClusterService(place), every=1.0)

    few, many = 50, 1_000
    took(local(tmp_path / "first"), study_of(lake, few - 1, None))  # compiles what no cache has
    start = took(local(tmp_path / "few"), study_of(lake, few, None))
    each = (took(local(tmp_path / "many"), study_of(lake, many, None)) - start) / (many - few)
    study = study_of(lake, few + round((SECONDS - start) / each), None)
    times: dict[str, list[float]] = {"local": [], "cluster": []}
    digests = set()
    for number in range(ROUNDS):
        for name, make in (("local", local), ("cluster", cluster)):
            runner = make(tmp_path / f"{name}{number}")
            times[name].append(took(runner, study))
            digests.add(runner.result(study.name).digest)
            if name == "cluster":
                runner.delete(study.name)
    benchmark.pedantic(lambda: None)
    ratio = sum(times["cluster"]) / sum(times["local"])
    benchmark.extra_info.update({"ratio": ratio, **times})
    print(f"\n{study.trials:,} trials in {len(study.chunks)} chunks, seconds: {times}")
    print(f"  the cluster takes {ratio:.3f} times as long")
    assert len(digests) == 1
    assert ratio <= MOST_RATIO


PART = textwrap.dedent("""
    import json, os, sys, time
    os.environ.update(RAY_USAGE_STATS_ENABLED="0")
    from stockstream.runners.cluster.connection import connected
    from stockstream.runners.cluster.work import Order, run_part

    lake, run, parts = sys.argv[1], sys.argv[2], int(sys.argv[3])
    began = time.perf_counter()
    with connected("", 2):
        import ray
        task, order = ray.remote(run_part).options(num_cpus=1), Order(lake, run, "1", "/")
        ray.get([task.remote(order, (number % 2,)) for number in range(4)])
        start = time.perf_counter() - began
        began = time.perf_counter()
        waiting = [task.remote(order, (number % 2,)) for number in range(parts)]
        ray.get(waiting)
        each = (time.perf_counter() - began) / parts
    print(json.dumps({"start": start, "each": each}))
""")


def test_a_part_costs_milliseconds(benchmark: Any, lake: Path) -> None:
    """Parts whose chunks are there already: a task, the files that say so, and its answer."""
    study = study_of(lake, 50)
    store = BucketStore.create(runs_of(lake), study)
    for chunk in study.chunks[:2]:
        store.put(chunk, run_chunk(chunk, Lake.open(lake)))
    command = [sys.executable, "-c", PART, str(lake), study.name, str(PARTS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    benchmark.pedantic(lambda: None)
    benchmark.extra_info.update(found)
    print(f"\na cluster of this machine is ready after {found['start']:.1f} s")
    print(f"  {PARTS} parts with nothing to do, two at once: {found['each'] * 1e3:.1f} ms each")
    assert found["each"] < MOST_PER_PART


MEMORY = textwrap.dedent("""
    import gc, sys
    from pathlib import Path
    from benchmarks.sweep_work import Served, config_of, market
    from stockstream.runners.cluster.panels import shared
    from stockstream.study.chunk import Chunk, run_chunk
    from stockstream.study.plan import plan_study

    how, symbols = sys.argv[1], int(sys.argv[3])

    def read():
        panel = market(symbols)
        panel.cells
        return panel

    panel = market(symbols) if how == "own" else shared(Path(sys.argv[2]), read)
    market.cache_clear()
    lake = Served(panel)
    study = plan_study(config_of("MeanReversion"), lake)
    frame = run_chunk(Chunk(study, 0, 0, 1), lake)
    assert frame["error"].is_null().all()
    del study, frame
    gc.collect()
    print("ready", flush=True)
    sys.stdin.readline()
    fields = dict(line.split()[:2] for line in open("/proc/self/smaps_rollup").readlines()[1:])
    print(int(fields["Pss:"]) / 1024, flush=True)
    sys.stdin.readline()
""")


def memory(how: str, file: Path, processes: int = 2) -> list[float]:
    """MB of each of some processes that run trials on one panel; what is shared is divided."""
    command = [sys.executable, "-c", MEMORY, how, str(file), str(SYMBOLS)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    found = []
    for step in ("ready", "size", "end"):
        for process in started:
            assert process.stdin is not None
            assert process.stdout is not None
            if step != "ready":
                process.stdin.write("\n")
                process.stdin.flush()
            said = process.stdout.readline() if step != "end" else ""
            if step == "size":
                found.append(float(said))
    for process in started:
        process.communicate()
        assert process.returncode == 0
    return found


def test_a_panel_is_in_memory_once(benchmark: Any, tmp_path: Path) -> None:
    """Two workers of a study that is not cut: all of them look at the whole panel."""
    own = memory("own", tmp_path / "none")
    shared = memory("shared", tmp_path / "a.panel")
    benchmark.pedantic(lambda: None)
    panel = (tmp_path / "a.panel").stat().st_size / 2**20
    saved = (sum(own) - sum(shared)) / len(own)
    benchmark.extra_info.update({"own": own, "shared": shared, "panel": panel})
    print(f"\na panel of {SYMBOLS:,} symbols, {panel:.0f} MB; MB of each of two workers:")
    print(f"  each with its own {own}, together {shared}")
    assert saved > SHARED * panel
