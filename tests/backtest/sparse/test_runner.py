"""What the sparse path refuses, leaves to the broker, and keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.backtest.sparse.market import by_broker, config, events
from tests.backtest.sparse.test_against_broker import assert_close

from stockstream.backtest.config import Costs, Margin, MarketRules
from stockstream.backtest.sparse.programs import (
    ABOVE,
    CROSSES_ABOVE,
    CROSSES_BELOW,
    GIVEN,
    NEVER,
    Programs,
)
from stockstream.backtest.sparse.programs import (
    Test as Asked,
)
from stockstream.backtest.sparse.runner import SparseRunner, sparse_refusal
from stockstream.backtest.trial_rows import rows_of
from stockstream.market.panel import DIVIDEND
from stockstream.testing.play import panel_of

NAN = np.array([np.nan])
NOTHING = np.empty((0, 0))


def program(enter: list[int], leave: list[int], bars: int, **exits: float) -> tuple[Programs, Any]:
    """One program that enters and leaves at some bars, and its conditions."""
    conditions = np.zeros((2, bars), np.uint8)
    conditions[0, enter] = 1
    conditions[1, leave] = 1
    none = np.array([-1])
    off: dict[str, Any] = {
        name: np.array([exits.get(name, 0.0)])
        for name in ("stop_loss", "take_profit", "trailing_stop")
    }
    off |= {name: np.array([int(exits.get(name, 0))]) for name in ("max_bars", "cooldown")}
    buys, sells = (Asked(GIVEN, np.array([row]), none, NAN) for row in (0, 1))
    off |= {"points": np.array([0]), "enter": buys, "exit": sells, "weight": np.array([1.0])}
    return Programs(**off, numbers=(), conditions=()), conditions


PRICES = [10.0, 11.0, 12.0, 11.0, 10.0, 12.0, 13.0, 13.0]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"fill": "next_close"}, "next_close"),
        ({"margin": Margin(leverage=2.0)}, "leverage is 2"),
        ({"market_rules": MarketRules(max_volume_share=0.1)}, "max_volume_share"),
        ({"costs": Costs(impact=0.1)}, "impact"),
    ],
)
def test_says_why_it_cannot_run(changes: dict[str, Any], why: str) -> None:
    refusal = sparse_refusal(panel_of({"A": PRICES}), config(**changes))
    assert why in refusal
    assert bool(refusal) == bool(why)


def test_refuses_panels_that_it_cannot_read() -> None:
    plain = panel_of({"A": PRICES})
    halted = panel_of({"A": [1.0, None, 2.0]})
    halted = replace(halted, dates=plain.dates[:3])
    assert "bars are missing" in sparse_refusal(halted, config())
    assert "2 symbols" in sparse_refusal(panel_of({"A": PRICES, "B": PRICES}), config())
    assert "zero" in sparse_refusal(panel_of({"A": [1.0, 0.0]}), config())
    assert "no bar" in sparse_refusal(replace(plain, first=8), config())
    repaid = panel_of({"A": PRICES}, actions=[(2, "A", DIVIDEND, -1.0)])
    assert "dividend" in sparse_refusal(repaid, config())


def test_leaves_to_the_broker_what_it_cannot_tell() -> None:
    """A minimum commission above the proceeds: the account owes money and is ruined."""
    prices = [10.0, 10.0, 0.001, 0.001, 0.001]
    settings = config(initial_capital=100.0, costs=Costs(commission_minimum=9.0))
    panel = panel_of({"A": prices})
    programs, conditions = program([0], [2], len(prices))
    edges = np.array([0, 2, len(prices)])
    runner = SparseRunner(panel, settings, edges=edges, compile_kernels=False)
    rows = runner.run(programs, NOTHING, conditions)
    assert runner.left == (0,)
    outcome = by_broker(programs, 0, NOTHING.reshape(0, len(prices)), conditions, panel, settings)
    assert_close(rows, 0, rows_of(outcome, settings, edges, np.empty(0, np.int64)))


def test_blocks_need_not_have_every_bar() -> None:
    panel, settings = panel_of({"A": PRICES}), config(fractional=True)
    programs, conditions = program([0], [5], len(PRICES))
    whole = np.array([0, 8])
    arguments = (programs, NOTHING, conditions)
    all_bars = SparseRunner(panel, settings, edges=whole, compile_kernels=False).run(*arguments)
    part = SparseRunner(panel, settings, edges=whole // 2 + 1, compile_kernels=False)
    rows = part.run(*arguments)
    np.testing.assert_array_equal(rows.metrics, all_bars.metrics)
    np.testing.assert_allclose(rows.sums, [[12 / 11 - 1 + 11 / 12 - 1 + 10 / 11 - 1]])


def test_an_exit_outweighs_an_entry_and_an_entry_never_adds() -> None:
    programs, conditions = program([0, 1, 2, 4], [0, 3, 4], len(PRICES))
    runner = SparseRunner(
        panel_of({"A": PRICES}), config(), edges=np.array([0, 8]), compile_kernels=False
    )
    fills = runner.fills(programs, NOTHING, conditions, 0)
    assert fills["bar"].tolist() == [2, 4]


@pytest.mark.parametrize("op", [CROSSES_ABOVE, CROSSES_BELOW])
def test_a_tie_is_no_other_side_and_a_gap_forgets(op: int) -> None:
    random = np.random.default_rng(3)
    lines = random.integers(0, 3, (2, 400)).astype(float)
    lines[random.random((2, 400)) < 0.1] = np.nan
    panel = panel_of({"A": [10.0] * 400})
    never, none = program([], [], 400)[0], np.zeros((0, 400), np.uint8)
    test = Asked(op, np.array([0]), np.array([1]), NAN)
    other = Asked(CROSSES_BELOW, np.array([0]), np.array([1]), NAN)
    runner = SparseRunner(panel, config(), edges=np.array([0, 400]), compile_kernels=False)
    for leave in (never.exit._replace(op=NEVER), other):
        for buys, sells in ((test, leave), (leave, test)):
            tested = never._replace(enter=buys, exit=sells)
            fills = runner.fills(tested, lines, none, 0)
            expected = by_broker(tested, 0, lines, none, panel, config())
            np.testing.assert_array_equal(fills, expected.fills)
    assert events(test, 0, lines, none).sum() > 10


def test_the_same_test_is_compared_once_and_another_constant_anew() -> None:
    numbers = np.array([PRICES])
    constant = np.array([10.5, 10.5, 11.5, 12.5, 10.5])
    one, _ = program([], [], len(PRICES))
    at = np.zeros(5, np.int64)
    repeated: Any = {name: np.repeat(getattr(one, name), 5) for name in Programs._fields[3:9]}
    many = one._replace(
        points=np.arange(5),
        enter=Asked(ABOVE, at, at - 1, constant),
        exit=Asked(NEVER, at, at - 1, np.full(5, np.nan)),
        **repeated,
    )
    runner = SparseRunner(
        panel_of({"A": PRICES}), config(), edges=np.array([0, 8]), compile_kernels=False
    )
    conditions = np.zeros((0, 8), np.uint8)
    rows = runner.run(many, numbers, conditions)
    np.testing.assert_array_equal(rows.metrics[0], rows.metrics[4])
    assert len(set(rows.metrics[1:4, 0])) == 3


def test_a_weight_that_is_no_number_buys_nothing_and_columns_may_be_read_only() -> None:
    programs, conditions = program([0], [], len(PRICES))
    conditions.flags.writeable = False
    weight = np.broadcast_to(np.nan, 1)
    runner = SparseRunner(
        panel_of({"A": PRICES}), config(), edges=np.array([0, 8]), compile_kernels=False
    )
    assert runner.run(programs, NOTHING, conditions).metrics[0, 15] == 1
    assert runner.run(programs._replace(weight=weight), NOTHING, conditions).metrics[0, 15] == 0
