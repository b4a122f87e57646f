"""Bayesian search: better than chance, honest about constraints, and the same after kill -9."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.errors import ConfigError, DataError, GridError, UnknownNameError
from stockstream.study.grid import parse_grid_text
from stockstream.study.points.sampling import Sample
from stockstream.study.points.space import Space
from stockstream.study.proposals import JOURNAL, Proposals, alone_in
from stockstream.study.runs.store import FolderStore
from stockstream.study.search import search, search_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.study.conftest import Configure, PanelSource

    from stockstream.backtest.config import BacktestConfig

pytest.importorskip("optuna")

ROOT = Path(__file__).parents[2]

GRID = parse_grid_text("a=1:100:100; b=1:100:100; c=log 0.001:1:50; mode=x,y,z; use=true,false")
SPACE = Space(GRID, ("a < b",), listed=())

PERIODS = {"fast_period": "5:44:40", "slow_period": "20:120:101"}
WHERE = ("fast_period < slow_period",)


def hill(numbers: Sequence[int]) -> list[float]:
    """A smooth hill with its top at a=30, b=70, c=0.1, mode=y; some points cannot run."""
    scores = []
    for number in numbers:
        point = Space(GRID, listed=(number,)).values(0)
        away = ((point["a"] - 30) / 20) ** 2 + ((point["b"] - 70) / 20) ** 2
        away += (math.log10(point["c"]) + 1.0) ** 2
        height = (point["mode"] == "y") + 0.5 * point["use"] - away
        scores.append(math.nan if point["a"] % 10 == 0 else height)
    return scores


@pytest.mark.slow
def test_it_finds_better_points_than_chance() -> None:
    found, drawn = [], []
    for seed in range(3):
        proposals = Proposals(SPACE, batch=16, seed=seed)
        search_points(proposals, hill, trials=120, batch=16)
        found.append(np.nanmax(list(proposals.tried.values())))
        sample = Space(GRID, ("a < b",), Sample("random", 120, seed))
        drawn.append(np.nanmax(hill(sample.numbers(0, 120).tolist())))
    assert min(found) > 1.3  # the top is below 1.5
    assert np.median(found) > np.median(drawn)


def test_it_can_look_for_the_least() -> None:
    proposals = Proposals(SPACE, batch=8, seed=1, minimise=True)
    search_points(proposals, lambda n: [-score for score in hill(n)], trials=80, batch=8)
    assert np.nanmin(list(proposals.tried.values())) < -0.8


def test_points_are_different_and_keep_the_constraints() -> None:
    tried = search_points(Proposals(SPACE, batch=16, seed=3), hill, trials=60, batch=16)
    assert len(set(tried)) == len(tried) == 60
    assert SPACE.keeps(np.array(tried)).all()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_points() -> None:
    runs = [
        search_points(Proposals(SPACE, batch=8, seed=seed), hill, trials=40, batch=8)
        for seed in (5, 5, 6)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_it_ends_where_no_point_is_left() -> None:
    space = Space({"a": (3, 1, 2), "mode": ("x", "y")}, ("a > 1 or mode == 'y'",), listed=())
    told: list[tuple[int, int]] = []
    proposals = Proposals(space, batch=4)
    tried = search_points(
        proposals,
        lambda numbers: [float(number) for number in numbers],
        trials=100,
        batch=4,
        progress=lambda *progress: told.append(progress),
    )
    assert sorted(tried) == [0, 1, 3, 4, 5]
    assert told == [(0, 100), (4, 100), (5, 100)]


def test_a_journal_continues_where_it_was(tmp_path: Path) -> None:
    whole = search_points(Proposals(SPACE, batch=16, seed=2), hill, trials=70, batch=16)
    for trials in (25, 32, 70):
        proposals = Proposals(SPACE, batch=16, seed=2, folder=tmp_path)
        assert search_points(proposals, hill, trials=trials, batch=16) == whole[:trials]
    assert (tmp_path / JOURNAL).read_bytes().count(b'"op_code":4') == 70


@pytest.mark.parametrize("cut", [1, 40, 700])
def test_a_torn_journal_is_mended(tmp_path: Path, cut: int) -> None:
    whole = search_points(Proposals(SPACE, batch=16, seed=2), hill, trials=60, batch=16)
    search_points(Proposals(SPACE, batch=16, seed=2, folder=tmp_path), hill, trials=45, batch=16)
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-cut])
    (tmp_path / f"{JOURNAL}.lock").symlink_to(journal)  # what a killed Optuna leaves behind
    proposals = Proposals(SPACE, batch=16, seed=2, folder=tmp_path)
    assert search_points(proposals, hill, trials=60, batch=16) == whole


def test_a_journal_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text("hello\nworld\n")
    with pytest.raises(DataError, match="remove its folder and search again"):
        Proposals(SPACE, batch=16, folder=tmp_path)


def test_two_searches_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        alone_in(tmp_path / "s"),
        pytest.raises(DataError, match="another search works in"),
        alone_in(tmp_path / "s"),
    ):
        pass
    with alone_in(tmp_path / "s"):
        pass


def test_the_result_is_a_study_of_the_points_tried(lake: PanelSource, configure: Configure) -> None:
    config = configure(param_grid=PERIODS)
    result = search(config, lake, trials=30, where=WHERE, batch=8, split="ticker")
    assert (result.study.points, result.study.trials, result.failed) == (30, 120, 0)
    frame = result.frame()
    assert (frame["fast_period"] < frame["slow_period"]).all()
    assert frame["symbol"].to_list()[::30] == list(result.config.universe or ())
    assert result.significance().trials == 30
    points = result.points(("sharpe",))
    assert len(points.unique(["fast_period", "slow_period"])) == 30
    # every trial is the backtest that it says it is
    alone = result.study.trial_config(71)
    assert alone.parameters["fast_period"] == frame["fast_period"][71]
    assert alone.universe == (frame["symbol"][71],)


@pytest.mark.parametrize("metric", ["pooled_sharpe", "volatility", "worst_sharpe"])
def test_it_looks_for_any_value_of_a_point(
    metric: str, lake: PanelSource, configure: Configure
) -> None:
    config = configure(param_grid={"fast_period": (5, 10, 60), "slow_period": (20, 50)})
    result = search(config, lake, trials=6, batch=4, metric=metric, split="year")
    assert result.study.points == 6
    assert len(result.failures) == 2  # 60 is above both: points without a value
    assert result.failed == 6


def test_a_search_is_kept_like_any_study(
    lake: PanelSource, configure: Configure, tmp_path: Path
) -> None:
    config = configure(param_grid=PERIODS)
    result = search(config, lake, trials=20, where=WHERE, batch=8, runs=tmp_path)
    kept = FolderStore.open(tmp_path / result.name)
    assert kept.study == result.study
    assert kept.scan().collect().equals(result.scan().collect())
    before = lake.asked
    more = search(config, lake, trials=30, where=WHERE, batch=8, runs=tmp_path)
    listed = more.study.space.listed or ()
    assert listed[:20] == result.study.space.listed
    assert more.frame()[:20].equals(result.frame())
    assert lake.asked - before <= 2
    assert len(list(tmp_path.glob("search-*"))) == 1


KILLED = """
import json, os, signal, sys
from pathlib import Path
from stockstream.backtest.config import BacktestConfig
from stockstream.study import search as module
from tests.study.conftest import PanelSource, made_up_market

folder, settings, left = Path(sys.argv[1]), json.loads(sys.argv[2]), [int(sys.argv[3])]
run_study = module.run_study

def run_or_die(*arguments, **keywords):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    run_study(*arguments, **keywords)

module.run_study = run_or_die
module.search(
    BacktestConfig(**settings), PanelSource(made_up_market()), trials=40, batch=8, runs=folder,
    where=("fast_period < slow_period",), workers=1,
)
"""


def run_until_killed(folder: Path, config: BacktestConfig, batches: int) -> int:
    settings = json.dumps(config.model_dump(mode="json", exclude_defaults=True))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), settings, str(batches)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode


@pytest.mark.slow
def test_after_kill_9_it_comes_out_the_same(
    lake: PanelSource, configure: Configure, tmp_path: Path
) -> None:
    config = configure(param_grid=PERIODS)
    undisturbed = search(config, lake, trials=40, where=WHERE, batch=8, runs=tmp_path / "whole")
    for batches in (2, 1, 0):
        assert run_until_killed(tmp_path / "killed", config, batches) == -signal.SIGKILL
    assert run_until_killed(tmp_path / "killed", config, 99) == 0
    kept = FolderStore.open(tmp_path / "killed" / undisturbed.name)
    files = [FolderStore.open(tmp_path / "whole" / undisturbed.name), kept]
    ours, theirs = (
        {path.name: path.read_bytes() for path in (one.folder / "chunks").iterdir()}
        for one in files
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"trials": 0}, GridError, "a search of 0 points"),
        ({"trials": 5, "batch": 0}, GridError, "0 at a time"),
        ({"trials": 10**6}, GridError, "try from 1 to 100,000"),
        ({"trials": 5, "metric": "sharp"}, UnknownNameError, "did you mean 'sharpe'"),
        ({"trials": 5, "metric": "deflated_sharpe"}, ConfigError, "holds points against each"),
        ({"trials": 5, "where": ("fast < 5",)}, GridError, "unknown parameter 'fast'"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    options: dict[str, Any],
    error: type[Exception],
    says: str,
    lake: PanelSource,
    configure: Configure,
) -> None:
    with pytest.raises(error, match=says):
        search(configure(param_grid=PERIODS), lake, **options)


def test_a_book_is_not_searched(lake: PanelSource, configure: Configure) -> None:
    sleeve = {"strategy_class": "Momentum", "weight": 0.5, "name": "a"}
    book = configure(strategy_class="", sleeves=(sleeve, {**sleeve, "name": "b"}))
    with pytest.raises(ConfigError, match="this book has 2: search each alone"):
        search(book, lake, trials=5)


def test_without_optuna_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, lake: PanelSource, configure: Configure
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r'needs Optuna: pip install "stockstream\[optimize\]"'):
        search(configure(param_grid=PERIODS), lake, trials=5)


def test_a_vast_grid_can_be_searched(lake: PanelSource, configure: Configure) -> None:
    config = configure(
        strategy_class="RSIMeanReversion",
        param_grid={
            "period": "2:100:99",
            "oversold": "1:49:9601",
            "overbought": "51:99:9601",
        },
    )
    result = search(config, lake, trials=12, batch=6)
    assert result.study.space.whole == 99 * 9601 * 9601
    assert result.study.points == 12
