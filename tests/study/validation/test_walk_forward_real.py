"""A walk-forward over twenty years of real Australian shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.run import run_backtest
from stockstream.ingest.importer import import_files
from stockstream.lake import Lake
from stockstream.study.sweep import run_sweep
from stockstream.study.validation.walk_forward import walk_forward

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.shared
def test_momentum_over_twenty_years(shared_data: Path, tmp_path: Path) -> None:
    import_files([shared_data / "asx_yahoo_1988_2016.parquet"], tmp_path / "lake")
    lake = Lake(tmp_path / "lake")
    shares = tuple(name for name in lake.symbols() if name.endswith(".AX"))
    assert len(shares) == 40
    config = BacktestConfig(
        strategy_class="MomentumStrategy",
        start_date="1996-01-02",
        end_date="2016-11-22",
        universe=shares,
        param_grid={"momentum_period": (20, 60, 120, 250), "signal_threshold": (0.0, 0.1, 0.2)},
        costs=Costs(commission_bps=10, slippage_bps=5),
    )
    result = run_sweep(config, lake, split="walk_forward(train=3y,test=1y)")
    walked = walk_forward(result, lake)

    assert result.study.trials == 18 * 2 * 12
    assert result.failures == ()
    assert [fold.window.partial for fold in walked.folds] == [False] * 17 + [True]
    assert walked.flags == (
        "fold 1 trains on 36 sessions in 1,096 days",  # the source has months until 1999
        "fold 2 trains on 277 sessions in 1,095 days",
        "fold 18 is partial: the data ends on 2016-11-22",
    )

    dates = lake.panel(shares, config.start_date, config.end_date).dates
    np.testing.assert_array_equal(walked.account.dates, dates[dates >= np.datetime64("1999-01-02")])
    frame, grown = result.frame(), 1.0
    for fold in walked.folds:
        train = frame.filter(frame["fold"] == fold.window.number, frame["role"] == "train")
        assert fold.point == train["sharpe"].arg_max()
        number = 2 * fold.window.number - 1
        trial = number * result.study.points + (fold.point or 0)
        alone = run_backtest(result.study.trial_config(trial), lake, benchmark=False)
        assert alone.metrics == fold.test
        first, stop = np.searchsorted(
            walked.account.dates, [alone.dates[0], alone.dates[-1] + np.timedelta64(1)]
        )
        np.testing.assert_allclose(
            walked.account.equity[first:stop], alone.equity * grown, rtol=1e-12
        )
        grown *= alone.equity[-1] / config.initial_capital
    assert walked.metrics.total_return == pytest.approx(grown - 1.0, rel=1e-12)
    assert walked.metrics.trades == sum(fold.test.trades for fold in walked.folds)
