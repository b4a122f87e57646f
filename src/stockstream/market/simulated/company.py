"""The companies of the simulated market: how large, how wild, how long they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stockstream.market.simulated.factors import SECTORS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CODES", "Company", "code_of", "draw_company"]

YEAR: Final = 252
"""Sessions."""
SEASONED: Final = 60
"""Sessions that a company has at least between its listing and its delisting or the end."""
NEWLY_LISTED: Final = 0.3
OLDEST: Final = 25 * 260
"""Weekdays since its listing that a company has behind it at most when the simulation starts."""
DELISTED_PER_YEAR: Final = 0.035
FAILED: Final = 0.4
"""Share of the delistings that follow a long decline; the others are takeovers."""
CODES: Final = 26**3


@dataclass(frozen=True)
class Company:
    """One company, as drawn.

    Attributes:
        sector: index into :data:`~stockstream.market.simulated.factors.SECTORS`.
        price: first close, in dollars.
        beta: exposure to the market.
        volatility: of its own daily log return, in usual times.
        turnover: median value traded in a session, in dollars.
        quiet: odds of a session without a trade.
        payout: dividend as a fraction of the price, each half year; 0 for a company that pays none.
        age: weekdays between its listing and its first bar; 0 for a new listing.
        first: session of its first bar.
        stop: session after its last bar.
        failing: whether it declines before it is delisted.
    """

    sector: int
    price: float
    beta: float
    volatility: float
    turnover: float
    quiet: float
    payout: float
    age: int
    first: int
    stop: int
    failing: bool

    @property
    def life(self) -> int:
        """Sessions from its first bar to its last."""
        return self.stop - self.first


def code_of(index: int) -> str:
    """A code of three letters: ZAA, ZAB, ... ZZZ, YAA and so on.

    It has the shape of a real code, and may be one by chance; the company is not.
    """
    block, place = divmod(index, 26 * 26)
    second, third = divmod(place, 26)
    return chr(ord("Z") - block) + chr(ord("A") + second) + chr(ord("A") + third)


def draw_company(rng: np.random.Generator, sessions: int) -> Company:
    """Draw one company of a market that is watched for so many sessions.

    Size decides the rest, as in a real market: small companies have low prices, wild returns, days
    without a trade, and no dividend.
    """
    size = float(rng.beta(1.2, 2.0))
    age, first, stop, failing = _draw_life(rng, sessions)
    pays = rng.random() < size * 1.4
    return Company(
        sector=int(rng.choice(len(SECTORS), p=_shares_of_sectors())),
        price=float(np.exp(rng.normal(-3.6 + 9.0 * size, 0.6))),
        beta=float(np.clip(rng.normal(1.0, 0.35), 0.1, 2.2)),
        volatility=float(np.exp(rng.normal(np.log(0.042) - 1.4 * size, 0.2))),
        turnover=float(np.exp(rng.normal(9.5 + 9.0 * size, 0.6))),
        quiet=max(0.0, 0.08 * (0.5 - size)),
        payout=float(rng.uniform(0.008, 0.03)) if pays else 0.0,
        age=age,
        first=first,
        stop=stop,
        failing=failing,
    )


def _draw_life(rng: np.random.Generator, sessions: int) -> tuple[int, int, int, bool]:
    """Age, first session, the session after the last, and whether the end is a failure."""
    room = max(0, sessions - SEASONED)
    newly, first = rng.random() < NEWLY_LISTED, int(rng.random() * room)
    age = int(rng.integers(1, OLDEST))
    years, failing = rng.exponential(1.0 / DELISTED_PER_YEAR), bool(rng.random() < FAILED)
    age, first = (0, first) if newly else (age, 0)
    stop = first + SEASONED + int(years * YEAR)
    return (age, first, stop, failing) if stop < sessions else (age, first, sessions, False)


def _shares_of_sectors() -> NDArray[np.float64]:
    shares = np.array(list(SECTORS.values()))
    return np.asarray(shares / shares.sum())
