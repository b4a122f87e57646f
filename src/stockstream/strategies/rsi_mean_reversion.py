"""Buy weakness, sell strength, by Wilder's relative strength index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from stockstream.errors import ConfigError
from stockstream.strategy import Range, RuleStrategy, Signals, rsi

if TYPE_CHECKING:
    from stockstream.strategy import Bars


class RSIMeanReversion(RuleStrategy):
    """Buy when the RSI is below ``oversold``, sell when it is above ``overbought``.

    Idea: a fall that is fast against the symbol's own recent moves tends to be given back. Long
    only: while flat, a close with the RSI below ``oversold`` buys; while long, a close with the RSI
    above ``overbought`` sells. Levels, not crossings: a symbol that is oversold on the first day of
    the run is bought, and a stopped-out one may be bought again.

    When it fails: in a lasting decline the RSI stays low while the price keeps falling, and nothing
    sells until a rally lifts it (add a ``Bracket`` with a stop in a strategy of your own). In a
    strong rise it sells early or never gets in.

    Attributes:
        period: bars of the RSI.
        oversold: level below which to buy, from 0 to 100.
        overbought: level above which to sell.

    Raises:
        ConfigError: ``oversold`` is not below ``overbought``.
    """

    period: Annotated[int, Range(2), "bars of the RSI"] = 14
    oversold: Annotated[float, Range(0, 100), "buy below this level"] = 30.0
    overbought: Annotated[float, Range(0, 100), "sell above this level"] = 70.0

    def check(self) -> None:
        if self.oversold >= self.overbought:
            raise ConfigError(
                f"oversold={self.oversold:g} must be below overbought={self.overbought:g}"
            )

    def rules(self, bars: Bars) -> Signals:
        strength = rsi(bars.close, self.period)
        return Signals(enter_long=strength < self.oversold, exit_long=strength > self.overbought)
