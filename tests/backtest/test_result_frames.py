"""The frames of a result, its statistics and intervals, and what of them a kept run gives back."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.backtest import archive
from stockstream.backtest.archive import load_result, save_result
from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.run import run_on_panel
from stockstream.errors import DataError
from stockstream.metrics.bootstrap import confidence
from stockstream.metrics.drawdown import max_drawdown
from stockstream.metrics.returns import sharpe
from stockstream.metrics.rolling import rolling_beta
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.testing.play import panel_of

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.backtest.result import BacktestResult

FRAMES = ("frame", "monthly", "drawdowns", "fills", "trades", "positions", "contributions")


def run(sessions: int = 400, **settings: object) -> BacktestResult:
    random = np.random.default_rng(12)
    prices = 20.0 * np.exp(random.normal(0.0006, 0.02, (2, sessions)).cumsum(axis=1))
    panel = panel_of({name: row.tolist() for name, row in zip("AB", prices, strict=True)})
    strategy = MovingAverageCrossover(fast_period=5, slow_period=15)
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date="2024-01-01",
        end_date="2030-01-01",
        parameters=strategy.parameters,
        costs=Costs(commission_bps=10),
        **settings,
    )
    return run_on_panel(strategy, panel, config)


@pytest.fixture(scope="module")
def result() -> BacktestResult:
    return run(risk_free=0.01, seed=5)


def test_a_row_a_session(result: BacktestResult) -> None:
    frame = result.frame
    assert frame.columns == [
        "date",
        "equity",
        "cash",
        "invested",
        "return",
        "drawdown",
        "benchmark",
    ]
    assert frame.schema["date"] == pl.Date
    assert frame.height == len(result.dates) == 400
    assert frame["drawdown"].min() == pytest.approx(result.metrics.max_drawdown)
    assert ((1 + frame["return"]).product()) == pytest.approx(result.equity[-1] / result.equity[0])
    assert result.benchmark is not None
    assert frame["benchmark"].to_list() == result.benchmark.equity.tolist()


def test_months_compound_to_years(result: BacktestResult) -> None:
    months = result.monthly
    assert months.columns[1:] == [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "total",
    ]  # fmt: skip
    assert months["year"].to_list() == [2024, 2025]
    last = months.row(1, named=True)
    known = [value for name, value in last.items() if name[0].isupper() and value is not None]
    assert 0 < len(known) < 12
    assert np.prod([1 + value for value in known]) - 1 == pytest.approx(last["total"])


def test_every_drawdown_is_there_the_deepest_first(result: BacktestResult) -> None:
    falls = result.drawdowns
    assert falls["depth"].is_sorted()
    assert falls["depth"][0] == pytest.approx(result.metrics.max_drawdown)
    assert falls["length"].max() == result.metrics.max_drawdown_length
    assert (falls["peak"] < falls["trough"]).all()
    assert falls["recovery"].null_count() <= 1
    assert run(sessions=1).drawdowns.height == 0


def test_rolling_measures_are_null_until_there_are_enough(result: BacktestResult) -> None:
    rolled = result.rolling(60)
    assert rolled.columns == ["date", "sharpe", "volatility", "beta"]
    assert rolled["sharpe"].null_count() >= 59
    assert result.benchmark is not None
    other = np.diff(result.benchmark.equity, prepend=result.benchmark.equity[0])
    other[1:] /= result.benchmark.equity[:-1]
    assert rolled["beta"][-1] == pytest.approx(rolling_beta(result.returns, other, 60)[-1])


def test_a_result_is_an_arrow_stream(result: BacktestResult) -> None:
    assert_frame_equal(pl.DataFrame(result), result.frame)
    assert max_drawdown(result.frame["equity"]) == pytest.approx(result.metrics.max_drawdown)
    series = pd.Series(result.returns, pd.DatetimeIndex(result.dates))
    assert sharpe(series) == sharpe(result.returns)


def test_statistics_hold_all_three_groups(result: BacktestResult) -> None:
    found = result.statistics
    assert found.benchmark is not None
    closed = result.trades.filter(~pl.col("open"))
    assert found.trades.expectancy == pytest.approx(closed["pnl"].mean())
    assert found.trades.average_mae == pytest.approx(closed["mae"].mean())
    assert found.returns.worst_day == result.returns.min()
    assert found.benchmark.excess_return == pytest.approx(
        result.metrics.annualised_return - found.benchmark.benchmark_annualised_return, abs=1e-9
    )


def test_without_a_benchmark(result: BacktestResult) -> None:
    alone = replace(result, benchmark=None)
    assert alone.statistics.benchmark is None
    assert alone.frame["benchmark"].null_count() == 400
    assert alone.frame.schema["benchmark"] == pl.Float64
    assert alone.rolling()["beta"].null_count() == 400


def test_intervals_are_drawn_with_the_seed_of_the_run(result: BacktestResult) -> None:
    found = result.confidence
    assert found == confidence(result.returns, seed=5, risk_free=1.01 ** (1 / 252) - 1)
    assert found.sharpe.low < result.metrics.sharpe < found.sharpe.high
    assert (found.resamples, found.level) == (2_000, 0.95)


def test_contributions_by_symbol_are_largest_first(result: BacktestResult) -> None:
    found = result.contribution("symbol")
    assert set(found["symbol"]) == {"A", "B"}
    assert found["pnl"].is_sorted(descending=True)
    assert found["contribution"].sum() == pytest.approx(result.metrics.total_return)


def test_a_run_that_never_traded_has_empty_frames() -> None:
    idle = run(sessions=5)
    assert idle.positions.height == idle.contributions.height == idle.trades.height == 0
    assert idle.positions.schema == run().positions.schema
    assert idle.contribution("symbol").height == 0
    assert idle.contribution("year")["pnl"].to_list() == [0.0]
    assert idle.contribution("year")["share"].null_count() == 1


def test_a_kept_run_gives_the_same_frames(result: BacktestResult, tmp_path: Path) -> None:
    again = load_result(save_result(result, tmp_path))
    for name in FRAMES:
        assert_frame_equal(getattr(again, name), getattr(result, name))
    assert again.statistics == result.statistics
    assert again.confidence == result.confidence


def test_many_positions_are_kept_at_month_ends(
    result: BacktestResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_POSITIONS", 50)
    kept = load_result(save_result(result, tmp_path)).positions
    days = set(kept["date"])
    assert 5 < len(days) <= 14
    assert {day + dt.timedelta(days=1) for day in days if day.day < 28} <= {
        result.dates[-1].item() + dt.timedelta(days=1)
    }
    assert_frame_equal(kept, result.positions.filter(pl.col("date").is_in(days)))


def test_a_kept_run_that_lost_a_file_says_so(result: BacktestResult, tmp_path: Path) -> None:
    folder = save_result(result, tmp_path)
    (folder / "contributions.parquet").unlink()
    with pytest.raises(DataError, match=r"cannot be read.*run it again"):
        _ = load_result(folder).contributions


def test_no_scipy_and_no_pandas_is_loaded() -> None:
    script = (
        "import sys, stockstream.backtest.result, stockstream.metrics.statistics;"
        "sys.exit(bool({'pandas', 'scipy', 'pyarrow'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
