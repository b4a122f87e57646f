"""The page of a backtest: every tab, every state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.app.results.conftest import said
from tests.app.tables import tables

from stockstream.app.state.results import homes_of
from stockstream.app.tasks.start import folder_of_run
from stockstream.app.work.main import main
from stockstream.backtest.archive import load_result

if TYPE_CHECKING:
    from tests.app.results.conftest import Show, There

pytestmark = pytest.mark.slow

TABS = ("Overview", "Trades", "Parameters", "Robustness", "Compare runs", "Reproduce")


def test_identity_and_badges_stand_above_the_numbers(show: Show, there: There) -> None:
    test = show("result", run=there.point)
    assert not test.exception
    order = [one.type for one in test.main if one.type in {"title", "caption", "metric"}]
    assert order.index("title") < order.index("caption") < order.index("metric")
    assert [metric.label for metric in test.metric] == [
        *("CAGR", "Sharpe", "Max drawdown", "Sortino", "Turnover", "Trades")
    ]
    assert all(metric.delta for metric in test.metric)
    text = said(test)
    assert there.point in text
    assert "data snapshot" in text
    for badge in ("look-ahead", "survivorship", "PBO", "DSR"):
        assert badge in text


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens(show: Show, there: There, tab: str) -> None:
    for run in (there.point, there.other, there.idle):
        test = show("result", run=run, tab=tab)
        assert not test.exception
        assert not [one for one in test.error if "Zero trades" not in one.value]


def test_a_run_that_never_traded_shouts(show: Show, there: There) -> None:
    assert "Zero trades" in said(show("result", run=there.idle))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("", "names no backtest"),
        ("r-000000000000", "there is no run r-000000000000"),
        ("r-../../../etc", "is no name of a run"),
        ("<script>", "is no name of a backtest"),
    ],
)
def test_a_missing_run_is_one_clear_error(show: Show, there: There, run: str, words: str) -> None:
    test = show("result", **({"run": run} if run else {}))
    assert not test.exception
    assert len(test.error) == 1
    assert words in said(test)
    assert str(there.runs) not in said(test)


def test_a_broken_run_names_no_path(show: Show, there: There) -> None:
    folder = there.runs / "r-0123456789ab"
    folder.mkdir(exist_ok=True)
    (folder / "result.json").write_text("{")
    test = show("result", run=folder.name)
    assert "cannot be read" in said(test)
    assert str(there.runs) not in said(test)
    (folder / "result.json").unlink()
    assert "no run in r-0123456789ab" in said(show("result", run=folder.name))
    folder.rmdir()


def test_the_name_of_a_study_leads_there(show: Show, there: There) -> None:
    test = show("result", run=there.walk)
    assert not test.error
    assert "name of a study" in said(test)


def test_a_hold_out_is_shaded(show: Show, there: There) -> None:
    assert there.held_out in said(show("result", run=there.point))
    assert "Shaded" not in said(show("result", run=there.other))


def test_a_point_knows_its_studies(there: There) -> None:
    found = homes_of(load_result(there.runs / there.point), there.runs)
    assert {there.held_out, there.walk} <= {home.study for home in found}
    unseen = {home.study: home.unseen for home in found}
    assert unseen[there.held_out] > "2020"
    assert not unseen[there.walk]
    assert homes_of(load_result(there.runs / there.other), there.runs) == []


def test_a_drawdown_shows_its_trades(show: Show, there: There) -> None:
    test = show("result", run=there.point)
    test.selectbox(key="fall").select("1").run()
    assert not test.exception
    assert "trades were held between" in said(test)


def test_trades_are_filtered(show: Show, there: There) -> None:
    trades = load_result(there.runs / there.point).trades
    symbol = trades["symbol"][0]
    test = show("result", run=there.point, tab="Trades")
    assert f"{trades.height:,} of {trades.height:,} trades" in said(test)
    test.text_input(key="trades-text").set_value(symbol.lower()).run()
    own = int((trades["symbol"] == symbol).sum())
    assert f"{own:,} of {trades.height:,} trades" in said(test)


def test_robustness_is_measured_by_a_task(show: Show, there: There) -> None:
    folder = folder_of_run(there.runs, there.point)
    assert "Measuring runs the backtest again" in said(
        show("result", run=there.point, tab="Robustness")
    )
    folder.mkdir(exist_ok=True)
    assert main([str(folder), "robustness"]) == 0
    test = show("result", run=there.point, tab="Robustness")
    assert not test.exception
    assert "Walk-forward of study" in said(test)
    labels = [row[0].replace("\N{MULTIPLICATION SIGN}", "x") for row in tables(test)[0][1:]]
    assert labels == [
        *("0.5x costs", "1x costs", "1.5x costs", "2x costs", "3x costs", "one bar late")
    ]
    found = json.loads((folder / "found-robustness.json").read_text(encoding="utf-8"))
    kept = load_result(there.runs / there.point).metrics
    assert found["costs"][1]["sharpe"] == kept.sharpe


def test_runs_are_compared(show: Show, there: There) -> None:
    test = show("result", run=there.point, tab="Compare runs")
    test.multiselect(key="with").select(there.other).run()
    assert not test.exception
    assert "What differs in what went in" in said(test)
    assert "parameters.fast_period" in [row[0] for row in tables(test)[0]]


def test_compare_page(show: Show, there: There) -> None:
    assert not show("compare").exception
    one = show("compare", runs=[there.point])
    assert "Choose one more" in said(one)
    two = show("compare", runs=[there.point, there.idle])
    assert not two.exception
    assert "What came out" in said(two)


def test_the_command_line_is_there(show: Show, there: There) -> None:
    test = show("result", run=there.point, tab="Reproduce")
    assert test.code[0].value.startswith("stockstream backtest")
    assert "fast_period=10" in test.code[0].value


@pytest.mark.parametrize("page", ["result", "study", "compare"])
def test_settings_that_cannot_be_read_are_one_clear_error(
    show: Show, there: There, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv("STOCKSTREAM__FETCH__RATE", "fast")
    run = {"result": there.point, "study": there.walk}.get(page, "")
    test = show(page, run=run) if run else show(page)
    assert not test.exception
    assert "fetch.rate" in said(test)
