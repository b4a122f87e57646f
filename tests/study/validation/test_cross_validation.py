"""Combinatorial purged cross-validation: the book's numbers, and exactness."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.run import run_backtest
from stockstream.errors import ConfigError
from stockstream.metrics.returns import sharpe, total_return
from stockstream.study.cutting.splits import Split
from stockstream.study.sweep import run_sweep
from stockstream.study.validation.cross_validation import (
    blocks_tested,
    blocks_trained,
    cross_validate,
    path_table,
    paths_of,
    splits_of,
)
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.lake import Lake
    from stockstream.study.result import StudyResult
    from stockstream.study.validation.cross_validation import CrossValidation

GROUPS, TESTED, PURGE, EMBARGO = 6, 2, 4, 7
RISK_FREE = 0.02


@pytest.fixture(scope="module")
def lake() -> Lake:
    """Twelve simulated companies, 2018 to 2021."""
    return simulated_lake()


def config_of(**settings: Any) -> BacktestConfig:
    base: dict[str, Any] = {
        "strategy_class": "MovingAverageCrossover",
        "start_date": "2019-01-02",
        "end_date": "2021-12-31",
        "param_grid": {"fast_period": (5, 10, 15), "slow_period": (20, 30, 40)},
        "costs": Costs(commission_bps=10),
        "risk_free": RISK_FREE,
    }
    return BacktestConfig(**base | settings)


@pytest.fixture(scope="module")
def result(lake: Lake) -> StudyResult:
    split = f"cross_validation(groups={GROUPS},test={TESTED},purge={PURGE},embargo={EMBARGO})"
    return run_sweep(config_of(), lake, split=split)


@pytest.fixture(scope="module")
def found(result: StudyResult, lake: Lake) -> CrossValidation:
    return cross_validate(result, lake)


@pytest.fixture(scope="module")
def returns(result: StudyResult, lake: Lake) -> NDArray[np.float64]:
    """``[P, T]``: what each point made, from plain backtests."""
    study = result.study
    runs = [run_backtest(study.trial_config(point), lake) for point in range(study.points)]
    return np.array([run.returns for run in runs])


def test_the_example_of_the_book_has_fifteen_splits_and_five_paths() -> None:
    """Lopez de Prado 2018, section 12.4.1: N = 6, k = 2."""
    tested = splits_of(6, 2)
    assert len(tested) == 15
    assert paths_of(6, 2) == 5
    assert paths_of(6, 2) == 2 / 6 * math.comb(6, 2)


def test_the_paths_of_the_book() -> None:
    """Figures 12.1 and 12.2, splits and groups from 1."""
    assert [tuple(g + 1 for g in one) for one in splits_of(6, 2)][:6] == [
        (1, 2),
        (1, 3),
        (1, 4),
        (1, 5),
        (1, 6),
        (2, 3),
    ]
    assert (path_table(6, 2) + 1).tolist() == [
        [1, 1, 2, 3, 4, 5],
        [2, 6, 6, 7, 8, 9],
        [3, 7, 10, 10, 11, 12],
        [4, 8, 11, 13, 13, 14],
        [5, 9, 12, 14, 15, 15],
    ]


@pytest.mark.parametrize(("groups", "tested"), [(4, 1), (5, 2), (10, 2), (8, 4), (16, 8)])
def test_every_group_of_every_split_is_in_one_path(groups: int, tested: int) -> None:
    table = path_table(groups, tested)
    assert table.shape == (paths_of(groups, tested), groups)
    used = {(int(s), group) for row in table for group, s in enumerate(row)}
    every = {(s, g) for s, chosen in enumerate(splits_of(groups, tested)) for g in chosen}
    assert used == every
    assert len(used) == table.size


def sessions_of(split: Split, count: int, tested: tuple[int, ...]) -> set[int]:
    """The sessions that may be trained on, straight from the definition."""
    size = count // split.groups
    kept = set(range(count))
    for group in tested:
        first = group * size
        stop = count if group == split.groups - 1 else first + size
        kept -= set(range(first - split.purge, stop + split.purge + split.embargo))
    return kept


@pytest.mark.parametrize("purge", [0, 2])
@pytest.mark.parametrize("embargo", [0, 3])
def test_training_leaves_out_purge_and_embargo(purge: int, embargo: int) -> None:
    count = 65
    split = Split("cross_validation", groups=6, test_groups=2, purge=purge, embargo=embargo)
    dates = np.datetime64("2020-01-01") + np.arange(count)
    blocks = split.block_dates(dates)
    assert blocks is not None
    bounds = np.searchsorted(dates, np.array(blocks, "datetime64[D]"))
    for tested in splits_of(6, 2):
        train = blocks_trained(split, bounds, tested)
        test = blocks_tested(split, bounds, tested)
        spans = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
        trained = {
            t for kept, (a, b) in zip(train, spans, strict=True) if kept for t in range(a, b)
        }
        measured = {
            t for kept, (a, b) in zip(test, spans, strict=True) if kept for t in range(a, b)
        }
        assert trained == sessions_of(split, count, tested)
        stops = {group: count if group == 5 else (group + 1) * 10 for group in tested}
        assert measured == {t for group in tested for t in range(group * 10, stops[group])}


@pytest.mark.slow
def test_splits_are_what_full_returns_give(
    found: CrossValidation, returns: NDArray[np.float64], result: StudyResult
) -> None:
    """Every ratio from the sums of blocks equals the one from all returns, to 1e-9."""
    split, count = result.study.split, returns.shape[1]
    cash = (1.0 + RISK_FREE) ** (1.0 / 252.0) - 1.0
    assert len(found.splits) == 15
    for tested, one in zip(splits_of(GROUPS, TESTED), found.splits, strict=True):
        kept = sorted(sessions_of(split, count, tested))
        inside = [t for g in tested for t in range(found.edges[g], found.edges[g + 1])]
        train = [sharpe(row[kept], cash) for row in returns]
        assert one.groups == tuple(group + 1 for group in tested)
        assert one.point == int(np.argmax(train))
        assert one.train == pytest.approx(max(train), rel=1e-9)
        test = [sharpe(row[inside], cash) for row in returns]
        assert one.test == pytest.approx(test[one.point], rel=1e-9)
        worse = sum(value < test[one.point] for value in test)
        assert one.beaten == pytest.approx(worse / (len(test) - 1))
        assert one.parameters == result.study.parameters(one.point)


def test_paths_join_the_returns_of_the_choices(
    found: CrossValidation, returns: NDArray[np.float64]
) -> None:
    cash = (1.0 + RISK_FREE) ** (1.0 / 252.0) - 1.0
    assert len(found.paths) == 5
    for path in found.paths:
        expected = np.concatenate(
            [
                returns[point][found.edges[g] : found.edges[g + 1]]
                for g, point in enumerate(path.points)
            ]
        )
        np.testing.assert_array_equal(path.returns, expected)
        assert path.sharpe == pytest.approx(sharpe(expected, cash), rel=1e-12)
        assert path.total_return == pytest.approx(total_return(expected), rel=1e-12)
        for group, number in enumerate(path.splits, start=1):
            assert group in found.splits[number - 1].groups
            assert path.points[group - 1] == found.splits[number - 1].point


def test_overfitting_is_the_share_below_the_median(found: CrossValidation) -> None:
    below = [one.beaten < 0.5 for one in found.splits]
    assert found.overfit == sum(below) / 15
    assert found.decay.folds == 15
    assert found.decay.beaten == pytest.approx(np.mean([one.beaten for one in found.splits]))


def test_frames_and_values(found: CrossValidation) -> None:
    frame = found.frame()
    assert frame["groups"].to_list()[:2] == [[1, 2], [1, 3]]
    assert {"fast_period", "train_sharpe", "test_sharpe", "beaten"} < set(frame.columns)
    paths = found.paths_frame()
    np.testing.assert_array_equal(paths["sharpe"].to_numpy(), found.sharpes)
    curves = found.curves()
    assert curves.columns == ["date", *(f"path_{i}" for i in range(1, 6))]
    assert curves["path_3"][-1] - 1.0 == pytest.approx(found.paths[2].total_return)
    values = found.to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["sharpe_of_paths"]["mean"] == pytest.approx(found.sharpes.mean())


def test_where_nothing_trades_nothing_is_chosen(lake: Lake) -> None:
    grid = {"fast_period": (300, 310), "slow_period": (600, 700)}
    config = config_of(param_grid=grid, start_date="2018-01-02", end_date="2018-12-31")
    split = "cross_validation(groups=4,test=2)"
    found = cross_validate(run_sweep(config, lake, split=split), lake)
    assert {one.point for one in found.splits} == {None}
    assert [path.total_return for path in found.paths] == [0.0] * 3
    assert math.isnan(found.overfit)
    assert found.to_dict()["sharpe_of_paths"]["mean"] is None


def test_another_split_is_refused(lake: Lake) -> None:
    yearly = run_sweep(config_of(), lake, split="year")
    with pytest.raises(ConfigError, match=r"split='cross_validation\(groups=10,test=2\)'"):
        cross_validate(yearly, lake)
