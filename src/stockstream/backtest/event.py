"""The event engine: the same broker, with Python deciding each bar.

Free-form strategies run here; rule strategies may, bar by bar, to be debugged and verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.backtest.broker.broker import Broker, exits_of
from stockstream.backtest.broker.records import (
    SHARES,
    TO_QUANTITY,
    TO_VALUE,
    TO_WEIGHT,
    Terms,
)
from stockstream.backtest.decisions import BarDecider
from stockstream.backtest.feed import Feed
from stockstream.backtest.ledger import LiveLedger
from stockstream.errors import StockstreamError, StrategyError, UnknownNameError
from stockstream.strategy.orders import Action, ActionKind
from stockstream.strategy.portfolio import Portfolio
from stockstream.strategy.strategy import overrides

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome
    from stockstream.market.panel import Panel
    from stockstream.strategy.signals import Rules
    from stockstream.strategy.strategy import Strategy

__all__ = ["Decision", "run_event", "step_rules"]

KINDS = {
    ActionKind.TARGET_WEIGHT: TO_WEIGHT,
    ActionKind.TARGET_VALUE: TO_VALUE,
    ActionKind.TARGET_QUANTITY: TO_QUANTITY,
    ActionKind.TRADE_QUANTITY: SHARES,
}


class Decision(NamedTuple):
    """An order as a strategy gave it, at the close of a bar."""

    bar: int
    symbol: int
    action: Action


def run_event(
    strategy: Strategy,
    panel: Panel,
    config: BacktestConfig,
    *,
    journal: list[Decision] | None = None,
    stop: int | None = None,
) -> Outcome:
    """Run a free-form strategy over a panel.

    Args:
        strategy: a fresh copy of it is run, so that no run sees another's state.
        panel: what it trades.
        config: capital, costs and how orders work.
        journal: every order it gives is appended here.
        stop: walk no further than the bar before this one; None is to the end.

    Raises:
        StrategyError: the strategy failed or returned something unusable; says when and where.
    """
    run = _Run(strategy.fresh(), panel, config, journal)
    try:
        for t in range(panel.first, panel.sessions if stop is None else stop):
            run.bar(t)
    finally:
        run.strategy.attach(None)
    return run.broker.finish()


def step_rules(rules: Rules, panel: Panel, config: BacktestConfig) -> Outcome:
    """Run rules bar by bar with streaming indicators: the compiled engine's second opinion."""
    broker = Broker(panel, Terms.of(config), config.initial_capital, compile_kernels=False)
    decider, feed = BarDecider(rules, panel), Feed(panel)
    exits = exits_of(rules.bracket)
    for t in range(panel.sessions):
        walked = t >= panel.first
        if walked:
            broker.open_bar(t)
        for symbol, data in feed.bars(t):
            code, weight = decider.update(t, symbol, data)
            if code:
                broker.decide(t, symbol, code, weight, exits)
        if walked:
            broker.close_bar(t)
    return broker.finish()


class _Run:
    """One run of one strategy."""

    def __init__(
        self,
        strategy: Strategy,
        panel: Panel,
        config: BacktestConfig,
        journal: list[Decision] | None,
    ) -> None:
        self.strategy, self.panel, self.journal = strategy, panel, journal
        self.broker = Broker(panel, Terms.of(config), config.initial_capital, compile_kernels=False)
        self.feed = Feed(panel, strategy)
        self.dates: list[dt.date] = panel.dates.astype("datetime64[D]").tolist()
        self.ledger = LiveLedger(self.broker, self.dates)
        self.portfolio = Portfolio(self.ledger, panel.symbols, self.dates)
        self.index = {symbol: i for i, symbol in enumerate(panel.symbols)}
        self.told = 0
        kind = type(strategy)
        self.has_data, self.has_bar = overrides(kind, "on_data"), overrides(kind, "on_bar")
        self.has_filled = overrides(kind, "on_order_filled")
        strategy.attach(self.feed)

    def bar(self, t: int) -> None:
        """Walk one bar: fills, news of them, decisions, the close."""
        self.broker.open_bar(t)
        try:
            self._tell_fills()
            self._decide(t)
        except StockstreamError as error:
            raise StrategyError(f"{self._where(t)}: {error}") from error
        except Exception as error:
            message = f"{self._where(t)}: {type(error).__name__}: {error}"
            raise StrategyError(message) from error
        self.broker.close_bar(t)

    def _where(self, t: int) -> str:
        return f"{type(self.strategy).__name__} failed on {self.dates[t]}"

    def _tell_fills(self) -> None:
        if not self.has_filled:
            return
        for fill in self.ledger.fills()[self.told :]:
            self.strategy.on_order_filled(fill, self.portfolio)
            self.told += 1

    def _decide(self, t: int) -> None:
        date, symbols, portfolio = self.dates[t], self.panel.symbols, self.portfolio
        on_data = self.strategy.on_data
        today = self.feed.bars(t)
        if self.has_data:
            for symbol, data in today:
                action = on_data(date, symbols[symbol], data, portfolio)
                if action is not None:
                    self._place(t, action, symbol)
        if self.has_bar:
            bars = {symbols[symbol]: data for symbol, data in today}
            for action in self._actions(self.strategy.on_bar(date, bars, portfolio)):
                self._place(t, action, None)

    def _actions(self, actions: Iterable[Action] | None) -> Iterable[Action]:
        if isinstance(actions, Action):
            raise StrategyError("on_bar returned one Action: return a list of them")
        return actions or ()

    def _place(self, t: int, action: Action, symbol: int | None) -> None:
        if not isinstance(action, Action):
            raise StrategyError(
                f"an order is an Action, not {action!r}: "
                "use Action.target_weight(0.1), Action.buy(100), Action.close() ..."
            )
        if action.symbol is not None:
            if action.symbol not in self.index:
                raise UnknownNameError("symbol of this run", action.symbol, self.index)
            symbol = self.index[action.symbol]
        if symbol is None:
            raise StrategyError(f"{action} from on_bar does not say its symbol")
        if self.journal is not None:
            self.journal.append(Decision(t, symbol, action))
        self.broker.place(t, symbol, KINDS[action.kind], float(action.value), action.bracket)
