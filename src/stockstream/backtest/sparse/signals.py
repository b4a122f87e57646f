"""When a trial buys and sells: tests as bytes, one for each bar, and the next one that says yes.

A test is compared over all bars in one pass that the compiler turns into vector instructions, and
the bytes are then read eight at a time. Kernel code; see ``stockstream.jit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.backtest.sparse.programs import (
    AT_LEAST,
    AT_MOST,
    BELOW,
    CROSSES_ABOVE,
    CROSSES_BELOW,
    GIVEN,
    NEVER,
)
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Codes, Column

__all__ = ["PADDING", "Marks", "Rows", "Watch", "next_event", "watch", "watch_fall"]

# what a test that is true of a bar means
LEVEL: Final = 0  # the event is there
RISE: Final = 1  # it is there on the first bar after the other side
FALL: Final = 2  # it is there on the first bar on the other side

ZEROS: Final = 0
ONES: Final = 0x0101010101010101
PADDING: Final = 2
"""After the last bar stand bytes that are neither 0 nor 1: every search ends there."""


class Marks(NamedTuple):
    """Memory for one test: a byte for each bar, and the same memory in words of eight."""

    bytes: Any  # [T + padding]
    words: Any
    level: Column  # [T]: the constant that was compared with last


class Rows(NamedTuple):
    """What tests read."""

    numbers: Any  # [C][T]
    conditions: Any  # [D][T], 1 where it holds


class Watch(NamedTuple):
    """A test over all bars; for crossings ``bytes`` says where ``x`` is above ``y``."""

    kind: int
    bytes: Any
    words: Any
    x: Column
    y: Column


@kernel
def watch(op: int, a: int, b: int, constant: float, known: bool, rows: Rows, marks: Marks) -> Watch:
    """Compare all bars. ``known``: the marks are those of this very test already."""
    compares = op not in (NEVER, GIVEN)
    if compares and b < 0:
        _level_at(constant, marks.level)
    x = rows.numbers[a] if compares else marks.level
    y = rows.numbers[b] if compares and b >= 0 else marks.level
    if op in (BELOW, AT_MOST, CROSSES_BELOW):
        x, y = y, x
    if not known:
        _compare(op, a, x, y, rows, marks)
    kind = RISE if op in (CROSSES_ABOVE, CROSSES_BELOW) else LEVEL
    return Watch(kind, marks.bytes, marks.words, x, y)


@kernel
def watch_fall(rise: Watch) -> Watch:
    """The crossing back, read from the marks of the crossing."""
    return Watch(FALL, rise.bytes, rise.words, rise.x, rise.y)


@kernel
def _level_at(constant: float, level: Column) -> None:
    if level[0] != constant:
        for t in range(len(level)):
            level[t] = constant


@kernel
def _compare(op: int, a: int, x: Column, y: Column, rows: Rows, marks: Marks) -> None:
    out = marks.bytes
    if op == NEVER:
        for t in range(len(x)):
            out[t] = 0
    elif op == GIVEN:
        given = rows.conditions[a]
        for t in range(len(given)):
            out[t] = given[t]
    elif op in (AT_LEAST, AT_MOST):
        for t in range(len(x)):
            out[t] = x[t] >= y[t]
    else:
        for t in range(len(x)):
            out[t] = x[t] > y[t]


@kernel
def next_event(test: Watch, t: int, stop: int) -> int:
    """The first bar from ``t`` on at which the test says yes; ``stop`` if none does."""
    if test.kind == LEVEL:
        return _find(test.words, t, ZEROS)
    if test.kind == RISE:
        return _next_rise(test, t, stop)
    return _next_fall(test, t, stop)


@kernel
def _find(words: Codes, t: int, skipped: int) -> int:
    """The first bar from ``t`` on whose byte is another one than those of ``skipped``."""
    k = t >> 3
    word = (words[k] ^ skipped) >> ((t & 7) << 3)
    while word == 0:
        k += 1
        t = k << 3
        word = words[k] ^ skipped
    if word & 0xFFFFFFFF == 0:
        word >>= 32
        t += 4
    if word & 0xFFFF == 0:
        word >>= 16
        t += 2
    if word & 0xFF == 0:
        t += 1
    return t


@kernel
def _next_rise(test: Watch, t: int, stop: int) -> int:
    """Where ``x`` crosses above ``y``: it was below when they last differed, and no NaN since."""
    x, y = test.x, test.y
    while True:
        below = _find(test.words, t - 1 if t > 0 else 0, ONES)
        t = _find(test.words, below, ZEROS)
        if t >= stop:
            return stop
        before = t - 1
        while before > 0 and x[before] == y[before]:
            before -= 1
        if x[before] < y[before]:
            return t
        t += 1


@kernel
def _next_fall(test: Watch, t: int, stop: int) -> int:
    """Where ``x`` crosses below ``y``; a tie is still above, a NaN forgets."""
    x, y = test.x, test.y
    at = t - 1 if t > 0 else 0
    while at > 0 and x[at] == y[at]:
        at -= 1
    while True:
        above = _find(test.words, at, ZEROS)
        at = _find(test.words, above, ONES)
        while at < stop and x[at] == y[at]:
            at += 1
        if at >= stop:
            return stop
        if at >= t and x[at] < y[at]:
            return at
