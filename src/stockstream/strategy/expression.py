"""Expressions: what a rule strategy writes its rules in.

``bars.close`` is a :class:`Number`; arithmetic and indicators give numbers, comparisons give a
:class:`Condition`. Nothing is computed while rules are written: the result is a graph of nodes
(see ``node``) that ``evaluate`` turns into arrays or steps bar by bar, with the same bits.

What holds at each bar:

- Arithmetic is IEEE 754: a number is NaN until the indicators in it have warmed up, ``1 / 0`` is
  inf, ``0 / 0`` is NaN. NaN stays NaN through arithmetic, ``minimum`` and ``maximum``.
- A comparison with NaN is false. So ``~(fast > slow)`` is *true* while the averages warm up; say
  ``fast <= slow`` to mean that both are known.
- Expressions are compared by identity (``==`` asks whether two graphs are the same one); prices
  that are equal at a bar are ``a.equals(b)``.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from stockstream.errors import StrategyError
from stockstream.market.columns import FACTOR
from stockstream.strategy.node import Expr
from stockstream.strategy.operations import Kind

if TYPE_CHECKING:
    from typing import Never

__all__ = [
    "BARS",
    "Bars",
    "Condition",
    "Expr",
    "Number",
    "Operand",
    "condition",
    "constant",
    "maximum",
    "minimum",
    "number",
    "where",
]


class Number(Expr, kind=Kind.NUMBER):
    """A number at each bar."""

    __slots__ = ()

    def __add__(self, other: Operand) -> Number:
        return _pair("add", self, other)

    def __radd__(self, other: Operand) -> Number:
        return _pair("add", other, self)

    def __sub__(self, other: Operand) -> Number:
        return _pair("subtract", self, other)

    def __rsub__(self, other: Operand) -> Number:
        return _pair("subtract", other, self)

    def __mul__(self, other: Operand) -> Number:
        return _pair("multiply", self, other)

    def __rmul__(self, other: Operand) -> Number:
        return _pair("multiply", other, self)

    def __truediv__(self, other: Operand) -> Number:
        return _pair("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Number:
        return _pair("divide", other, self)

    def __neg__(self) -> Number:
        return _made("negative", self)

    def __abs__(self) -> Number:
        return _made("absolute", self)

    def __lt__(self, other: Operand) -> Condition:
        return _compared("less", self, other)

    def __le__(self, other: Operand) -> Condition:
        return _compared("less_equal", self, other)

    def __gt__(self, other: Operand) -> Condition:
        return _compared("greater", self, other)

    def __ge__(self, other: Operand) -> Condition:
        return _compared("greater_equal", self, other)

    def _not_a_condition(self, _: Never) -> Never:
        raise StrategyError(
            f"& and | join conditions, and {self!r} is a number; they bind tighter than < and >, "
            "so put each comparison in parentheses: (a > b) & (c > d)"
        )

    __and__ = __rand__ = __or__ = __ror__ = _not_a_condition

    def equals(self, other: Operand) -> Condition:
        """True where both are the same number (NaN equals nothing)."""
        return _compared("equals", self, other)

    def is_finite(self) -> Condition:
        """True where this is known: neither NaN nor infinite."""
        made: Condition = Expr.make("is_finite", (self,))
        return made

    def crosses_above(self, other: Operand) -> Condition:
        """True at the bar where this is above ``other`` and was last seen below it.

        Bars where both are equal are passed over; a NaN in either forgets what was seen before.
        """
        return _compared("crosses_above", self, other)

    def crosses_below(self, other: Operand) -> Condition:
        """True at the bar where this is below ``other`` and was last seen above it."""
        return _compared("crosses_below", self, other)

    def lag(self, bars: int = 1) -> Number:
        """The value so many of the symbol's own bars ago; NaN before there was one.

        Raises:
            LookAheadError: ``bars`` is negative.
        """
        made: Number = Expr.make("lag", (self,), (bars,))
        return made

    def change(self, bars: int = 1) -> Number:
        """The relative change over so many bars: 0.05 after a rise of 5 %."""
        return self / self.lag(bars) - 1.0

    def mean(self, period: int) -> Number:
        """Mean of the last ``period`` bars."""
        return _rolling("sma", self, period)

    def std(self, period: int) -> Number:
        """Standard deviation of the last ``period`` bars."""
        return _rolling("std", self, period)

    def highest(self, period: int) -> Number:
        """The highest value of the last ``period`` bars, today's included."""
        return _rolling("highest", self, period)

    def lowest(self, period: int) -> Number:
        """The lowest value of the last ``period`` bars, today's included."""
        return _rolling("lowest", self, period)

    def sum(self, period: int) -> Number:
        """Sum of the last ``period`` bars."""
        return _rolling("rolling_sum", self, period)

    def median(self, period: int) -> Number:
        """The middle one of the last ``period`` values, the mean of the two if it is even."""
        return _rolling("median", self, period)

    def rank(self) -> Number:
        """Place among the symbols of the session: 0.0 is the lowest value, 1.0 the highest.

        Equal values share the mean of their places; a symbol that is alone has 0.5. This and the
        methods below look across the symbols that have a bar that day and a finite value here;
        the others get NaN.
        """
        return _made("rank", self)

    def zscore(self) -> Number:
        """Distance from the session's mean in standard deviations (divided by n, as in scipy).

        0.0 for every symbol where all values are equal.
        """
        return _made("zscore", self)

    def quantile(self, n: int) -> Number:
        """Which of ``n`` buckets of equal size the symbol is in: 0.0 is that of the lowest values.

        Of equal values that of the symbol named earlier in the universe counts as the higher one.

        Raises:
            StrategyError: ``n`` is not a whole number of at least 2.
        """
        made: Number = Expr.make("quantile", (self,), (n,))
        return made

    def demean(self) -> Number:
        """The value less the session's mean over the symbols."""
        return _made("demean", self)

    def winsorise(self, p: float) -> Number:
        """The value, but the lowest and highest share ``p`` of the symbols at their bounds.

        The k lowest values become the lowest one that is not among them, and so at the top; k is p
        times the number of symbols, rounded down (as ``scipy.stats.mstats.winsorize``).

        Raises:
            StrategyError: ``p`` is not from 0 to 0.5.
        """
        made: Number = Expr.make("winsorise", (self,), (p,))
        return made

    def among(self, holds: Condition) -> Number:
        """The value where the condition holds, NaN elsewhere: what follows leaves those out."""
        return where(holds, self, math.nan)


class Condition(Expr, kind=Kind.CONDITION):
    """True or false at each bar."""

    __slots__ = ()

    def __and__(self, other: Condition) -> Condition:
        return _joined("and", self, other)

    def __or__(self, other: Condition) -> Condition:
        return _joined("or", self, other)

    def __invert__(self) -> Condition:
        made: Condition = Expr.make("not", (self,))
        return made

    def lag(self, bars: int = 1) -> Condition:
        """Whether it held so many of the symbol's own bars ago; false before there was one.

        Raises:
            LookAheadError: ``bars`` is negative.
        """
        made: Condition = Expr.make("lag_condition", (self,), (bars,))
        return made


Operand: TypeAlias = Number | float
"""What arithmetic and comparisons take: an expression or a plain number."""


class Bars:
    """The daily bars of a symbol, as rules see them, and what else is known of it on the day.

    Prices are split-adjusted forward, on the share basis of the first bar: a split is no jump, and
    a later split never changes an earlier price.

    Attributes:
        open, high, low, close, volume: of the bar.
        age: bars that the symbol has had before this one, those before the run included.
        sector: a number for the symbol's sector as it was known that day; NaN where it was not.
            Good for ``neutralise``.
        listed: whether the symbol was on the list of companies that was known that day. Before the
            first list on record nobody can say, and every symbol with a bar counts as listed.
    """

    __slots__ = ("age", "close", "high", "listed", "low", "open", "sector", "volume")

    def __init__(self) -> None:
        self.open: Final[Number] = Expr.make("field", (), ("open",))
        self.high: Final[Number] = Expr.make("field", (), ("high",))
        self.low: Final[Number] = Expr.make("field", (), ("low",))
        self.close: Final[Number] = Expr.make("field", (), ("close",))
        self.volume: Final[Number] = Expr.make("field", (), ("volume",))
        self.age: Final[Number] = Expr.make("field", (), ("age",))
        self.sector: Final[Number] = Expr.make("field", (), ("sector",))
        listed: Number = Expr.make("field", (), ("listed",))
        on_the_list: Condition = Expr.make("greater", (listed, Expr.make("constant", (), (0.0,))))
        self.listed: Final = on_the_list

    def factor(self, name: str) -> Number:
        """The newest value of a factor of the lake that was known at the close; NaN before.

        Raises:
            StrategyError: the name is empty. One that the lake does not know is refused when the
                run begins.
        """
        made: Number = Expr.make("field", (), (f"{FACTOR}{name}",))
        return made


BARS: Final = Bars()


def constant(value: float) -> Number:
    """The same number at every bar (NaN and inf are allowed)."""
    made: Number = Expr.make("constant", (), (value,))
    return made


def number(value: object) -> Number:
    """A number as an expression; an expression is returned as it is.

    Raises:
        StrategyError: ``value`` is neither.
    """
    if isinstance(value, Number):
        return value
    if isinstance(value, Condition):
        raise StrategyError(
            f"{value!r} is a condition where a number is needed: "
            "where(condition, 1.0, 0.0) turns it into one"
        )
    if not isinstance(value, bool) and isinstance(value, Real):
        return constant(cast("float", value))
    raise StrategyError(f"{value!r} is neither a number nor an expression of numbers")


def condition(value: object) -> Condition:
    """The condition itself.

    Raises:
        StrategyError: it is none; says what to write instead.
    """
    if isinstance(value, Condition):
        return value
    hint = (
        "; == and != compare expressions by identity: write a.equals(b)"
        if isinstance(value, bool)
        else "; a comparison such as fast > slow gives one"
    )
    raise StrategyError(f"{value!r} is no condition{hint}")


def minimum(a: Operand, b: Operand) -> Number:
    """The smaller of two numbers at each bar; NaN where either is."""
    return _pair("minimum", a, b)


def maximum(a: Operand, b: Operand) -> Number:
    """The larger of two numbers at each bar; NaN where either is."""
    return _pair("maximum", a, b)


def where(holds: Condition, then: Operand, otherwise: Operand) -> Number:
    """``then`` at the bars where the condition holds, ``otherwise`` at the others."""
    made: Number = Expr.make("where", (condition(holds), number(then), number(otherwise)))
    return made


def _made(operation: str, argument: Number) -> Number:
    made: Number = Expr.make(operation, (argument,))
    return made


def _pair(operation: str, a: Operand, b: Operand) -> Number:
    made: Number = Expr.make(operation, (number(a), number(b)))
    return made


def _compared(operation: str, a: Operand, b: Operand) -> Condition:
    made: Condition = Expr.make(operation, (number(a), number(b)))
    return made


def _joined(operation: str, a: Condition, b: Condition) -> Condition:
    made: Condition = Expr.make(operation, (condition(a), condition(b)))
    return made


def _rolling(name: str, x: Number, period: int) -> Number:
    made: Number = Expr.make("indicator", (x,), (name, name, period))
    return made
