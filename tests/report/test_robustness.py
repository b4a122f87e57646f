"""What a run might have been: its fan, other costs, a bar late, and what is kept of them."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.report.conftest import SYMBOLS, market

from stockstream.backtest.config import Costs
from stockstream.errors import DataError
from stockstream.metrics.bootstrap import mean_block_length, resampled
from stockstream.report import charts
from stockstream.report.robustness import (
    COSTS,
    QUANTILES,
    Robustness,
    Walk,
    fan_of,
    measure_robustness,
)
from stockstream.report.tearsheet import equity_figure, render_tear_sheet

if TYPE_CHECKING:
    from tests.report.conftest import Backtest

    from stockstream.backtest.result import BacktestResult
    from stockstream.market.panel import Panel

KNOWN = Robustness(
    run="r-0123456789ab",
    costs=tuple(
        {
            "factor": factor,
            "total_return": 0.3 - 0.1 * factor,
            "sharpe": 1.0,
            "annualised_return": 0.1 - factor / 30,
            "max_drawdown": -0.2,
            "trades": 9,
        }
        for factor in COSTS
    ),
    break_even=3.0,
    late_note="not known",
    walk=Walk(
        study="s-0123456789ab",
        split="walk_forward(train=1y,test=6m)",
        select="sharpe",
        dates=("2024-01-01", "2024-01-02"),
        equity=(100.0, 101.5),
        folds=(
            {
                "fold": 1,
                "test_start": "2024-01-01",
                "test_end": "2024-01-02",
                "parameters": {"fast": 3},
                "train": {"sharpe": None},
                "test": {"sharpe": 0.4, "total_return": 0.015, "trades": 2},
            },
        ),
        metrics={"total_return": 0.015, "annualised_return": None, "sharpe": 0.4},
        efficiency=0.5,
        flags=("few bars",),
    ),
)


class Market:
    """A lake with one panel."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def resolve(self, symbols: Any) -> list[str]:
        return list(symbols)

    def symbols(self) -> list[str]:
        return list(SYMBOLS)

    def panel(self, *_: Any, **__: Any) -> Panel:
        return self._panel


def test_the_fan_is_that_of_the_resampled_returns(result: BacktestResult) -> None:
    figure = fan_of(result)
    assert figure is not None
    traces = {trace.name: np.array(trace.y) for trace in figure.data if trace.name}
    outer = np.array(figure.data[0].y)
    inner = np.array(figure.data[2].y)
    order = [outer, inner, traces["median"], traces["50%"], traces["90% of the resamples"]]
    assert all((low <= high).all() for low, high in itertools.pairwise(order))
    start = float(result.equity[0])
    assert max(abs(line[0] / start - 1.0) for line in order) < 0.05
    assert traces["this run"][-1] == pytest.approx(result.equity[-1], abs=0.01)
    returns = np.asarray(result.returns)
    grown = np.concatenate(
        [
            (1.0 + drawn).prod(axis=1)
            for drawn in resampled(returns, 2_000, mean_block_length(returns), result.config.seed)
        ]
    )
    ends = [line[-1] for line in order]
    np.testing.assert_allclose(ends, np.quantile(grown, QUANTILES) * start, atol=0.01)
    again = fan_of(result)
    assert again is not None
    assert again.to_json() == figure.to_json()


def test_where_nothing_happened_there_is_no_luck(idle: BacktestResult) -> None:
    figure = fan_of(idle)
    assert figure is not None
    assert {value for trace in figure.data for value in trace.y} == {idle.equity[0]}


def test_other_costs_are_backtests_of_their_own(backtest: Backtest, result: BacktestResult) -> None:
    lake: Any = Market(market(SYMBOLS, 500))
    told: list[str] = []
    found = measure_robustness(result, "r-0123456789ab", lake, told.append)
    assert told == ["reading the bars", "running it with other costs", "running it a bar late"]
    assert [run["factor"] for run in found.costs] == [0.5, 1.0, 1.5, 2.0, 3.0]
    for run in found.costs:
        scaled = Costs(commission_bps=10 * run["factor"], slippage_bps=5 * run["factor"])
        alone = backtest(parameters=result.config.parameters, costs=scaled).metrics
        for name in ("total_return", "annualised_return", "sharpe", "max_drawdown", "trades"):
            assert run[name] == getattr(alone, name)
    assert found.late is not None
    assert found.late["total_return"] != result.metrics.total_return
    assert found.walk is None


def test_other_data_are_not_measured(result: BacktestResult) -> None:
    lake: Any = Market(market(SYMBOLS, 500).perturbed(300, seed=1))
    with pytest.raises(DataError, match="other data"):
        measure_robustness(result, "r-0123456789ab", lake, print)


def test_without_costs_there_are_none_to_multiply(backtest: Backtest) -> None:
    free = backtest(costs=Costs())
    lake: Any = Market(market(SYMBOLS, 500))
    found = measure_robustness(free, "r-0123456789ab", lake, print)
    assert found.costs == []
    assert found.table is not None
    assert [row.label for row in found.table.rows] == ["one bar late"]
    assert "no costs" in found.table.note
    assert found.figure is None


def test_it_reads_back_whole() -> None:
    again = Robustness.of_json(KNOWN.to_json())
    assert again.to_json() == KNOWN.to_json()
    assert again.table == KNOWN.table
    assert set(again.figures) == {"costs", "walk"}
    assert again.walk is not None
    assert KNOWN.walk is not None
    assert again.walk.table == KNOWN.walk.table


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", "3", KNOWN.to_json()[:-2], "[" * 100_000),
        *(
            json.dumps({**json.loads(KNOWN.to_json()), name: value})
            for name, value in (
                ("costs", 5),
                ("costs", [1]),
                ("costs", [{"factor": 1.0}]),
                ("break_even", "much"),
                ("late", {"sharpe": 1}),
                ("walk", 7),
                ("walk", {"study": "s"}),
                ("run", 5),
                ("more", 1),
            )
        ),
        *(
            json.dumps(
                {
                    **json.loads(KNOWN.to_json()),
                    "walk": {**json.loads(KNOWN.to_json())["walk"], name: value},
                }
            )
            for name, value in (
                ("dates", ["never"]),
                ("equity", ["a", "b"]),
                ("folds", [{}]),
                ("metrics", []),
                ("flags", [1]),
            )
        ),
    ],
)
def test_damaged_text_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="measure again"):
        Robustness.of_json(text)


def test_the_tear_sheet_shows_what_was_measured(result: BacktestResult) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    assert KNOWN.walk is not None
    page = render_tear_sheet(
        result, robustness=replace(KNOWN, walk=replace(KNOWN.walk, study="s-1", split=hostile))
    )
    assert "Chosen anew in each window" in page
    assert "What luck could have made of the same returns" in page
    assert "one bar late" not in page
    assert hostile not in page
    plain = render_tear_sheet(result)
    assert "Chosen anew in each window" not in plain


def test_days_are_shaded_only_from_where_no_choice_has_seen_them(result: BacktestResult) -> None:
    day = str(result.dates[-40])[:10]
    assert not equity_figure(result).layout.shapes
    [shape] = equity_figure(result, day).layout.shapes
    assert (str(shape.x0)[:10], str(shape.x1)[:10]) == (day, str(result.dates[-1])[:10])


def test_the_numbers_of_drawdowns_do_not_lie_on_each_other() -> None:
    days = np.datetime64("2024-01-01") + np.arange(1000)
    curve = charts.Curve("s", np.full(1000, 1.0), np.zeros(1000))
    falls = [(days[500], -0.3), (days[505], -0.299), (days[510], -0.1), (days[900], -0.05)]
    figure = charts.equity_chart(days, curve, falls=falls)
    [marks] = [trace for trace in figure.data if trace.mode == "markers+text"]
    assert list(marks.text) == ["1", "3", "4"]
    assert list(marks.customdata) == ["1", "3", "4"]
