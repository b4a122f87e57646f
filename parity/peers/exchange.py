"""How a peer's process gets its cases and hands over what it did. NumPy and nothing else.

A process is started as ``python -m parity.peers.run_PEER CASES.npz RESULTS.json SETUP WEIGHT``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CAPITAL", "FEE", "Bars", "Result", "serve"]

CAPITAL, FEE = 1_000_000.0, 0.001


class Bars(NamedTuple):
    """One case, ``[T, S]`` each: prices, and the signals at their closes."""

    open: Any
    high: Any
    low: Any
    close: Any
    enter: Any
    leave: Any


class Result(NamedTuple):
    """What a peer did with one case.

    Attributes:
        equity: cash and positions at the last close.
        fills: (bar, symbol, signed shares, price) in their order.
        trades: round trips, open ones included.
        refused: orders that the peer did not carry out for want of money.
    """

    equity: float
    fills: list[tuple[int, int, float, float]]
    trades: int
    refused: int = 0


def serve(run: Callable[[str, float, Bars], Result]) -> None:
    """Run every case under the set-up and weight that the command line gives."""
    given, out, setup, weight = sys.argv[1:]
    arrays = np.load(given)
    count = len(arrays.files) // len(Bars._fields)
    cases = [Bars(*(arrays[f"{i}.{name}"] for name in Bars._fields)) for i in range(count)]
    results = [run(setup, float(weight), case) for case in cases]
    Path(out).write_text(json.dumps(results), encoding="utf-8")
