"""What a strategy is: rules as values, or Python in free form, with declared parameters.

Everything a strategy file needs is here::

    from stockstream.strategy import RuleStrategy, Signals, sma

Importing it loads neither numpy nor polars.
"""

from stockstream.strategy import technical
from stockstream.strategy.crosssection import (
    equal_weight,
    long_short,
    neutralise,
    sum_of,
    top,
)
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
from stockstream.strategy.sizing import kelly, volatility_target
from stockstream.strategy.strategy import Strategy
from stockstream.strategy.technical import *  # noqa: F403 - one function for each indicator

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
    "constant",
    "equal_weight",
    "kelly",
    "long_short",
    "maximum",
    "minimum",
    "neutralise",
    "sum_of",
    "top",
    "volatility_target",
    "where",
]
__all__ += technical.__all__
