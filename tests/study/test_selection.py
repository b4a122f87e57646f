"""Ranking points, over real studies of a made-up market."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockstream.errors import UnknownNameError
from stockstream.metrics.summary import DEFINITIONS
from stockstream.study.belief.belief import significance
from stockstream.study.runs.store import MemoryStore
from stockstream.study.selection import SELECTORS, demand_selector, rank
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    from tests.study.conftest import Configure, PanelSource

    from stockstream.study.result import StudyResult

GRID = {"fast_period": (5, 8, 12, 20), "slow_period": (15, 30, 45)}


@pytest.fixture(params=[None, "year", "ticker"])
def result(request: pytest.FixtureRequest, configure: Configure, lake: PanelSource) -> StudyResult:
    return run_sweep(configure(param_grid=GRID), lake, split=request.param)


def test_every_selector_ranks(result: StudyResult) -> None:
    for name, selector in SELECTORS.items():
        ranked = rank(result, name)
        values = ranked[name].to_list()
        assert values == sorted(values, reverse=not selector.ascending), name
        assert ranked["point"].n_unique() == len(ranked)
        assert set(GRID) <= set(ranked.columns)


def test_the_best_few(result: StudyResult) -> None:
    whole = rank(result, "pooled_sharpe")
    assert rank(result, "pooled_sharpe", 3).equals(whole.head(3))


def test_points_that_were_refused_are_left_out(result: StudyResult) -> None:
    """A fast period of 20 is not below a slow one of 15."""
    ranked = rank(result, "pooled_sharpe")
    assert len(ranked) == 11
    assert not (ranked["fast_period"] >= ranked["slow_period"]).any()


def test_metrics_over_the_pieces(result: StudyResult) -> None:
    trials = result.frame().filter(pl.col("error").is_null())
    by_point = trials.group_by("fast_period", "slow_period")
    expected = by_point.agg(
        sharpe=pl.col("sharpe").median(),
        mean_calmar=pl.col("calmar").mean(),
        worst_max_drawdown=pl.col("max_drawdown").min(),
        worst_turnover=pl.col("turnover").max(),
    )
    for name in expected.columns[2:]:
        found = rank(result, name).select("fast_period", "slow_period", value=name)
        both = found.join(expected, on=["fast_period", "slow_period"])
        np.testing.assert_allclose(both["value"], both[name], rtol=1e-12)
        assert len(both) == len(found) == 11


def test_the_deflated_ratio_orders_by_what_is_left(result: StudyResult) -> None:
    ranked = rank(result, "deflated_sharpe")
    assert ranked["deflated_sharpe"].is_between(0.0, 1.0).all()
    belief = significance(result, point=int(ranked["point"][0]))
    assert belief.deflated.deflated_sharpe == pytest.approx(ranked["deflated_sharpe"][0])


def test_a_study_is_judged(result: StudyResult) -> None:
    belief = result.significance()
    best = rank(result, "pooled_sharpe")
    assert belief.point == best["point"][0]
    assert belief.deflated.sharpe == pytest.approx(best["pooled_sharpe"][0])
    assert (belief.own_trials, belief.failed) == (11, 1)
    assert belief.trades == best["trades"][0]
    assert belief.plateau is not None
    assert belief.plateau.ordered == ("fast_period", "slow_period")
    score = dict(zip(*rank(result, "plateau").select("point", "plateau"), strict=True))
    assert score[belief.point] == pytest.approx(belief.plateau.score[belief.point])
    assert belief.verdict


def test_a_study_that_is_not_complete_ranks_what_is_there(
    configure: Configure, lake: PanelSource
) -> None:
    """Points without trials are neither ranked nor taken for their neighbours."""
    whole = run_sweep(configure(param_grid=GRID), lake)
    store = MemoryStore()
    for chunk in whole.study.chunks:
        store.put(chunk, whole.store.read(chunk).filter(pl.col("trial") >= 5))
    part = replace(whole, store=store)
    expected = dict(rank(whole, "pooled_sharpe").select("point", "pooled_sharpe").iter_rows())
    found = dict(rank(part, "pooled_sharpe").select("point", "pooled_sharpe").iter_rows())
    assert found == {point: value for point, value in expected.items() if point >= 5}
    belief = part.significance()
    assert belief.own_trials == len(found)
    assert belief.plateau is None


def test_train_and_test_are_held_apart(configure: Configure, lake: PanelSource) -> None:
    result = run_sweep(configure(param_grid=GRID), lake, split="hold_out(0.3)")
    belief = result.significance()
    before, after = (result.moments(role)[1].yearly for role in ("train", "test"))
    assert belief.decay.before == np.nanmax(before)
    assert belief.decay.after == after[belief.decay.point]
    assert belief.deflated.sharpe == pytest.approx(np.nanmax(before))


def test_other_trials_are_reckoned_with(configure: Configure, lake: PanelSource) -> None:
    result = run_sweep(configure(param_grid=GRID), lake)
    belief = replace(result, other_trials=500).significance()
    assert (belief.trials, belief.other_trials) == (511, 500)


def test_every_selector_has_a_meaning() -> None:
    assert {"deflated_sharpe", "plateau", "pooled_sharpe", *DEFINITIONS} <= set(SELECTORS)
    assert all(selector.meaning and "\n" not in selector.meaning for selector in SELECTORS.values())


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="'sharpe'"):
        demand_selector("sharp")
