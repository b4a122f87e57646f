"""``stockstream runs``: lists, progress, and what may be removed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stockstream.backtest.config import BacktestConfig
from stockstream.lake.store import Lake
from stockstream.runners.local import LocalRunner
from stockstream.study.plan import plan_study
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Stockstream

    from stockstream.study.study import Study


@pytest.fixture
def study(lake: Path, symbols: list[str]) -> Callable[..., Study]:
    """Plans a small sweep."""

    def make(slow: tuple[int, ...] = (20, 40), **settings: object) -> Study:
        config = BacktestConfig(
            strategy_class="MovingAverageCrossover",
            start_date="2020-01-01",
            end_date="2021-12-31",
            universe=tuple(symbols),
            param_grid={"fast_period": (5, 10, 20), "slow_period": slow},
            **settings,
        )
        return plan_study(config, Lake.open(lake), split="ticker", chunk_seconds=1e-4)

    return make


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "data" / "runs"


@pytest.fixture
def kept(lake: Path, runs: Path) -> Callable[[Study], str]:
    """Runs a sweep here and keeps it."""

    def keep(study: Study) -> str:
        with LocalRunner(runs, lake).attending(study) as store:
            run_study(study, Lake.open(lake), store, workers=1)
        return study.name

    return keep


def backtest(stockstream: Stockstream, lake: Path, symbols: list[str]) -> str:
    said = stockstream(
        *("backtest", "--strategy", "MovingAverageCrossover", "--lake", lake),
        *("--symbols", ",".join(symbols), "--json"),
    )
    return str(said.document["run"])


def test_nothing_is_there_yet(stockstream: Stockstream) -> None:
    said = stockstream("runs")
    assert said.code == 0
    assert said.out.startswith("no run is kept in data/runs; make one with")
    assert stockstream("runs", "list", "--json").document == {"runs": []}
    said = stockstream("runs", "show")
    assert (said.code, said.out) == (1, "")
    assert "no such run is kept in data/runs" in said.err


def test_sweeps_and_backtests_are_listed_together(
    stockstream: Stockstream,
    lake: Path,
    symbols: list[str],
    study: Callable[..., Study],
    kept: Callable[[Study], str],
    runs: Path,
) -> None:
    single = backtest(stockstream, lake, symbols)
    sweep = kept(study())
    waiting = FolderStore.create(runs, study(slow=(30, 60))).study.name
    listed = {run["run"]: run for run in stockstream("runs", "list", "--json").document["runs"]}
    assert {name: (run["kind"], run["state"]) for name, run in listed.items()} == {
        single: ("backtest", "done"),
        sweep: ("sweep", "done"),
        waiting: ("sweep", "stopped"),
    }
    assert (listed[sweep]["done"], listed[sweep]["trials"], listed[sweep]["failed"]) == (24, 24, 4)
    text = stockstream("runs", "list").out
    for name, state in ((single, "done"), (sweep, "done"), (waiting, "stopped")):
        (line,) = [line for line in text.splitlines() if line.startswith(name)]
        assert state in line
        assert "MovingAverageCrossover" in line
    (runs / single / "result.json").write_text("{")
    (runs / waiting / "study.json").write_text("{")
    states = {r["run"]: r["state"] for r in stockstream("runs", "--json").document["runs"]}
    assert states[single] == "unreadable"


def test_one_run_is_shown_with_what_to_do_next(
    stockstream: Stockstream,
    lake: Path,
    symbols: list[str],
    study: Callable[..., Study],
    kept: Callable[[Study], str],
    runs: Path,
) -> None:
    planned = study()
    name = FolderStore.create(runs, planned).study.name
    text = stockstream("runs", "show", name).out
    assert text.splitlines()[0] == f"{name}: stopped"
    assert "4 symbols, split ticker" in text
    assert "0 of 24 trials (0%)" in text
    assert f"go on with `stockstream runs resume {name}`" in text
    kept(planned)
    said = stockstream("runs", "show", "--json")
    assert (said.document["run"], said.document["state"]) == (name, "done")
    single = backtest(stockstream, lake, symbols)
    assert stockstream("runs", "show", single).out.startswith(f"{single}: a single backtest")
    assert stockstream("runs", "show", single, "--json").document["run"] == single


@pytest.mark.slow
def test_a_sweep_is_stopped_resumed_and_followed(
    stockstream: Stockstream, study: Callable[..., Study], lake: Path, runs: Path
) -> None:
    planned = study(slow=tuple(range(21, 61)))
    LocalRunner(runs, lake, workers=1).submit(planned)
    said = stockstream("runs", "cancel", planned.name)
    assert said.code == 0
    assert said.out.startswith(f"{planned.name}: ")
    said = stockstream("runs", "resume", planned.name, "--workers", "1", "--json")
    assert said.document["runs"][0]["run"] == planned.name
    said = stockstream("runs", "follow")
    assert said.code == 0, said
    assert said.out.splitlines()[0] == f"{planned.name}: done"
    said = stockstream("runs", "resume", planned.name, "--follow", "--json")
    assert (said.code, said.document["state"]) == (0, "done")
    assert said.document["done"] == planned.trials


def test_failed_trials_are_exit_code_3(
    stockstream: Stockstream, study: Callable[..., Study], kept: Callable[[Study], str]
) -> None:
    name = kept(study())
    said = stockstream("runs", "follow", name)
    assert said.code == 3
    assert "24 of 24 trials (100%), 4 failed" in said.out


def test_a_run_that_stopped_is_exit_code_1(
    stockstream: Stockstream, study: Callable[..., Study], runs: Path
) -> None:
    name = FolderStore.create(runs, study()).study.name
    assert stockstream("runs", "follow", name).code == 1


def test_sweeps_are_compared_by_settings_and_best_trials(
    stockstream: Stockstream, study: Callable[..., Study], kept: Callable[[Study], str]
) -> None:
    one = kept(study(slow=(40, 80)))
    other = kept(study(slow=(40, 80), costs={"commission_bps": 50}))
    said = stockstream("runs", "compare", one, other, "--top", "3")
    assert said.code == 0, said
    assert "Best trials by sharpe" in said.out
    assert "fast_period=" in said.out
    (line,) = [line for line in said.out.splitlines() if line.startswith("costs.commission_bps")]
    assert line.split()[1:] == ["0.0", "50.0"]
    document = stockstream("runs", "compare", one, other, "--metric", "calmar", "--json").document
    assert list(document["differences"]) == ["costs.commission_bps"]
    assert document["warnings"] == []
    assert len(document["best"][one]) == 5
    best = [trial["calmar"] for trial in document["best"][one]]
    assert best == sorted(best, reverse=True)
    json.dumps(document, allow_nan=False)


def test_sweeps_of_other_sizes_and_days_are_warned_of(
    stockstream: Stockstream, study: Callable[..., Study], kept: Callable[[Study], str]
) -> None:
    planned = study()
    one, other = kept(planned), kept(study(slow=(40, 60, 80)))
    text = stockstream("runs", "compare", one, other).out
    assert "not as many trials" in text
    assert "param_grid.slow_period" in text


def test_what_cannot_be_compared_says_so(
    stockstream: Stockstream,
    lake: Path,
    symbols: list[str],
    study: Callable[..., Study],
    kept: Callable[[Study], str],
) -> None:
    sweep, single = kept(study()), backtest(stockstream, lake, symbols)
    said = stockstream("runs", "compare", sweep, single)
    assert said.code == 2
    assert "a sweep and a backtest cannot be compared" in said.err
    assert stockstream("runs", "compare", sweep).code == 2
    assert "each once" in stockstream("runs", "compare", sweep, sweep).err
    assert "twice" in stockstream("runs", "compare", single, single).err
    assert "is a single backtest" in stockstream("runs", "follow", single).err


def test_nothing_is_removed_unasked(
    stockstream: Stockstream,
    lake: Path,
    symbols: list[str],
    study: Callable[..., Study],
    kept: Callable[[Study], str],
    runs: Path,
) -> None:
    sweep, single = kept(study()), backtest(stockstream, lake, symbols)
    said = stockstream("runs", "delete", sweep, single)
    assert said.code == 2
    assert "would be gone for good: add --yes" in said.err
    assert (runs / sweep).is_dir()
    said = stockstream("runs", "delete", sweep, single, "--yes")
    assert (said.code, said.out) == (0, f"deleted: {sweep}, {single}\n")
    assert stockstream("runs", "--json").document == {"runs": []}


@pytest.mark.parametrize("word", ["show", "follow", "cancel", "resume", "compare", "delete"])
@pytest.mark.parametrize("name", ["../../etc", "s-..", "r-0123456789ab/.."])
def test_names_are_names(stockstream: Stockstream, word: str, name: str) -> None:
    said = stockstream("runs", word, name)
    assert said.code == 2
    assert "is no name of a run" in said.err


def test_options_come_behind_the_subcommand(stockstream: Stockstream) -> None:
    said = stockstream("runs", "--json", "list")
    assert said.code == 2
    assert "options come behind the subcommand" in said.err
