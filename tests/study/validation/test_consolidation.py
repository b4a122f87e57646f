"""Pieces joined to one account: money is joined, never a ratio."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.result import json_ready
from stockstream.backtest.run import run_backtest
from stockstream.errors import DataError, StockstreamError, StrategyError
from stockstream.metrics.returns import simple_returns
from stockstream.study.sweep import run_sweep
from stockstream.study.validation.accounts import Account, chained, side_by_side
from stockstream.study.validation.consolidation import (
    consolidate,
    run_again,
    ticker_results,
    year_results,
)
from stockstream.study.validation.documents import by_ticker_document, by_year_document
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from stockstream.lake import Lake
    from stockstream.study.result import StudyResult


@pytest.fixture(scope="module")
def lake() -> Lake:
    """Twelve simulated companies, 2018 to 2021."""
    return simulated_lake()


def config_of(**settings: Any) -> BacktestConfig:
    base: dict[str, Any] = {
        "strategy_class": "MovingAverageCrossover",
        "start_date": "2019-01-02",
        "end_date": "2021-12-31",
        "param_grid": {"fast_period": (5, 10), "slow_period": (20, 40)},
        "costs": Costs(commission_bps=10, slippage_bps=5),
    }
    return BacktestConfig(**base | settings)


@pytest.fixture(scope="module")
def years(lake: Lake) -> StudyResult:
    return run_sweep(config_of(), lake, split="year")


@pytest.fixture(scope="module")
def tickers(lake: Lake) -> StudyResult:
    return run_sweep(config_of(), lake, split="ticker")


def account_of(equity: list[float], first: str = "2020-01-06", capital: float = 100.0) -> Account:
    dates = np.datetime64(first) + np.arange(len(equity))
    idle = Account.idle(capital, dates)
    values = np.array(equity)
    return Account(
        capital, idle.dates, values, values / 2.0, np.array([5.0]), np.array([0.1]), 40.0, 1.0, 1
    )


def test_accounts_in_a_row_compound() -> None:
    one, other = account_of([100, 110]), account_of([100, 90, 120], "2021-01-04")
    joined = chained([one, other])
    np.testing.assert_allclose(joined.equity, [100, 110, 110, 99, 132])
    np.testing.assert_allclose(joined.returns, [0, 0.1, 0, -0.1, 1 / 3], atol=1e-15)
    np.testing.assert_allclose(joined.trade_pnl, [5.0, 5.5])
    np.testing.assert_array_equal(joined.trade_return, [0.1, 0.1])
    assert (joined.capital, joined.open_trades) == (100.0, 2)
    assert joined.traded == pytest.approx(84.0)
    assert joined.costs == pytest.approx(2.1)
    assert str(joined.dates[2]) == "2021-01-04"


def test_a_part_that_lost_everything_leaves_nothing_to_go_on_with() -> None:
    joined = chained([account_of([100, 0]), account_of([100, 150])])
    np.testing.assert_array_equal(joined.equity, [100, 0, 0, 0])
    metrics = joined.metrics(config_of())
    assert metrics.total_return == -1.0
    assert math.isnan(metrics.sharpe)


def test_accounts_side_by_side_stand_still_on_days_without_a_session() -> None:
    one = account_of([100, 120], "2020-01-06")
    other = account_of([90, 80], "2020-01-07")
    joined = side_by_side([one, other])
    np.testing.assert_allclose(joined.equity, [100, 105, 100])
    np.testing.assert_allclose(joined.invested, [25, 52.5, 50])
    assert joined.capital == 100.0
    assert joined.traded == 40.0
    np.testing.assert_array_equal(joined.trade_pnl, [2.5, 2.5])


def test_one_account_is_itself() -> None:
    alone = account_of([100, 101])
    assert chained([alone]) is alone
    assert side_by_side([alone]) is alone


def test_the_account_of_a_run_has_its_metrics_to_the_bit(lake: Lake) -> None:
    config = config_of(param_grid={}, fast_period=5, slow_period=20)
    result = run_backtest(config, lake)
    assert Account.of(result).metrics(result.config) == result.metrics


def test_a_trial_run_again_is_the_plain_backtest(years: StudyResult, lake: Lake) -> None:
    """A piece of the one panel, or read from the lake for itself: the same run."""
    study = years.study
    trials = [0, study.points + 1, study.trials - 1]
    kept = years.frame()
    for trial, again in zip(trials, run_again(study, lake, trials), strict=True):
        assert not isinstance(again, StockstreamError)
        alone = run_backtest(study.trial_config(trial), lake, benchmark=False)
        np.testing.assert_array_equal(again.equity, alone.equity)
        assert again.fills.equals(alone.fills)
        assert again.metrics == alone.metrics
        for name, value in json_ready(again.metrics.as_dict()).items():
            assert kept[name][trial] == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_years_are_chained(years: StudyResult, lake: Lake) -> None:
    [joined] = consolidate(years.study, lake, [3])
    assert [part.label for part in joined.parts] == [2019, 2020, 2021]
    growth = math.prod(1.0 + part.metrics.total_return for part in joined.parts)
    assert joined.metrics.total_return == pytest.approx(growth - 1.0, rel=1e-12)
    points = years.points()
    assert points["total_return"][3] == pytest.approx(growth - 1.0, rel=1e-9)
    trials = [3 + years.study.points * piece for piece in range(3)]
    runs = [run_backtest(years.study.trial_config(trial), lake) for trial in trials]
    returns = np.concatenate([simple_returns(run.equity) for run in runs])
    np.testing.assert_allclose(joined.account.returns, returns, rtol=0, atol=1e-14)
    assert joined.metrics.trades == sum(part.metrics.trades for part in joined.parts)
    assert joined.failures == {}


def test_the_sums_of_a_study_measure_joined_years_exactly(years: StudyResult, lake: Lake) -> None:
    numbers, moments = years.moments()
    for joined in consolidate(years.study, lake, numbers.tolist()):
        assert moments.yearly[joined.point] == pytest.approx(joined.metrics.sharpe, rel=1e-9)
        deviation = moments.deviation[joined.point] * math.sqrt(moments.periods)
        assert deviation == pytest.approx(joined.metrics.volatility, rel=1e-9)


def test_ratios_are_measured_and_not_averaged(years: StudyResult, lake: Lake) -> None:
    [joined] = consolidate(years.study, lake, [0])
    ratios = [part.metrics.sharpe for part in joined.parts]
    assert joined.average_metrics["sharpe"] == pytest.approx(math.fsum(ratios) / 3)
    assert joined.metrics.sharpe != pytest.approx(joined.average_metrics["sharpe"], rel=1e-3)


def test_symbols_are_equal_parts_of_one_account(tickers: StudyResult, lake: Lake) -> None:
    [joined] = consolidate(tickers.study, lake, [2])
    labels = [part.label for part in joined.parts]
    pieces = [piece.label for piece in tickers.study.pieces]
    assert labels == [label for label in pieces if label not in joined.failures]
    mean = math.fsum(part.metrics.total_return for part in joined.parts) / len(joined.parts)
    assert joined.metrics.total_return == pytest.approx(mean, rel=1e-9)
    runs = [
        run_backtest(tickers.study.trial_config(2 + tickers.study.points * piece), lake)
        for piece in map(pieces.index, labels)
    ]
    frames = [
        pl.DataFrame({"date": run.dates, str(place): run.equity}) for place, run in enumerate(runs)
    ]
    wide = pl.concat(frames, how="align").sort("date")
    filled = wide.drop("date").fill_null(strategy="forward").fill_null(100_000.0)
    expected = filled.mean_horizontal().to_numpy()
    np.testing.assert_array_equal(joined.account.dates, wide["date"].to_numpy())
    np.testing.assert_allclose(joined.account.equity, expected, rtol=1e-12)
    np.testing.assert_allclose(joined.account.returns, simple_returns(expected), atol=1e-13)


def test_a_symbol_without_bars_is_left_out_and_named(tickers: StudyResult, lake: Lake) -> None:
    [joined] = consolidate(tickers.study, lake, [0])
    assert joined.failures == {"ZAK.AX": "ZAK.AX: no bar in the trading window"}


def test_a_point_that_cannot_run_is_an_error(lake: Lake) -> None:
    grid = {"fast_period": (5, 40), "slow_period": (20,)}
    study = run_sweep(config_of(param_grid=grid), lake, split="year").study
    with pytest.raises(StrategyError, match="no piece of point 1 can run; the first: "):
        consolidate(study, lake, [1])


def test_another_lake_is_refused(years: StudyResult) -> None:
    other = simulated_lake(seed=3)
    with pytest.raises((DataError, LookupError)):
        consolidate(years.study, other, [0])


def test_the_document_by_year(years: StudyResult, lake: Lake) -> None:
    [joined] = consolidate(years.study, lake, [1])
    results = year_results(joined.parts)
    document = by_year_document(2019, 2021, {"fast_period": 5}, results)
    assert list(document) == [
        "startYear",
        "endYear",
        "additionalParams",
        "years",
        "yearResults",
        "finalResult",
    ]
    assert document["years"] == [2019, 2020, 2021]
    for number, part in zip(document["yearResults"], joined.parts, strict=True):
        assert list(number) == ["year", "result"]
        assert list(number["result"]) == ["metrics", "statistics"]
        assert number["result"]["metrics"]["total_return"] == part.metrics.total_return
        assert number["result"]["statistics"]["ulcer_index"] > 0.0
    assert list(document["finalResult"]) == ["summary"]
    summary = document["finalResult"]["summary"]
    assert list(summary) == ["averageMetrics", "yearlyResults"]
    assert summary["averageMetrics"] == joined.average_metrics
    assert summary["yearlyResults"] == document["yearResults"]
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_document_by_ticker(tickers: StudyResult, lake: Lake) -> None:
    [joined] = consolidate(tickers.study, lake, [1])
    names = list(tickers.study.config.universe or ())
    document = by_ticker_document(names, {"slow_period": 40}, ticker_results(joined.parts))
    assert list(document) == ["tickers", "additionalParams", "tickerResults", "finalResult"]
    first = {"ticker": names[0], "additionalParams": {"slow_period": 40}}
    assert document["tickers"][0] == first
    row = document["tickerResults"][0]
    assert list(row) == ["ticker", "result"]
    assert list(row["result"])[:4] == ["return", "annualised_return", "volatility", "sharpe"]
    assert row["result"]["return"] == joined.parts[0].metrics.total_return
    summary = document["finalResult"]["summary"]
    assert list(summary) == ["averageMetrics", "tickerResults"]
    assert summary["averageMetrics"]["return"] == joined.average_metrics["total_return"]
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_documents_of_parts_that_did_not_run() -> None:
    document = by_year_document(2000, 2001, {}, [])
    assert document["years"] == [2000, 2001]
    assert document["finalResult"]["summary"] == {"averageMetrics": {}, "yearlyResults": []}
    results = [
        {"year": 2000, "result": {"metrics": {"sharpe": None, "trades": 2}, "statistics": {}}},
        {"year": 2001, "result": {"metrics": {"sharpe": None, "trades": 4}, "statistics": {}}},
    ]
    averages = by_year_document(2000, 2001, {}, results)["finalResult"]["summary"]
    assert averages["averageMetrics"] == {"sharpe": None, "trades": 3.0}


def test_frames_and_values(years: StudyResult, lake: Lake) -> None:
    [joined] = consolidate(years.study, lake, [0])
    frame = joined.frame()
    assert frame.columns == ["date", "equity", "invested", "return", "drawdown"]
    assert frame["equity"][-1] / joined.account.capital - 1.0 == joined.metrics.total_return
    assert joined.parts_frame()["label"].to_list() == [2019, 2020, 2021]
    values = joined.to_dict()
    assert values["averageMetrics"] == joined.average_metrics
    assert json.loads(json.dumps(values, allow_nan=False)) == values
