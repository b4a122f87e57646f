"""``stockstream sweep``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Said, Stockstream

GRID = ("--grid", "fast_period=5:15:3", "--grid", "slow_period=20,40")


@pytest.fixture
def sweep(stockstream: Stockstream, lake: Path, symbols: list[str]) -> Stockstream:
    """The command on two symbols of the small lake; later arguments win."""

    def run(*arguments: object) -> Said:
        given = ("--strategy", "MovingAverageCrossover", "--lake", lake)
        return stockstream("sweep", *given, "--symbols", ",".join(symbols[:2]), *arguments)

    return run


def test_a_row_for_each_trial(sweep: Stockstream, symbols: list[str], tmp_path: Path) -> None:
    said = sweep(
        *GRID,
        *("--split", "ticker", "--commission-bps", "10", "--fractional", "--size-at", "fill"),
        *("--output", "out/trials.parquet", "--json"),
    )
    assert said.code == 0, said.err
    trials = pl.read_parquet(tmp_path / "out" / "trials.parquet")
    assert len(trials) == said.document["trials"] == 3 * 2 * 2
    assert set(trials["symbol"]) == set(symbols[:2])
    assert {"fast_period", "slow_period", "sharpe", "total_return", "trades"} <= set(trials.columns)
    assert said.document["output"] == "out/trials.parquet"
    assert said.document["config"]["costs"]["commission_bps"] == 10.0


def test_the_size_is_said_before_it_runs(sweep: Stockstream) -> None:
    said = sweep(*GRID, "--split", "year")
    assert "fast_period: 5, 10, 15 (3)" in said.err
    assert "3 x 2 = 6 combinations, each on 3 years alone" in said.err


def test_the_best_trials_are_shown_and_all_are_kept(sweep: Stockstream, tmp_path: Path) -> None:
    said = sweep(*GRID, "--metric", "calmar", "--top", "2", "--runs", "runs")
    assert said.code == 0
    assert "Best trials by calmar" in said.out
    assert "the best of 6 trials is partly luck" in said.out
    (kept,) = (tmp_path / "runs").glob("s-*.parquet")
    assert f"every trial: runs/{kept.name}" in said.out


def test_a_split_sweep_is_judged_on_the_whole(sweep: Stockstream) -> None:
    said = sweep(*GRID, "--split", "ticker", "--top", "2", "--output", "trials.csv")
    assert "Best by sharpe, median over 2 symbols" in said.out
    assert "Best single trials by sharpe" in said.out
    assert "symbols up" in said.out


def test_refused_combinations_are_listed_and_partial(sweep: Stockstream) -> None:
    grid = ("--grid", "fast_period=5,30", "--grid", "slow_period=20,40")
    said = sweep(*grid, "--output", "trials.csv")
    assert said.code == 3
    assert "! 1 trial failed" in said.out
    assert "1 x fast_period=30 must be below slow_period=20" in said.out
    document = sweep(*grid, "--output", "trials.csv", "--json").document
    assert document["failed"] == 1


def test_a_parameter_that_the_grid_overrules_is_said(sweep: Stockstream) -> None:
    said = sweep(*GRID, "--param", "fast_period=7", "--output", "trials.csv")
    assert "--param fast_period=7 was ignored" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "--grid"),
        (["--grid", "fast_period"], 2, "is no grid"),
        (["--grid", "fast_period=5:10:4"], 2, "whole numbers"),
        (["--grid", "fast_perod=5,10"], 2, "did you mean 'fast_period'"),
        (["--grid", "fast_period=5", "--metric", "sharp"], 2, "did you mean 'sharpe'"),
        (["--grid", "fast_period=5", "--output", "trials.txt"], 2, ".parquet or .csv"),
        (["--grid", "fast_period=60,70"], 2, "none of the 2 combinations can run"),
        (["--grid", "fast_period=5", "--split", "month"], 2, "ticker"),
        (["--grid", "fast_period=5", "--top", "0"], 2, "--top"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_clear_line(
    sweep: Stockstream, arguments: list[str], code: int, message: str
) -> None:
    said = sweep(*arguments)
    assert (said.code, said.out) == (code, "")
    (error,) = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert message in error


def test_a_place_that_cannot_be_written_is_found_before_the_work(
    sweep: Stockstream, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    said = sweep(*GRID, "--output", "file/trials.parquet")
    assert said.code == 1
    assert "cannot write" in said.err
    assert "sweep ..." not in said.err
