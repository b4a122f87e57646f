"""The result of a backtest: curves, fills, trades, metrics, and what they are made of."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest import frames as tables
from stockstream.backtest.codes import STILL_OPEN
from stockstream.backtest.holdings import contribution_frame, paths_of, position_frame
from stockstream.backtest.trades import fill_frame, trade_frame, trade_returns
from stockstream.metrics import bootstrap, statistics
from stockstream.metrics.returns import per_bar, simple_returns
from stockstream.metrics.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.identity import Identity
    from stockstream.backtest.outcome import Outcome
    from stockstream.market.panel import Panel
    from stockstream.metrics.bootstrap import Confidence
    from stockstream.metrics.statistics import Statistics
    from stockstream.metrics.summary import Metrics

    Floats = NDArray[np.float64]

__all__ = ["BacktestResult", "Benchmark", "json_ready", "measure"]

TOTALS = (
    "commission",
    "slippage",
    "borrow",
    "financing",
    "dividends",
    "traded",
    "unaffordable",
    "cooled_off",
    "unpriced",
    "below_parcel",
    "margin_calls",
)

PAID = ("commission", "slippage", "borrow", "financing")
"""The totals that are costs."""


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
        costs=sum(account[name] for name in PAID),
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
        totals: commission, slippage, borrow, financing, dividends, traded in money; counters of
            orders that were dropped and of margin calls.
        frames: gives fills and trades, made when first asked for.
        accounts: gives positions and contributions, made when first asked for.
        flags: what a reader must know.
        benchmark: what the run is held against; None where nothing is.
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
    accounts: Callable[[], tuple[pl.DataFrame, pl.DataFrame]] = field(repr=False)
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
        sleeves: Sequence[str] = (),
        flags: tuple[str, ...] = (),
        benchmark: Benchmark | None = None,
    ) -> BacktestResult:
        """The result of what an engine wrote down; ``sleeves`` names its strategies."""
        equity = np.ascontiguousarray(outcome.days["equity"])

        def accounts() -> tuple[pl.DataFrame, pl.DataFrame]:
            paths = paths_of(fill_frame(outcome.fills, panel, sleeves), panel, config)
            contributions = contribution_frame(paths, panel, config, equity)
            return position_frame(paths, panel), contributions

        return cls(
            config=config,
            identity=identity,
            engine=engine,
            metrics=measure(outcome, config),
            dates=panel.dates[panel.first :].astype("datetime64[D]"),
            equity=equity,
            cash=np.ascontiguousarray(outcome.days["cash"]),
            invested=np.ascontiguousarray(outcome.days["invested"]),
            totals={name: outcome.account[name] for name in TOTALS},
            frames=lambda: (
                fill_frame(outcome.fills, panel, sleeves),
                trade_frame(outcome.trades, panel, sleeves),
            ),
            accounts=accounts,
            flags=flags,
            benchmark=benchmark,
        )

    @cached_property
    def _frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return self.frames()

    @cached_property
    def _accounts(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return self.accounts()

    @property
    def fills(self) -> pl.DataFrame:
        """Every fill: date, symbol, quantity, price, commission, slippage, reason."""
        return self._frames[0]

    @property
    def trades(self) -> pl.DataFrame:
        """Every round trip, those still open last and marked at the last close."""
        return self._frames[1]

    @property
    def positions(self) -> pl.DataFrame:
        """Every position at every close: date, strategy, symbol, quantity, value."""
        return self._accounts[0]

    @property
    def contributions(self) -> pl.DataFrame:
        """Profit by strategy, symbol and year, in money; it adds up to the profit of the run.

        A row without a symbol is what belongs to none: interest on borrowed cash.
        """
        return self._accounts[1]

    def contribution(self, by: tables.By) -> pl.DataFrame:
        """Contributions by ``symbol``, ``year`` or ``strategy``: pnl, contribution, share."""
        return tables.contribution_by(self, by)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """A row a session: date, equity, cash, invested, return, drawdown, benchmark."""
        return tables.equity_frame(self)

    @cached_property
    def monthly(self) -> pl.DataFrame:
        """Returns by calendar month: year, Jan to Dec, total."""
        return tables.month_frame(self)

    @cached_property
    def drawdowns(self) -> pl.DataFrame:
        """Every drawdown, the deepest first: peak, trough, recovery, depth, length."""
        return tables.drawdown_frame(self)

    def rolling(self, window: int = 126) -> pl.DataFrame:
        """Sharpe ratio, volatility and beta of the last ``window`` returns at each session."""
        return tables.rolling_frame(self, window)

    @cached_property
    def returns(self) -> Floats:
        """``[T]``: simple return of each session; the first is 0.0."""
        return simple_returns(self.equity)

    @cached_property
    def statistics(self) -> Statistics:
        """Measures beyond the metrics: tails, periods, trades, against the benchmark."""
        settings = {
            "periods": self.config.periods_per_year,
            "risk_free": self.config.risk_free,
        }
        closed = self.trades.filter(~self.trades["open"]).sort("exit_date", maintain_order=True)
        columns = (closed[name] for name in ("pnl", "return", "bars", "mae", "mfe"))
        held = self.benchmark
        return statistics.Statistics(
            returns=statistics.describe_returns(self.dates, self.equity, **settings),
            trades=statistics.describe_trades(*columns),
            benchmark=None
            if held is None
            else statistics.describe_benchmark(self.dates, self.equity, held.equity, **settings),
        )

    @cached_property
    def confidence(self) -> Confidence:
        """95 % intervals of the headline numbers, from 2,000 resamples drawn with the run's seed.

        Other levels, resamples and block lengths: ``metrics.bootstrap.confidence(result.returns)``.
        """
        periods = self.config.periods_per_year
        return bootstrap.confidence(
            self.returns,
            seed=self.config.seed,
            periods=periods,
            risk_free=per_bar(self.config.risk_free, periods),
        )

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """:attr:`frame` as an Arrow C stream: ``pl.DataFrame(result)``, ``pa.table(result)``."""
        return self.frame.__arrow_c_stream__(requested_schema)

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
