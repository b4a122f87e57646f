"""Points without an edge, or with a planted one, and how often the judgement is fooled by them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.market.panel import Panel
from stockstream.metrics.deflated import deflated_sharpe, expected_maximum
from stockstream.study.belief.belief import judge
from stockstream.study.belief.moments import PointMoments
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from stockstream.study.belief.belief import Belief

    Floats: TypeAlias = NDArray[np.float64]

__all__ = [
    "NoiseMarket",
    "Rates",
    "World",
    "moments_of",
    "rates",
    "simulated",
    "swept",
    "threshold_rates",
]

DAILY_VOLATILITY = 0.01


@dataclass(frozen=True, slots=True)
class World:
    """Returns of points as they are drawn.

    Attributes:
        points: how many there are.
        bars: of each.
        correlation: of any two points.
        tails: degrees of freedom of Student's t; None for normal returns.
        ratio: true Sharpe ratio per year of those with an edge.
        winners: how many points have it.
        intervals: of the kept equity; 0 keeps none.
    """

    points: int = 100
    bars: int = 1000
    correlation: float = 0.0
    tails: int | None = None
    ratio: float = 0.0
    winners: int = 0
    intervals: int = 0

    def returns(self, rng: np.random.Generator) -> Floats:
        """Draw, ``[points, bars]``."""
        own, shared = math.sqrt(1.0 - self.correlation), math.sqrt(self.correlation)
        drawn = own * self._unit(rng, self.points) + shared * self._unit(rng, 1)
        drawn[: self.winners] += self.ratio / math.sqrt(252.0)
        return np.asarray(drawn * DAILY_VOLATILITY)

    def _unit(self, rng: np.random.Generator, rows: int) -> Floats:
        if self.tails is None:
            return rng.standard_normal((rows, self.bars))
        scale = math.sqrt((self.tails - 2.0) / self.tails)
        return np.asarray(rng.standard_t(self.tails, (rows, self.bars)) * scale)


class NoiseMarket:
    """One symbol whose price is a random walk: no rule can earn on it but by luck.

    It serves panels as a lake does. A bar opens at the last close, so that the night moves nothing.

    Args:
        sessions: how many there are, from 2000 on.
        seed: of the walk.
        trend: standard deviation of a slow drift that comes and goes, a day; 0.0 is pure noise.
    """

    SYMBOL = "NOISE.AX"
    FIRST = "2000-01-03"

    def __init__(self, sessions: int, seed: int, trend: float = 0.0) -> None:
        rng = np.random.default_rng((seed, sessions))
        moves = rng.normal(0.0, DAILY_VOLATILITY, sessions) - DAILY_VOLATILITY**2 / 2.0
        if trend:
            moves += np.repeat(rng.choice((-trend, trend), sessions // 60 + 1), 60)[:sessions]
        close = 100.0 * np.exp(np.cumsum(moves))
        opens = np.concatenate(([100.0], close[:-1]))
        dates = np.busday_offset(self.FIRST, np.arange(sessions), roll="forward")
        self.whole = Panel(
            symbols=(self.SYMBOL,),
            dates=dates.astype("datetime64[D]"),
            offsets=np.array([0, sessions]),
            bar=np.arange(sessions),
            open=opens,
            high=np.maximum(opens, close),
            low=np.minimum(opens, close),
            close=close,
            volume=np.full(sessions, 1e9),
            version=f"noise@{seed}",
        )

    def symbols(self) -> list[str]:
        """The one there is."""
        return [self.SYMBOL]

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        """As they are."""
        return list(symbols)

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        """A window of the walk, with ``warmup`` sessions before it, or from a day on."""
        dates = self.whole.dates
        first = int(np.searchsorted(dates, np.datetime64(start)))
        stop = int(np.searchsorted(dates, np.datetime64(end), side="right"))
        early = (
            first - warmup
            if isinstance(warmup, int)
            else np.searchsorted(dates, np.datetime64(warmup))
        )
        return self.whole.window(max(int(early), 0), stop, first)


class Rates(NamedTuple):
    """How often something was found, over all runs.

    Attributes:
        runs: how many there were.
        deflated: share of the runs with a deflated Sharpe ratio of 95 % and of 99 % or more.
        luck: with a probability of luck of 5 % and 1 % or less.
        white: with White's p-value of 5 % and 1 % or less.
        hansen: with Hansen's consistent p-value of 5 % and 1 % or less.
        overfitting: mean probability of backtest overfitting.
        overfitting_error: standard error of that mean.
    """

    runs: int
    deflated: tuple[float, float]
    luck: tuple[float, float]
    white: tuple[float, float]
    hansen: tuple[float, float]
    overfitting: float
    overfitting_error: float


def moments_of(returns: Floats, blocks: int = 16, intervals: int = 0) -> PointMoments:
    """The moments of returns ``[P, T]``, as a sweep keeps them.

    Args:
        returns: simple, per bar.
        blocks: of equal length, but for rounding.
        intervals: of the kept equity; 0 keeps none.
    """
    bars = returns.shape[1]
    starts = np.arange(blocks) * bars // blocks
    ends = np.arange(intervals + 1) * (bars - 1) // max(intervals, 1)
    return PointMoments(
        counts=np.diff(starts, append=bars).astype(np.float64),
        sums=np.add.reduceat(returns, starts, axis=1),
        squares=np.add.reduceat(returns**2, starts, axis=1),
        cubes=(returns**3).sum(axis=1),
        fourths=(returns**4).sum(axis=1),
        curve=np.cumprod(1.0 + returns, axis=1)[:, ends] if intervals else None,
    )


def simulated(world: World, runs: int, seed: int, resamples: int = 500) -> Iterator[Belief]:
    """Draw the world again and again, and judge the best of its points each time."""
    for run in range(runs):
        returns = world.returns(np.random.default_rng((seed, run)))
        moments = moments_of(returns, intervals=world.intervals)
        yield judge(moments, resamples=resamples, seed=run)


def swept(runs: int, seed: int, trend: float = 0.0, keep_equity: int = 0) -> Iterator[Belief]:
    """Sweep moving averages over one random walk after another, and judge the best of each.

    80 combinations over four years, long or out of the market, without costs.

    Args:
        runs: how many walks.
        seed: of the walks.
        trend: see :class:`NoiseMarket`.
        keep_equity: days at which the equity is kept.
    """
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date="2001-01-01",
        end_date="2004-12-31",
        initial_capital=1e9,
        costs=Costs(),
        param_grid={
            "fast_period": (2, 3, 4, 6, 8, 11, 15, 20),
            "slow_period": (21, 24, 28, 34, 42, 53, 68, 90, 120, 160),
        },
    )
    for run in range(runs):
        market = NoiseMarket(1400, seed * 1_000_003 + run, trend)
        yield run_sweep(config, market, workers=1, keep_equity=keep_equity).significance()


def threshold_rates(runs: int, seed: int, trials: int = 100, bars: int = 1000) -> Rates:
    """How often a single trial passes whose true ratio is just what luck shows in many.

    That is the hypothesis which the deflated Sharpe ratio tests, so it is found at its nominal
    rate. The other numbers are NaN.

    Args:
        runs: how many trials.
        seed: of their returns.
        trials: among which luck would be looked for.
        bars: of each.
    """
    variance = 1.0 / (bars - 1)
    edge = math.sqrt(variance) * expected_maximum(trials) * math.sqrt(252.0)
    world = World(points=1, bars=bars, ratio=edge, winners=1)
    below = []
    for run in range(runs):
        moments = moments_of(world.returns(np.random.default_rng((seed, run))))
        skew, kurtosis = (float(values[0]) for values in moments.shape)
        ratio = float(moments.sharpe[0])
        below.append(1.0 - deflated_sharpe(ratio, bars, trials, variance, skew, kurtosis))
    nothing = math.nan, math.nan
    return Rates(runs, _share(below), nothing, nothing, nothing, math.nan, math.nan)


def rates(beliefs: Iterable[Belief]) -> Rates:
    """How often the numbers crossed their usual levels."""
    seen = list(beliefs)
    overfit = np.array([belief.overfitting.probability for belief in seen])
    return Rates(
        runs=len(seen),
        deflated=_share([1.0 - belief.deflated.deflated_sharpe for belief in seen]),
        luck=_share([belief.deflated.luck for belief in seen]),
        white=_share([belief.reality_check.white for belief in seen]),
        hansen=_share([belief.reality_check.consistent for belief in seen]),
        overfitting=float(overfit.mean()),
        overfitting_error=float(overfit.std(ddof=1)) / math.sqrt(len(seen)),
    )


def _share(values: list[float]) -> tuple[float, float]:
    found = np.array(values)
    if np.isnan(found).all():
        return math.nan, math.nan
    return float((found <= 0.05).mean()), float((found <= 0.01).mean())
