"""The classic trend follower: two moving averages of the close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from stockstream.errors import ConfigError
from stockstream.strategy import Range, RuleStrategy, Signals, sma

if TYPE_CHECKING:
    from stockstream.strategy import Bars


class MovingAverageCrossover(RuleStrategy):
    """Hold while the fast average is above the slow one, from the bar where it crosses.

    Idea: prices trend, and a short average above a long one says that the trend is up. Long only:
    buy when the fast average crosses above the slow one, sell when it crosses below. A symbol whose
    fast average is above already when the run begins is not bought until it crosses again.

    When it fails: in a market that goes sideways the averages cross back and forth, and each
    crossing pays costs for a small loss (whipsaw). It buys after the turn and sells after the top,
    by about half the slow period, so sharp reversals are lost twice.

    Attributes:
        fast_period: bars of the fast average; below ``slow_period``.
        slow_period: bars of the slow average.

    Raises:
        ConfigError: ``fast_period`` is not below ``slow_period``.
    """

    fast_period: Annotated[int, Range(2), "bars of the fast average"] = 20
    slow_period: Annotated[int, Range(3), "bars of the slow average"] = 50

    def check(self) -> None:
        if self.fast_period >= self.slow_period:
            raise ConfigError(
                f"fast_period={self.fast_period} must be below slow_period={self.slow_period}: "
                "with them swapped it would sell rising prices"
            )

    def rules(self, bars: Bars) -> Signals:
        fast, slow = sma(bars.close, self.fast_period), sma(bars.close, self.slow_period)
        return Signals(enter_long=fast.crosses_above(slow), exit_long=fast.crosses_below(slow))
