"""What a person waits for at a form or a prompt, as multiples of work that everybody knows.

The budgets are CPU times on an idle machine of two cores (a broken grid or constraint 1 ms, ten
years of confidence 0.5 s, a hundred million points counted 1 s); they are printed. What is asserted
is the multiple, with room, since a slow machine is slow at both.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.study import test_grid as grids
from tests.study.points import test_constraint as constraints

from stockstream.metrics.bootstrap import confidence
from stockstream.study.grid import parse_grid_text
from stockstream.study.points.space import Space

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

TEXTS = 100_000
WHOLE = "fast_period=1:999:999,1000.5:1999.5:1000; stop=log 1:1e300:99"


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """CPU seconds of the quickest of some rounds."""
    times = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        times.append(time.thread_time() - began)
    return min(times)


@pytest.mark.parametrize("kind", [grids, constraints], ids=["grids", "constraints"])
def test_what_is_broken_is_refused(benchmark: Any, kind: ModuleType) -> None:
    random = Random(5)  # noqa: S311 - not for secrets
    texts = [text for _ in range(TEXTS) if kind.is_refused(text := kind.fuzzed(random))]
    benchmark.pedantic(lambda: [kind.is_refused(text) for text in texts[:1000]], rounds=3)
    once = {text: seconds(partial(kind.is_refused, text), 1) for text in texts}
    slowest = sorted(once, key=once.__getitem__)[-20:]
    worst = max(seconds(partial(kind.is_refused, text)) for text in slowest)
    whole, median = seconds(lambda: parse_grid_text(WHOLE)), statistics.median(once.values())
    print(
        f"\nrefused: median {median * 1e6:.0f} us, slowest {worst * 1e6:.0f} us;"
        f" a whole grid of 2,098 values {whole * 1e6:.0f} us"
    )
    assert worst < 4 * whole


def test_ten_years_of_confidence(benchmark: Any) -> None:
    series = np.random.default_rng(7).normal(0.0004, 0.01, 2_520)
    benchmark.pedantic(lambda: confidence(series), rounds=3)
    ours = seconds(lambda: confidence(series), 3)
    drawn = seconds(lambda: series[np.random.default_rng(1).integers(0, 2_520, (1000, 2_520))], 3)
    print(f"\nconfidence of 2,520 days {ours:.3f} s; to draw 1,000 samples of them {drawn:.3f} s")
    assert ours < 30 * drawn


def test_a_hundred_million_points(benchmark: Any) -> None:
    grid = parse_grid_text("a=1:100:100; b=1:100:100; c=0.01:1:100; d=0.01:1:100")
    rule = "a * c < b * d and (a + b) % 3 != 0"
    space = benchmark.pedantic(lambda: Space(grid, (rule,)), rounds=3)
    counted = seconds(lambda: Space(grid, (rule,)).size, 3)
    table = seconds(lambda: space.columns(16_000_000, 17_000_000), 3)
    million = np.arange(1_000_000)
    plain = seconds(lambda: (million % 100, million // 100 % 100, million * 0.01, million * 0.02))
    print(f"\n10^8 points counted in {counted:.2f} s; 10^6 of them as a table in {table:.3f} s")
    assert counted < 300 * plain
    assert table < 40 * plain
