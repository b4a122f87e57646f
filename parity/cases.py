"""What every backtester gets: bars, and signals made here, by code that shares nothing with ours.

A case is ``T`` sessions of ``S`` symbols, all with a bar in each session. Its prices are whole
thousandths, because zipline stores them as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Mask: TypeAlias = NDArray[np.bool_]

__all__ = ["CAPITAL", "FEE", "Case", "market_cases", "portfolios", "random_series", "save"]

CAPITAL, FEE = 1_000_000.0, 0.001
SEED = 20_261_121
PRICES = ("open", "high", "low", "close")
SHORTEST, LONGEST = 500, 2_000
"""Bars of a real series: shorter ones are not taken, longer ones are cut to their last."""


@dataclass(frozen=True, eq=False)
class Case:
    """Bars and the decisions made at their closes, ``[T, S]`` each.

    Attributes:
        name: which one it is.
        group: ``series``, ``portfolio``, or the file that real bars come from.
        enter, leave: buy and sell signals at the close; never both.
        fast, slow: periods of the two averages whose crossings they are; 0 if drawn at random.
    """

    name: str
    group: str
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    enter: Mask
    leave: Mask
    fast: int = 0
    slow: int = 0

    @property
    def symbols(self) -> int:
        """How many, S."""
        return int(self.close.shape[1])


def random_series(count: int) -> list[Case]:
    """Random walks of one symbol: calm and wild, cheap and dear, with gaps and flat days.

    Every second one trades the crossings of two averages, the others trade at random.
    """
    return [_random_case(i, 1, "series") for i in range(count)]


def portfolios(count: int) -> list[Case]:
    """Several symbols each that share one account."""
    return [_random_case(1_000_000 + i, 4 + 2 * i, "portfolio") for i in range(count)]


def _random_case(number: int, symbols: int, group: str) -> Case:
    random = np.random.default_rng([SEED, number])
    sessions = int(random.integers(120, 1_001))
    bars = _random_bars(random, sessions, symbols)
    name = f"{group}-{number % 1_000_000:03d}"
    if number % 2:
        enter = random.random((sessions, symbols)) < 0.06
        leave = (random.random((sessions, symbols)) < 0.06) & ~enter
        enter[0] = False  # backtesting.py asks from the second bar on
        return Case(name, group, *bars, enter, leave)
    fast = int(random.integers(2, 20))
    slow = fast + int(random.integers(3, 60))
    return Case(name, group, *bars, *crossings(bars[3], fast, slow), fast, slow)


def _random_bars(
    random: np.random.Generator, sessions: int, symbols: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Open, high, low and close; one open in fifty gaps and one bar in thirty stands still."""
    shape = (sessions, symbols)
    moves = random.normal(random.normal(2e-4, 6e-4, symbols), random.uniform(4e-3, 0.04), shape)
    gaps = random.normal(0.0, 0.004, shape)
    gaps += np.where(random.random(shape) < 0.02, random.normal(0.0, 0.07, shape), 0.0)
    still = random.random(shape) < 0.03
    moves[still] = gaps[still] = 0.0
    first = np.exp(random.uniform(np.log(0.5), np.log(400.0), symbols))
    steps = np.cumsum(gaps + moves, axis=0)
    close = first * np.exp(steps)
    opens = first * np.exp(steps - moves)
    reach = np.abs(random.normal(0.0, 0.005, (2, *shape)))
    reach[:, still] = 0.0
    high = np.maximum(opens, close) * np.exp(reach[0])
    low = np.minimum(opens, close) * np.exp(-reach[1])
    opens, high, low, close = (
        np.maximum(np.round(column, 3), 0.001) for column in (opens, high, low, close)
    )
    return opens, high, low, close


def crossings(close: Floats, fast: int, slow: int) -> tuple[Mask, Mask]:
    """Bars at which the fast average of each column crosses above and below the slow one.

    While the averages are equal the last side counts; a first value has nothing to cross from.
    """
    above, below = np.zeros(close.shape, bool), np.zeros(close.shape, bool)
    for s in range(close.shape[1]):
        column = close[:, s].tolist()
        side = 0
        for t, (quick, late) in enumerate(
            zip(_average(column, fast), _average(column, slow), strict=True)
        ):
            if quick is None or late is None:
                continue
            now = (quick > late) - (quick < late) or side
            above[t, s], below[t, s] = side < 0 < now, now < 0 < side
            side = now
    return above, below


def _average(close: Sequence[float], period: int) -> list[float | None]:
    """Simple moving average with one running sum: add, divide, take the oldest off.

    The order of the sums is part of the convention: another order breaks exact ties differently.
    """
    out: list[float | None] = []
    total = 0.0
    for t, value in enumerate(close):
        total += value
        out.append(total / period if t >= period - 1 else None)
        if t >= period - 1:
            total -= close[t - period + 1]
    return out


def market_cases(path: Path, count: int) -> list[Case]:
    """Crossings on real symbols of a Parquet file, chosen with a seed among those long enough.

    Bars with a price that is missing or below a thousandth are left out: no peer takes them.
    """
    import polars as pl

    bars = pl.read_parquet(path, columns=["symbol", "date", *PRICES])
    bars = bars.with_columns(pl.col(PRICES).round(3)).drop_nulls()
    bars = bars.filter(pl.min_horizontal(PRICES) >= 0.001).sort("symbol", "date")
    long = bars.group_by("symbol").len().filter(pl.col("len") >= SHORTEST)
    names = long["symbol"].sort().to_list()
    random = np.random.default_rng(SEED)
    cases = []
    for symbol in random.choice(names, min(count, len(names)), replace=False).tolist():
        own = bars.filter(pl.col("symbol") == symbol).tail(LONGEST)
        opens, high, low, close = (
            np.ascontiguousarray(own[name].to_numpy())[:, None] for name in PRICES
        )
        fast = int(random.integers(3, 20))
        slow = fast + int(random.integers(5, 60))
        enter, leave = crossings(close, fast, slow)
        cases.append(Case(symbol, path.stem, opens, high, low, close, enter, leave, fast, slow))
    return cases


def save(path: Path, cases: Sequence[Case]) -> None:
    """Write cases where a peer's process reads them (``peers/exchange.py``)."""
    arrays = {
        f"{i}.{name}": getattr(case, name)
        for i, case in enumerate(cases)
        for name in (*PRICES, "enter", "leave")
    }
    np.savez(path, **arrays)
