"""Runs on disk: a folder of a JSON file and Parquet files, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.identity import Identity
from stockstream.backtest.result import BacktestResult, Benchmark
from stockstream.errors import DataError, NoDataError
from stockstream.metrics.summary import Metrics

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MOST_POSITIONS", "load_result", "run_id", "save_result"]

MOST_POSITIONS = 1_000_000
"""Rows of positions that a kept run has at most for each session; a larger one has month ends."""


def run_id(result: BacktestResult) -> str:
    """The name of a run: equal inputs, equal name."""
    identity = result.identity
    return f"r-{identity.config_digest[:8]}{identity.data_digest[:4]}"


def save_result(result: BacktestResult, runs: Path) -> Path:
    """Keep a result under ``runs``; the same run again replaces itself. Returns its folder.

    Raises:
        DataError: the folder cannot be written; an earlier copy of the run is untouched.
    """
    folder = runs / run_id(result)
    try:
        runs.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=runs))
        try:
            fresh.chmod(0o755)  # mkdtemp keeps others out
            _write(result, fresh)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(fresh, folder)  # noqa: PTH105 - the atomic rename, by its name
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    except OSError as error:
        raise DataError(
            f"cannot keep the run in {folder}: {error.strerror or error}; "
            "nothing was changed there; choose another folder with --runs, or --no-save"
        ) from error
    return folder


def load_result(folder: Path) -> BacktestResult:
    """Read a kept run.

    Raises:
        NoDataError: there is no run in this folder.
        DataError: its files cannot be read.
    """
    import polars as pl

    path = folder / "result.json"
    if not path.is_file():
        raise NoDataError(_no_run(folder))
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        days = pl.read_parquet(folder / "equity.parquet")
        return BacktestResult(
            config=BacktestConfig(**kept["config"]),
            identity=Identity(**kept["identity"]),
            engine=kept["engine"],
            metrics=Metrics(**_floats(kept["metrics"])),
            dates=days["date"].to_numpy(),
            equity=days["equity"].to_numpy(),
            cash=days["cash"].to_numpy(),
            invested=days["invested"].to_numpy(),
            totals=kept["totals"],
            frames=lambda: _pair(folder, "fills", "trades"),
            accounts=lambda: _pair(folder, "positions", "contributions"),
            flags=tuple(kept["flags"]),
            benchmark=_benchmark(kept, days),
        )
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(f"the run in {folder} cannot be read: {error}; run it again") from error


def _write(result: BacktestResult, folder: Path) -> None:
    import polars as pl

    (folder / "result.json").write_text(result.to_json() + "\n", encoding="utf-8")
    columns: dict[str, Any] = {
        "date": result.dates,
        "equity": result.equity,
        "cash": result.cash,
        "invested": result.invested,
    }
    if result.benchmark is not None:
        columns["benchmark"] = result.benchmark.equity
    pl.DataFrame(columns).write_parquet(folder / "equity.parquet")
    result.fills.write_parquet(folder / "fills.parquet")
    result.trades.write_parquet(folder / "trades.parquet")
    _fitting(result).write_parquet(folder / "positions.parquet")
    result.contributions.write_parquet(folder / "contributions.parquet")


def _fitting(result: BacktestResult) -> pl.DataFrame:
    """All positions, or where they are too many those of the last session of each month."""
    import polars as pl

    if result.positions.height <= MOST_POSITIONS:
        return result.positions
    month = result.dates.astype("datetime64[M]")
    lasts = result.dates[np.append(month[1:] != month[:-1], np.True_)]
    return result.positions.filter(pl.col("date").is_in(pl.Series(lasts).implode()))


def _pair(folder: Path, first: str, second: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    import polars as pl

    try:
        return (
            pl.read_parquet(folder / f"{first}.parquet"),
            pl.read_parquet(folder / f"{second}.parquet"),
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"the run in {folder} cannot be read: {error}; run it again") from error


def _benchmark(kept: dict[str, Any], days: pl.DataFrame) -> Benchmark | None:
    if kept["benchmark"] is None:
        return None
    return Benchmark(kept["benchmark"]["name"], days["benchmark"].to_numpy())


def _floats(values: dict[str, Any]) -> dict[str, Any]:
    return {name: np.nan if value is None else value for name, value in values.items()}


def _no_run(folder: Path) -> str:
    kept = sorted(path.parent.name for path in folder.parent.glob("r-*/result.json"))
    known = f"; runs there: {', '.join(kept[-8:])}" if kept else ""
    return f"no run in {folder}{known}; make one with `stockstream backtest`"
