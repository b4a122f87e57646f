"""The example file that users start from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from stockstream.strategy import Action, Signals
from stockstream.strategy.registry import load_strategy_file

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "my_strategy.py"


def test_the_rule_strategy_plans() -> None:
    cls: Any = load_strategy_file(f"{EXAMPLE}:BuyTheDip")
    plan = cls(trend=100).plan()
    assert isinstance(plan, Signals)
    assert plan.bracket.stop_loss == 0.08
    assert cls(trend=100).lookback() >= 99


class Tape:
    """Each symbol rises by as much as its place in the alphabet."""

    def history(self, symbol: str, field: str, n: int) -> list[float]:
        return [100.0, 100.0 + ord(symbol)]


class Account:
    """Holds one loser."""

    positions: tuple[str, ...] = ("A",)


@pytest.mark.parametrize("held", [1, 2])
def test_the_free_one_rotates_monthly(held: int) -> None:
    cls: Any = load_strategy_file(f"{EXAMPLE}:MonthlyMomentum")
    strategy = cls(held=held)
    strategy.attach(Tape())
    bars: dict[str, dict[str, float]] = {symbol: {} for symbol in "ABC"}
    actions = list(strategy.on_bar(dt.date(2024, 1, 31), bars, Account()))
    best = ["C", "B"][:held]
    assert actions == [
        Action.close("A"),
        *(Action.target_weight(1 / held, symbol) for symbol in best),
    ]
    assert not list(strategy.on_bar(dt.date(2024, 1, 31), bars, Account()))
    assert list(strategy.on_bar(dt.date(2024, 2, 1), bars, Account()))
