"""Two strategies of one's own: one as rules, one in free form.

Run them from a folder with a lake (``stockstream demo`` makes one)::

    stockstream backtest --strategy examples/my_strategy.py:BuyTheDip
    stockstream backtest --strategy examples/my_strategy.py:MonthlyMomentum
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from stockstream.strategy import (
    Action,
    Bracket,
    Range,
    RuleStrategy,
    Signals,
    Strategy,
    rsi,
    sma,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from stockstream.strategy import Bars, Portfolio


class BuyTheDip(RuleStrategy):
    """Buy a short weakness in a long uptrend."""

    trend: Annotated[int, Range(20)] = 200
    dip: Annotated[float, Range(1, 50)] = 10.0

    def rules(self, bars: Bars) -> Signals:
        weak = rsi(bars.close, 2) < self.dip
        rising = bars.close > sma(bars.close, self.trend)
        recovered = bars.close > sma(bars.close, 5)
        return Signals(
            enter_long=weak & rising, exit_long=recovered, bracket=Bracket(stop_loss=0.08)
        )


class MonthlyMomentum(Strategy):
    """On the first session of each month, hold the symbols that rose most, in equal parts."""

    lookback_days: Annotated[int, Range(2)] = 126
    held: Annotated[int, Range(1)] = 5
    _month = 0

    def lookback(self) -> int:
        return self.lookback_days

    def on_bar(
        self, date: dt.date, bars: Mapping[str, dict[str, float]], portfolio: Portfolio
    ) -> Iterable[Action]:
        if date.month == self._month:
            return
        self._month = date.month
        gains = {symbol: self.gain(symbol) for symbol in bars}
        best = sorted(gains, key=lambda symbol: gains[symbol], reverse=True)[: self.held]
        for symbol in portfolio.positions:
            if symbol not in best:
                yield Action.close(symbol)
        for symbol in best:
            yield Action.target_weight(1 / self.held, symbol)

    def gain(self, symbol: str) -> float:
        closes = self.history(symbol, "close", self.lookback_days + 1)
        return closes[-1] / closes[0] - 1.0
