"""Made-up studies for the pages: seeded numbers over grids of every kind."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from itertools import product
from typing import Any, TypeAlias

import numpy as np
import polars as pl
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.identity import Identity
from stockstream.report.study.findings import Findings, Outside
from stockstream.study.belief.belief import judge
from stockstream.study.belief.moments import PointMoments
from stockstream.study.belief.plateau import plateau
from stockstream.study.plan import BLOCKS as PLANNED_BLOCKS
from stockstream.study.points.sampling import Sample
from stockstream.study.points.space import Space

Made: TypeAlias = Callable[..., Findings]

HOSTILE = "<img src=x onerror=alert(1)>'\"&{{7*7}}</script>"

AXES: dict[str, tuple[Any, ...]] = {
    "fast_period": tuple(range(5, 45)),
    "slow_period": tuple(range(50, 250, 8)),
}


BLOCKS, BARS, DAILY = 16, 78, 0.012


def places_of(axes: dict[str, tuple[Any, ...]], points: int | None) -> Any:
    """Every place of the grid, or some of them, ``[P, len(axes)]``."""
    sizes = [len(values) for values in axes.values()]
    if points is None:
        return np.array(list(product(*map(range, sizes)))).reshape(-1, len(sizes))
    rng = np.random.default_rng(4)
    return np.column_stack([rng.integers(0, size, points) for size in sizes])


def moments_of(places: Any, sizes: Any) -> PointMoments:
    """Moments of points whose Sharpe ratios make a hill over the grid, with noise on it."""
    rng = np.random.default_rng(1)
    away = ((places / np.maximum(sizes - 1, 1) - 0.6) ** 2).sum(axis=1)
    mean = (0.9 - 1.5 * away) * DAILY / math.sqrt(252.0)
    noise = 0.8 * rng.normal(size=(1, BLOCKS)) + 0.3 * rng.normal(size=(len(places), BLOCKS))
    total = BLOCKS * BARS
    return PointMoments(
        counts=np.full(BLOCKS, float(BARS)),
        sums=BARS * mean[:, None] + math.sqrt(BARS) * DAILY * noise,
        squares=np.full((len(places), BLOCKS), BARS * DAILY**2),
        cubes=np.zeros(len(places)),
        fourths=np.full(len(places), 3.0 * total * DAILY**4),
    )


def frame_of(axes: dict[str, tuple[Any, ...]], places: Any, sharpe: Any) -> pl.DataFrame:
    """The points as a study gives them."""
    rng = np.random.default_rng(2)
    columns = []
    for (name, values), column in zip(axes.items(), places.T, strict=True):
        taken = [values[place] for place in column.tolist()]
        columns.append(pl.Series(name, [list(v) if isinstance(v, tuple) else v for v in taken]))
    growth = np.exp(sharpe * 0.9 + rng.normal(0.0, 0.1, len(places))) - 1.0
    return pl.DataFrame(columns).with_columns(
        point=np.arange(len(places)),
        pieces=np.ones(len(places), np.int64),
        failed=np.zeros(len(places), np.int64),
        total_return=growth,
        gained=(growth > 0.0).astype(float),
        trades=rng.integers(10, 200, len(places)),
        sharpe=sharpe,
        max_drawdown=-rng.uniform(0.1, 0.5, len(places)),
    )


@pytest.fixture(scope="session")
def made() -> Made:
    """Makes the findings of a study; keywords replace fields."""

    def make(
        axes: dict[str, tuple[Any, ...]] | None = None,
        *,
        sampled: int | None = None,
        unknown: float = 0.0,
        pieces: int = 0,
        **fields: Any,
    ) -> Findings:
        grid = AXES if axes is None else axes
        rng = np.random.default_rng(3)
        places = places_of(grid, sampled)
        moments = moments_of(places, np.array([len(values) for values in grid.values()]))
        sharpe = np.where(rng.random(len(places)) < unknown, np.nan, moments.yearly)
        points = frame_of(grid, places, sharpe)
        best = points.filter(pl.col("sharpe").is_not_nan()).sort("sharpe", descending=True).head(15)
        columns = {name: points[name].to_numpy() for name in grid}
        best = best.with_columns(deflated_sharpe=pl.col("sharpe") / 2.0, neighbours=0.4)
        belief = judge(
            moments,
            point=int(best["point"][0]) if len(best) else None,
            parameters=columns,
            resamples=200,
        )
        named = [f"S{place:03d}.AX" for place in range(pieces)]
        returns = rng.normal(0.1, 0.4, pieces)
        given: dict[str, Any] = {
            "name": "s-0123456789ab",
            "config": BacktestConfig(
                strategy_class="MovingAverageCrossover",
                start_date=dt.date(2019, 1, 2),
                end_date=dt.date(2023, 12, 29),
                universe=("BHP.AX", "CBA.AX", "CSL.AX"),
                costs=Costs(commission_bps=10, slippage_bps=5),
            ),
            "identity": Identity("bars@3 actions@1", "d" * 64, "c" * 64, "0.1.0+aa", "e" * 64, 7),
            "flags": ("survivorship: list from 2026-11-20",),
            "split": "ticker" if pieces else "none",
            "pieces_named": "symbol" if pieces else "",
            "piece_labels": ("symbol",) if pieces else (),
            "space": Space(grid, sample=None if sampled is None else Sample("random", sampled)),
            "blocks": PLANNED_BLOCKS,
            "keep_equity": 0,
            "points": points,
            "neighbours": plateau(columns, sharpe).median,
            "sharpes": sharpe,
            "metric": "sharpe",
            "select": "sharpe",
            "best": best,
            "pieces": pl.DataFrame(
                {
                    "symbol": pl.Series(named, dtype=pl.String),
                    "total_return": returns,
                    "sharpe": returns * 2.0,
                    "max_drawdown": -np.abs(returns) / 2.0,
                    "trades": rng.integers(0, 40, pieces),
                    "error": pl.Series([None] * pieces, dtype=pl.String),
                }
            ),
            "belief": belief,
            "outside": None,
            "failures": (),
            "paths": {"sparse": len(points) * max(pieces, 1)},
            "trials": len(points) * max(pieces, 1),
            "done": len(points) * max(pieces, 1),
            "failed": 0,
            "seconds": 1.25,
        }
        return Findings(**{**given, **fields})

    return make


@pytest.fixture(scope="session")
def outside() -> Outside:
    """Three hundred points in and out of sample."""
    rng = np.random.default_rng(8)
    inside = rng.normal(0.5, 0.5, 300)
    later = 0.3 * inside + rng.normal(0.0, 0.4, 300)
    labels = [f"fast_period {place}" for place in range(300)]
    return Outside(inside, later, labels, (1.2, 0.3), "A dot is a point, its folds together.")
