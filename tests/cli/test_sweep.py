"""``stockstream sweep``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.runners.local import LocalRunner
from stockstream.study import sweep as engine
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.store import FolderStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Said, Stockstream

GRID = ("--grid", "fast_period=5:15:3", "--grid", "slow_period=20,40")
MANY = ("--grid", "fast_period=2:19:18; slow_period=20:69:50")


@pytest.fixture
def sweep(stockstream: Stockstream, lake: Path, symbols: list[str]) -> Stockstream:
    """The command on two symbols of the small lake; later arguments win."""

    def run(*arguments: object) -> Said:
        given = ("--strategy", "MovingAverageCrossover", "--lake", lake, "--runs", "runs")
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
    assert set(trials["path"]) == {"sparse"}
    assert {"fast_period", "slow_period", "sharpe", "total_return", "trades"} <= set(trials.columns)
    assert said.document["output"] == "out/trials.parquet"
    assert said.document["config"]["costs"]["commission_bps"] == 10.0


def test_the_size_is_said_before_it_runs(sweep: Stockstream) -> None:
    said = sweep(*GRID, "--split", "year")
    assert "fast_period: 5, 10, 15 (3)" in said.err
    assert "3 x 2 = 6 combinations" in said.err
    assert "6 combinations x 3 pieces (year) = 18 trials, in" in said.err
    assert said.err.index("18 trials") < said.err.index("sweep ...")


def test_constraints_and_samples_are_said_too(sweep: Stockstream) -> None:
    said = sweep(*MANY, "--where", "fast_period * 4 <= slow_period", "--sample", "7", "--json")
    assert said.code == 0, said.err
    assert said.document["trials"] == 7
    assert "fast_period * 4 <= slow_period" in said.err
    assert "7 combinations = 7 trials" in said.err
    again = sweep(*MANY, "--where", "fast_period * 4 <= slow_period", "--sample", "7", "--json")
    assert again.document["name"] == said.document["name"]
    other = sweep(
        *MANY, "--where", "fast_period * 4 <= slow_period", "--sample", "7", "--seed", "1", "--json"
    )
    assert other.document["name"] != said.document["name"]


def test_a_grid_in_one_text_and_from_the_environment(
    sweep: Stockstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = sweep(*GRID, "--json").document
    one = sweep("--grid", "fast_period=5:15:3; slow_period=20,40", "--json").document
    monkeypatch.setenv("STOCKSTREAM_GRID", "fast_period=5:15:3; slow_period=20,40")
    variable = sweep("--json").document
    assert several["name"] == one["name"] == variable["name"]
    assert sweep("--grid", "fast_period=5", "--json").document["trials"] == 1


def test_the_best_are_shown_and_every_trial_is_kept(sweep: Stockstream, tmp_path: Path) -> None:
    said = sweep(*GRID, "--select", "calmar", "--top", "2")
    assert said.code == 0, said.err
    assert "calmar" in said.out
    (folder,) = (tmp_path / "runs").glob("s-*")
    assert f"every trial: runs/{folder.name}" in said.out
    store = FolderStore.open(folder)
    assert len(store.scan().collect()) == store.study.trials == 6


def test_a_sweep_that_was_done_is_not_run_again(
    sweep: Stockstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sweep(*GRID, "--json")
    monkeypatch.setattr(engine, "run_chunk", _never)
    again = sweep(*GRID, "--json")
    assert again.code == 0, again.err
    assert again.document["best"] == first.document["best"]


@pytest.mark.slow
def test_control_c_keeps_what_is_done_and_says_how_to_go_on(
    sweep: Stockstream,
    lake: Path,
    symbols: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chunks = _interrupted_after(1, monkeypatch)
    options = (*MANY, "--symbols", ",".join(symbols), "--split", "ticker", "--workers", "1")
    sweep(*options, "--estimate")
    monkeypatch.setattr("stockstream.study.plan.MOST_IN_CHUNK", 900)
    said = sweep(*options)
    assert said.code == 130
    assert chunks == [0, 1]
    (folder,) = (tmp_path / "runs").glob("s-*")
    assert f"900 of {900 * len(symbols):,} trials are kept" in said.err
    assert f"runs resume {folder.name} --runs runs`" in said.err
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    runner = LocalRunner(tmp_path / "runs", lake)
    status = runner.status(folder.name)
    assert (status.state, status.done) == ("stopped", 900)


@pytest.mark.slow
def test_a_detached_sweep_says_what_to_type_next(sweep: Stockstream, tmp_path: Path) -> None:
    said = sweep(*GRID, "--split", "ticker", "--detach")
    assert said.code == 0, said.err
    (folder,) = (tmp_path / "runs").glob("s-*")
    for word in ("follow", "show", "cancel"):
        assert f"stockstream runs {word} {folder.name} --runs runs" in said.out
    runner = LocalRunner(tmp_path / "runs", every=0.05)
    last = list(runner.follow(folder.name))[-1]
    assert (last.state, last.error) == ("done", "")
    here = sweep(*GRID, "--split", "ticker", "--json")
    assert here.document["name"] == folder.name


def test_a_detached_sweep_as_json(sweep: Stockstream, tmp_path: Path) -> None:
    said = sweep(*GRID, "--detach", "--json")
    assert said.document["trials"] == 6
    runner = LocalRunner(tmp_path / "runs", every=0.05)
    last = list(runner.follow(said.document["name"]))[-1]
    assert (last.state, last.error) == ("done", "")


def test_an_estimate_runs_nothing_to_keep(sweep: Stockstream, tmp_path: Path) -> None:
    said = sweep(*GRID, "--estimate", "--json")
    assert said.code == 0, said.err
    assert said.document["trials"] == 6
    assert not (tmp_path / "runs").exists()


def test_a_search_tries_some_of_the_grid(sweep: Stockstream, tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="needs the extra optimize")
    said = sweep(*MANY, "--search", "5", "--select", "sharpe", "--json")
    assert said.code == 0, said.err
    assert "5 of them, chosen by Optuna for sharpe" in said.err
    assert said.document["trials"] == 5
    again = sweep(*MANY, "--search", "5", "--select", "sharpe", "--json")
    assert again.document["name"] == said.document["name"]
    assert sweep(*MANY, "--search", "5", "--detach").code == 2


def test_a_page_of_the_sweep(sweep: Stockstream, tmp_path: Path) -> None:
    said = sweep(*GRID, "--html", "sweep.html")
    assert said.code == 0, said.err
    assert "page: sweep.html" in said.out
    assert "MovingAverageCrossover" in (tmp_path / "sweep.html").read_text(encoding="utf-8")


def test_windows_that_walk_forward(sweep: Stockstream, tmp_path: Path) -> None:
    said = sweep(*GRID, "--split", "walk_forward(train=1y,test=6m)", "--output", "trials.csv")
    assert said.code == 0, said.err
    assert "in training, traded after it" in said.out
    trials = pl.read_csv(tmp_path / "trials.csv")
    assert set(trials["role"]) == {"train", "test"}
    assert len(trials) == 6 * trials.n_unique(["fold", "role"])


def test_paths_through_a_cross_validation(sweep: Stockstream) -> None:
    said = sweep(*GRID, "--split", "cross_validation(groups=4,test=2)")
    assert said.code == 0, said.err
    assert "Out of sample: 3 paths from 6 splits" in said.out


def test_refused_combinations_are_listed_and_partial(sweep: Stockstream) -> None:
    grid = ("--grid", "fast_period=5,30", "--grid", "slow_period=20,40")
    said = sweep(*grid, "--output", "trials.csv")
    assert said.code == 3
    assert "1 trial failed" in said.out
    assert "fast_period=30 must be below slow_period=20" in said.out
    assert sweep(*grid, "--json").document["failed"] == 1


def test_a_parameter_that_the_grid_overrules_is_said(sweep: Stockstream) -> None:
    said = sweep(*GRID, "--param", "fast_period=7")
    assert "--param fast_period=7 was ignored" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "--grid"),
        (["--grid", "fast_period"], 2, "fast_period"),
        (["--grid", "fast_period=5:10:4"], 2, "whole numbers"),
        (["--grid", "fast_perod=5,10"], 2, "did you mean 'fast_period'"),
        (["--grid", "fast_period=5", "--select", "sharp"], 2, "did you mean 'sharpe'"),
        (["--grid", "fast_period=5", "--where", "fast_perod < 3"], 2, "fast_period"),
        (["--grid", "fast_period=5,6", "--sample", "3"], 2, "sample"),
        (["--grid", "fast_period=5", "--output", "trials.txt"], 2, ".parquet or .csv"),
        (["--grid", "fast_period=60,70"], 2, "none of the 2 combinations can run"),
        (["--grid", "fast_period=5", "--split", "month"], 2, "ticker"),
        (["--grid", "fast_period=5", "--top", "0"], 2, "--top"),
        (["--grid", "fast_period=5", "--workers", "0"], 2, "--workers"),
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


@pytest.mark.parametrize("option", ["--output", "--html"])
def test_a_place_that_cannot_be_written_is_found_before_the_work(
    sweep: Stockstream, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    said = sweep(*GRID, option, "file/trials.parquet")
    assert said.code == 1
    assert "cannot write" in said.err
    assert option in said.err
    assert "sweep ..." not in said.err


def test_workers_are_as_many_as_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    from stockstream.cli.sweep_options import SweepOptions

    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert SweepOptions().processors() == 6
    assert SweepOptions(workers=2).processors() == 2


def _never(*_: object) -> None:
    pytest.fail("a chunk was run again")


def _interrupted_after(chunks: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Press Control-C in the chunk after so many; gives the numbers of the chunks as they run."""
    ran: list[int] = []

    def run(chunk: Any, lake: Any) -> pl.DataFrame:
        ran.append(chunk.number)
        if len(ran) > chunks:
            raise KeyboardInterrupt
        return run_chunk(chunk, lake)

    monkeypatch.setattr(engine, "run_chunk", run)
    return ran
