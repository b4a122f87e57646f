"""The result of a backtest: curves, fills, trades, metrics, and what they are made of."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.codes import STILL_OPEN
from stockstream.backtest.trades import fill_frame, trade_frame, trade_returns
from stockstream.metrics.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.identity import Identity
    from stockstream.backtest.outcome import Outcome
    from stockstream.market.panel import Panel
    from stockstream.metrics.summary import Metrics

    Floats = NDArray[np.float64]

__all__ = ["BacktestResult", "Benchmark", "json_ready", "measure"]

TOTALS = (
    "commission",
    "slippage",
    "borrow",
    "dividends",
    "traded",
    "unaffordable",
    "cooled_off",
    "unpriced",
)


def measure(outcome: Outcome, config: BacktestConfig) -> Metrics:
    """The metrics of an outcome (definitions in ``stockstream.metrics``)."""
    trades, account, days = outcome.trades, outcome.account, outcome.days
    closed = trades[trades["reason"] != STILL_OPEN]
    return summarise(
        equity=np.ascontiguousarray(days["equity"]),
        trade_pnl=closed["pnl"],
        trade_return=trade_returns(closed),
        invested=days["invested"],
        traded_value=account["traded"],
        costs=account["commission"] + account["slippage"] + account["borrow"],
        initial_capital=config.initial_capital,
        open_trades=len(trades) - len(closed),
        periods=config.periods_per_year,
        risk_free=config.risk_free,
    )


@dataclass(frozen=True)
class Benchmark:
    """What the result is held against."""

    name: str
    equity: Floats


@dataclass(frozen=True)
class BacktestResult:
    """One backtest, done.

    Attributes:
        config: with every parameter of the strategy written out.
        identity: what the numbers are made of.
        engine: ``compiled`` or ``event``.
        metrics: fractions; NaN where undefined.
        dates: ``datetime64[D] [T]``, the sessions of the trading window.
        equity, cash, invested: ``[T]``, money at each close; invested is the sum of the absolute
            position values.
        totals: commission, slippage, borrow, dividends, traded in money; counters of orders that
            were dropped.
        frames: gives fills and trades, made when first asked for.
        flags: what a reader must know.
        benchmark: buy and hold of the same symbols, equal weights, no costs.
    """

    config: BacktestConfig
    identity: Identity
    engine: str
    metrics: Metrics
    dates: NDArray[np.datetime64]
    equity: Floats
    cash: Floats
    invested: Floats
    totals: dict[str, float]
    frames: Callable[[], tuple[pl.DataFrame, pl.DataFrame]] = field(repr=False)
    flags: tuple[str, ...] = ()
    benchmark: Benchmark | None = None

    @classmethod
    def of(
        cls,
        outcome: Outcome,
        panel: Panel,
        *,
        config: BacktestConfig,
        identity: Identity,
        engine: str,
        flags: tuple[str, ...] = (),
        benchmark: Benchmark | None = None,
    ) -> BacktestResult:
        """The result of what an engine wrote down."""
        return cls(
            config=config,
            identity=identity,
            engine=engine,
            metrics=measure(outcome, config),
            dates=panel.dates[panel.first :].astype("datetime64[D]"),
            equity=np.ascontiguousarray(outcome.days["equity"]),
            cash=np.ascontiguousarray(outcome.days["cash"]),
            invested=np.ascontiguousarray(outcome.days["invested"]),
            totals={name: outcome.account[name] for name in TOTALS},
            frames=lambda: (fill_frame(outcome.fills, panel), trade_frame(outcome.trades, panel)),
            flags=flags,
            benchmark=benchmark,
        )

    @cached_property
    def _frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return self.frames()

    @property
    def fills(self) -> pl.DataFrame:
        """Every fill: date, symbol, quantity, price, commission, slippage, reason."""
        return self._frames[0]

    @property
    def trades(self) -> pl.DataFrame:
        """Every round trip, those still open last and marked at the last close."""
        return self._frames[1]

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values, without the curves: fractions, null where undefined."""
        return {
            "metrics": json_ready(self.metrics.as_dict()),
            "identity": self.identity.as_dict(),
            "config": self.config.model_dump(mode="json"),
            "engine": self.engine,
            "sessions": len(self.dates),
            "first_session": str(self.dates[0]),
            "last_session": str(self.dates[-1]),
            "final_equity": float(self.equity[-1]),
            "totals": json_ready(self.totals),
            "benchmark": self._benchmark_dict(),
            "flags": list(self.flags),
        }

    def _benchmark_dict(self) -> dict[str, Any] | None:
        if self.benchmark is None:
            return None
        start = self.benchmark.equity[0]
        total = float(self.benchmark.equity[-1] / start - 1.0)
        return {"name": self.benchmark.name, "total_return": total}

    def to_json(self) -> str:
        """:meth:`to_dict` as text; the same result, the same bytes."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=False, allow_nan=False)


def json_ready(values: dict[str, Any]) -> dict[str, Any]:
    """NaN and infinity as null, which JSON lacks."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in values.items()
    }
