"""Bars of every kind that an indicator may meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bars = dict[str, NDArray[np.float64]]


def _bars(close: NDArray[np.float64], spread: float, seed: int) -> Bars:
    random = np.random.default_rng(seed)
    high = close * (1.0 + spread * random.random(len(close)))
    low = close * (1.0 - spread * random.random(len(close)))
    volume = random.integers(0, 1_000_000, len(close)).astype(float)
    opened = low + (high - low) * random.random(len(close))
    bars = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    return {**bars, "x": close, "y": high}  # as good a pair as any


def _make(kind: str, length: int, seed: int = 7) -> Bars:
    random = np.random.default_rng(seed)
    walk = 50.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, length)))
    jumps = np.where(np.arange(length) == length // 3, 1e6, walk)
    closes = {
        "walk": walk,
        "constant": np.full(length, 123456.789),
        "zero range": walk,
        "huge": walk * 1e6,
        "small": walk * 1e-6,
        "ticks": np.round(walk, 1),
        "still at the end": np.where(np.arange(length) < length // 2, walk, 42.0),
        "calm": 100.0 + np.round(random.normal(0.0, 0.005, length), 3),
        "collapse": walk * np.exp(np.linspace(0.0, -12.0, length)),
        "outlier": jumps,
        "rising": np.linspace(1.0, 100.0, length),
    }
    spread = 0.0 if kind in {"constant", "zero range"} else 0.02
    return _bars(closes[kind], spread, seed)


@pytest.fixture(scope="session")
def make_bars() -> Callable[..., Bars]:
    """``make_bars(kind, length, seed=7)``: open, high, low, close and volume, ``[length]`` each.

    And ``x`` and ``y``, for what works on a pair of series.
    """
    return _make
