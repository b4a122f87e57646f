"""The life of one company, session by session: returns, halts, splits, dividends, bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stockstream.market.simulated.company import YEAR
from stockstream.market.simulated.factors import (
    MARKET_VOLATILITY,
    SECTOR_VOLATILITY,
    fat_tailed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.market.simulated.company import Company
    from stockstream.market.simulated.factors import Factors
    from stockstream.market.ticks import TickTable

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["Event", "History", "draw_history"]

LARGEST_MOVE: Final = 0.35
"""Log return beyond which a day is cut off: what is left is wild, but no data error."""
OVERNIGHT: Final = 0.3
"""Share of a day's variance that passes while the exchange is closed."""
DECLINE, DECLINE_SESSIONS = -0.006, 150
MEMORY: Final = 0.97 ** np.arange(150)
"""How a company's own nervousness fades, from one session to those after it."""
HALTS_PER_YEAR, SUSPENDED = 1.5, 0.06
HALF_YEAR: Final = 126
SPLITS, SPLIT_ODDS = (2.0, 3.0, 7.0), (0.7, 0.2, 0.1)
CONSOLIDATION: Final = 0.1
TOO_CHEAP: Final = 0.008
"""Price at which a board consolidates; it splits once the price has gone up two or three times."""


class Event(NamedTuple):
    """A split or dividend: the session since the first bar at which it works, and its value."""

    session: int
    value: float


@dataclass(frozen=True)
class History:
    """The bars and events of one company.

    Attributes:
        session: ``[N]``, session of each bar; halts and quiet days leave gaps.
        open, high, low, close: ``[N]``, as traded, on the exchange's price steps.
        volume: ``[N]``, shares.
        splits: new shares for one old share.
        dividends: cash for one share of that day.
    """

    session: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Ints
    splits: tuple[Event, ...]
    dividends: tuple[Event, ...]


def draw_history(
    rng: np.random.Generator, company: Company, factors: Factors, ticks: TickTable
) -> History:
    """Draw the whole life of one company.

    A day's log return r of scale s is cut at the open into an overnight part with mean w r and
    variance w (1 - w) s^2, as a Brownian motion seen from both ends, and the intraday extremes are
    those of a Brownian bridge from open to close (Asmussen, Glynn and Pitman 1995).
    """
    returns, scale = _returns(rng, company, factors)
    halted = _halts(rng, company)
    returns[halted] = 0.0
    spread = np.sqrt(OVERNIGHT * (1.0 - OVERNIGHT)) * scale * rng.standard_normal(company.life)
    intraday = np.where(halted, 0.0, (1.0 - OVERNIGHT) * returns - spread)
    payouts = _payouts(rng, company)
    level = np.log(company.price) + np.cumsum(returns + np.log1p(-payouts))
    splits = _splits(rng, company, level)
    for split in splits:
        level[split.session :] -= np.log(split.value)
    high, low = _extremes(rng, intraday, np.sqrt(1.0 - OVERNIGHT) * scale)
    opens = level - intraday
    traded = np.flatnonzero(~halted)
    return History(
        session=company.first + traded,
        open=ticks.snap(np.exp(opens[traded])),
        high=ticks.snap(np.exp((opens + high)[traded])),
        low=ticks.snap(np.exp((opens + low)[traded])),
        close=ticks.snap(np.exp(level[traded])),
        volume=_volumes(rng, company, np.exp(level), returns / scale)[traded],
        splits=splits,
        dividends=_dividends(payouts, level, splits),
    )


def _returns(rng: np.random.Generator, company: Company, factors: Factors) -> tuple[Floats, Floats]:
    """Log returns of a company and their scale (standard deviation), session by session."""
    life = slice(company.first, company.stop)
    times = factors.volatility[life]
    mood = np.convolve(rng.normal(0.0, 0.07, company.life), MEMORY)[: company.life]
    own = company.volatility * np.sqrt(times) * np.exp(mood)
    common = company.beta * factors.market[life] + factors.sectors[company.sector, life]
    returns = common - own**2 / 2 + own * fat_tailed(rng, company.life, 4)
    if company.failing:
        returns[-DECLINE_SESSIONS:] += DECLINE
    shared = ((company.beta * MARKET_VOLATILITY) ** 2 + SECTOR_VOLATILITY**2) * times**2
    return np.clip(returns, -LARGEST_MOVE, LARGEST_MOVE), np.sqrt(shared + own**2)


def _halts(rng: np.random.Generator, company: Company) -> Flags:
    """Sessions without a bar: quiet days, trading halts of a day or two, rare suspensions."""
    halted = rng.random(company.life) < company.quiet
    count = rng.poisson(HALTS_PER_YEAR * company.life / YEAR)
    starts = rng.integers(0, company.life, count)
    lengths = rng.integers(1, 3, count)
    suspended = rng.random(count) < SUSPENDED
    lengths[suspended] = rng.integers(10, 60, suspended.sum())
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        halted[start : start + length] = True
    halted[[0, -1]] = False
    return halted


def _payouts(rng: np.random.Generator, company: Company) -> Floats:
    """The fraction of the price that leaves as a dividend, on each ex-date; else 0."""
    payouts = np.zeros(company.life)
    if company.payout:
        dates = np.arange(int(rng.integers(1, HALF_YEAR)), company.life, HALF_YEAR)
        payouts[dates] = company.payout * rng.uniform(0.7, 1.3, len(dates))
    return payouts


def _splits(rng: np.random.Generator, company: Company, level: Floats) -> tuple[Event, ...]:
    """Splits that follow a long rise, consolidations that follow a long fall, weeks later."""
    path = level.copy()
    dear = np.log(max(company.price * rng.uniform(1.8, 3.0), 2.0))
    splits: list[Event] = []
    start = 1
    while True:
        reached = (path[start:] > dear) | (path[start:] < np.log(TOO_CHEAP))
        if not reached.any():
            return tuple(splits)
        decided = start + int(np.argmax(reached))
        session = decided + int(rng.integers(20, 60))
        rising = path[decided] > dear
        value = float(rng.choice(SPLITS, p=SPLIT_ODDS)) if rising else CONSOLIDATION
        if session >= company.life:
            return tuple(splits)
        splits.append(Event(session, value))
        path[session:] -= np.log(value)
        start = session


def _dividends(payouts: Floats, level: Floats, splits: tuple[Event, ...]) -> tuple[Event, ...]:
    """The cash of each payout, in hundredths of a cent, for one share of its day."""
    before = np.exp(np.concatenate((level[:1], level[:-1])))
    for split in splits:
        before[split.session] /= split.value
    cash = np.round(payouts * before, 4)
    return tuple(Event(int(day), float(cash[day])) for day in np.flatnonzero(cash))


def _extremes(rng: np.random.Generator, intraday: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Highest and lowest point of a Brownian bridge from 0 to the intraday return."""
    above = np.sqrt(intraday**2 - 2.0 * scale**2 * np.log1p(-rng.random(len(intraday))))
    below = np.sqrt(intraday**2 - 2.0 * scale**2 * np.log1p(-rng.random(len(intraday))))
    return (intraday + above) / 2.0, (intraday - below) / 2.0


def _volumes(rng: np.random.Generator, company: Company, price: Floats, surprise: Floats) -> Ints:
    """Shares traded: more of them on days that move more."""
    mood = rng.normal(0.0, 0.5, company.life) + 0.35 * np.minimum(np.abs(surprise), 5.0)
    shares = company.turnover / price * np.exp(mood)
    return np.maximum(np.round(shares), 1.0).astype(np.int64)
