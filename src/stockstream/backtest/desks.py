"""Who decides in the event engine: a strategy in free form, or rules that are stepped.

Each desk trades the slots of its own sleeve: symbol ``s`` is slot ``sleeve * symbols + s``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple, Protocol

from stockstream.backtest.broker.events import ticket_of
from stockstream.backtest.broker.records import (
    NAN,
    SHARES,
    TO_QUANTITY,
    TO_VALUE,
    TO_WEIGHT,
    Order,
)
from stockstream.backtest.broker.turn import TurnBroker
from stockstream.backtest.codes import TARGET
from stockstream.backtest.decisions import BarDecider, common_ticket
from stockstream.backtest.feed import Feed
from stockstream.backtest.ledger import CompiledLedger, LiveLedger
from stockstream.errors import StockstreamError, StrategyError, UnknownNameError
from stockstream.strategy.orders import Action, ActionKind, SizeIn
from stockstream.strategy.portfolio import Portfolio
from stockstream.strategy.strategy import overrides

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from stockstream.backtest.broker.broker import Broker
    from stockstream.strategy.signals import Rules
    from stockstream.strategy.strategy import Strategy

__all__ = ["Decision", "Desk", "FreeDesk", "Journal", "RuleDesk"]

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


@dataclass
class Journal:
    """What a strategy in free form did, for those who check it.

    Attributes:
        prepared: ``[N]`` each, the columns that its ``prepare`` added.
        decisions: every order, in their order.
    """

    prepared: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)


class Desk(Protocol):
    """One of those who decide."""

    def decide(self, t: int) -> None:
        """Give orders at the close of bar ``t``."""

    def leave(self) -> None:
        """The run is over, however it ended."""


class RuleDesk:
    """Rules, stepped bar by bar with streaming indicators.

    Args:
        rules: signals or weights.
        broker: of the run; its panel gives the bars.
        sleeve: whose slots it trades.
        share: of equity that its weights are shares of.
    """

    def __init__(self, rules: Rules, broker: Broker, sleeve: int = 0, share: float = 1.0) -> None:
        panel, ticket = broker.panel, common_ticket(rules)
        self._broker, self._base = broker, sleeve * len(panel.symbols)
        self._share = share
        self._weighs = ticket.size_in is SizeIn.WEIGHT
        self._ticket = ticket_of(ticket)
        self._decider, self._feed = BarDecider(rules, panel), Feed(panel, columns=rules.columns())
        for t in range(panel.first):
            self._decider.update(t, self._feed.bars(t))

    def decide(self, t: int) -> None:
        """Give orders at the close of bar ``t``."""
        for made in self._decider.update(t, self._feed.bars(t)):
            weighs = self._weighs or made.code >= TARGET
            size = made.size * self._share if weighs else made.size
            slot = self._base + made.symbol
            self._broker.decide(t, slot, made.code, size, made.limit, made.stop, self._ticket)

    def leave(self) -> None:
        """Nothing is kept."""


class FreeDesk:
    """A strategy in free form.

    Args:
        strategy: a fresh copy of it is run, so that no run sees another's state.
        broker: of the run; its panel gives the bars.
        dates: ``[T]``, the sessions.
        sleeve: whose slots it trades.
        share: of equity that its weights are shares of, and that its portfolio shows.
        journal: what it prepares and orders is written here.
    """

    def __init__(
        self,
        strategy: Strategy,
        broker: Broker,
        dates: list[dt.date],
        sleeve: int = 0,
        share: float = 1.0,
        journal: Journal | None = None,
    ) -> None:
        panel = broker.panel
        self._strategy = strategy.fresh()
        self._broker, self._dates, self._symbols = broker, dates, panel.symbols
        self._base, self._share = sleeve * len(panel.symbols), share
        self._journal = journal
        self._feed = Feed(panel, self._strategy)
        if journal is not None:
            journal.prepared = self._feed.prepared
        kind_of_ledger = CompiledLedger if isinstance(broker, TurnBroker) else LiveLedger
        self._ledger = kind_of_ledger(broker, dates, sleeve, share)
        self._portfolio = Portfolio(self._ledger, panel.symbols, dates)
        self._index = {symbol: i for i, symbol in enumerate(panel.symbols)}
        self._told = 0
        kind = type(strategy)
        self._has_data, self._has_bar = overrides(kind, "on_data"), overrides(kind, "on_bar")
        self._has_filled = overrides(kind, "on_order_filled")
        self._strategy.attach(self._feed)

    def decide(self, t: int) -> None:
        """Tell the strategy of its fills, then let it decide at the close of bar ``t``.

        Raises:
            StrategyError: it failed or returned something unusable; says when and where.
        """
        try:
            if self._has_filled:
                self._tell_fills()
            self._ask(t)
        except StockstreamError as error:
            raise StrategyError(f"{self._where(t)}: {error}") from error
        except Exception as error:
            message = f"{self._where(t)}: {type(error).__name__}: {error}"
            raise StrategyError(message) from error

    def leave(self) -> None:
        """Take the strategy's view of the run away."""
        self._strategy.attach(None)

    def _where(self, t: int) -> str:
        return f"{type(self._strategy).__name__} failed on {self._dates[t]}"

    def _tell_fills(self) -> None:
        for fill in self._ledger.fills()[self._told :]:
            self._strategy.on_order_filled(fill, self._portfolio)
            self._told += 1

    def _ask(self, t: int) -> None:
        date, portfolio = self._dates[t], self._portfolio
        traded, data = self._feed.session(t)
        names: Sequence[str] = self._symbols
        if len(traded) != len(names):
            names = [names[symbol] for symbol in traded]
        if self._has_data:
            asked = map(self._strategy.on_data, repeat(date), names, data, repeat(portfolio))
            for symbol, action in zip(traded, asked, strict=True):
                if action is not None:
                    self._place(t, action, symbol)
        if self._has_bar:
            bars = dict(zip(names, data, strict=True))
            for action in _actions(self._strategy.on_bar(date, bars, portfolio)):
                self._place(t, action, None)

    def _place(self, t: int, action: Action, symbol: int | None) -> None:
        if not isinstance(action, Action):
            raise StrategyError(
                f"an order is an Action, not {action!r}: "
                "use Action.target_weight(0.1), Action.buy(100), Action.close() ..."
            )
        if action.symbol is not None:
            if action.symbol not in self._index:
                raise UnknownNameError("symbol of this run", action.symbol, self._index)
            symbol = self._index[action.symbol]
        if symbol is None:
            raise StrategyError(f"{action} from on_bar does not say its symbol")
        if self._journal is not None:
            self._journal.decisions.append(Decision(t, symbol, action))
        slot = self._base + symbol
        if action.kind is ActionKind.CANCEL:
            self._broker.cancel(slot)
        else:
            self._broker.place(t, slot, self._order(action), action.bracket)

    def _order(self, action: Action) -> Order:
        """An action as the kernels take it."""
        weighs = action.kind is ActionKind.TARGET_WEIGHT
        return Order(
            KINDS[action.kind],
            float(action.value) * self._share if weighs else float(action.value),
            NAN if action.limit is None else float(action.limit),
            NAN if action.stop is None else float(action.stop),
            int(action.day),
        )


def _actions(actions: Iterable[Action] | None) -> Iterable[Action]:
    if isinstance(actions, Action):
        raise StrategyError("on_bar returned one Action: return a list of them")
    return actions or ()
