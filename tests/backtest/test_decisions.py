"""What rules decide: whole panels, blocks and single sessions give the same rows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest import decisions
from stockstream.backtest.codes import ENTER_LONG, EXIT_LONG, TARGET
from stockstream.backtest.compiled import CompiledRunner, run_compiled
from stockstream.backtest.decisions import BarDecider, common_ticket, decide_all
from stockstream.backtest.event import step_rules
from stockstream.backtest.feed import Feed
from stockstream.errors import DataError
from stockstream.market.panel import SPLIT, Actions, Panel
from stockstream.strategy import (
    Bracket,
    Signals,
    Strategy,
    Weights,
    equal_weight,
    kelly,
    long_short,
    neutralise,
    rsi,
    sma,
    sum_of,
    top,
    volatility_target,
    where,
)
from stockstream.strategy.expression import Bars
from stockstream.strategy.orders import SizeIn
from stockstream.testing.play import Played, config_of, panel_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.decisions import Decisions
    from stockstream.strategy.signals import Rules

    Row = tuple[int, int, int, float, float, float]


bars = Bars()


def random_panel(seed: int, symbols: int = 7, sessions: int = 90) -> Panel:
    """A market with halts, late listings, splits, and factors that are not always known."""
    random = np.random.default_rng(seed)
    traded = random.random((symbols, sessions)) < 0.93
    for late in range(0, symbols, 3):
        traded[late, : random.integers(0, sessions // 2)] = False
    counts = traded.sum(axis=1)
    bar = np.concatenate([np.flatnonzero(row) for row in traded])
    walk = np.exp(np.cumsum(random.normal(0.0, 0.03, (symbols, sessions)), axis=1)) * 20.0
    close: NDArray[np.float64] = np.round(walk[traded], 2)
    opened: NDArray[np.float64] = close * (1.0 + random.normal(0.0, 0.01, len(bar)))
    rows = len(bar)
    split = 30 + int(np.flatnonzero(traded[1, 30:])[0])
    known = random.random(rows) < 0.8
    return Panel(
        tuple(f"S{s}.AX" for s in range(symbols)),
        np.busday_offset(np.datetime64("2022-11-01"), np.arange(sessions)),
        np.concatenate(([0], np.cumsum(counts))),
        bar,
        opened,
        np.maximum(opened, close) * 1.01,
        np.minimum(opened, close) * 0.99,
        close,
        (random.integers(1, 1000, rows) * 100.0).astype(np.float64),
        actions=Actions(np.array([split]), np.array([1]), np.array([SPLIT]), np.array([2.0])),
        first=12,
        columns={
            "factor:PE": np.where(known, np.round(random.normal(15.0, 4.0, rows)), np.nan),
            "factor:News": np.where(known, random.normal(size=rows), np.nan),
            "sector": np.where(random.random(rows) < 0.9, random.integers(1, 4, rows), np.nan),
            "listed": (random.random(rows) < 0.9).astype(np.float64),
        },
    )


score = sum_of(bars.factor(name).zscore() for name in ("PE", "News"))
momentum = bars.close.change(5)
RULES: dict[str, Rules] = {
    "long and short of factors": Weights(
        long_short(score, 0.3), every=5, bracket=Bracket(0.05, 0.1, cooldown=3)
    ),
    "momentum, sector neutral": Weights(
        long_short(neutralise(momentum.rank(), by=bars.sector), 0.4, 1.5), every="week"
    ),
    "equal parts of the top": Weights(
        equal_weight(top(momentum.among(bars.listed & (bars.age > 9)), 3)), every="month", offset=1
    ),
    "averages of ranks": Weights(where(sma(momentum.rank(), 3) > 0.6, 0.2, math.nan), every="day"),
    "buckets as signals": Signals(
        enter_long=momentum.quantile(4) > 2.0,
        exit_long=momentum.quantile(4) < 1.0,
        enter_short=momentum.winsorise(0.1).demean() < -0.05,
        weight=volatility_target(bars, 0.05, 5),
    ),
    "limit orders": Signals(
        enter_long=rsi(bars.close, 3) < 40.0,
        exit_long=rsi(bars.close, 3) > 60.0,
        value=2_000.0,
        limit=bars.close * 0.99,
        day=True,
    ),
    "stop orders": Signals(
        enter_long=bars.close > sma(bars.close, 4),
        exit_long=bars.close < sma(bars.close, 4),
        quantity=where(bars.volume.change() > -0.5, 10.0, math.nan),
        stop=bars.high.highest(3),
        limit=bars.high.highest(3) * 1.02,
    ),
    "kelly": Signals(enter_long=momentum > 0.0, exit_long=momentum < 0.0, weight=kelly(bars, 10)),
}


def rows_of(made: Decisions) -> list[Row]:
    """Decisions as (bar, symbol, code, size, limit, stop); -1.0 where there is no price."""
    bar = np.repeat(np.arange(len(made.start) - 1), np.diff(made.start))
    prices = [
        np.nan_to_num(column, nan=-1.0) if len(column) else np.full(len(bar), -1.0)
        for column in (made.limit, made.stop)
    ]
    entry = (made.code & ENTER_LONG != 0) | (made.code >= TARGET)
    size = np.where(entry, made.size, 0.0)
    columns = (bar, made.symbol, made.code, size, *prices)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def stepped(rules: Rules, panel: Panel) -> list[Row]:
    """The same rows from the session form."""
    decider, feed = BarDecider(rules, panel), Feed(panel, columns=rules.columns())
    rows: list[Row] = []
    for t in range(panel.sessions):
        for symbol, code, size, limit, stop in decider.update(t, feed.bars(t)):
            entry = code & ENTER_LONG != 0 or code >= TARGET
            prices = [-1.0 if math.isnan(price) else price for price in (limit, stop)]
            rows.append((t, symbol, code, size if entry else 0.0, prices[0], prices[1]))
    return rows


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", [0, 1])
def test_sessions_blocks_and_whole_panels_decide_the_same(
    name: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, rules = random_panel(seed), RULES[name]
    whole = rows_of(decide_all(rules, panel))
    assert len(whole) > 10
    assert whole == stepped(rules, panel)
    memo: dict[Any, Any] = {}
    assert (
        whole == rows_of(decide_all(rules, panel, memo)) == rows_of(decide_all(rules, panel, memo))
    )
    monkeypatch.setattr(decisions, "BLOCK_ROWS", 100)
    assert whole == rows_of(decide_all(rules, panel))


@pytest.mark.parametrize("name", RULES)
def test_the_past_is_decided_without_the_future(name: str) -> None:
    panel, rules = random_panel(5), RULES[name]
    whole = rows_of(decide_all(rules, panel))
    for cut in range(13, panel.sessions, 11):
        before = [row for row in whole if row[0] < cut]
        assert rows_of(decide_all(rules, panel.truncate(cut))) == before
        other = rows_of(decide_all(rules, panel.perturbed(cut, seed=cut)))
        assert [row for row in other if row[0] < cut] == before


@pytest.mark.parametrize(
    "name", ["averages of ranks", "buckets as signals", "limit orders", "stop orders", "kelly"]
)
def test_the_look_back_is_enough(name: str) -> None:
    """A run that begins later and warms up over the look-back decides the same."""
    rules = RULES[name]
    panel, begin = random_panel(6, sessions=200), 160
    # halts make a symbol's bars reach back further than so many sessions
    start = begin - 2 * rules.lookback() - 10
    late = panel.window(start, panel.sessions, begin)
    rows = rows_of(decide_all(rules, panel))
    wanted = [(t - start, *rest) for t, *rest in rows if t >= begin]
    found = rows_of(decide_all(rules, late))
    assert [row[:3] for row in found] == [row[:3] for row in wanted]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", [0, 3])
def test_engines_agree_to_the_last_bit(name: str, seed: int) -> None:
    panel, rules, config = random_panel(seed), RULES[name], config_of(fractional=True)
    compiled = run_compiled(rules, panel, config, compile_kernels=False)
    event = step_rules(rules, panel, config)
    assert len(compiled.fills) > 0
    for what in ("fills", "trades", "days"):
        assert (getattr(compiled, what) == getattr(event, what)).all(), what


def test_prices_of_orders_are_as_traded() -> None:
    panel = panel_of({"A": [10.0, 10.0, 5.0, 5.0]}, actions=[(2, "A", SPLIT, 2.0)])
    rules = Signals(enter_long=bars.close > 0.0, limit=bars.close * 0.9, stop=bars.close * 1.1)
    made = decide_all(rules, panel)
    np.testing.assert_allclose(made.limit, [9.0, 9.0, 4.5, 4.5])
    np.testing.assert_allclose(made.stop, [11.0, 11.0, 5.5, 5.5])
    assert rows_of(made) == stepped(rules, panel)


def test_an_entry_without_a_usable_size_or_price_is_none() -> None:
    panel = panel_of({"A": [1.0, 2.0, 3.0, 4.0]})
    unknown = where(bars.close > 2.0, bars.close, math.nan)
    negative = bars.close - 3.0
    tried: list[dict[str, Any]] = [
        {"limit": unknown},
        {"stop": unknown},
        {"value": negative},
        {"weight": unknown},
    ]
    for given in tried:
        rules = Signals(enter_long=bars.close > 0.0, exit_long=bars.close < 2.0, **given)
        made = rows_of(decide_all(rules, panel))
        entered = [row[0] for row in made if row[2] & ENTER_LONG]
        assert entered == ([3] if "value" in given else [2, 3])
        assert (0, 0, EXIT_LONG, 0.0, -1.0, -1.0) in made
        assert made == stepped(rules, panel)


def test_without_prices_the_columns_are_empty() -> None:
    made = decide_all(Weights(0.5), panel_of({"A": [1.0], "B": [1.0]}))
    assert (len(made.size), len(made.limit), len(made.stop)) == (2, 0, 0)


def test_the_ticket_says_what_orders_have_in_common() -> None:
    stop = Bracket(stop_loss=0.1)
    signals = Signals(enter_long=bars.close > 0.0, value=100.0, limit=1.0, day=True, bracket=stop)
    ticket = common_ticket(signals)
    assert (ticket.size_in, ticket.day, ticket.bracket) == (SizeIn.VALUE, True, stop)
    assert common_ticket(Weights(0.1, bracket=stop)).bracket == stop


def test_a_column_that_the_panel_lacks_is_named() -> None:
    panel = panel_of({"A": [1.0]})
    with pytest.raises(DataError, match=r"no column 'factor:PE'.*columns=\('factor:PE',\)"):
        decide_all(Weights(bars.factor("PE")), panel)


def test_free_form_strategies_see_factors_by_their_names() -> None:
    class Cheap(Strategy):
        factors: tuple[str, ...] = ("PE", "close")
        seen: str = ""

        def prepare(self, frame: Any) -> Any:
            return frame.with_columns(twice=frame["PE"] * 2.0)

    panel = panel_of({"A": [1.0, 2.0]})
    columns = {"factor:PE": np.array([7.0, 8.0]), "factor:close": np.array([5.0, 6.0])}
    strategy = Cheap()
    assert strategy.columns() == ("factor:PE", "factor:close")
    feed = Feed(replace(panel, columns=columns), strategy)
    [(symbol, data)] = feed.bars(1)
    assert (symbol, data["PE"], data["close"], data["factor:close"]) == (0, 8.0, 2.0, 6.0)
    assert data["twice"] == 16.0
    assert feed.history("A", "PE", 5) == [7.0, 8.0]
    with pytest.raises(DataError, match="factor:PE"):
        Feed(panel, strategy)


def pulse(low: float, high: float) -> Any:
    """Whether the close is between two prices."""
    return (bars.close > low) & (bars.close < high)


def test_a_bar_late_is_filled_a_bar_late_and_the_last_decision_is_lost() -> None:
    panel = panel_of({"A": [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]})
    rules = Signals(enter_long=pulse(10.5, 11.5), exit_long=pulse(12.5, 14.5), quantity=10.0)
    config = config_of()
    at_once = decide_all(rules, panel)
    late = at_once.delayed(panel)
    fills = [
        Played(CompiledRunner(panel, config).follow(made), panel).rows for made in (at_once, late)
    ]
    assert fills[0] == [(2, "A", 10.0, 12.0, "order"), (4, "A", -10.0, 14.0, "order")]
    assert fills[1] == [(3, "A", 10.0, 13.0, "order"), (5, "A", -10.0, 15.0, "order")]
    again = late.delayed(panel)
    assert [row[0] for row in rows_of(at_once)] == [1, 3, 4]
    assert [row[0] for row in rows_of(late)] == [2, 4, 5]
    assert [row[0] for row in rows_of(again)] == [3, 5]
    fills_again = Played(CompiledRunner(panel, config).follow(again), panel).rows
    assert fills_again == [(4, "A", 10.0, 14.0, "order")]


def test_a_bar_late_is_the_next_bar_of_the_symbol() -> None:
    panel = panel_of({"A": [1.0, 1.0, 1.0, 1.0], "B": [1.0, None, None, 2.0], "C": [1.0, 1.0]})
    rules = Signals(enter_long=bars.close > 0.0, weight=0.1, limit=bars.close * 2.0)
    late = rows_of(decide_all(rules, panel).delayed(panel))
    assert [(t, panel.symbols[symbol], limit) for t, symbol, *_, limit, _ in late] == [
        *((1, "A", 2.0), (1, "C", 2.0), (2, "A", 2.0)),
        *((3, "A", 2.0), (3, "B", 2.0)),  # the price is of the day when it was decided
    ]


@pytest.mark.parametrize("name", RULES)
def test_a_bar_late_knows_no_more(name: str) -> None:
    panel, rules = random_panel(9), RULES[name]
    late = rows_of(decide_all(rules, panel).delayed(panel))
    assert len(late) > 5
    for cut in range(20, panel.sessions, 23):
        other = rows_of(decide_all(rules, panel.perturbed(cut, seed=cut)).delayed(panel))
        known = [row for row in late if row[0] <= cut]
        assert [row for row in other if row[0] <= cut] == known
