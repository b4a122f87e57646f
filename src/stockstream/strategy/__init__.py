"""What a strategy is: rules as values, or Python in free form, with declared parameters.

Everything a strategy file needs is here::

    from stockstream.strategy import RuleStrategy, Signals, sma

Importing it loads neither numpy nor polars.
"""

from stockstream.strategy.expression import (
    Bars,
    Condition,
    Expr,
    Number,
    constant,
    maximum,
    minimum,
    where,
)
from stockstream.strategy.orders import Action, Bracket
from stockstream.strategy.parameters import Choice, Percent, Range
from stockstream.strategy.portfolio import Fill, FillReason, Portfolio, Position, Trade
from stockstream.strategy.rule import RuleStrategy
from stockstream.strategy.signals import Rules, Signals, Weights
from stockstream.strategy.strategy import Strategy
from stockstream.strategy.technical import (
    atr,
    bollinger,
    ema,
    indicator,
    macd,
    obv,
    rsi,
    sma,
    stochastic,
    vwap,
    wma,
)

__all__ = [
    "Action",
    "Bars",
    "Bracket",
    "Choice",
    "Condition",
    "Expr",
    "Fill",
    "FillReason",
    "Number",
    "Percent",
    "Portfolio",
    "Position",
    "Range",
    "RuleStrategy",
    "Rules",
    "Signals",
    "Strategy",
    "Trade",
    "Weights",
    "atr",
    "bollinger",
    "constant",
    "ema",
    "indicator",
    "macd",
    "maximum",
    "minimum",
    "obv",
    "rsi",
    "sma",
    "stochastic",
    "vwap",
    "where",
    "wma",
]
