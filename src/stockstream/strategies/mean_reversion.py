"""Buy what has fallen far below its own recent mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from stockstream.errors import ConfigError
from stockstream.strategy import Bracket, Percent, Range, RuleStrategy, Signals

if TYPE_CHECKING:
    from stockstream.strategy import Bars


class MeanReversionStrategy(RuleStrategy):
    """Buy when the close is far below its mean, sell when it is back there.

    Idea: a price that has left its recent mean without news tends to return to it. The distance is
    counted in standard deviations (the z-score of the close), so that one threshold suits calm and
    wild shares. Long only: while flat, a close more than ``entry_threshold`` standard deviations
    below the mean of ``lookback_period`` closes buys; a close at or above the mean sells. A level
    and no crossing: what is far below on the first day of the run is bought, and a stopped-out
    symbol may be bought again once its cooldown is over.

    When it fails: where the fall has a reason. In a lasting decline the mean falls towards the
    price and the position is sold at a loss "back at the mean", or the stop takes it, again and
    again. A tight stop is most of its losses: it sells at the very prices the idea wants to buy.

    Attributes:
        lookback_period: bars of the mean and of the (population) standard deviation.
        entry_threshold: standard deviations below the mean at which to buy.
        stop_loss_pct: fraction of the entry price lost at which the position is closed; 0 is off.
        cooldown_period: bars for which a stopped-out symbol is not bought again.

    Raises:
        ConfigError: no close can be that far from a mean that it is part of.
    """

    lookback_period: Annotated[int, Range(2), "bars of the mean and the deviation"] = 20
    entry_threshold: Annotated[float, Range(0), "deviations below the mean that buy"] = 2.0
    stop_loss_pct: Annotated[float, Percent, "loss that closes the position, 0 for none"] = 0.05
    cooldown_period: Annotated[int, Range(0), "bars out of a symbol after its stop"] = 5

    def check(self) -> None:
        farthest = math.sqrt(self.lookback_period - 1)  # one value against n - 1 equal ones
        if self.entry_threshold >= farthest:
            raise ConfigError(
                f"entry_threshold={self.entry_threshold:g} is never reached: the last of "
                f"{self.lookback_period} closes is at most {farthest:.2f} standard deviations from "
                "their mean; lower it or raise lookback_period"
            )

    def rules(self, bars: Bars) -> Signals:
        mean = bars.close.mean(self.lookback_period)
        deviation = bars.close.std(self.lookback_period)
        return Signals(
            enter_long=(bars.close - mean) / deviation < -self.entry_threshold,
            exit_long=bars.close >= mean,
            bracket=Bracket(stop_loss=self.stop_loss_pct, cooldown=self.cooldown_period),
        )
