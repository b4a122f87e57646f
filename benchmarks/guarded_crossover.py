"""The crossover of averages with a stop and a target: a strategy of one's own, read from a file."""

from typing import Annotated

from stockstream.strategy.expression import Bars
from stockstream.strategy.orders import Bracket
from stockstream.strategy.parameters import Percent, Range
from stockstream.strategy.rule import RuleStrategy
from stockstream.strategy.signals import Signals
from stockstream.strategy.technical import sma


class GuardedCrossover(RuleStrategy):
    """Hold while the fast average is above the slow one, down to a stop or up to a target."""

    fast_period: Annotated[int, Range(2), "bars of the fast average"] = 20
    slow_period: Annotated[int, Range(3), "bars of the slow average"] = 50
    stop_loss_pct: Annotated[float, Percent, "loss that closes the position"] = 0.05
    take_profit_pct: Annotated[float, Percent, "gain that closes the position"] = 0.15

    def rules(self, bars: Bars) -> Signals:
        """Enter and leave at the crossings; the broker watches stop and target."""
        fast, slow = sma(bars.close, self.fast_period), sma(bars.close, self.slow_period)
        return Signals(
            enter_long=fast.crosses_above(slow),
            exit_long=fast.crosses_below(slow),
            bracket=Bracket(stop_loss=self.stop_loss_pct, take_profit=self.take_profit_pct),
        )
