"""The page of a study: every tab, every state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.app.results.conftest import said
from tests.app.tables import tables

from stockstream.app.parts import belief as parts
from stockstream.app.parts import kept
from stockstream.app.state.measured import kept_belief
from stockstream.app.state.results import stamp_of, study_at
from stockstream.app.tasks.progress import Teller
from stockstream.app.tasks.start import folder_of_run
from stockstream.app.work.main import main
from stockstream.study.belief.document import belief_of, belief_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.results.conftest import Show, There

pytestmark = pytest.mark.slow

TABS = ("Best points", "Parameters", "Doubts", "Pieces and failures", "Reproduce")


def test_verdict_and_cards(show: Show, there: There) -> None:
    test = show("study", run=there.held_out)
    assert not test.exception
    assert len(test.metric) == 6
    assert test.metric[0].label == "Sharpe"
    text = said(test)
    assert "luck" in text
    assert "PBO" in text


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens(show: Show, there: There, tab: str) -> None:
    for run in (there.held_out, there.walk, there.apart):
        test = show("study", run=run, tab=tab)
        assert not test.exception


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("", "names no study"),
        ("s-000000000000", "there is no run s-000000000000"),
        ("nonsense", "is no name of a study"),
    ],
)
def test_a_missing_study_is_one_clear_error(show: Show, run: str, words: str) -> None:
    test = show("study", **({"run": run} if run else {}))
    assert not test.exception
    assert len(test.error) == 1
    assert words in said(test)


def test_nothing_has_run_yet(show: Show, there: There) -> None:
    assert "has run yet" in said(show("study", run=there.planned))


def test_the_measure_is_chosen(show: Show, there: There) -> None:
    test = show("study", run=there.walk, by="plateau")
    assert not test.exception
    assert test.selectbox(key="by").value == "plateau"
    assert "Plateau" in tables(test)[0][0]
    test.selectbox(key="by").select("calmar").run()
    assert not test.exception
    assert "Calmar" in tables(test)[0][0]


def test_a_point_becomes_a_request(show: Show, there: There) -> None:
    before = set(there.runs.glob("requests/q-*"))
    test = show("study", run=there.held_out)
    test.button(key="backtest-point").click().run()
    [made] = set(there.runs.glob("requests/q-*")) - before
    text = (made / "request.json").read_text(encoding="utf-8")
    best = study_at(there.runs, there.held_out).significance().point
    values = study_at(there.runs, there.held_out).study.parameters(best)
    assert f'"slow_period": "{values["slow_period"]}"' in text


def test_many_points_are_judged_by_a_task(
    show: Show, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "FEW", 1)
    folder = folder_of_run(there.runs, there.walk)
    folder.mkdir(exist_ok=True)
    started: list[str] = []

    def begun(folder: Path, task: str, *, again: bool) -> None:
        assert again
        started.append(task)
        Teller(folder, task)("starting")

    monkeypatch.setattr(parts, "start", begun)
    kept.forget()
    assert "Measuring how much of it is luck" in said(show("study", run=there.walk))
    assert started == ["belief"]
    assert main([str(folder), "belief"]) == 0
    test = show("study", run=there.walk)
    assert not test.exception
    assert len(test.metric) == 6


def test_a_judgement_reads_back_and_serves_other_points(there: There) -> None:
    first = study_at(there.runs, there.held_out)
    whole = first.significance()
    again = study_at(there.runs, there.held_out)
    again.measured(belief_of(belief_text(whole)))
    fresh = study_at(there.runs, there.held_out)
    for point in (None, 3, 17):
        assert belief_text(again.significance(point)) == belief_text(fresh.significance(point))
        assert belief_text(first.significance(point)) == belief_text(
            study_at(there.runs, there.held_out).significance(point)
        )


def test_a_judgement_of_other_trials_is_not_believed(there: There) -> None:
    folder = folder_of_run(there.runs, there.held_out)
    folder.mkdir(exist_ok=True)
    assert main([str(folder), "belief"]) == 0
    assert kept_belief(folder, stamp_of(there.runs, there.held_out)) is not None
    assert kept_belief(folder, "another") is None
    (folder / "found-belief.json").write_text("{}")
    assert kept_belief(folder, stamp_of(there.runs, there.held_out)) is None
