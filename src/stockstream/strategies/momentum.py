"""Hold what has been rising."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from stockstream.strategy import Bracket, Percent, Range, RuleStrategy, Signals

if TYPE_CHECKING:
    from stockstream.strategy import Bars


class MomentumStrategy(RuleStrategy):
    """Buy what has risen by more than a threshold, hold it while it is up over the same span.

    Idea: what rose goes on rising for a while, because news spreads slowly and buyers follow a
    trend. Momentum is the change of the close over ``momentum_period`` bars. Long only: while flat,
    momentum above ``signal_threshold`` buys; momentum below zero sells. Between the two a position
    is held, so that a small swing does not trade. Levels, not crossings: what has risen enough
    on the first day of the run is bought at once.

    When it fails: at turns. A market that falls fast and recovers fast is sold low and bought back
    high, and in one without trend each rise that passes the threshold is bought near its end. Short
    periods trade often: look at the costs. Every symbol is judged by itself; in a rising market
    all are held and the strategy is the market.

    Attributes:
        momentum_period: bars over which the change is taken.
        signal_threshold: change above which to buy, a fraction: 0.05 is 5 %.
        stop_loss_pct: fraction of the entry price lost at which the position is closed; 0 is off.
        cooldown_period: bars for which a stopped-out symbol is not bought again.
    """

    momentum_period: Annotated[int, Range(1), "bars over which the change is taken"] = 10
    signal_threshold: Annotated[float, Percent, "rise that buys"] = 0.05
    stop_loss_pct: Annotated[float, Percent, "loss that closes the position, 0 for none"] = 0.05
    cooldown_period: Annotated[int, Range(0), "bars out of a symbol after its stop"] = 3

    def rules(self, bars: Bars) -> Signals:
        momentum = bars.close.change(self.momentum_period)
        return Signals(
            enter_long=momentum > self.signal_threshold,
            exit_long=momentum < 0.0,
            bracket=Bracket(stop_loss=self.stop_loss_pct, cooldown=self.cooldown_period),
        )
