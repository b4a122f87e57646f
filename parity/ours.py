"""Our side: the same cases through the compiled engine and the event engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np

from parity.cases import CAPITAL
from stockstream.backtest.compiled import run_compiled
from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.event import run_event
from stockstream.market.panel import Panel
from stockstream.strategy import Range, RuleStrategy, Signals, sma
from stockstream.strategy.orders import Action, Bracket
from stockstream.strategy.strategy import Strategy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from parity.cases import Case
    from parity.setups import Setup
    from stockstream.backtest.outcome import Outcome
    from stockstream.strategy import Bars
    from stockstream.strategy.portfolio import Portfolio

__all__ = ["OurResult", "run_ours"]

EPOCH = np.datetime64("2000-01-01")


class OurResult(NamedTuple):
    """What we did with one case, in the form of a peer's result."""

    equity: float
    fills: list[tuple[int, int, float, float]]
    trades: int


def run_ours(case: Case, setup: Setup, *, compiled: bool | None = None) -> OurResult:
    """Run a case as a set-up says.

    Args:
        case: bars and signals.
        setup: how to trade them.
        compiled: rules on the compiled engine, or Python at every bar on the event engine; None
            takes the compiled engine where the signals are crossings that it can find itself.
    """
    panel, config = _panel(case), _config(setup)
    if compiled is None:
        compiled = bool(case.fast) and setup.sizing == "weight"
    if compiled:
        outcome = run_compiled(_crossing(case, setup).plan(), panel, config)
    else:
        make = _on_signals if setup.sizing == "weight" else _rebalanced
        outcome = run_event(make(case, setup), panel, config)
    return _result(outcome)


def _panel(case: Case) -> Panel:
    sessions, symbols = case.close.shape
    columns = {name: getattr(case, name).ravel("F") for name in ("open", "high", "low", "close")}
    return Panel(
        tuple(str(s) for s in range(symbols)),
        EPOCH + np.arange(sessions).astype("timedelta64[D]"),
        np.arange(symbols + 1) * sessions,
        np.tile(np.arange(sessions), symbols),
        **columns,
        volume=np.full(sessions * symbols, 1e9),
    )


def _config(setup: Setup) -> BacktestConfig:
    return BacktestConfig(
        strategy_class="parity",
        start_date="2000-01-01",
        end_date="2030-01-01",
        initial_capital=CAPITAL,
        costs=Costs(commission_bps=setup.commission_bps),
        fill=setup.fill,
        size_at=setup.size_at,
        fractional=setup.fractional,
    )


def _result(outcome: Outcome) -> OurResult:
    fills = outcome.fills
    rows = zip(
        *(fills[name].tolist() for name in ("bar", "symbol", "quantity", "price")), strict=True
    )
    return OurResult(float(outcome.days["equity"][-1]), list(rows), len(outcome.trades))


class Crossing(RuleStrategy):
    """Averages and crossings are found by the engine itself, not taken from the case."""

    fast: Annotated[int, Range(2), "bars of the fast average"] = 10
    slow: Annotated[int, Range(3), "bars of the slow average"] = 30
    weight: float = 1.0
    stop_loss: float = 0.0
    take_profit: float = 0.0

    def rules(self, bars: Bars) -> Signals:
        fast, slow = sma(bars.close, self.fast), sma(bars.close, self.slow)
        return Signals(
            enter_long=fast.crosses_above(slow),
            exit_long=fast.crosses_below(slow),
            weight=self.weight,
            bracket=Bracket(stop_loss=self.stop_loss, take_profit=self.take_profit),
        )


def _crossing(case: Case, setup: Setup) -> Crossing:
    return Crossing(
        fast=case.fast,
        slow=case.slow,
        weight=setup.weight / case.symbols,
        stop_loss=setup.stop_loss,
        take_profit=setup.take_profit,
    )


def _on_signals(case: Case, setup: Setup) -> Strategy:
    """Orders a weight on a signal to enter, and the end of the position on one to leave."""
    bracket = Bracket(stop_loss=setup.stop_loss, take_profit=setup.take_profit)

    class OnSignals(Strategy):
        def on_data(
            self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
        ) -> Action | None:
            t, s = _bar_of(date), int(symbol)
            held = portfolio.quantity(symbol) != 0.0
            if case.enter[t, s] and not held:
                return Action.target_weight(setup.weight / case.symbols, bracket=bracket)
            return Action.close() if case.leave[t, s] and held else None

    return OnSignals()


def _rebalanced(case: Case, setup: Setup) -> Strategy:
    """Orders every weight again whenever one of them changes."""
    share = setup.weight / case.symbols

    class Rebalanced(Strategy):
        def __init__(self, **values: Any) -> None:
            super().__init__(**values)
            self.on = [False] * case.symbols

        def on_bar(
            self, date: dt.date, bars: Mapping[str, dict[str, float]], portfolio: Portfolio
        ) -> Iterable[Action]:
            t = _bar_of(date)
            signals = zip(self.on, case.enter[t], case.leave[t], strict=True)
            wanted = [(on or bool(enter)) and not leave for on, enter, leave in signals]
            changed, self.on = wanted != self.on, wanted
            if not changed:
                return []
            weights = {s: share * on for s, on in zip(portfolio.symbols, wanted, strict=True)}
            if setup.sizing == "rebalance":
                return [Action.target_weight(weight, s) for s, weight in weights.items()]
            fee = setup.commission_bps / 1e4
            return [
                _outlay(s, weight, bars[s]["close"], fee, portfolio)
                for s, weight in weights.items()
            ]

    return Rebalanced()


def _outlay(symbol: str, weight: float, price: float, fee: float, portfolio: Portfolio) -> Action:
    """The value to hold where the commission comes out of the money that a change lays out."""
    if weight == 0.0:
        return Action.close(symbol)
    now = portfolio.quantity(symbol) * price
    change = weight * portfolio.equity - now
    return Action.target_value(now + change / (1.0 + fee if change > 0.0 else 1.0 - fee), symbol)


def _bar_of(date: dt.date) -> int:
    return int((np.datetime64(date) - EPOCH).astype(int))
