"""What the shipped strategies do is what was recorded, to the last bit of every fill.

A failure here says what has changed. Where that was meant: ``python scripts/make_regression.py``.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from stockstream.strategies import SHIPPED

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_regression.py"


def _script() -> Any:
    spec = importlib.util.spec_from_file_location("make_regression", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


regression = _script()
CASE = "MeanReversionStrategy few retail"


@pytest.mark.parametrize("case", regression.CASES)
def test_nothing_has_changed(case: str) -> None:
    changed = regression.differences(case, regression.recorded()[case], regression.run(case))
    assert not changed, "\n".join([*changed, f"if this is meant: python {SCRIPT.name}"])


def test_every_strategy_universe_and_cost_model_is_recorded() -> None:
    assert set(regression.recorded()) == set(regression.CASES)
    assert set(regression.STRATEGIES) == set(SHIPPED)
    assert len(regression.CASES) == 5 * 3 * 2


def test_the_universes_have_what_makes_real_ones_hard() -> None:
    for name in regression.UNIVERSES:
        lake = regression.lake_of(name)
        assert set(lake.actions()["kind"]) == {"split", "dividend", "delisting"}
        counts = lake.bars()["symbol"].value_counts()["count"]
        assert counts.n_unique() > 1, "halts and new listings"
        assert set(lake.factors()["name"]) == {"DebtToEquity", "NewsSentiment"}


@pytest.fixture(scope="module")
def result() -> Any:
    return regression.run(CASE)


def _changed(result: Any, change: Any) -> list[str]:
    """What is said of a record that was another one."""
    old = copy.deepcopy(regression.record(result))
    change(old)
    found: list[str] = regression.differences(CASE, old, result)
    return found


def test_the_same_is_no_difference(result: Any) -> None:
    assert not regression.differences(CASE, regression.record(result), result)


def test_a_statistic_that_changed_is_told(result: Any) -> None:
    def change(old: dict[str, Any]) -> None:
        old["statistics"]["sharpe"] += 1e-6
        old["statistics"]["volatility"] *= 1.0 + 1e-12
        del old["statistics"]["exposure"]

    found = _changed(result, change)
    assert [line.removeprefix(CASE).split()[1] for line in found] == ["exposure:", "sharpe:"]
    assert "became" in found[1]


def test_the_first_fill_that_changed_is_told(result: Any) -> None:
    lines = regression.fill_lines(result)

    def at_the_head(old: dict[str, Any]) -> None:
        old["fills"]["sha256"] = "another"
        old["fills"]["blocks"][1]["first"] = "2020-01-01 ZZZ.AX 1.0"
        old["fills"]["blocks"][1]["digest"] = "another"

    _, was, now = _changed(result, at_the_head)
    assert was.endswith("fill 50 was: 2020-01-01 ZZZ.AX 1.0")
    assert now.endswith(f"fill 50  is: {lines[50]}")

    def inside(old: dict[str, Any]) -> None:
        old["fills"]["sha256"] = "another"
        old["fills"]["blocks"][2]["digest"] = "another"

    found = _changed(result, inside)
    assert "one of 101 to 149" in found[1]
    assert found[2].endswith(lines[101])

    def shorter(old: dict[str, Any]) -> None:
        old["fills"]["sha256"] = "another"
        old["fills"]["blocks"] = old["fills"]["blocks"][:2]

    assert "the first 100 fills are the same" in _changed(result, shorter)[1]


def test_another_market_is_told_first(result: Any) -> None:
    found = _changed(result, lambda old: old.update(data="another"))
    assert "the simulated market is another one" in found[0]
