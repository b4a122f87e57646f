from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from stockstream.report import charts, theme
from stockstream.report.charts.trades import _bin_width
from stockstream.report.thinning import MAX_POINTS

HOSTILE = "<a href='javascript:alert(1)'>BHP</a>"


def days(total: int) -> Any:
    return np.datetime64("2001-01-01") + np.arange(total).astype("timedelta64[D]")


def curve(name: str, total: int, seed: int = 0, low: float = 1.0) -> charts.Curve:
    equity = low + np.exp(np.random.default_rng(seed).normal(0, 0.01, total).cumsum())
    return charts.Curve(name, equity, equity / np.maximum.accumulate(equity) - 1)


def parts(figure: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    loaded = json.loads(figure.to_json(engine="json"))
    return loaded["data"], loaded["layout"]


def test_equity_lies_over_drawdown_on_one_time_axis() -> None:
    figure = charts.equity_chart(days(300), curve("mine", 300), curve("bench", 300, 1))
    traces, layout = parts(figure)
    assert [trace["name"] for trace in traces] == [
        "bench",  # below what matters
        "mine",
        "drawdown",
        "drawdown",
    ]
    assert [trace["legendrank"] for trace in traces[:2]] == [2, 1]
    assert layout["yaxis"]["type"] == "log"
    assert layout["xaxis"]["anchor"] == "y2"
    assert {trace.get("xaxis", "x") for trace in traces} == {"x"}


def test_equity_without_a_logarithm_gets_a_linear_axis() -> None:
    _, layout = parts(charts.equity_chart(days(50), curve("short", 50, low=-3.0)))
    assert layout["yaxis"]["type"] == "linear"


def test_long_lines_are_thinned_and_shared() -> None:
    figure = charts.equity_chart(days(20_000), curve("mine", 20_000), curve("bench", 20_000, 1))
    assert {len(trace.x) for trace in figure.data} == {len(figure.data[0].x)}
    assert len(figure.data[0].x) <= MAX_POINTS


def test_out_of_sample_is_shaded_to_the_end() -> None:
    _, layout = parts(charts.equity_chart(days(100), curve("m", 100), out_of_sample=days(100)[70]))
    assert (layout["shapes"][0]["x0"], layout["shapes"][0]["x1"]) == ("2001-03-12", "2001-04-10")


def test_months_without_sessions_are_empty_and_never_nan() -> None:
    returns = np.full((2, 12), 0.01)
    returns[1, 5:] = np.nan
    figure = charts.monthly_heat_map([2020, 2021], returns)
    text = figure.data[0].text
    assert text[0][0] == "1.0"
    assert list(text[1][5:]) == [""] * 7
    assert "nan" not in figure.to_json(engine="json").lower()


def test_colours_are_centred_on_no_return() -> None:
    returns = np.linspace(-0.02, 0.3, 24).reshape(2, 12)
    trace = charts.monthly_heat_map([2020, 2021], returns).data[0]
    assert trace.zmin == -trace.zmax < 0
    assert trace.zmax < returns.max()


def test_trades_split_at_zero() -> None:
    returns = np.array([0.10, -0.05, 0.0, -0.001])
    figure = charts.trade_chart(days(4), returns, np.array([3, 5, 1, 2]), ["A", "B", "C", "D"])
    dots, bars = figure.data
    colours = [theme.LIGHT.gain, theme.LIGHT.loss]
    assert list(dots.marker.color) == [colours[0], colours[1], colours[0], colours[1]]
    assert list(bars.marker.color) == [colours[int(middle < 0)] for middle in bars.y]
    assert sum(bars.x) == 4


@pytest.mark.parametrize(
    ("spread", "number", "width"), [(0.0, 5, 0.01), (0.3, 9, 0.05), (0.3, 900, 0.01), (9.0, 4, 2.0)]
)
def test_bins_are_round_and_more_of_them_for_more_trades(
    spread: float, number: int, width: float
) -> None:
    assert _bin_width(spread, number) == pytest.approx(width)


def test_one_flat_trade_can_be_drawn() -> None:
    figure = charts.trade_chart(days(1), np.array([0.0]), np.array([1]), ["A"])
    assert list(figure.data[1].x) == [1]


def test_price_chart_marks_fills() -> None:
    close = curve("p", 40).equity
    buys = charts.Marks(days(40)[[3]], close[[3]], ["buy 10"])
    none = charts.Marks(days(0), np.array([]), [])
    line, entries, exits = charts.price_chart("BHP.AX", days(40), close, buys, none).data
    assert len(line.x) == 40
    assert list(entries.text) == ["buy 10"]
    assert len(exits.x) == 0


@pytest.mark.parametrize(("size", "labelled"), [(5, True), (20, False)])
def test_parameter_heat_map_labels_cells_while_they_are_large(size: int, labelled: bool) -> None:
    figure = charts.parameter_heat_map(
        "fast", range(size), "slow", range(size), np.eye(size), metric="sharpe", chosen=(3, 4)
    )
    cells, star = figure.data
    assert (cells.text[0][0] == "1.00") is labelled
    assert cells.text[4][3] == ""  # under the star
    assert (star.x[0], star.y[0]) == ("3", "4")


def test_names_are_text_and_not_markup() -> None:
    marks = charts.Marks(days(1), np.array([1.0]), [HOSTILE])
    figures = [
        charts.equity_chart(days(9), curve(HOSTILE, 9)),
        charts.trade_chart(days(1), np.array([0.1]), np.array([1]), [HOSTILE]),
        charts.price_chart(HOSTILE, days(9), curve("p", 9).equity, marks, marks),
        charts.parameter_heat_map(
            HOSTILE, [1], HOSTILE, [HOSTILE], np.ones((1, 1)), metric=HOSTILE, chosen=(1, HOSTILE)
        ),
    ]
    for figure in figures:
        assert "<a" not in json.dumps(json.loads(figure.to_json(engine="json")))


def test_every_light_colour_has_its_own_dark_twin() -> None:
    twins = theme.dark_twins()
    assert len(twins) == len(theme.css_variables(theme.LIGHT).split(";")) - 1
    assert all(len(colour) == 7 for pair in twins.items() for colour in pair)


def test_points_that_were_not_run_stay_empty() -> None:
    values = np.array([[0.12, np.nan]])
    figure = charts.parameter_heat_map("a", [1, 2], "b", [9], values, metric="r", fraction=True)
    assert list(figure.data[0].text[0]) == ["12.0%", ""]
