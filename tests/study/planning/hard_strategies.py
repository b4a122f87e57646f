"""Strategies that make it hard to plan many points at once, each with a grid."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from stockstream.errors import ConfigError
from stockstream.strategies import (
    LongShortEquityStrategy,
    MeanReversionStrategy,
    MomentumStrategy,
    MovingAverageCrossover,
    RSIMeanReversion,
)
from stockstream.strategy import (
    Bracket,
    Percent,
    Range,
    RuleStrategy,
    Signals,
    Strategy,
    Weights,
    constant,
    ema,
    rsi,
    sma,
    sum_of,
    volatility_target,
    where,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class Branching(RuleStrategy):
    n: int = 5
    up: bool = True
    kind: Literal["sma", "ema"] = "sma"

    def rules(self, bars: Any) -> Any:
        average = sma if self.kind == "sma" else ema
        if self.n > 10 and not self.up:
            return Signals(enter_long=bars.close < average(bars.close, self.n))
        if self.n % 3 == 0:
            return Signals(enter_long=bars.close > 1.0, exit_long=bars.close < self.n)
        return Signals(enter_long=bars.close.crosses_above(average(bars.close, self.n)))


class Mathematical(RuleStrategy):
    n: int = 9
    x: float = 0.5

    def check(self) -> None:
        self.half = self.n // 2
        if self.x > math.sqrt(self.n):
            raise ConfigError(f"x={self.x:g} is above {math.sqrt(self.n):.3f}")

    def rules(self, bars: Any) -> Any:
        level = math.log(self.n) * self.x + self.n**0.5 - abs(-self.x) % 0.3
        fast = max(2, min(self.half, 12), round(self.x * 4))
        return Signals(
            enter_long=rsi(bars.close, fast) < level,
            exit_long=(bars.close / sma(bars.close, self.n) - 1.0) > -self.x,
            weight=1 / (1 + self.n),
        )


class Textual(RuleStrategy):
    window: int = 3
    name: str = "Momentum"
    n: int = 2

    def rules(self, bars: Any) -> Any:
        score = bars.factor(f"{self.name}{self.window:02d}")
        return Signals(enter_long=score > sma(bars.close, self.n))


class Tuples(RuleStrategy):
    periods: tuple[int, ...] = (2, 3)
    x: float = 1.0

    def rules(self, bars: Any) -> Any:
        averages = [sma(bars.close, n) * self.x for n in self.periods]
        total = sum_of(averages)
        return Signals(enter_long=bars.close > total / len(self.periods), exit_long=total < 2.0)


class OwnConstructor(RuleStrategy):
    n: int = 5
    m: int = 3

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.periods = sorted([self.n, self.m])
        self.longest = self.periods[-1]

    def rules(self, bars: Any) -> Any:
        fast, slow = (ema(bars.close, n) for n in self.periods)
        return Signals(enter_long=fast > slow, exit_long=fast <= slow.lag(self.longest))


class Looping(RuleStrategy):
    n: int = 3
    x: float = 0.1

    def rules(self, bars: Any) -> Any:
        rising = bars.close > bars.close.lag(1)
        for i in range(1, self.n):
            rising &= bars.close.lag(i) > bars.close.lag(i + 1) * self.x
        return Signals(enter_long=rising, exit_long=~rising.lag(self.n))


class Raising(RuleStrategy):
    n: int = 1
    x: float = 1.0

    def rules(self, bars: Any) -> Any:
        try:
            level = 1.0 / (self.n - 3)
        except ZeroDivisionError:
            level = -1.0
        if self.n == 7:
            raise RuntimeError(f"seven and {self.x}")
        if self.n == 8:
            return None
        return Signals(
            enter_long=bars.close > level / self.x, exit_long=sma(bars.close, self.n) < 5
        )


class Isinstance(RuleStrategy):
    n: int = 5
    x: float = 5.0

    def rules(self, bars: Any) -> Any:
        n: Any = self.n
        x: Any = self.x
        period = n if isinstance(n, int) else 99
        level = x if isinstance(x, float) and not isinstance(x, bool) else 99.0
        return Signals(enter_long=sma(bars.close, period) > level)


class Closures(RuleStrategy):
    n: int = 5
    x: float = 0.5

    def rules(self, bars: Any) -> Any:
        def scaled(by: float) -> Any:
            def average(of: Any) -> Any:
                return sma(of, self.n) * (by + self.x)

            return average

        fast = scaled(1.0)(bars.close)
        return Signals(enter_long=fast.crosses_above(scaled(2)(bars.open)), exit_long=fast < 3)


UNKNOWN = math.nan
PERIODS = {2: 20, 3: 30, 5: 50}


class Keyed(RuleStrategy):
    n: int = 2
    x: float = 0.5

    def rules(self, bars: Any) -> Any:
        period = PERIODS[self.n]
        level = {0.5: 1.0}.get(self.x, self.x)
        return Signals(enter_long=sma(bars.close, period) > level * [7, 8, 9, 10, 11, 12][self.n])


class Bracketed(RuleStrategy):
    stop: Annotated[float, Percent] = 0.05
    target: float = 0.1
    bars_held: int = 5
    cooldown: int = 2

    def rules(self, bars: Any) -> Any:
        return Signals(
            enter_long=bars.close > bars.open,
            weight=self.target * 2,
            bracket=Bracket(
                stop_loss=self.stop * 2,
                take_profit=self.target,
                trailing_stop=self.stop,
                max_bars=self.bars_held,
                cooldown=self.cooldown,
            ),
        )


class AskingType(RuleStrategy):
    """``type`` can tell many values from one: nothing is gained, and nothing lost."""

    n: int = 5

    def rules(self, bars: Any) -> Any:
        period = self.n if type(self.n) is int else 99
        return Signals(enter_long=sma(bars.close, period) > 1.0)


class CatchingAll(RuleStrategy):
    n: int = 5

    def rules(self, bars: Any) -> Any:
        try:
            level = math.sqrt(self.n)
        except BaseException:  # noqa: BLE001
            level = 99.0
        return Signals(enter_long=sma(bars.close, 3) > level)


class Identity(RuleStrategy):
    n: int = 5
    m: int = 5

    def rules(self, bars: Any) -> Any:
        fast, slow = sma(bars.close, self.n), sma(bars.close, self.m)
        if fast == slow:
            return Signals(enter_long=bars.close > slow)
        return Signals(enter_long=fast > slow, exit_long=slow >= fast)


@lru_cache
def cached_level(n: int) -> float:
    return n * 1.5


class Library(RuleStrategy):
    n: int = 5
    x: float = 2.0

    def rules(self, bars: Any) -> Any:
        level = np.sqrt(self.x) + np.float64(0.5) * self.x + cached_level(self.n)
        spread = np.array([self.n, 2]).mean()
        return Signals(enter_long=sma(bars.close, self.n) > level, exit_long=bars.close < spread)


class OwnColumns(RuleStrategy):
    n: int = 5

    def columns(self) -> tuple[str, ...]:
        return (f"factor:Value{self.n % 2}",)

    def rules(self, bars: Any) -> Any:
        return Signals(enter_long=bars.close > self.n)


class Introspective(RuleStrategy):
    n: int = 5
    m: int = 3

    def rules(self, bars: Any) -> Any:
        average = sma(rsi(bars.close, self.n), self.m)
        if average.lookback() > 12:
            raise ConfigError(f"{average!r} looks back too far")
        low, high = divmod(self.n * self.m, 4)
        return Signals(enter_long=constant(low) > average, exit_long=average > high)


class Scheduled(RuleStrategy):
    every: int = 5
    offset: int = 0
    x: float = 0.5

    def rules(self, bars: Any) -> Any:
        target = where(bars.close > sma(bars.close, self.every), self.x, -self.x)
        return Weights(target=target, every=self.every, offset=self.offset)


class Large(RuleStrategy):
    n: int = 5
    x: float = 0.0

    def rules(self, bars: Any) -> Any:
        level = self.n**40 % 7 + (self.n << 70) / 2**70
        return Signals(enter_long=bars.close * -self.x > level, exit_long=bars.close > -self.x)


class Refusing(RuleStrategy):
    """Every way in which a kernel cannot take rules, and some that it can."""

    n: int = 0

    def rules(self, bars: Any) -> Any:
        up, down = bars.close > bars.open, bars.close < bars.open
        return [
            lambda: Signals(enter_short=up),
            lambda: Signals(enter_long=up, exit_short=down),
            lambda: Signals(enter_long=up, limit=bars.low),
            lambda: Signals(enter_long=up, stop=10.0),
            lambda: Signals(enter_long=up, value=5_000),
            lambda: Signals(enter_long=up, quantity=10),
            lambda: Signals(enter_long=up, weight=volatility_target(bars, 0.1)),
            lambda: Signals(enter_long=up, day=True),
            lambda: Signals(enter_long=bars.close.rank() > 0.5),
            lambda: Signals(enter_long=up, exit_long=down | (bars.volume > 5)),
            lambda: Signals(enter_long=constant(3) > 2),
            lambda: Signals(enter_long=constant(3) >= bars.close, exit_long=bars.close < UNKNOWN),
        ][self.n]()


class FreeForm(Strategy):
    n: Annotated[int, Range(1)] = 1
    factors: tuple[str, ...] = ()

    def check(self) -> None:
        1 / (self.n - 2)

    def lookback(self) -> int:
        return self.n * 3


GRIDS: list[tuple[type[Strategy], dict[str, Sequence[Any]], int]] = [
    (MovingAverageCrossover, {"fast_period": range(5, 25), "slow_period": range(18, 60, 3)}, 4),
    (
        MomentumStrategy,
        {
            "momentum_period": (3, 9, 20),
            "signal_threshold": (0.0, 0.1),
            "stop_loss_pct": (0.0, 0.2),
        },
        4,
    ),
    (
        MeanReversionStrategy,
        {
            "lookback_period": (2, 3, 10, 20),
            "entry_threshold": (0.5, 1.0, 3.5),
            "cooldown_period": (0, 4),
        },
        7,
    ),
    (
        RSIMeanReversion,
        {"period": (2, 14), "oversold": (20.0, 70.0), "overbought": (60.0, 80.0)},
        4,
    ),
    (
        LongShortEquityStrategy,
        {
            "quantile": (0.1, 0.3),
            "factors": (("-A",), ("A", "B"), ("A", "-A"), ()),
            "rebalance_period": (5, 21),
            "take_profit_pct": (0.0, 0.3),
        },
        8,
    ),
    (Branching, {"n": range(3, 18), "up": (True, False), "kind": ("sma", "ema")}, 25),
    (Mathematical, {"n": (1, 4, 9, 16, 30), "x": (0.25, 1.5, 2.5, 4.5)}, 14),
    (Textual, {"window": (1, 12), "name": ("Momentum", "Value"), "n": range(2, 12)}, 9),
    (Tuples, {"periods": ((2, 3), (5,), (2, 3, 4), ()), "x": np.linspace(0.5, 2, 8).tolist()}, 15),
    (OwnConstructor, {"n": range(2, 12), "m": range(2, 12)}, 5),
    (Looping, {"n": (1, 2, 4), "x": np.linspace(0.9, 1.1, 12).tolist()}, 8),
    (Raising, {"n": range(10), "x": (-2.0, -1.0, 0.0, 0.5, 1.0, 3.0)}, 40),
    (Isinstance, {"n": range(2, 8), "x": (1.0, 2.0, 5.5)}, 4),
    (Closures, {"n": range(2, 9), "x": (-1.0, 0.0, 0.5)}, 4),
    (Keyed, {"n": range(1, 6), "x": (0.25, 0.5, 0.75, 1.0, 2.0, 3.0)}, 36),
    (
        Bracketed,
        {
            "stop": (0.0, 0.1, 0.5),
            "target": (-0.1, 0.0, 0.5),
            "bars_held": (-1, 0, 7),
            "cooldown": (0, 1, 9),
        },
        81,
    ),
    (AskingType, {"n": range(2, 12)}, 12),
    (CatchingAll, {"n": range(2, 12)}, 11),
    (Identity, {"n": range(2, 8), "m": range(2, 8)}, 37),
    (Library, {"n": (2, 3, 4), "x": np.linspace(0.5, 9.5, 10).tolist()}, 7),
    (OwnColumns, {"n": range(2, 12)}, 11),
    (Introspective, {"n": range(2, 10), "m": range(2, 10)}, 73),
    (
        Scheduled,
        {"every": (0, 1, 5), "offset": (-1, 0, 2), "x": np.linspace(0.0, 1.0, 9).tolist()},
        59,
    ),
    (Large, {"n": (0, 1, 5, 77), "x": (0.0, -0.0, 1.0, -1.0, 2.5)}, 4),
    (Refusing, {"n": range(12)}, 13),
]
"""A strategy, its grid, and how often its rules may be written for that, samples included."""
