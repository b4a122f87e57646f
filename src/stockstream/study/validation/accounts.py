"""Joining accounts: one after the other in time, or side by side.

What is joined is money, and with it returns; then everything is measured again. Ratios of parts say
little of the ratio of the whole: two years with a Sharpe ratio of 1 each can make one of 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from stockstream.backtest.result import PAID
from stockstream.metrics.returns import simple_returns
from stockstream.metrics.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.result import BacktestResult
    from stockstream.metrics.summary import Metrics

    Floats = NDArray[np.float64]
    Dates = NDArray[np.datetime64]

__all__ = ["Account", "chained", "side_by_side"]


@dataclass(frozen=True, eq=False)
class Account:
    """An account over time, with all that metrics are made of.

    Attributes:
        capital: at the start, in money.
        dates: ``datetime64[D] [T]``.
        equity, invested: ``[T]``, money at each close.
        trade_pnl: ``[n]``, profit of each closed trade, in money.
        trade_return: ``[n]``, the same over the cost at entry.
        traded, costs: in money.
        open_trades: still open at the end of a part.
    """

    capital: float
    dates: Dates = field(repr=False)
    equity: Floats = field(repr=False)
    invested: Floats = field(repr=False)
    trade_pnl: Floats = field(repr=False)
    trade_return: Floats = field(repr=False)
    traded: float
    costs: float
    open_trades: int

    @classmethod
    def of(cls, result: BacktestResult) -> Account:
        """The account of one backtest."""
        trades = result.trades
        closed = trades.filter(~trades["open"])
        return cls(
            capital=result.config.initial_capital,
            dates=result.dates,
            equity=result.equity,
            invested=result.invested,
            trade_pnl=closed["pnl"].to_numpy(),
            trade_return=closed["return"].to_numpy(),
            traded=result.totals["traded"],
            costs=sum(result.totals[name] for name in PAID),
            open_trades=len(trades) - len(closed),
        )

    @classmethod
    def idle(cls, capital: float, dates: Dates) -> Account:
        """One in which nothing is ever held."""
        count, none = len(dates), np.empty(0)
        return cls(capital, dates, np.full(count, capital), np.zeros(count), none, none, 0, 0, 0)

    @cached_property
    def returns(self) -> Floats:
        """``[T]``: simple return of each session; the first is 0.0."""
        return simple_returns(self.equity)

    def scaled(self, factor: float) -> Account:
        """The same with another capital: all money times a factor."""
        return replace(
            self,
            capital=self.capital * factor,
            equity=self.equity * factor,
            invested=self.invested * factor,
            trade_pnl=self.trade_pnl * factor,
            traded=self.traded * factor,
            costs=self.costs * factor,
        )

    def metrics(self, config: BacktestConfig) -> Metrics:
        """Its measures, by :func:`stockstream.metrics.summary.summarise`.

        Args:
            config: has the sessions of a year and the risk-free rate.
        """
        return summarise(
            equity=np.ascontiguousarray(self.equity),
            trade_pnl=self.trade_pnl,
            trade_return=self.trade_return,
            invested=self.invested,
            traded_value=self.traded,
            costs=self.costs,
            initial_capital=self.capital,
            open_trades=self.open_trades,
            periods=config.periods_per_year,
            risk_free=config.risk_free,
        )


def chained(accounts: Sequence[Account]) -> Account:
    """Accounts that follow each other in time: what one ends with, the next begins with.

    With equal capital *C* each, account *k* is scaled by ``E[k - 1] / C``, where ``E[k - 1]`` is
    the joined equity at the end of the one before (``C`` before the first), so that its returns
    stay what they were. What an account paid on its first bar (``fill="same_close"``), which its
    own returns leave out, is in the joined return of that session. Nothing is held from one to the
    next. After an account that lost everything there is nothing left to scale: the joined equity
    stays at 0.

    Args:
        accounts: in their order, at least one.
    """
    if len(accounts) == 1:
        return accounts[0]
    capital = accounts[0].capital
    parts: list[Account] = []
    for account in accounts:
        before = max(float(parts[-1].equity[-1]), 0.0) if parts else capital
        parts.append(account.scaled(before / account.capital))
    return _together(
        parts,
        capital,
        np.concatenate([part.dates for part in parts]),
        np.concatenate([part.equity for part in parts]),
        np.concatenate([part.invested for part in parts]),
    )


def side_by_side(accounts: Sequence[Account]) -> Account:
    """Accounts of the same time, each with an equal part of the capital, never rebalanced.

    On a day without a session of its own an account stands at its last close, and before its first
    session at its capital: ``equity[t] = sum(equity_i[t]) / N``.

    Args:
        accounts: with equal capital, at least one.
    """
    if len(accounts) == 1:
        return accounts[0]
    capital, share = accounts[0].capital, 1.0 / len(accounts)
    dates = np.unique(np.concatenate([account.dates for account in accounts]))
    equity, invested = np.zeros(len(dates)), np.zeros(len(dates))
    for account in accounts:
        row = np.searchsorted(account.dates, dates, side="right")
        equity += np.concatenate(([capital], account.equity))[row]
        invested += np.concatenate(([0.0], account.invested))[row]
    parts = [account.scaled(share) for account in accounts]
    return _together(parts, capital, dates, equity * share, invested * share)


def _together(
    parts: Sequence[Account], capital: float, dates: Dates, equity: Floats, invested: Floats
) -> Account:
    return Account(
        capital=capital,
        dates=dates,
        equity=equity,
        invested=invested,
        trade_pnl=np.concatenate([part.trade_pnl for part in parts]),
        trade_return=np.concatenate([part.trade_return for part in parts]),
        traded=sum(part.traded for part in parts),
        costs=sum(part.costs for part in parts),
        open_trades=sum(part.open_trades for part in parts),
    )
