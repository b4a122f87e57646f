"""Record what the shipped strategies do: tests/regression/recorded.json.

Every strategy runs over three simulated universes with two cost models. Kept of each run are its
statistics and a digest of its fills; tests/regression/test_regression.py runs them again, and any
change is a failing test. Where a change is meant, record anew and read what the command prints:
``python scripts/make_regression.py``. With ``--check`` it writes nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import math
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_backtest
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.backtest.result import BacktestResult
    from stockstream.lake.store import Lake

RECORDED: Final = Path(__file__).parents[1] / "tests" / "regression" / "recorded.json"

STRATEGIES: Final[dict[str, dict[str, Any]]] = {
    "MovingAverageCrossover": {},
    "RSIMeanReversion": {},
    "MeanReversionStrategy": {"entry_threshold": 1.5},
    "MomentumStrategy": {"momentum_period": 20},
    "LongShortEquityStrategy": {"factors": ["DebtToEquity", "NewsSentiment"]},
}
COSTS: Final[dict[str, dict[str, Any]]] = {
    "broker": {"costs": {"commission_bps": 2.0, "slippage_bps": 1.0, "borrow_bps": 50.0}},
    "retail": {
        "costs": {
            "commission_tiers": ((0.0, 30.0), (5_000.0, 12.0)),
            "commission_minimum": 6.0,
            "spread_bps": 20.0,
            "impact": 0.1,
            "borrow_bps": 400.0,
            "financing_bps": 700.0,
        },
        "market_rules": {"minimum_parcel": 500.0, "tick": "asx", "max_volume_share": 0.1},
    },
}
COLUMNS: Final = ("date", "symbol", "quantity", "price", "commission", "slippage", "reason")

CAPITAL = 500_000.0

BLOCK = 50
"""Fills that share a digest: a difference is found to within so many of them."""

TOLERANCE = 1e-9
"""Relative difference of a statistic that is none: sums may run in another order elsewhere."""


@dataclass(frozen=True)
class Universe:
    """A simulated market; trading begins a year after it does."""

    companies: int
    first: int
    last: int
    seed: int


UNIVERSES: Final = {
    "few": Universe(8, 2015, 2019, seed=10),
    "decade": Universe(30, 2012, 2021, seed=3),
    "broad": Universe(100, 2018, 2021, seed=4),
}

CASES: Final = [
    f"{strategy} {universe} {costs}"
    for strategy in STRATEGIES
    for universe in UNIVERSES
    for costs in COSTS
]


def run(case: str) -> BacktestResult:
    """The backtest of a case."""
    strategy, universe, costs = case.split()
    market = UNIVERSES[universe]
    config = BacktestConfig(
        strategy_class=strategy,
        start_date=dt.date(market.first + 1, 1, 1),
        end_date=dt.date(market.last, 12, 31),
        initial_capital=CAPITAL,
        parameters=STRATEGIES[strategy],
        **COSTS[costs],
    )
    return run_backtest(config, lake_of(universe), benchmark=False)


def lake_of(universe: str) -> Lake:
    """The market of a universe, made once in a process."""
    market = UNIVERSES[universe]
    days = dt.date(market.first, 1, 1), dt.date(market.last, 12, 31)
    return simulated_lake(market.companies, *days, market.seed)


def record(result: BacktestResult) -> dict[str, Any]:
    """What is kept of a run."""
    lines = fill_lines(result)
    return {
        "data": result.identity.data_digest[:16],
        "statistics": statistics(result),
        "fills": {
            "count": len(lines),
            "sha256": _digest(lines),
            "blocks": [_block(lines, start) for start in range(0, len(lines), BLOCK)],
        },
    }


def statistics(result: BacktestResult) -> dict[str, float | None]:
    """Metrics and totals; None where a metric is not defined."""
    numbers = {**result.metrics.as_dict(), **result.totals, "final_equity": result.equity[-1]}
    return {
        name: float(value) if math.isfinite(value) else None
        for name, value in numbers.items()
        if isinstance(value, int | float)
    }


def fill_lines(result: BacktestResult) -> list[str]:
    """The fills, a line each, every digit of every number in it."""
    return [" ".join(map(str, row)) for row in result.fills.select(COLUMNS).rows()]


def differences(case: str, old: dict[str, Any], result: BacktestResult) -> list[str]:
    """What has changed since a run was recorded, a line each; empty if nothing did."""
    new = record(result)
    found = []
    if old["data"] != new["data"]:
        found.append(
            f"the simulated market is another one: data {old['data']} became {new['data']} "
            "(another NumPy? a change of stockstream.market.simulated or of the lake?)"
        )
    found += _apart(old["statistics"], new["statistics"])
    if old["fills"]["sha256"] != new["fills"]["sha256"]:
        found += _fills_apart(old["fills"], new["fills"], fill_lines(result))
    return [f"{case}: {line}" for line in found]


def _apart(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, "missing"), new.get(name, "missing")
        if isinstance(was, float) and isinstance(now, float):
            if not math.isclose(was, now, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
                yield f"{name}: {was!r} became {now!r}"
        elif was != now:
            yield f"{name}: {was!r} became {now!r}"


def _fills_apart(old: dict[str, Any], new: dict[str, Any], lines: list[str]) -> Iterator[str]:
    was, now = (f"{fills['count']} with the digest {fills['sha256'][:12]}" for fills in (old, new))
    yield f"fills: {was} became {now}"
    pairs = enumerate(zip(old["blocks"], new["blocks"], strict=False))
    first = next((at for at, (one, other) in pairs if one != other), None)
    if first is None:
        shorter = min(len(old["blocks"]), len(new["blocks"]))
        yield f"the first {shorter * BLOCK} fills are the same"
        return
    start = first * BLOCK
    was, now = old["blocks"][first]["first"], new["blocks"][first]["first"]
    if was != now:
        yield f"fill {start} was: {was}"
        yield f"fill {start}  is: {now}"
        return
    stop = min(start + BLOCK, len(lines))
    yield f"the first fill that differs is one of {start + 1} to {stop - 1}; they are now:"
    yield from (f"  {line}" for line in lines[start + 1 : stop])


def _block(lines: list[str], start: int) -> dict[str, str]:
    return {"first": lines[start], "digest": _digest(lines[start : start + BLOCK])[:12]}


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@cache
def recorded() -> dict[str, Any]:
    """The committed file; empty where there is none."""
    if not RECORDED.is_file():
        return {}
    found: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Record every case and say what has changed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it changed")
    check = parser.parse_args().check
    before, after, changed = recorded(), {}, []
    for case in CASES:
        result = run(case)
        after[case] = record(result)
        if case not in before:
            changed.append(f"{case}: new, {after[case]['fills']['count']} fills")
        else:
            changed += differences(case, before[case], result)
    changed += [f"{case}: gone" for case in before if case not in after]
    print("\n".join(changed) or "nothing has changed")
    if not check:
        RECORDED.parent.mkdir(parents=True, exist_ok=True)
        RECORDED.write_text(json.dumps(after, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
