"""What moves every share at once: the market, the sectors, and how nervous the times are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SECTORS", "Factors", "draw_factors", "fat_tailed"]

SECTORS: Final = {
    "Materials": 0.38,
    "Energy": 0.09,
    "Financials": 0.11,
    "Health Care": 0.10,
    "Information Technology": 0.09,
    "Industrials": 0.08,
    "Consumer Discretionary": 0.06,
    "Real Estate": 0.03,
    "Consumer Staples": 0.03,
    "Communication Services": 0.02,
    "Utilities": 0.01,
}
"""Sectors and the share of companies in each, about those of the Australian market."""

REGIMES: Final = np.array([0.65, 1.0, 2.2])
"""Volatility of calm, usual and stressed times, as multiples of the usual one."""

STAY_OR_MOVE: Final = np.array(
    [
        [0.988, 0.012, 0.000],
        [0.010, 0.984, 0.006],
        [0.000, 0.040, 0.960],
    ]
)
"""Daily odds of going from one regime (row) to another (column): about 80, 60 and 25 sessions."""

MARKET_VOLATILITY, MARKET_DRIFT, STRESS_DRIFT = 0.0085, 0.0004, -0.0025
SECTOR_VOLATILITY: Final = 0.0055


@dataclass(frozen=True)
class Factors:
    """The common part of returns on T sessions.

    Attributes:
        volatility: ``[T]``, 1.0 in usual times.
        market: ``[T]``, log return of the market.
        sectors: ``[11, T]``, log return of each sector over the market.
    """

    volatility: Floats
    market: Floats
    sectors: Floats


def draw_factors(rng: np.random.Generator, sessions: int) -> Factors:
    """Draw the common factors of so many sessions."""
    regime = _regimes(rng, sessions)
    volatility = REGIMES[regime]
    drift = np.where(regime == len(REGIMES) - 1, STRESS_DRIFT, MARKET_DRIFT)
    market = drift + MARKET_VOLATILITY * volatility * fat_tailed(rng, sessions, 5)
    noise = fat_tailed(rng, (len(SECTORS), sessions), 5)
    return Factors(volatility, market, SECTOR_VOLATILITY * volatility * noise)


def fat_tailed(rng: np.random.Generator, size: int | tuple[int, ...], degrees: int) -> Floats:
    """Student's t with the given degrees of freedom (3 or more), scaled to unit variance."""
    return np.asarray(rng.standard_t(degrees, size) * np.sqrt((degrees - 2) / degrees))


def _regimes(rng: np.random.Generator, sessions: int) -> NDArray[np.int64]:
    """A Markov chain over the regimes that starts in usual times."""
    reach = np.cumsum(STAY_OR_MOVE, axis=1).tolist()
    state, states = 1, []
    for draw in rng.random(sessions).tolist():
        states.append(state)
        calmer, same = reach[state][0], reach[state][1]
        state = 0 if draw < calmer else 1 if draw < same else 2
    return np.array(states, np.int64)
