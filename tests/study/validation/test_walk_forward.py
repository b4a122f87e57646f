"""Choosing on what was known, trading what came after."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.run import run_backtest
from stockstream.errors import ConfigError, DataError, UnknownNameError
from stockstream.metrics.summary import summarise
from stockstream.study.result import StudyResult
from stockstream.study.runs.store import MemoryStore
from stockstream.study.sweep import run_sweep
from stockstream.study.validation.decay import decay_of, share_below
from stockstream.study.validation.walk_forward import walk_forward
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from stockstream.lake import Lake
    from stockstream.study.validation.walk_forward import WalkForward

SPLIT = "walk_forward(train=1y,test=6m,purge=3)"


@pytest.fixture(scope="module")
def lake() -> Lake:
    """Twelve simulated companies, 2018 to 2021."""
    return simulated_lake()


def config_of(**settings: Any) -> BacktestConfig:
    base: dict[str, Any] = {
        "strategy_class": "MovingAverageCrossover",
        "start_date": "2019-01-02",
        "end_date": "2021-10-29",
        "param_grid": {"fast_period": (5, 10, 15), "slow_period": (20, 30, 40)},
        "costs": Costs(commission_bps=10),
    }
    return BacktestConfig(**base | settings)


@pytest.fixture(scope="module")
def result(lake: Lake) -> StudyResult:
    return run_sweep(config_of(), lake, split=SPLIT)


@pytest.fixture(scope="module")
def walked(result: StudyResult, lake: Lake) -> WalkForward:
    return walk_forward(result, lake)


def test_the_choice_is_the_best_point_of_the_training_window_alone(
    result: StudyResult, walked: WalkForward
) -> None:
    frame = result.frame()
    for fold in walked.folds:
        rows = frame.filter(frame["fold"] == fold.window.number)
        train = rows.filter(rows["role"] == "train")["sharpe"].to_list()
        test = rows.filter(rows["role"] == "test")
        assert fold.point == max(range(len(train)), key=train.__getitem__)
        assert fold.train["sharpe"] == max(train)
        assert fold.parameters["fast_period"] == test["fast_period"][fold.point]
        assert fold.test.sharpe == pytest.approx(test["sharpe"][fold.point], rel=1e-9)
        worse = sum(value < test["sharpe"][fold.point] for value in test["sharpe"])
        assert fold.beaten == pytest.approx(worse / (len(test) - 1))


def test_the_joined_account_is_the_plain_backtests_of_the_choices(
    result: StudyResult, walked: WalkForward, lake: Lake
) -> None:
    """Run each choice alone, join the returns by hand, measure: the same numbers."""
    grown, equity, config = 100_000.0, [], config_of()
    for fold in walked.folds:
        alone = run_backtest(
            config.changed(
                param_grid={},
                start_date=fold.window.test_start,
                end_date=fold.window.test_end,
                warmup_start=result.study.pieces[2 * fold.window.number - 1].warmup_start,
                parameters=fold.parameters,
            ),
            lake,
            benchmark=False,
        )
        assert alone.metrics == fold.test
        equity.append(alone.equity * (grown / 100_000.0))
        grown = equity[-1][-1]
    joined = np.concatenate(equity)
    np.testing.assert_allclose(walked.account.equity, joined, rtol=1e-14)
    none = np.empty(0)
    expected = summarise(joined, none, none, joined, 0.0, 0.0, 100_000.0, 0)
    for name in ("total_return", "annualised_return", "volatility", "sharpe", "sortino", "calmar"):
        assert getattr(walked.metrics, name) == pytest.approx(getattr(expected, name), rel=1e-9)
    assert walked.metrics.max_drawdown == pytest.approx(expected.max_drawdown, rel=1e-12)


def test_test_windows_follow_each_other_and_the_last_is_partial(
    walked: WalkForward, lake: Lake
) -> None:
    dates = walked.account.dates
    assert (np.diff(dates) > np.timedelta64(0)).all()
    config = config_of()
    whole = lake.panel(lake.symbols(), config.start_date, config.end_date).dates
    np.testing.assert_array_equal(dates, whole[whole >= dates[0]])
    assert [fold.window.partial for fold in walked.folds] == [False, False, False, True]
    assert sum(fold.test_sessions for fold in walked.folds) == len(dates)
    assert walked.flags == ("fold 4 is partial: the data ends on 2021-10-29",)


def test_efficiency_and_decay(walked: WalkForward) -> None:
    trained = [fold.train["annualised_return"] for fold in walked.folds]
    mean = math.fsum(trained) / len(trained)
    assert walked.efficiency == pytest.approx(walked.metrics.annualised_return / mean)
    decay = walked.decay
    assert decay.metric == "sharpe"
    assert decay.folds == 4
    assert decay.train == pytest.approx(np.mean([fold.train["sharpe"] for fold in walked.folds]))
    assert decay.test == pytest.approx(np.mean([fold.test.sharpe for fold in walked.folds]))
    assert decay.kept == pytest.approx(decay.test / decay.train)


def test_stability_counts_what_changed(walked: WalkForward) -> None:
    for one in walked.stability:
        values = [fold.parameters[one.parameter] for fold in walked.folds]
        assert list(one.values) == values
        assert one.distinct == len(set(values))
        assert one.changes == sum(a != b for a, b in pairwise(values))
    assert [one.parameter for one in walked.stability] == ["fast_period", "slow_period"]


@pytest.mark.parametrize(
    "select", ["total_return", "max_drawdown", "volatility", "plateau", "deflated_sharpe", "calmar"]
)
def test_points_can_be_chosen_in_other_ways(result: StudyResult, lake: Lake, select: str) -> None:
    walked = walk_forward(result, lake, select=select)
    frame = result.frame()
    assert walked.metric == (select if select in frame.columns else "sharpe")
    if select in frame.columns:
        for fold in walked.folds:
            held = (frame["fold"] == fold.window.number) & (frame["role"] == "train")
            train = frame.filter(held)[select].to_list()
            best = min(train) if select == "volatility" else max(train)
            assert fold.train[select] == best


def test_the_same_study_gives_the_same_analysis(
    result: StudyResult, walked: WalkForward, lake: Lake
) -> None:
    assert walk_forward(result, lake).to_dict() == walked.to_dict()


def test_a_hold_out_is_one_fold(lake: Lake) -> None:
    result = run_sweep(config_of(), lake, split="hold_out(0.3,purge=5)")
    walked = walk_forward(result, lake)
    [fold] = walked.folds
    train, test = result.study.pieces
    assert (fold.window.train_end, fold.window.test_start) == (train.end, test.start)
    assert fold.test == walked.metrics
    assert math.isnan(walked.decay.slope)


def test_where_nothing_can_be_chosen_nothing_is_held(lake: Lake) -> None:
    """Averages so long that no point trades in training: no ratio, no choice."""
    grid = {"fast_period": (300, 310), "slow_period": (600, 700)}
    config = config_of(param_grid=grid, start_date="2018-01-02", end_date="2018-12-31")
    walked = walk_forward(run_sweep(config, lake, split="walk_forward(train=60,test=40)"), lake)
    assert {fold.point for fold in walked.folds} == {None}
    assert walked.flags[0] == "fold 1 holds nothing: no point has a value in training"
    assert walked.metrics.total_return == 0.0
    assert math.isnan(walked.metrics.sharpe)
    assert set(walked.account.equity.tolist()) == {100_000.0}
    assert json.loads(json.dumps(walked.to_dict(), allow_nan=False))["decay"]["train"] is None
    assert walked.frame()["point"].to_list() == [None] * len(walked.folds)


def test_frames_and_values(walked: WalkForward) -> None:
    frame = walked.frame()
    assert frame.columns[:6] == [
        "fold",
        "train_start",
        "train_end",
        "test_start",
        "test_end",
        "partial",
    ]
    assert {"fast_period", "slow_period", "train_sharpe", "test_sharpe"} < set(frame.columns)
    assert walked.curve().columns == ["date", "equity", "invested", "return", "drawdown"]
    values = walked.to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == json.loads(json.dumps(values))
    assert len(values["folds"]) == 4


def test_what_cannot_be_walked(result: StudyResult, lake: Lake) -> None:
    yearly = run_sweep(config_of(), lake, split="year")
    with pytest.raises(ConfigError, match=r"split='walk_forward\(train=3y,test=1y\)'"):
        walk_forward(yearly, lake)
    with pytest.raises(UnknownNameError, match="did you mean 'sharpe'"):
        walk_forward(result, lake, select="sharp")
    store, [first, *_] = MemoryStore(), result.study.chunks
    store.put(first, result.store.read(first).head(5))
    with pytest.raises(DataError, match="has 5 of the 9 trials of its piece 0: resume it first"):
        walk_forward(StudyResult(result.study, store), lake)


def test_share_below() -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan])
    assert [share_below(values, value) for value in (1.0, 2.0, 3.0)] == [0.0, 0.5, 1.0]
    assert share_below(np.ones(3), 1.0) == 0.5
    assert math.isnan(share_below(values, math.nan))
    assert math.isnan(share_below(np.array([1.0]), 1.0))


def test_a_decay_of_undefined_numbers_is_undefined() -> None:
    decay = decay_of("sharpe", [math.nan, 1.0], [1.0, math.nan], [math.nan], [])
    assert decay.folds == 0
    assert decay.to_dict() == {
        "metric": "sharpe",
        "train": None,
        "test": None,
        "kept": None,
        "slope": None,
        "rank_correlation": None,
        "beaten": None,
        "folds": 0,
    }
    line = decay_of("sharpe", [1.0, 2.0, 3.0], [5.0, 3.0, 1.0], [0.5], [0.25])
    assert line.slope == pytest.approx(-2.0)
    assert (line.train, line.kept) == (2.0, 1.5)
