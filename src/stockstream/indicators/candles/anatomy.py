"""What candle patterns look at: bodies, shadows, colours, and what is long or short.

The words mean what they do in TA-Lib, whose rules the patterns follow. The body is |close - open|,
white where close >= open. A body is long or short beside the mean body of the ten bars before it; a
body of a doji, or a shadow that is very short, is at most a tenth of the mean high - low of the ten
bars before; near is a fifth, and far three fifths, of that of five bars.

All patterns keep one kind of state: the last 14 bars, and a few rolling sums. A sum is moved on as
TA-Lib does it, ``total += newest - oldest``, from the same first bar: bodies in whole ticks often
equal their mean exactly, and another order of adding decides such a tie the other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence

__all__ = [
    "CANDLE_SLOTS",
    "body",
    "body_average",
    "bottom",
    "candle_slots",
    "close_of",
    "colour",
    "far",
    "high_of",
    "low_of",
    "lower_shadow",
    "near",
    "open_of",
    "remember",
    "tenth_of_range",
    "top",
    "upper_shadow",
]

SEEN, TOTALS, BARS = 0, 1, 9
"""State: bars seen, eight sums, the bars."""

KEPT = 14
"""Bars: the ten of a mean before the third bar of a pattern, that bar, and the one that leaves."""

OPEN, HIGH, LOW, CLOSE, FIELDS = 0, 1, 2, 3, 4

CANDLE_SLOTS = BARS + KEPT * FIELDS


def candle_slots(*_: float) -> int:
    """Floats of state, the same for all patterns."""
    return CANDLE_SLOTS


@kernel
def remember(
    state: MutableSequence[float], opening: float, high: float, low: float, close: float, at: int
) -> int:
    """Take a bar in. Gives how many there have been; 0 for one that is not finite, left out."""
    bar = opening + high + low + close
    if bar - bar != 0.0:
        return 0
    seen = int(state[at + SEEN])
    row = at + BARS + FIELDS * (seen % KEPT)
    state[row + OPEN] = opening
    state[row + HIGH] = high
    state[row + LOW] = low
    state[row + CLOSE] = close
    state[at + SEEN] += 1.0
    return seen + 1


@kernel
def _row(state: MutableSequence[float], ago: int, at: int) -> int:
    return at + BARS + FIELDS * ((int(state[at + SEEN]) - 1 - ago) % KEPT)


@kernel
def open_of(state: MutableSequence[float], ago: int, at: int) -> float:
    """The open of so many bars ago; 0 is the bar just taken in."""
    return state[_row(state, ago, at) + OPEN]


@kernel
def high_of(state: MutableSequence[float], ago: int, at: int) -> float:
    """The high of so many bars ago."""
    return state[_row(state, ago, at) + HIGH]


@kernel
def low_of(state: MutableSequence[float], ago: int, at: int) -> float:
    """The low of so many bars ago."""
    return state[_row(state, ago, at) + LOW]


@kernel
def close_of(state: MutableSequence[float], ago: int, at: int) -> float:
    """The close of so many bars ago."""
    return state[_row(state, ago, at) + CLOSE]


@kernel
def body(state: MutableSequence[float], ago: int, at: int) -> float:
    """|close - open|."""
    row = _row(state, ago, at)
    return abs(state[row + CLOSE] - state[row + OPEN])


@kernel
def top(state: MutableSequence[float], ago: int, at: int) -> float:
    """The upper end of the body."""
    row = _row(state, ago, at)
    return max(state[row + OPEN], state[row + CLOSE])


@kernel
def bottom(state: MutableSequence[float], ago: int, at: int) -> float:
    """The lower end of the body."""
    row = _row(state, ago, at)
    return min(state[row + OPEN], state[row + CLOSE])


@kernel
def upper_shadow(state: MutableSequence[float], ago: int, at: int) -> float:
    """From the body up to the high."""
    return high_of(state, ago, at) - top(state, ago, at)


@kernel
def lower_shadow(state: MutableSequence[float], ago: int, at: int) -> float:
    """From the low up to the body."""
    return bottom(state, ago, at) - low_of(state, ago, at)


@kernel
def colour(state: MutableSequence[float], ago: int, at: int) -> float:
    """1.0 for white, close >= open; -1.0 for black."""
    row = _row(state, ago, at)
    return 1.0 if state[row + CLOSE] >= state[row + OPEN] else -1.0


@kernel
def _range(state: MutableSequence[float], ago: int, at: int) -> float:
    row = _row(state, ago, at)
    return state[row + HIGH] - state[row + LOW]


@kernel
def body_average(
    state: MutableSequence[float], total: int, ago: int, first: bool, at: int
) -> float:
    """The mean body of the ten bars before the one ``ago`` bars back.

    Args:
        state: of the pattern.
        total: which of its eight sums to use: each has its own.
        ago: 0 is the bar just taken in.
        first: whether this is the first bar on which the pattern is looked for.
        at: where the state begins.
    """
    place = at + TOTALS + total
    if first:
        state[place] = 0.0
        for back in range(ago + 10, ago, -1):
            state[place] += body(state, back, at)
    else:
        state[place] += body(state, ago + 1, at) - body(state, ago + 11, at)
    return state[place] / 10.0


@kernel
def _range_average(
    state: MutableSequence[float], total: int, period: int, ago: int, first: bool, at: int
) -> float:
    place = at + TOTALS + total
    if first:
        state[place] = 0.0
        for back in range(ago + period, ago, -1):
            state[place] += _range(state, back, at)
    else:
        state[place] += _range(state, ago + 1, at) - _range(state, ago + 1 + period, at)
    return state[place] / float(period)


@kernel
def tenth_of_range(
    state: MutableSequence[float], total: int, ago: int, first: bool, at: int
) -> float:
    """The most that the body of a doji, or a very short shadow, may be ``ago`` bars back."""
    return 0.1 * _range_average(state, total, 10, ago, first, at)


@kernel
def near(state: MutableSequence[float], total: int, ago: int, first: bool, at: int) -> float:
    """How far apart two prices may be that are near each other ``ago`` bars back."""
    return 0.2 * _range_average(state, total, 5, ago, first, at)


@kernel
def far(state: MutableSequence[float], total: int, ago: int, first: bool, at: int) -> float:
    """How far apart two prices are that are far from each other ``ago`` bars back."""
    return 0.6 * _range_average(state, total, 5, ago, first, at)
