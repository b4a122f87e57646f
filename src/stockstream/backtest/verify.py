"""Can the numbers of a strategy be believed? Engines against each other, and the future removed.

Look-ahead is searched for in two ways, at many bars of the run: the data after the bar is cut off,
or made up anew. What the strategy decided up to the bar must be the same each time. This finds
whatever reaches a strategy through the engine (``prepare`` above all); it cannot find data that a
strategy brought along itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.compiled import run_compiled
from stockstream.backtest.decisions import decide_all
from stockstream.backtest.event import run_event, step_rules
from stockstream.backtest.feed import prepared_columns
from stockstream.errors import DataError, StrategyError
from stockstream.strategy.rule import RuleStrategy

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.event import Decision
    from stockstream.backtest.outcome import Outcome
    from stockstream.market.panel import Panel
    from stockstream.strategy.strategy import Strategy

__all__ = ["Check", "VerifyReport", "verify"]

CUTS = 20
TOLERANCE = 1e-9
"""Relative difference up to which a prepared value is the same: libraries sum in other orders."""


@dataclass(frozen=True)
class Check:
    """One question and its answer."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class VerifyReport:
    """All answers for one strategy."""

    strategy: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check did."""
        return all(check.passed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        checks = [asdict(check) for check in self.checks]
        return {"strategy": self.strategy, "passed": self.passed, "checks": checks}


def verify(
    strategy: Strategy, panel: Panel, config: BacktestConfig, *, cuts: int = CUTS, seed: int = 0
) -> VerifyReport:
    """Check a strategy on a panel.

    Args:
        strategy: what to check.
        panel: the data to check it on; the more it trades there, the more the checks can see.
        config: capital, costs and how orders work.
        cuts: bars at which the future is removed and made up anew.
        seed: of the made-up future.

    Raises:
        DataError: the trading window is too short to be cut.
    """
    if panel.sessions - panel.first < 4:
        raise DataError(
            f"{panel.sessions - panel.first} sessions are too few to verify on: "
            "choose a longer range"
        )
    at = np.unique(np.linspace(panel.first + 1, panel.sessions - 1, cuts).astype(int)).tolist()
    runs = _runs(strategy, panel, config)
    checks = [*runs, *_look_ahead(strategy, panel, config, at, seed)]
    return VerifyReport(repr(strategy), tuple(checks))


def _runs(strategy: Strategy, panel: Panel, config: BacktestConfig) -> list[Check]:
    """The same run by other means."""
    if not isinstance(strategy, RuleStrategy):
        first, again = (run_event(strategy, panel, config) for _ in range(2))
        return [_same("same inputs, same bytes", first, again)]
    rules = strategy.plan()
    interpreted = run_compiled(rules, panel, config, compile_kernels=False)
    machine = run_compiled(rules, panel, config, compile_kernels=True)
    return [
        _same("interpreted and compiled kernels agree", interpreted, machine),
        _same("event and compiled engine agree", step_rules(rules, panel, config), machine),
    ]


def _same(name: str, one: Outcome, other: Outcome) -> Check:
    """Two outcomes, to the last bit."""
    for what in ("fills", "trades", "days"):
        a, b = getattr(one, what), getattr(other, what)
        if len(a) != len(b):
            return Check(name, passed=False, detail=f"{len(a)} {what} against {len(b)}")
        differing = np.flatnonzero(a != b)
        if len(differing):
            i = int(differing[0])
            return Check(name, passed=False, detail=f"{what}[{i}]: {a[i]} against {b[i]}")
    return Check(name, passed=True, detail=f"{len(one.fills)} fills identical")


def _look_ahead(
    strategy: Strategy, panel: Panel, config: BacktestConfig, at: list[int], seed: int
) -> Iterator[Check]:
    """The future removed, then made up anew, at every cut."""
    futures: dict[str, Callable[[int], Panel]] = {
        "decisions stay when the future is cut off": panel.truncate,
        "decisions stay when the future is made up": lambda bar: panel.perturbed(bar, seed + bar),
    }
    decided = _decisions(strategy, panel, config, panel.sessions)
    prepared = prepared_columns(strategy, panel)
    for name, future in futures.items():
        found = None
        for bar in at:
            found = _difference(strategy, config, future(bar), bar, decided, prepared, panel)
            if found:
                break
        count = sum(1 for key in decided if key[0] < at[-1])
        fine = f"{len(at)} cuts, {count} decisions unchanged"
        yield Check(name, passed=found is None, detail=found or fine)


def _difference(
    strategy: Strategy,
    config: BacktestConfig,
    changed: Panel,
    bar: int,
    decided: dict[tuple[int, int], Hashable],
    prepared: dict[str, NDArray[np.float64]],
    panel: Panel,
) -> str | None:
    """What differs before ``bar`` once the future from it on is another; None if nothing does."""
    day = panel.dates[bar - 1]
    try:
        column = _changed_column(prepared, prepared_columns(strategy, changed), panel, changed, bar)
        if column:
            return f"prepared column {column!r} up to {day} depends on later bars"
        now = _decisions(strategy, changed, config, bar)
    except StrategyError as error:
        return f"failed without the bars after {day}: {error}"
    before = {key: value for key, value in decided.items() if key[0] < bar}
    if before == now:
        return None
    t, symbol = min(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    return (
        f"{panel.symbols[symbol]} on {panel.dates[t]}: {before.get((t, symbol), 'no order')} "
        f"became {now.get((t, symbol), 'no order')} when the bars after {day} were changed"
    )


def _decisions(
    strategy: Strategy, panel: Panel, config: BacktestConfig, stop: int
) -> dict[tuple[int, int], Hashable]:
    """What was decided before bar ``stop``, by (bar, symbol)."""
    if isinstance(strategy, RuleStrategy):
        made = decide_all(strategy.plan(), panel)
        bars = np.repeat(np.arange(panel.sessions), np.diff(made.start)).tolist()
        rows = zip(
            bars, made.symbol.tolist(), made.code.tolist(), made.weight.tolist(), strict=True
        )
        return {(t, s): (code, weight) for t, s, code, weight in rows if t < stop}
    journal: list[Decision] = []
    run_event(strategy, panel, config, journal=journal, stop=stop)
    orders: dict[tuple[int, int], tuple[Hashable, ...]] = {}
    for decision in journal:
        key = (decision.bar, decision.symbol)
        orders[key] = (*orders.get(key, ()), decision.action)
    return dict(orders)


def _changed_column(
    before: dict[str, NDArray[np.float64]],
    now: dict[str, NDArray[np.float64]],
    panel: Panel,
    changed: Panel,
    bar: int,
) -> str | None:
    """The first prepared column whose values before ``bar`` are no longer the same."""
    for name, values in before.items():
        if name not in now:
            return name
        old, new = values[panel.bar < bar], now[name][changed.bar < bar]
        if not np.allclose(old, new, rtol=TOLERANCE, atol=0.0, equal_nan=True):
            return name
    return None
