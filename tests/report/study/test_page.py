"""The page of a study as text."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockstream.report.study.cards import cards, verdict_tone
from stockstream.report.study.command import command_note, sweep_command
from stockstream.report.study.figures import draw
from stockstream.report.study.page import render_study, study_sheet
from stockstream.study.points.sampling import Sample
from stockstream.study.points.space import Space

if TYPE_CHECKING:
    from tests.report.study.conftest import Made

    from stockstream.report.study.findings import Outside

HOSTILE = "<img src=x onerror=alert(1)>'\"&{{7*7}}</script>"

FIVE: dict[str, tuple[Any, ...]] = {
    "lookback": (10, 20, 30, 40, 60, 90),
    "stop_loss": tuple(np.geomspace(0.005, 0.5, 9).tolist()),
    "kind": ("sma", "ema", HOSTILE),
    "strict": (True, False),
    "factors": (("DebtToEquity",), ("DebtToEquity", "PE"), ()),
}

SIX_MEGABYTES = 6_000_000


def figures_of(page: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/json" id="figure-([^"]+)">(.*?)</script>', page)
    return {name: json.loads(html.unescape(text)) for name, text in found}


def text_of(page: str) -> str:
    body = page[page.index("<main>") : page.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_trust_and_verdict_stand_above_any_number(made: Made) -> None:
    page = render_study(made())
    places = [
        page.index(f'class="{name}') for name in ("badges", "identity", "verdict", "cards", "chart")
    ]
    assert places == sorted(places)
    said = text_of(page)
    assert "1,000 trials were made on these data" in said
    assert "survivorship: list from 2026-11-20" in said
    assert "DSR" in said


def test_two_parameters_have_every_chart(made: Made) -> None:
    drawn = draw(made())
    assert set(drawn.figures) == {
        *("surface-0-1", "plateau-0-1", "slice-0", "slice-1", "parallel", "sharpes", "logits"),
    }
    assert drawn.lines_note.startswith("400 of 1,000 points")
    assert drawn.maps_note == ""


def test_all_pairs_are_mapped_and_what_is_held_is_said(made: Made) -> None:
    findings = made(FIVE)
    drawn = draw(findings)
    assert len(drawn.maps) == 10
    assert drawn.maps[0].label == "lookback and stop_loss"
    assert "held at the chosen point (lookback=" in drawn.maps_note
    sampled = draw(made(FIVE, sampled=60))
    assert "median over all values of the other parameters" in sampled.maps_note


def test_nothing_from_outside_becomes_markup(made: Made, outside: Outside) -> None:
    findings = made(FIVE, failures=((f"ValueError: {HOSTILE}", 3),), failed=3, outside=outside)
    page = render_study(findings)
    assert HOSTILE not in page
    assert "<img" not in page
    assert HOSTILE in text_of(page)
    for figure in figures_of(page).values():
        assert "<img" not in json.dumps(figure)


@pytest.mark.parametrize(
    ("axes", "options", "missing"),
    [
        ({"fast_period": tuple(range(5, 45))}, {}, {"parallel", "surface-0-1"}),
        ({"fast_period": tuple(range(5, 45))}, {"unknown": 0.5}, {"parallel"}),
        ({"fast_period": (7,)}, {}, {"parallel", "sharpes", "slice-0"}),
        ({"strict": (True, False), "kind": ("a", "b")}, {}, set()),
        (FIVE, {"unknown": 0.3}, set()),
        (FIVE, {"unknown": 1.0}, {"parallel", "surface-0-1"}),
    ],
)
def test_every_kind_of_study_has_a_page(
    made: Made, axes: dict[str, tuple[Any, ...]], options: dict[str, Any], missing: set[str]
) -> None:
    page = render_study(made(axes, **options))
    assert missing.isdisjoint(figures_of(page))
    assert "nan" not in text_of(page).lower().replace("finance", "")


def test_the_same_study_gives_the_same_bytes(made: Made) -> None:
    assert render_study(made(FIVE, pieces=9)) == render_study(made(FIVE, pieces=9))


@pytest.mark.slow
def test_a_hundred_thousand_points_stay_below_six_megabytes(made: Made) -> None:
    axes: dict[str, tuple[Any, ...]] = {
        "a": tuple(range(500)),
        "b": tuple(np.geomspace(0.001, 10, 300).tolist()),
        "c": tuple(range(40)),
        "d": tuple(range(20)),
        "e": (True, False),
    }
    findings = made(axes, sampled=100_000, pieces=1_997)
    page = render_study(findings)
    assert len(page.encode()) < SIX_MEGABYTES
    said = text_of(page)
    assert "400 of 100,000 points" in said
    assert "share bins" in said
    assert "200 of 1,997: the best and the worst" in said


def test_pieces_of_the_chosen_point_are_listed(made: Made) -> None:
    sheet = study_sheet(made(pieces=12), draw(made(pieces=12)))
    assert sheet.pieces is not None
    assert sheet.pieces.total == 12
    assert sheet.pieces.table.heads[:2] == ("Symbol", "Return")
    assert sheet.pieces_heading == "The chosen point, symbol by symbol"
    assert "pieces" in draw(made(pieces=12)).figures
    assert "pieces" not in draw(made(pieces=3)).figures


def test_failures_and_paths_are_said(made: Made) -> None:
    findings = made(
        failures=tuple((f"reason {place}", 2) for place in range(40)),
        failed=80,
        paths={"sparse": 900, "broker: it sells short": 100},
    )
    said = text_of(render_study(findings))
    assert "80 of 1,000 trials failed" in said
    assert "28 more reasons, 40 in all" in said
    assert "not a faster one: it sells short" in said


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"failed": 1_000, "failures": (("broken", 1_000),)}, "Every trial failed"),
        ({"failed": 600, "failures": (("broken", 600),)}, "60% of the trials failed"),
        ({"flags": ("do not believe these numbers: it looks ahead",)}, "Do not believe"),
    ],
)
def test_what_makes_numbers_meaningless_is_an_alarm(
    made: Made, fields: dict[str, Any], title: str
) -> None:
    sheet = study_sheet(made(**fields), draw(made(**fields)))
    assert sheet.alarm is not None
    assert sheet.alarm.title.startswith(title)


def test_a_study_that_never_traded_is_an_alarm(made: Made) -> None:
    findings = made()
    idle = made(points=findings.points.with_columns(trades=pl.lit(0)))
    sheet = study_sheet(idle, draw(idle))
    assert sheet.alarm is not None
    assert sheet.alarm.title.startswith("No trial traded")


def test_an_unfinished_study_says_so(made: Made) -> None:
    said = text_of(render_study(made(done=380)))
    assert "incomplete: 38% of the trials" in said


def test_the_cards_stand_beside_their_doubt(made: Made) -> None:
    found = {card.label: card for card in cards(made())}
    assert found["Sharpe"].note.startswith("best by luck ")
    assert found["Sharpe"].doubt.startswith("above luck: ")
    assert found["Trials"].doubt == "1,000 points"
    alone = {card.label: card for card in cards(made({"fast_period": (7,)}))}
    assert alone["Sharpe"].doubt.startswith("above 0: ")
    assert alone["Overfitting (PBO)"].doubt == "nothing to choose from"
    nothing = {card.label: card for card in cards(made(belief=None))}
    assert nothing["Sharpe"].doubt == "not known"
    assert verdict_tone(None) == "bad"


@pytest.mark.slow
def test_the_colour_and_the_peak_are_those_of_the_belief(made: Made) -> None:
    belief = made().belief
    assert belief is not None
    tones = {"edge": "good", "mixed": "caution"}
    for passed, later in product((0.99, 0.5), (0.5, -0.5)):
        case = replace(
            belief,
            deflated=replace(belief.deflated, sharpe=1.0, deflated_sharpe=passed),
            decay=replace(belief.decay, after=later),
        )
        assert verdict_tone(case) == tones.get(case.conclusion, "bad")
    said = [
        {card.label: card for card in cards(made(belief=near))}["Neighbours"]
        for kept in (0.1, 0.5, 0.9)
        for near in [replace(belief, neighbour_median=kept * belief.deflated.sharpe)]
    ]
    assert [card.doubt for card in said] == ["a peak", "a slope", "a plateau"]
    assert [card.tone for card in said] == ["caution", "caution", ""]
    losing = replace(belief, deflated=replace(belief.deflated, sharpe=-0.2))
    assert verdict_tone(losing) == "bad"
    assert cards(made(belief=losing))[4].doubt == "of a point that earns nothing"


def test_the_command_gives_the_study_again(made: Made) -> None:
    axes: dict[str, tuple[Any, ...]] = {"fast_period": tuple(range(5, 45)), "kind": ("a b", "c")}
    space = Space(axes, where=("fast_period < 40",))
    said = sweep_command(made(axes, space=space, split="hold_out(0.3)"))
    assert "--strategy MovingAverageCrossover" in said
    assert "--grid fast_period=5:44:40" in said
    assert """--grid 'kind="a b",c'""" in said
    assert "--where 'fast_period < 40'" in said
    assert "--split 'hold_out(0.3)'" in said


def test_the_command_has_the_settings_of_the_study(made: Made) -> None:
    axes: dict[str, tuple[Any, ...]] = {"fast_period": tuple(range(5, 45))}
    space = Space(axes, sample=Sample("sobol", 7, seed=3))
    findings = made(axes, space=space, blocks=12, keep_equity=50, select="plateau")
    said = sweep_command(findings).replace(" \\\n ", "")
    assert "--sample 7 --sampler sobol --blocks 12 --keep-equity 50 --select plateau" in said
    assert "drawn with the seed 3" in command_note(findings)
    cut = made(axes, space=Space(axes, listed=(4, 1)), blocks=None)
    said = sweep_command(cut).replace(" \\\n ", "")
    assert said.endswith("--grid fast_period=5:44:40 --search 2 --select sharpe")
    assert "It searches again" in command_note(cut)
