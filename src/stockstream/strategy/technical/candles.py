"""Shapes of one to three bars: 100 where a bullish one ends, -100 where a bearish one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.strategy.technical.registered import indicator

if TYPE_CHECKING:
    from stockstream.strategy.expression import Bars, Number

__all__ = [
    "dark_cloud_cover",
    "doji",
    "dragonfly_doji",
    "engulfing",
    "evening_star",
    "gravestone_doji",
    "hammer",
    "hanging_man",
    "harami",
    "inverted_hammer",
    "marubozu",
    "morning_star",
    "piercing",
    "shooting_star",
    "three_black_crows",
    "three_white_soldiers",
]


def doji(bars: Bars) -> Number:
    """Open and close as good as one: 100, else 0."""
    return indicator("doji", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def dragonfly_doji(bars: Bars) -> Number:
    """A doji at the top of its range: 100, else 0."""
    return indicator("dragonfly_doji", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def gravestone_doji(bars: Bars) -> Number:
    """A doji at the bottom of its range: 100, else 0."""
    return indicator("gravestone_doji", bars.open, bars.high, bars.low, bars.close, parameters=())[
        0
    ]


def marubozu(bars: Bars) -> Number:
    """A long body without shadows: 100 or -100, else 0."""
    return indicator("marubozu", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def hammer(bars: Bars) -> Number:
    """A small body on a long lower shadow, low down: 100, else 0."""
    return indicator("hammer", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def hanging_man(bars: Bars) -> Number:
    """A hammer high up: -100, else 0."""
    return indicator("hanging_man", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def inverted_hammer(bars: Bars) -> Number:
    """A small body under a long upper shadow, low down: 100, else 0."""
    return indicator("inverted_hammer", bars.open, bars.high, bars.low, bars.close, parameters=())[
        0
    ]


def shooting_star(bars: Bars) -> Number:
    """An inverted hammer high up: -100, else 0."""
    return indicator("shooting_star", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def engulfing(bars: Bars) -> Number:
    """A body that holds the whole body before: 100 or -100 (80 if they share an end), else 0."""
    return indicator("engulfing", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def harami(bars: Bars) -> Number:
    """A short body within the long body before: 100 or -100 (80 if they share an end), else 0."""
    return indicator("harami", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def piercing(bars: Bars) -> Number:
    """White into the upper half of a black body: 100, else 0."""
    return indicator("piercing", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def dark_cloud_cover(bars: Bars, penetration: float = 0.5) -> Number:
    """Black deep into the white body before: -100, else 0."""
    return indicator(
        "dark_cloud_cover", bars.open, bars.high, bars.low, bars.close, parameters=(penetration,)
    )[0]


def morning_star(bars: Bars, penetration: float = 0.3) -> Number:
    """Black, a small body below, white: 100, else 0."""
    return indicator(
        "morning_star", bars.open, bars.high, bars.low, bars.close, parameters=(penetration,)
    )[0]


def evening_star(bars: Bars, penetration: float = 0.3) -> Number:
    """White, a small body above, black: -100, else 0."""
    return indicator(
        "evening_star", bars.open, bars.high, bars.low, bars.close, parameters=(penetration,)
    )[0]


def three_white_soldiers(bars: Bars) -> Number:
    """Three white bars that march up: 100, else 0."""
    return indicator(
        "three_white_soldiers", bars.open, bars.high, bars.low, bars.close, parameters=()
    )[0]


def three_black_crows(bars: Bars) -> Number:
    """Three black bars that go down after a white one: -100, else 0."""
    return indicator(
        "three_black_crows", bars.open, bars.high, bars.low, bars.close, parameters=()
    )[0]
