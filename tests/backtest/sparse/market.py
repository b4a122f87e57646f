"""Markets, programs and configurations for tests of the sparse path, all of them seeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.codes import ENTER_LONG, EXIT_LONG
from stockstream.backtest.compiled import run_decisions
from stockstream.backtest.config import BacktestConfig, Costs, MarketRules
from stockstream.backtest.decisions import Decisions
from stockstream.backtest.sparse.programs import (
    ABOVE,
    AT_LEAST,
    AT_MOST,
    BELOW,
    CROSSES_ABOVE,
    CROSSES_BELOW,
    GIVEN,
    NEVER,
    Programs,
    Test,
)
from stockstream.market.panel import DIVIDEND, SPLIT, Actions, Panel
from stockstream.strategy.crossing import crossings
from stockstream.strategy.orders import Bracket, Ticket

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.outcome import Outcome

OPS = (NEVER, ABOVE, BELOW, AT_LEAST, AT_MOST, CROSSES_ABOVE, CROSSES_BELOW, GIVEN)
BRACKET = ("stop_loss", "take_profit", "trailing_stop", "max_bars", "cooldown")


def random_panel(random: np.random.Generator, sessions: int) -> Panel:
    """One symbol with gaps between its bars, splits and dividends; some prices stand still."""
    steps = random.normal(0.0, random.choice([0.005, 0.02, 0.06]), sessions)
    steps[random.random(sessions) < 0.1] = 0.0
    close = random.choice([0.5, 20.0, 400.0]) * np.exp(np.cumsum(steps))
    still = random.random(sessions) < 0.2
    opens = close * np.exp(np.where(still, 0.0, random.normal(0.0, 0.015, sessions)))
    if random.random() < 0.5:
        digits = 3 if close[0] < 1.0 else 2
        close, opens = (np.maximum(x.round(digits), 10.0**-digits) for x in (close, opens))
    flat = random.random(sessions) < 0.2
    up, down = (np.where(flat, 0.0, np.abs(random.normal(0.0, 0.01, sessions))) for _ in "ab")
    first = int(random.choice([0, 1, 40]))
    return Panel(
        ("ONE",),
        np.datetime64("2020-01-01") + np.arange(sessions).astype("timedelta64[D]"),
        np.array([0, sessions]),
        np.arange(sessions),
        opens,
        np.maximum(opens, close) * np.exp(up),
        np.minimum(opens, close) * np.exp(-down),
        close,
        np.full(sessions, 1e6),
        actions=random_actions(random, sessions),
        first=first,
    )


def random_actions(random: np.random.Generator, sessions: int) -> Actions:
    count = int(random.choice([0, 0, 3, 12]))
    bar = np.sort(random.integers(1, sessions, count))
    kind = random.choice([SPLIT, DIVIDEND], count)
    order = np.lexsort((kind, bar))
    ratio = random.choice([2.0, 3.0, 0.5, 0.1, 1.5, 7.000007], count)
    value = np.where(kind == SPLIT, ratio, random.choice([0.01, 0.3], count))
    return Actions(bar, np.zeros(count, np.int64), kind, value).keep(order)


def random_config(random: np.random.Generator) -> BacktestConfig:
    costs = random.choice(
        np.array(
            [
                {},
                {"commission_bps": 10},
                {"commission_bps": 10, "slippage_bps": 5, "spread_bps": 4},
                {"commission_minimum": 8.0, "commission_per_share": 0.01},
                {"commission_fixed": 2.0, "commission_bps": 3},
                {"commission_tiers": ((0, 20), (5_000, 12), (50_000, 5)), "commission_minimum": 5},
            ],
            object,
        )
    )
    rules = random.choice(
        np.array(
            [
                {},
                {"tick": "asx"},
                {"tick": 0.05},
                {"lot": 10},
                {"lot": 3, "minimum_parcel": 500.0},
                {"tick": "asx", "minimum_parcel": 2000.0},
            ],
            object,
        )
    )
    return config(
        initial_capital=float(random.choice([300.0, 5_000.0, 100_000.0])),
        costs=Costs(**costs),
        market_rules=MarketRules(**rules),
        size_at=str(random.choice(["order", "fill"])),
        fractional=bool(random.random() < 0.5),
        risk_free=float(random.choice([0.0, 0.04, -0.02])),
        periods_per_year=int(random.choice([252, 365])),
    )


def config(**values: Any) -> BacktestConfig:
    days = {"start_date": "2020-01-01", "end_date": "2030-01-01"}
    return BacktestConfig(strategy_class="Programs", **days, **values)


def random_numbers(random: np.random.Generator, panel: Panel, rows: int) -> NDArray[np.float64]:
    """``[C, T]``: averages with NaN heads, some of them rounded, so that ties are met."""
    close, made = panel.close, []
    for _ in range(rows):
        period = int(random.integers(1, 25))
        total = np.cumsum(np.concatenate(([0.0], close)))
        line = np.full(len(close), np.nan)
        line[period - 1 :] = (total[period:] - total[:-period]) / period
        if random.random() < 0.4:
            line = (line / close[0]).round(1) * close[0]
        if random.random() < 0.3:
            line[random.random(len(close)) < 0.05] = np.nan
        made.append(line)
    return np.array(made)


def random_programs(
    random: np.random.Generator, numbers: NDArray[np.float64], conditions: int, count: int
) -> Programs:
    def test(op: int) -> Test:
        a = random.integers(0, conditions if op == GIVEN else len(numbers), count)
        b = random.integers(-1, len(numbers), count)
        level = np.nanmedian(numbers) * random.choice([0.9, 1.0, 1.1], count)
        same = random.random() < 0.3  # the same test at every point
        if same:
            a[:], level[:] = a[0], level[0]
        return Test(op, a, b, np.where(b < 0, level, np.nan))

    enter, leave = test(int(random.choice(OPS[1:]))), test(int(random.choice(OPS)))
    if enter.op == CROSSES_ABOVE and random.random() < 0.7:
        leave = enter._replace(op=CROSSES_BELOW)
    guarded = random.random() < 0.6
    given: dict[str, list[float]] = {
        "stop_loss": [0.0, 0.01, 0.05],
        "take_profit": [0.0, 0.02, 0.15],
        "trailing_stop": [0.0, 0.0, 0.03, 0.1],
        "max_bars": [0, 1, 2, 9],
        "cooldown": [0, 1, 5],
    }
    exits: dict[str, Any] = {
        name: random.choice(np.array(values if guarded else values[:1]), count)
        for name, values in given.items()
    }
    weight = random.choice([1.0, 1.0, 0.5, 0.1], count)
    return Programs(np.arange(count), enter, leave, weight, **exits, numbers=(), conditions=())


def events(
    test: Test, place: int, numbers: NDArray[np.float64], conditions: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """``[T]``: what a test says, in NumPy's words."""
    bars = numbers.shape[1]
    if test.op == NEVER:
        return np.zeros(bars, np.bool_)
    if test.op == GIVEN:
        return np.asarray(conditions[test.a[place]] == 1)
    x, b = numbers[test.a[place]], test.b[place]
    y = numbers[b] if b >= 0 else np.full(bars, test.constant[place])
    if test.op in (CROSSES_ABOVE, CROSSES_BELOW):
        wanted = 1 if test.op == CROSSES_ABOVE else -1
        return np.asarray(crossings(x, y, np.array([0, bars])) == wanted)
    compare = {ABOVE: np.greater, BELOW: np.less, AT_LEAST: np.greater_equal}
    return np.asarray(compare.get(test.op, np.less_equal)(x, y))


def by_broker(
    programs: Programs,
    place: int,
    numbers: NDArray[np.float64],
    conditions: NDArray[np.uint8],
    panel: Panel,
    settings: BacktestConfig,
) -> Outcome:
    """The same program as decisions, bar by bar."""
    code = events(programs.enter, place, numbers, conditions) * ENTER_LONG
    code = code + events(programs.exit, place, numbers, conditions) * EXIT_LONG
    at = np.flatnonzero(code)
    at = at[at >= panel.first]
    bracket = Bracket(**{name: getattr(programs, name)[place].item() for name in BRACKET})
    size = np.full(len(at), programs.weight[place])
    made = Decisions.at_rows(panel, at, code[at], size, Ticket(bracket=bracket))
    return run_decisions(made, panel, settings, compile_kernels=False)
