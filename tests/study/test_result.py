"""What a sweep hands over: the best, the files, the summary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.backtest.config import Costs
from stockstream.errors import ConfigError, DataError, UnknownNameError
from stockstream.market.table_file import write_table
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.conftest import Configure, PanelSource

    from stockstream.study.result import StudyResult


@pytest.fixture
def result(lake: PanelSource, configure: Configure) -> StudyResult:
    grid = {"fast_period": (4, 8, 30), "slow_period": (20, 25)}
    return run_sweep(configure(param_grid=grid, fast_period=9), lake, split="ticker")


def test_the_best_come_first(result: StudyResult) -> None:
    best = result.best("total_return", 3)
    expected = sorted(result.frame()["total_return"].drop_nulls(), reverse=True)
    assert best["total_return"].to_list() == expected[:3]
    assert result.best().columns == result.frame().columns
    assert len(result.best(count=1000)) == result.frame()["sharpe"].count()


@pytest.mark.parametrize("metric", ["volatility", "costs", "turnover", "max_drawdown_length"])
def test_of_some_metrics_less_is_better(result: StudyResult, metric: str) -> None:
    assert result.best(metric)[metric][0] == result.frame()[metric].min()


def test_a_drawdown_near_zero_is_the_best_one(result: StudyResult) -> None:
    assert result.best("max_drawdown")["max_drawdown"][0] == result.frame()["max_drawdown"].max()


def test_equals_stay_in_the_order_of_the_trials(result: StudyResult) -> None:
    best = result.best("open_trades", 100)
    expected = result.frame().filter(pl.col("error").is_null()).with_row_index()
    order = sorted(expected.rows(named=True), key=lambda row: (-row["open_trades"], row["index"]))
    columns = ["fast_period", "slow_period", "symbol"]
    assert best.select(columns).rows() == [tuple(row[name] for name in columns) for row in order]


def test_the_digest_is_of_the_numbers_alone(
    result: StudyResult, lake: PanelSource, configure: Configure, tmp_path: Path
) -> None:
    grid = {"fast_period": (4, 8, 30), "slow_period": (20, 25)}
    config = configure(param_grid=grid, fast_period=9)
    store = FolderStore.create(tmp_path, result.study)
    elsewhere = run_sweep(config, lake, split="ticker", workers=2, store=store)
    assert elsewhere.digest == result.digest
    dearer = config.changed(costs=Costs(commission_fixed=1.0))
    assert run_sweep(dearer, lake, split="ticker").digest != result.digest


def test_an_unknown_metric_is_told(result: StudyResult) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'sharpe'"):
        result.best("sharp")


def test_parquet_holds_the_trials_as_they_are(result: StudyResult, tmp_path: Path) -> None:
    path = result.write(tmp_path / "new" / "trials.parquet")
    assert pl.read_parquet(path).equals(result.frame())
    once = path.read_bytes()
    assert result.write(path).read_bytes() == once
    assert [file.name for file in path.parent.iterdir()] == ["trials.parquet"]


def test_csv_holds_the_same_numbers(result: StudyResult, tmp_path: Path) -> None:
    path = result.write(tmp_path / "trials.CSV")
    read = pl.read_csv(path, schema=result.frame().schema)
    assert read.equals(result.frame())


def test_csv_writes_lists_as_text(result: StudyResult, tmp_path: Path) -> None:
    listed = result.frame().with_columns(f=pl.lit(["A", "B"]))
    assert pl.read_csv(write_table(listed, tmp_path / "t.csv", "the trials"))["f"][0] == "A,B"


def test_no_cell_of_a_csv_runs_in_a_spreadsheet(result: StudyResult, tmp_path: Path) -> None:
    hostile = result.frame().with_columns(
        symbol=pl.lit("=cmd|'/c calc'!A1"), f=pl.lit(["@A", "B"]), fast_period=pl.lit(-1.5)
    )
    read = pl.read_csv(write_table(hostile, tmp_path / "t.csv", "the trials"))
    assert set(read["symbol"]) == {"'=cmd|'/c calc'!A1"}
    assert set(read["f"]) == {"'@A,B"}
    assert set(read["fast_period"]) == {-1.5}


def test_the_name_tells_sweeps_apart(lake: PanelSource, configure: Configure) -> None:
    grid = {"fast_period": (4, 8)}
    one, same = (run_sweep(configure(param_grid=grid), lake).name for _ in range(2))
    by_year = run_sweep(configure(param_grid=grid), lake, split="year").name
    wider = run_sweep(configure(param_grid={"fast_period": (4, 8, 9)}), lake).name
    assert one == same
    assert len({one, by_year, wider}) == 3


def test_another_kind_of_file_is_refused(result: StudyResult, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"must end in \.parquet or \.csv"):
        result.write(tmp_path / "trials.xlsx")


def test_a_failed_write_leaves_what_was_there(
    result: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trials.parquet"
    path.write_text("before")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full_disk)
    with pytest.raises(DataError, match=r"No space left on device; nothing was changed"):
        result.write(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_told(result: StudyResult, tmp_path: Path) -> None:
    (tmp_path / "trials.csv").mkdir()
    with pytest.raises(DataError, match="cannot write the trials"):
        result.write(tmp_path / "trials.csv")


def test_the_summary_is_json(result: StudyResult) -> None:
    summary = json.loads(result.to_json())
    assert summary["trials"] == 24
    assert summary["failed"] == 8
    assert [failure["trials"] for failure in summary["failures"]] == [4, 4]
    assert summary["grid"] == {"fast_period": [4, 8, 30], "slow_period": [20, 25]}
    assert summary["ignored"] == {"fast_period": 9}
    assert summary["split"] == "ticker"
    assert summary["paths"] == {"sparse": 16, "none": 8}
    assert summary["identity"]["config_digest"] == result.config.digest
    assert summary["config"]["param_grid"] == summary["grid"]
    assert summary["seconds"] > 0
    best = summary["best"]
    assert best["metric"] == "sharpe"
    assert best["trials"][0]["sharpe"] == result.frame()["sharpe"].max()
    assert best["trials"][0]["symbol"].endswith(".AX")
