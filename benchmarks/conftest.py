"""The market that benchmarks run on: regimes, so that averages cross; no gaps; made here."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockstream.market.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Callable

SESSIONS = 2520


@cache
def market(symbols: int) -> Panel:
    """``symbols`` x 2,520 daily bars, seeded."""
    random = np.random.default_rng(7)
    shape = (symbols, SESSIONS)
    regime = np.repeat(random.normal(0.0, 6e-4, (symbols, SESSIONS // 60)), 60, axis=1)
    close = 50.0 * np.exp(np.cumsum(2e-4 + regime + random.normal(0.0, 0.015, shape), axis=1))
    before = np.hstack((np.full((symbols, 1), 50.0), close[:, :-1]))
    opens = before * np.exp(random.normal(0.0, 0.004, shape))
    high = np.maximum(opens, close) * np.exp(np.abs(random.normal(0.0, 0.006, shape)))
    low = np.minimum(opens, close) * np.exp(-np.abs(random.normal(0.0, 0.006, shape)))
    return Panel(
        tuple(f"S{i:04d}" for i in range(symbols)),
        np.datetime64("2010-01-01") + np.arange(SESSIONS).astype("timedelta64[D]"),
        np.arange(symbols + 1) * SESSIONS,
        np.tile(np.arange(SESSIONS), symbols),
        np.round(opens, 4).ravel(),
        np.round(high, 4).ravel(),
        np.round(low, 4).ravel(),
        np.round(close, 4).ravel(),
        np.full(symbols * SESSIONS, 1e6),
    )


@pytest.fixture
def panel_of_size() -> Callable[[int], Panel]:
    return market


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--most-trials``."""
    parser.addoption(
        "--most-trials",
        type=int,
        default=10**6,
        help="the largest sweep of the benchmarks; 10000000 takes minutes and 4 GB of disk",
    )


@pytest.fixture
def most_trials(request: pytest.FixtureRequest) -> int:
    found: int = request.config.getoption("--most-trials")
    return found
