"""Can the numbers of a strategy be believed? Engines against each other, and the future removed.

Look-ahead is searched for in two ways, at many bars of the run: the data after the bar is cut off,
or made up anew. What the strategy prepared and decided up to the bar must be the same each time.
This finds whatever reaches a strategy through the engine (``prepare`` above all), also where a
class variable or a module carries it; it cannot find data that a strategy brought along itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.backtest.compiled import run_compiled
from stockstream.backtest.decisions import decide_all
from stockstream.backtest.desks import Journal
from stockstream.backtest.event import run_event, step_rules
from stockstream.backtest.outside_state import OutsideState
from stockstream.errors import DataError, StrategyError
from stockstream.strategy.rule import RuleStrategy

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome
    from stockstream.market.panel import Panel
    from stockstream.strategy.strategy import Strategy

__all__ = ["Check", "VerifyReport", "check_free_form", "verify"]

CUTS = 20
TOLERANCE = 1e-9
"""Relative difference up to which a prepared value is the same: libraries sum in other orders."""

SHARE = 5
"""A sample replays at most one in so many parts of the run that it checks ..."""

SESSION = 10
"""... with a session counted as so many symbol-bars more than it has ..."""

LEAST = 100
"""... but always this many sessions, which take a millisecond or two."""


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
    search = _Search(strategy, panel, config, panel.sessions)
    looks = list(search.checks(at, seed))
    return VerifyReport(repr(strategy), (*_runs(strategy, panel, config), *looks))


def check_free_form(strategy: Strategy, panel: Panel, config: BacktestConfig) -> Check:
    """Search a strategy in free form for look-ahead at a small part of the price of its run.

    A few symbols, chosen by their number of bars with the seed of the configuration, are run with
    all of their future, without it and with another one; the future begins right after a decision,
    where one that was drawn from it must change. At most a fifth of the run is replayed, counted in
    symbol-bars and in calls of ``prepare``, and at least some hundred sessions; the answer depends
    on nothing but the data, the strategy and the configuration. Where the strategy cannot run on
    some symbols alone, the first bars of all of them are taken. A sample can miss what
    :func:`verify` finds; a column that looks ahead it hardly can.

    Called before the run itself, so that no cache of the strategy knows the future yet.
    """
    name = "no look-ahead in a sample"
    sample = _sample(panel, config.seed)
    for part, length in (sample, (panel, _length(panel, len(panel.symbols)))):
        if part.sessions - part.first < 4 or length < 3:
            continue
        last = min(part.first + length, part.sessions - 1)
        try:
            search = _Search(strategy, part, config, last)
        except StrategyError:
            continue
        found = search.first_difference([search.cut_before(last)], "cut off", config.seed)
        half = search.cut_before((part.first + last + 1) // 2)
        found = found or search.first_difference([half], "made up", config.seed)
        if found and not search.repeats():
            found = "it does not repeat itself: the same run decided otherwise the second time"
        seen = f"{len(part.symbols)} symbols, 2 cuts, {len(search.decided)} decisions unchanged"
        return Check(name, passed=found is None, detail=found or seen)
    return Check(name, passed=True, detail="not checked: the run is too short, or cannot be cut")


def _sample(panel: Panel, seed: int) -> tuple[Panel, int]:
    """The symbols of a sample, and how many sessions of them may be replayed."""
    symbols = len(panel.symbols)
    chosen = max(1, symbols // (SHARE * 3))
    bars = np.diff(panel.offsets)
    random = np.random.default_rng(seed)
    chosen = min(chosen, int(np.count_nonzero(bars)))
    picked = random.choice(symbols, chosen, replace=False, p=bars / bars.sum())
    return panel.select(sorted(picked.tolist())), _length(panel, chosen)


def _length(panel: Panel, symbols: int) -> int:
    """Sessions that may be replayed: all of them twice, and half of them once more."""
    work = (panel.sessions - panel.first) * (len(panel.symbols) + SESSION) // SHARE
    return max(int(work / (2.5 * (symbols + SESSION))), LEAST)


def _runs(strategy: Strategy, panel: Panel, config: BacktestConfig) -> list[Check]:
    """The same run by other means."""
    if not isinstance(strategy, RuleStrategy):
        outside = OutsideState(strategy)
        first, again = (run_event(strategy, panel, config) for _ in range(2))
        outside.restore()
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


class _Done(NamedTuple):
    """What a strategy did up to a bar: its columns, and its decisions by (bar, symbol)."""

    prepared: Mapping[str, NDArray[np.float64]]
    decided: dict[tuple[int, int], Hashable]


class _Search:
    """A strategy's run up to a bar, held against runs with other futures.

    Raises:
        StrategyError: it cannot run at all.
    """

    def __init__(self, strategy: Strategy, panel: Panel, config: BacktestConfig, stop: int) -> None:
        self._strategy, self._panel, self._config = strategy, panel, config
        self._outside = OutsideState(strategy)
        self._stop = stop
        self._whole = self._done(panel, stop)

    @property
    def decided(self) -> dict[tuple[int, int], Hashable]:
        """What was decided with all of the future there."""
        return self._whole.decided

    def checks(self, at: Sequence[int], seed: int) -> Iterator[Check]:
        """The future removed, then made up anew, at every cut."""
        count = sum(1 for key in self.decided if key[0] < at[-1])
        fine = f"{len(at)} cuts, {count} decisions unchanged"
        for how in ("cut off", "made up"):
            found = self.first_difference(at, how, seed)
            name = f"decisions stay when the future is {how}"
            yield Check(name, passed=found is None, detail=found or fine)

    def cut_before(self, bar: int) -> int:
        """The latest cut up to a bar that comes right after a decision, else the bar itself."""
        return max((t + 1 for t, _ in self.decided if t < bar), default=bar)

    def repeats(self) -> bool:
        """Whether the same run decides the same again."""
        return self._done(self._panel, self._stop).decided == self.decided

    def first_difference(self, at: Sequence[int], how: str, seed: int) -> str | None:
        """What differs before one of the bars once its future is another; None if nothing does."""
        for bar in at:
            cut = how == "cut off"
            other = self._panel.truncate(bar) if cut else self._panel.perturbed(bar, seed + bar)
            found = self._difference(other, bar)
            if found:
                return found
        return None

    def _difference(self, changed: Panel, bar: int) -> str | None:
        panel, before = self._panel, self._whole
        day = panel.dates[bar - 1]
        try:
            now = self._done(changed, bar)
        except StrategyError as error:
            return f"failed without the bars after {day}: {error}"
        column = _changed_column(before.prepared, now.prepared, panel, changed, bar)
        if column:
            return f"prepared column {column!r} up to {day} depends on later bars"
        expected = {key: value for key, value in before.decided.items() if key[0] < bar}
        if expected == now.decided:
            return None
        keys = expected.keys() | now.decided.keys()
        t, s = min(key for key in keys if expected.get(key) != now.decided.get(key))
        was, became = (made.get((t, s), "no order") for made in (expected, now.decided))
        return (
            f"{panel.symbols[s]} on {panel.dates[t]}: {was} became {became} "
            f"when the bars after {day} were changed"
        )

    def _done(self, panel: Panel, stop: int) -> _Done:
        """A run of its own, with nothing left over from the ones before."""
        if isinstance(self._strategy, RuleStrategy):
            return _Done({}, _ruled(self._strategy, panel, stop))
        journal = Journal()
        try:
            run_event(self._strategy, panel, self._config, journal=journal, stop=stop)
        finally:
            self._outside.restore()
        orders: dict[tuple[int, int], tuple[Hashable, ...]] = {}
        for made in journal.decisions:
            key = (made.bar, made.symbol)
            orders[key] = (*orders.get(key, ()), made.action)
        return _Done(journal.prepared, dict(orders))


def _ruled(strategy: RuleStrategy, panel: Panel, stop: int) -> dict[tuple[int, int], Hashable]:
    """What rules decided before bar ``stop``."""
    made = decide_all(strategy.plan(), panel)
    bars = np.repeat(np.arange(panel.sessions), np.diff(made.start))
    early = bars < stop
    columns = [made.code, made.size, *(p for p in (made.limit, made.stop) if len(p))]
    rows = zip(*(column[early].tolist() for column in columns), strict=True)
    keys = zip(bars[early].tolist(), made.symbol[early].tolist(), strict=True)
    # NaN is no price and no weight, and equals nothing: None equals itself
    values = (tuple(None if x != x else x for x in row) for row in rows)  # noqa: PLR0124
    return dict(zip(keys, values, strict=True))


def _changed_column(
    before: Mapping[str, NDArray[np.float64]],
    now: Mapping[str, NDArray[np.float64]],
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
