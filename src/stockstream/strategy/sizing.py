"""How large a position should be: expressions for ``weight=`` of signals, or to build weights from.

Three ways need no function: ``weight=0.1`` is a share of equity, ``value=5_000`` an amount of money
and ``quantity=100`` a number of shares.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockstream.errors import ConfigError
from stockstream.strategy.expression import Bars, maximum, minimum

if TYPE_CHECKING:
    from stockstream.strategy.expression import Number

__all__ = ["kelly", "volatility_target"]


def volatility_target(
    bars: Bars,
    target: float,
    period: int = 20,
    most: float = 1.0,
    periods_per_year: int = 252,
) -> Number:
    """The weight at which a position swings as much as wanted: target over its volatility.

    ``min(target / (std(returns, period) * sqrt(periods_per_year)), most)``, where ``std`` divides
    by n. Source: Moskowitz, Ooi and Pedersen, Time series momentum (2012), who scale each
    position by 40 % over its volatility. NaN until ``period`` returns are known.

    Args:
        bars: of the symbol; its returns are those of the closes.
        target: yearly volatility wanted of the position, as a share of equity: 0.02 is 2 %.
        period: bars that the volatility is measured over.
        most: the largest weight; what never moves gets it.
        periods_per_year: bars of a year.

    Raises:
        ConfigError: ``target`` or ``most`` is not above zero.
    """
    _demand_positive(target=target, most=most)
    yearly = bars.close.change().std(period) * math.sqrt(periods_per_year)
    return minimum(target / yearly, most)


def kelly(
    returns: Bars | Number, period: int = 252, fraction: float = 0.5, most: float = 1.0
) -> Number:
    """A part of the Kelly weight, the one at which wealth grows fastest: mean over variance.

    ``min(max(fraction * mean(r) / var(r), 0), most)`` over the last ``period`` returns; the
    variance divides by n. Source: Thorp, The Kelly criterion in blackjack, sports betting and the
    stock market (2006), the continuous approximation at a risk-free rate of 0. The mean of past
    returns is a poor guess of the next ones, so a half of it or less is usual. NaN until ``period``
    returns are known, and where mean and variance are both zero.

    Args:
        returns: the bars, whose closes make the returns, or returns as a number, 0.01 for 1 %.
        period: how many returns.
        fraction: part of the Kelly weight to take.
        most: the largest weight.

    Raises:
        ConfigError: ``fraction`` or ``most`` is not above zero.
    """
    _demand_positive(fraction=fraction, most=most)
    r = returns.close.change() if isinstance(returns, Bars) else returns
    deviation = r.std(period)
    grown = r.mean(period) / (deviation * deviation)
    return minimum(maximum(fraction * grown, 0.0), most)


def _demand_positive(**values: float) -> None:
    for name, value in values.items():
        if not 0.0 < value < math.inf:
            raise ConfigError(f"{name}={value!r} must be a number above zero: 0.1 is 10 %")
