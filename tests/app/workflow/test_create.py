"""Create: a form from what a strategy declares, checked while somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.app.workflow.conftest import said

from stockstream.app.request import Request
from stockstream.app.tasks.progress import Teller

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.workflow.conftest import Show

pytestmark = pytest.mark.slow


def test_the_form_of_the_default_strategy_is_ready_to_go(show: Show) -> None:
    page = show()
    assert page.selectbox(key="strategy").value == "MovingAverageCrossover"
    assert page.text_input(key="p_fast_period").placeholder == "20"
    assert "1 combination" in said(page)
    assert not page.button(key="continue").disabled
    assert "4. Monitor" in said(page)


def test_the_trials_are_counted_while_somebody_types(show: Show) -> None:
    page = show()
    page.text_input(key="p_fast_period").input("7:91:5").run()
    page.text_input(key="p_slow_period").input("100, 150").run()
    assert "fast_period: 7, 28, 49, 70, 91 (5)" in said(page)
    assert "5 x 2 = 10 combinations" in said(page)
    page.text_area(key="where").input("fast_period < 50").run()
    assert "10 combinations, 6 of them tried" in said(page)
    page.text_input(key="sample").input("4").run()
    assert "4 of them tried" in said(page)


@pytest.mark.parametrize(
    ("key", "typed", "problem", "hint"),
    [
        ("p_fast_period", "7:91:4x", "character 7", "min:max:points"),
        ("p_fast_period", "1.5", "whole number", "1.5"),
        ("symbols", "NOPE", "Unknown symbol 'NOPE'", "the lake holds 3 symbols"),
        ("start_date", "2020-02-30", "no 2020-02-30", "Write a day of the calendar"),
        ("end_date", "1999-01-04", "the lake has bars from", "Give a day of these"),
        ("initial_capital", "-1", "-1 is out of range", "Give an amount above 0"),
        ("commission_bps", "lots", "'lots' is not a number", "hundredths of a percent"),
        ("borrow_bps", "1e9", "out of range", "0 to 10000"),
        ("benchmark", "NOPE", "Unknown symbol 'NOPE'", "buy_and_hold"),
        ("sample", "few", "'few' is not a number", "how many of the combinations"),
    ],
)
def test_a_problem_stands_beside_its_field_with_what_to_write(
    show: Show, key: str, typed: str, problem: str, hint: str
) -> None:
    page = show()
    page.text_input(key=key).input(typed).run()
    assert not page.exception
    [beside] = page.get_by_key(f"field-{key}").get("error")
    text = str(getattr(beside, "value", "")).replace("\\", "").casefold()
    assert problem.casefold() in text
    assert hint.casefold() in text
    assert len(page.error) == 1
    assert page.button(key="continue").disabled
    assert f"look at: {key.removeprefix('p_')}" in said(page)


def test_a_constraint_that_cannot_be_read_is_a_problem_of_its_field(show: Show) -> None:
    page = show(p_fast_period="5,10")
    page.text_area(key="where").input("__import__('os')").run()
    assert page.button(key="continue").disabled
    assert "look at: where" in said(page)


def test_every_kind_of_parameter_has_a_field(show: Show, plugin: None) -> None:
    page = show(strategy="Gated")
    fields = {name: page.text_input(key=f"p_{name}") for name in ("days", "share", "eager")}
    assert fields["days"].placeholder == "20"
    assert fields["share"].placeholder == "20 %"
    assert "from 2 to 500" in str(fields["days"].help).replace("\\", "")
    assert "Hold what has risen, and *wait* <b>where</b> told to." in said(page)
    assert "Never shown" not in said(page)
    for key, typed in {
        "days": "5, 8", "share": "10, 20", "eager": "true,false", "style": "calm, bold",
        "weights": "1, 3",
    }.items():  # fmt: skip
        page.text_input(key=f"p_{key}").input(typed)
    page.run()
    assert not page.error
    assert "2 x 2 x 2 x 2 = 16 combinations" in said(page)
    page.text_input(key="p_style").input("wild").run()
    assert "one of calm, bold" in said(page)


def test_a_plugin_that_does_not_load_is_named_as_the_problem(show: Show, plugin: None) -> None:
    page = show(strategy="Broken")
    assert "does not load" in said(page)
    assert page.button(key="continue").disabled


@pytest.mark.parametrize(
    ("field", "value"),
    [("strategy", "Crossover"), ("fill", "next_opening"), ("split", "years"), ("runner", "cloud")],
)
def test_an_address_with_an_unknown_value_names_the_problem(
    show: Show, field: str, value: str
) -> None:
    page = show(**{field: value})
    assert f"Unknown {field} '{value}'" in said(page)
    assert page.button(key="continue").disabled
    assert f"look at: {field}" in said(page)


def test_a_file_in_the_address_is_never_read(show: Show, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import pathlib\npathlib.Path('was-read').touch()\n")
    page = show(strategy="mine.py:Mine")
    assert "Unknown strategy 'mine.py:Mine'" in said(page)
    assert not (tmp_path / "was-read").exists()


def test_signs_that_no_keyboard_writes_are_refused(show: Show) -> None:
    page = show(where="a\0b")
    assert "where has a control character" in said(page)


def test_the_address_holds_plain_names(show: Show) -> None:
    page = show(fill="same_close", split="year", runner="aws-batch")
    assert page.selectbox(key="fill").value == "same_close"
    assert page.selectbox(key="runner").value == "aws-batch"
    page.selectbox(key="fill").select("next_close").run()
    page.selectbox(key="split").select("hold_out(0.3)").run()
    assert page.query_params["fill"] in ("next_close", ["next_close"])
    assert page.query_params["split"] in ("hold_out(0.3)", ["hold_out(0.3)"])
    page.selectbox(key="fill").select("next_open").run()
    assert "fill" not in page.query_params


def test_a_symbol_is_added_by_searching(show: Show) -> None:
    page = show(symbols="ZAB.AX")
    page.selectbox(key="search-symbols").select("ZAA.AX").run()
    assert page.text_input(key="symbols").value == "ZAB.AX, ZAA.AX"
    assert page.selectbox(key="search-symbols").value is None
    assert not page.error


def test_what_was_typed_becomes_a_request_and_the_form_again(
    show: Show, runs: Path, started: list[str]
) -> None:
    page = show(fill="next_close", split="year")
    page.text_input(key="p_fast_period").input("5,10").run()
    page.text_input(key="symbols").input("ZAA").run()
    page.button(key="continue").click().run()
    assert not page.exception
    [name] = [one.name for one in (runs / "requests").iterdir()]
    draft = Request.read(name, runs).draft
    assert (draft.values, draft.symbols) == ({"fast_period": "5,10"}, "ZAA")
    assert (draft.fill, draft.split) == ("next_close", "year")
    assert "3. Trigger" in said(page)
    assert started == ["estimate"]
    page.button(key="change").click().run()
    assert page.text_input(key="p_fast_period").value == "5,10"
    assert page.selectbox(key="fill").value == "next_close"
    assert page.text_input(key="symbols").value == "ZAA"
    page.button(key="continue").click().run()
    assert [one.name for one in (runs / "requests").iterdir()] == [name]


def test_runs_that_cannot_be_written_are_one_clear_error(show: Show, runs: Path) -> None:
    (runs / "requests").write_text("a file in the place of the folder")
    page = show()
    page.button(key="continue").click().run()
    assert not page.exception
    assert "cannot be kept" in said(page)
    assert str(runs) not in said(page)


def test_factors_are_those_of_the_lake(show: Show) -> None:
    page = show(strategy="LongShortEquityStrategy")
    known = page.selectbox(key="search-p_factors").options
    assert known
    assert "DebtToEquity" in known
    assert not page.button(key="continue").disabled
    page.text_input(key="p_factors").input("-DebtToEquty").run()
    [beside] = page.get_by_key("field-p_factors").get("error")
    assert "DebtToEquity" in str(getattr(beside, "value", ""))
    page.text_input(key="p_factors").input("").run()
    page.selectbox(key="search-p_factors").select(known[-1]).run()
    assert page.text_input(key="p_factors").value == known[-1]
    assert not page.button(key="continue").disabled


def test_time_and_cost_are_estimated_before_anything_is_handed_in(
    show: Show, started: list[str], runs: Path
) -> None:
    page = show(p_fast_period="5,10")
    assert not list(runs.glob("requests/*"))
    page.button(key="reckon").click().run()
    assert started == ["estimate"]
    assert "request" not in page.query_params
    assert page.get("progress")[0].proto.text == "Starting"
    [folder] = runs.glob("requests/q-*")
    Teller(folder, "estimate").end(
        pieces=1, points=2, trials=2, chunks=1, memory=2e6, workers=2, seconds=75.0, own=[],
        costs=[{"runner": "step_functions", "region": "here", "jobs": 4, "seconds": 9.0,
                "dollars": 0.0125}],
    )  # fmt: skip
    page = show(p_fast_period="5,10")
    assert "**2 trials**" in said(page)
    [table] = page.dataframe
    assert table.value["cost"].tolist() == ["nothing", "$0.0125"]
    page.text_input(key="p_fast_period").input("5,10,15").run()
    assert "**2 trials**" not in said(page)  # it is another one, and has none yet
    page.text_input(key="p_fast_period").input("5,10").run()
    page.button(key="continue").click().run()
    assert page.query_params["request"] in (folder.name, [folder.name])
    assert started == ["estimate"]
