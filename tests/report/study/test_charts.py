"""The charts of a study's page."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.report import theme
from stockstream.report.study.distributions import Line, histogram, in_and_out_chart
from stockstream.report.study.figures import draw
from stockstream.report.study.parameters import MOST_LINES, drawn_lines

if TYPE_CHECKING:
    from tests.report.study.conftest import Made

    from stockstream.report.study.findings import Outside


def parts(figure: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    loaded = json.loads(figure.to_json(engine="json"))
    return loaded["data"], loaded["layout"]


def numbers(packed: dict[str, str]) -> Any:
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])


def test_every_colour_is_of_the_theme(made: Made, outside: Outside) -> None:
    figures = draw(made(pieces=20, outside=outside)).figures
    known = {getattr(theme.LIGHT, name) for name in theme.LIGHT.__slots__}
    for name, figure in figures.items():
        text = figure.to_json(engine="json")
        if name.startswith(("surface", "plateau")):
            continue  # a scale of its own
        body = json.dumps(json.loads(text)["data"]) + json.dumps(
            {**json.loads(text)["layout"], "template": None}
        )
        assert {found.lower()[:7] for found in re.findall("#[0-9a-fA-F]{6}", body)} <= known


def test_the_best_lines_are_all_drawn() -> None:
    values = np.random.default_rng(1).permutation(10_000).astype(float)
    values[::7] = np.nan
    drawn = drawn_lines(values)
    assert len(drawn) == MOST_LINES
    assert len(np.unique(drawn)) == MOST_LINES
    best = np.sort(values[np.isfinite(values)])[::-1]
    assert values[drawn[:60]].tolist() == best[:60].tolist()
    assert values[drawn[-1]] == best[-1]
    assert drawn_lines(values, most=20_000).tolist() == drawn_lines(values, most=10_000).tolist()


def test_lines_are_coloured_by_their_rank_among_all_points(made: Made) -> None:
    traces, _ = parts(draw(made()).figures["parallel"])
    names = [trace["name"] for trace in traces]
    assert names == ["lower half", "upper half", "best tenth", "best hundredth", "chosen"]
    lines = {trace["name"]: int(np.isnan(numbers(trace["x"])).sum()) for trace in traces}
    assert lines["chosen"] == 1
    assert lines["best hundredth"] == 10
    assert sum(lines.values()) == MOST_LINES + 1


def test_a_histogram_counts_every_value_and_marks_lines() -> None:
    values = np.append(np.random.default_rng(2).normal(0, 1, 2_000), [np.nan, 1e9])
    lines = [Line(3.5, "luck", theme.LIGHT.loss), Line(np.nan, "none", theme.LIGHT.ink)]
    traces, layout = parts(histogram(values, name="x", of="points", lines=lines, by_sign=True))
    assert numbers(traces[0]["y"]).sum() == 2_001
    assert len(traces) == 2
    assert [note["text"] for note in layout["annotations"]] == ["luck"]
    low, high = layout["xaxis"]["range"]
    assert low <= 3.5 <= high
    assert high < 100.0  # the outlier shares the last bin
    colours = set(traces[0]["marker"]["color"])
    assert colours == {theme.LIGHT.loss, theme.LIGHT.strategy}


@pytest.mark.parametrize("values", [[], [0.0], [2.5, 2.5, 2.5], [np.nan], [1e-9, 2e-9]])
def test_a_histogram_of_little_is_a_chart_too(values: list[float]) -> None:
    traces, _ = parts(histogram(np.array(values), name="x", of="points"))
    assert numbers(traces[0]["y"]).sum() == np.isfinite(values).sum()


def test_thinned_dots_are_the_same_each_time() -> None:
    values = np.random.default_rng(3).normal(size=(2, 20_000))
    labels = [str(place) for place in range(20_000)]
    one, two = (
        in_and_out_chart(values[0], values[1], labels, name="Sharpe").to_json() for _ in range(2)
    )
    assert one == two
    assert len(one) < 120_000


def test_a_heat_map_marks_the_chosen_point(made: Made) -> None:
    findings = made()
    traces, _ = parts(draw(findings).figures["surface-0-1"])
    chosen = findings.points.row(findings.chosen, named=True)
    assert traces[1]["x"] == [str(chosen["slow_period"])]
    assert traces[1]["y"] == [str(chosen["fast_period"])]
    assert findings.points["sharpe"].max() == chosen["sharpe"]


def test_log_ranges_have_log_axes(made: Made) -> None:
    axes: dict[str, tuple[Any, ...]] = {
        "a": tuple(np.geomspace(0.001, 1.0, 12).tolist()),
        "b": (1, 2, 3),
    }
    figures = draw(made(axes)).figures
    assert parts(figures["slice-0"])[1]["xaxis"]["type"] == "log"
    assert parts(figures["slice-1"])[1]["xaxis"]["type"] == "linear"
