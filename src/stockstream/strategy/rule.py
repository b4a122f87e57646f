"""A strategy as rules: values, not code that runs each bar."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from stockstream.errors import StockstreamError, StrategyError
from stockstream.strategy.expression import BARS
from stockstream.strategy.signals import Signals, Weights
from stockstream.strategy.strategy import HOOKS, Strategy

if TYPE_CHECKING:
    from stockstream.strategy.expression import Bars
    from stockstream.strategy.signals import Rules

__all__ = ["RuleStrategy"]


class RuleStrategy(Strategy, ABC):
    """A strategy that says its rules once, for every symbol and every bar.

    :meth:`rules` is called once per parameter point with plain values and returns expressions.
    They cannot look ahead, a sweep shares what its points have in common, and both engines run
    them with the same numbers.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for hook in HOOKS:
            if hook in vars(cls):
                raise StrategyError(
                    f"{cls.__name__}.{hook} would never be called: a RuleStrategy says everything "
                    "in rules(); for code that decides bar by bar inherit from Strategy"
                )

    @abstractmethod
    def rules(self, bars: Bars) -> Rules:
        """When to be in a position, or how much of each symbol to hold.

        Args:
            bars: open, high, low, close and volume as expressions, and what else is known of a
                symbol on the day, factors among it.

        Returns:
            ``Signals`` or ``Weights``.
        """

    def plan(self) -> Rules:
        """What :meth:`rules` returns, checked.

        Raises:
            StrategyError: it failed, or returned something else.
        """
        name = type(self).__name__
        try:
            rules: object = self.rules(BARS)
        except StockstreamError:
            raise
        except Exception as error:
            raise StrategyError(f"{name}.rules failed: {type(error).__name__}: {error}") from error
        if not isinstance(rules, Signals | Weights):
            hint = " (is a return missing?)" if rules is None else ""
            raise StrategyError(
                f"{name}.rules returned {type(rules).__name__}{hint}: "
                "return Signals(...) or Weights(...)"
            )
        return rules

    def lookback(self) -> int:
        """Bars before the first trading day that the rules rest on."""
        return self.plan().lookback()

    def columns(self) -> tuple[str, ...]:
        """What the rules read beside the bars, such as ``factor:DebtToEquity``."""
        return self.plan().columns()
