"""Measure how often the numbers of a study's belief are fooled by noise, and what they miss.

``python scripts/measure_belief.py`` draws every case 500 times and writes the table into
``docs/guide/belief.md``. Same seed, same table. It takes some minutes on one core.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stockstream.testing.noise import World, rates, simulated, swept, threshold_rates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockstream.testing.noise import Rates

GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "belief.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
HEAD = (
    "| case | deflated Sharpe | luck | White | Hansen | PBO |",
    "|---|---|---|---|---|---|",
)
INTERVALS = 125

WORLDS = {
    "one trial": World(points=1),
    "100 independent trials": World(),
    "100 trials, correlation 0.5": World(correlation=0.5),
    "100 trials, correlation 0.9": World(correlation=0.9),
    "100 trials, correlation 0.5, fat tails (t, 4)": World(correlation=0.5, tails=4),
    "1,000 independent trials": World(points=1000),
    "100 independent trials, equity kept": World(intervals=INTERVALS),
    "100 trials, correlation 0.5, equity kept": World(correlation=0.5, intervals=INTERVALS),
    "**edge**: 1 of 100 independent with ratio 2": World(ratio=2.0, winners=1),
    "**edge**: 1 of 100 independent with ratio 3": World(ratio=3.0, winners=1),
    "**edge**: all of 100 with ratio 1.5, correlation 0.9": World(
        ratio=1.5, winners=100, correlation=0.9
    ),
}


def cases(runs: int, seed: int) -> dict[str, Callable[[], Rates]]:
    """Every row of the table, and how it is made; each from draws of its own."""
    found: dict[str, Callable[[], Rates]] = {
        "a trial whose true ratio is what luck shows in 100": partial(threshold_rates, runs, seed)
    }
    for place, (name, world) in enumerate(WORLDS.items(), seed + 1):
        found[name] = partial(_drawn, world, runs, place)
    found["sweep of 80 moving averages on a random walk"] = partial(_swept, runs, seed)
    found["the same, equity kept"] = partial(_swept, runs, seed, keep_equity=INTERVALS + 1)
    trend = partial(_swept, runs, seed, trend=0.002)
    return found | {"**edge**: the same sweep, drift of 0.2 % a day that turns": trend}


def _drawn(world: World, runs: int, seed: int) -> Rates:
    return rates(simulated(world, runs, seed))


def _swept(runs: int, seed: int, trend: float = 0.0, keep_equity: int = 0) -> Rates:
    return rates(swept(runs, seed, trend, keep_equity))


def row(name: str, found: Rates) -> str:
    """A line of the table."""
    numbers = (_pair(pair) for pair in (found.deflated, found.luck, found.white, found.hansen))
    overfit = "" if math.isnan(found.overfitting) else f"{found.overfitting:.3f}"
    if overfit:
        overfit += f" ± {found.overfitting_error:.3f}"
    return f"| {name} | {' | '.join(numbers)} | {overfit} |"


def _pair(pair: tuple[float, float]) -> str:
    if math.isnan(pair[0]):
        return ""
    return " / ".join(f"{100.0 * value:.1f} %" for value in pair)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the table into the guide."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--print", action="store_true", help="leave the guide as it is")
    options = parser.parse_args(arguments)
    lines = [*HEAD]
    for name, measure in cases(options.runs, options.seed).items():
        lines.append(row(name, measure()))
        print(lines[-1], flush=True)
    if not options.print:
        whole = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
        table = "\n".join((BEGIN, *lines, END))
        text = GUIDE.read_text(encoding="utf-8")
        GUIDE.write_text(whole.sub(lambda _: table, text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
