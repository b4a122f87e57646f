"""A study on the screen and on its page, from real runs on a small lake."""

from __future__ import annotations

import functools
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig, Costs, MarketRules
from stockstream.cli.sweep_view import show_sweep
from stockstream.lake.store import Lake
from stockstream.report.study.command import sweep_command
from stockstream.report.study.gathering import gather
from stockstream.report.study.page import write_study_page
from stockstream.study.chunk import run_chunk
from stockstream.study.plan import plan_study
from stockstream.study.points.sampling import Sample
from stockstream.study.pooling import point_moments
from stockstream.study.result import StudyResult
from stockstream.study.runs.store import MemoryStore
from stockstream.study.search import search
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

SPLITS = (
    "none",
    "ticker",
    "year",
    "hold_out(0.3)",
    "walk_forward(train=1y,test=6m)",
    "cross_validation(groups=6,test=2)",
)


@pytest.fixture(scope="module")
def config(symbols: list[str]) -> BacktestConfig:
    return BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date="2019-06-03",
        end_date="2021-12-31",
        universe=tuple(symbols[:2]),
        costs=Costs(commission_bps=10),
        param_grid={"fast_period": (5, 10, 15), "slow_period": (15, 20, 40)},
    )


def study(config: BacktestConfig, lake: Path, split: str) -> StudyResult:
    return run_sweep(config, Lake.open(lake), split=split, workers=1)


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_is_summed_up(
    config: BacktestConfig,
    lake: Path,
    split: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = study(config, lake, split)
    show_sweep(result, "deflated_sharpe", 3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"MovingAverageCrossover: {result.study.trials:,} trials"
    head = lines.index("Best points by deflated sharpe")
    verdict = lines.index(result.significance(int(_best(result))).verdict[0])
    assert verdict < head
    assert lines[head + 1].split()[:4] == ["fast_period", "slow_period", "sharpe", "deflated"]
    assert f"! {result.failed:,} trial{'' if result.failed == 1 else 's'} failed:" in lines
    assert "15 must be below slow_period=15" in "\n".join(lines)
    page = write_study_page(result, tmp_path / "study.html").read_text(encoding="utf-8")
    assert result.name in page
    assert ("In sample against out of sample" in page) == ("plateau-0-1" in page)


def _best(result: StudyResult) -> int:
    from stockstream.study.selection import rank

    return int(rank(result, "deflated_sharpe", 1)["point"][0])


@pytest.mark.parametrize("select", ["plateau", "calmar", "worst_sharpe", "total_return", "costs"])
def test_what_points_are_ranked_by_is_a_column(
    config: BacktestConfig,
    lake: Path,
    select: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = study(config, lake, "ticker")
    show_sweep(result, select, 2)
    said = capsys.readouterr().out
    assert f"Best points by {select.replace('_', ' ')}" in said
    page = write_study_page(result, tmp_path / "study.html", select=select)
    assert f"Best points by {select.replace('_', ' ')}" in page.read_text(encoding="utf-8")


def test_a_single_point_has_nothing_to_choose_from(
    config: BacktestConfig, lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = study(config.changed(param_grid={"fast_period": (7,)}), lake, "none")
    show_sweep(result, "sharpe", 5)
    said = capsys.readouterr().out
    assert said.startswith("MovingAverageCrossover: 1 trial\n")
    page = write_study_page(result, tmp_path / "study.html").read_text(encoding="utf-8")
    assert "nothing to choose from" in page


def test_an_unfinished_study_is_shown_as_far_as_it_is(
    config: BacktestConfig, lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Lake.open(lake)
    planned = plan_study(config, source, chunk_seconds=1e-9)
    store = MemoryStore()
    for chunk in planned.chunks[::2]:
        store.put(chunk, run_chunk(chunk, source))
    result = StudyResult(planned, store)
    show_sweep(result, "sharpe", 3)
    assert "Best points by sharpe" in capsys.readouterr().out
    page = write_study_page(result, tmp_path / "study.html").read_text(encoding="utf-8")
    assert "incomplete: 56% of the trials" in page


def test_of_too_many_points_a_sample_is_judged(
    config: BacktestConfig,
    lake: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    few = functools.partial(point_moments, most=4)
    monkeypatch.setattr("stockstream.study.result.point_moments", few)
    result = study(config, lake, "ticker")
    show_sweep(result, "total_return", 9)
    said = capsys.readouterr().out
    assert "a random sample of 4 of 9 points" in said
    page = write_study_page(result, tmp_path / "study.html", select="total_return")
    assert "a random sample of 4 of 9 points" in page.read_text(encoding="utf-8")


def test_a_parameter_that_the_grid_overrules_is_said(
    config: BacktestConfig, lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_sweep(study(config.changed(parameters={"fast_period": 7}), lake, "none"), "sharpe", 1)
    assert "! --param fast_period=7 was ignored" in capsys.readouterr().out


@pytest.mark.parametrize("split", ["none", "ticker", "hold_out(0.3)"])
def test_the_page_and_the_belief_agree_on_what_is_over_cash(
    config: BacktestConfig, lake: Path, split: str
) -> None:
    source = Lake.open(lake)
    result = run_sweep(config.changed(risk_free=0.08), source, split=split, workers=1)
    findings = gather(result, "deflated_sharpe")
    best, belief = findings.best, findings.belief
    assert belief is not None
    assert best["point"][0] == belief.point
    assert best["deflated_sharpe"][0] == pytest.approx(belief.deflated.deflated_sharpe, rel=1e-12)
    assert findings.sharpes[findings.chosen] == pytest.approx(belief.deflated.sharpe, rel=1e-12)
    assert best["neighbours"][0] == pytest.approx(belief.neighbour_median, rel=1e-12, nan_ok=True)
    if split == "ticker":
        assert best["pooled_sharpe"][0] == pytest.approx(belief.deflated.sharpe, rel=1e-12)
    if split.startswith("hold_out"):
        assert findings.outside is not None
        assert np.nanmax(findings.outside.inside) == pytest.approx(belief.decay.before, rel=1e-12)
    raw = StudyResult(result.study, result.store).moments()[1].yearly
    assert np.nanmax(raw) > np.nanmax(findings.sharpes) + 0.1


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        ({}, {"where": ("fast_period * 2 <= slow_period",), "blocks": 12, "keep_equity": 40}),
        ({"seed": 5}, {"sample": Sample("random", 4, seed=5), "split": "year"}),
        ({"seed": 5}, {"sample": Sample("sobol", 4, seed=5), "where": ("fast_period < 15",)}),
        ({"parameters": {"fast_period": 7}}, {"split": "walk_forward(train=1y,test=6m,anchored)"}),
        (
            {"initial_capital": 100_000 / 3, "costs": Costs(slippage_bps=10 / 3), "risk_free": 0.1},
            {"split": "cross_validation(groups=6,test=2,purge=1,embargo=2)", "blocks": 30},
        ),
        ({"market_rules": MarketRules.asx()}, {"split": "hold_out(0.35,purge=3)"}),
    ],
)
def test_the_command_of_the_page_plans_the_same_study(
    config: BacktestConfig,
    lake: Path,
    changes: dict[str, Any],
    settings: dict[str, Any],
    stockstream: Stockstream,
) -> None:
    if getattr(settings.get("sample"), "method", "") == "sobol":
        pytest.importorskip("scipy")
    result = run_sweep(config.changed(**changes), Lake.open(lake), workers=1, **settings)
    shown = sweep_command(gather(result, "plateau")).replace("\\\n", " ")
    said = stockstream(*shlex.split(shown)[1:], "--lake", lake, "--runs", "runs", "--json")
    assert said.document["name"] == result.name


def test_the_command_of_a_search_searches_again(
    config: BacktestConfig, lake: Path, stockstream: Stockstream
) -> None:
    pytest.importorskip("optuna")
    where = ("fast_period < slow_period",)
    result = search(config, Lake.open(lake), trials=5, metric="sharpe", where=where, workers=1)
    shown = sweep_command(gather(result, "sharpe")).replace("\\\n", " ")
    said = stockstream(*shlex.split(shown)[1:], "--lake", lake, "--runs", "runs", "--json")
    assert said.document["name"] == result.name


def test_report_writes_the_page_of_a_kept_sweep(
    stockstream: Stockstream, lake: Path, symbols: list[str], tmp_path: Path
) -> None:
    given = ("--strategy", "MovingAverageCrossover", "--lake", lake, "--symbols", symbols[0])
    grid = ("--grid", "fast_period=5,10", "--grid", "slow_period=20,40")
    name = stockstream("sweep", *given, *grid, "--runs", "runs", "--json").document["name"]
    said = stockstream("report", "--runs", "runs", "--select", "plateau")
    assert said.code == 0, said.err
    assert said.out == f"{name}: runs/{name}/tearsheet.html\n"
    assert "Best points by plateau" in (tmp_path / "runs" / name / "tearsheet.html").read_text()
    named = stockstream("report", tmp_path / "runs" / name, "--output", "a.html", "--json")
    assert named.document["run"] == name
    assert named.document["trials"] == 4
    wrong = stockstream("report", name, "--runs", "runs", "--select", "platau")
    assert wrong.code == 2
    assert "did you mean 'plateau'" in wrong.err
