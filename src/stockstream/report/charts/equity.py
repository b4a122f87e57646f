"""Equity over drawdown."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.report.charts.drawing import DAY_FORMAT, LEGEND_ABOVE, days, figure
from stockstream.report.theme import LIGHT, axis, base_layout
from stockstream.report.thinning import thinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from stockstream.report.charts.drawing import Dates, Floats

__all__ = ["Curve", "equity_chart"]


POINTS = 3_000
"""Fewer than elsewhere: each of up to four lines carries all days of the others."""

CLICKABLE = 300
"""Days at most that a click can choose: one every few pixels."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One equity curve and its drawdown.

    Attributes:
        name: what the legend says.
        equity: currency ``[T]``.
        drawdown: fraction below the highest equity so far ``[T]``, ``<= 0``.
    """

    name: str
    equity: Floats
    drawdown: Floats


def equity_chart(
    dates: Dates,
    strategy: Curve,
    benchmark: Curve | None = None,
    *,
    out_of_sample: np.datetime64 | None = None,
    falls: Sequence[tuple[np.datetime64, float]] = (),
) -> go.Figure:
    """Equity on a log axis with the drawdown below it, over one time axis.

    A log axis shows equal percentages as equal heights. Equity that reached zero or less (a short
    gone wrong) has no logarithm: then the axis is linear.

    Args:
        dates: sessions ``[T]``.
        strategy: the run.
        benchmark: what it is compared with.
        out_of_sample: first session that the parameters were not chosen on; shaded from there.
        falls: trough and depth of drawdowns to mark, which can be clicked; the first is number 1.
    """
    curves = [strategy] if benchmark is None else [strategy, benchmark]
    lines = [line for curve in curves for line in (curve.equity, curve.drawdown)]
    keep = thinned(lines, POINTS)
    sessions = days(dates[keep])
    log = all(curve.equity.min() > 0 for curve in curves)
    traces = _equity_traces(sessions, keep, strategy, benchmark)
    return figure(
        [*traces, *_clickable(strategy, dates, keep, falls), *_marks(falls, dates)],
        base_layout(
            500,
            margin={"l": 8, "r": 12, "t": 34, "b": 8},
            showlegend=True,
            legend=LEGEND_ABOVE,
            hovermode="x unified",
            hoversubplots="axis",
            xaxis=axis(
                anchor="y2",
                hoverformat=DAY_FORMAT,
                showgrid=False,
                type="date",
                range=[sessions[0], sessions[-1]],
                spikecolor=LIGHT.benchmark,
                spikedash="solid",
                spikethickness=1,
            ),
            yaxis=axis(
                domain=[0.31, 1.0],
                type="log" if log else "linear",
                tickformat="~s",
                title={"text": "equity (log)" if log else "equity", "standoff": 8},
            ),
            yaxis2=axis(
                domain=[0.0, 0.26],
                tickformat=".0%",
                rangemode="tozero",
                nticks=5,
                title={"text": "drawdown", "standoff": 8},
            ),
            **_shaded_from(out_of_sample, dates[-1]),
        ),
    )


def _equity_traces(
    sessions: list[str], keep: NDArray[np.int64], strategy: Curve, benchmark: Curve | None
) -> list[dict[str, Any]]:
    def line(curve: Curve, colour: str, width: float, rank: int) -> list[dict[str, Any]]:
        name = escape(curve.name)
        shared = {
            "type": "scatter",
            "mode": "lines",
            "x": sessions,
            "legendgroup": name,
            "legendrank": rank,
        }
        return [
            shared
            | {
                "name": name,
                "y": np.round(curve.equity[keep], 2),
                "line": {"color": colour, "width": width},
                "hovertemplate": "%{y:,.0f}",
            },
            shared
            | {
                "name": "drawdown",
                "y": np.round(curve.drawdown[keep], 5),
                "yaxis": "y2",
                "showlegend": False,
                "hovertemplate": "%{y:.1%}",
                "line": {"color": colour, "width": 1},
            },
        ]

    below = [] if benchmark is None else line(benchmark, LIGHT.benchmark, 1.4, 2)
    equity, drawdown = line(strategy, LIGHT.strategy, 2, 1)
    drawdown |= {
        "line": {"color": LIGHT.loss, "width": 1.2},
        "fill": "tozeroy",
        "fillcolor": f"{LIGHT.loss}40",
    }
    return [*below[:1], equity, drawdown, *below[1:]]


def _clickable(
    strategy: Curve,
    dates: Dates,
    keep: NDArray[np.int64],
    falls: Sequence[tuple[np.datetime64, float]],
) -> list[dict[str, Any]]:
    """Unseen points on the drawdown: Plotly chooses markers, not places on a line.

    A few hundred are a click apart; drawing one for every day took longer than all of the lines.
    """
    if not falls:
        return []
    places = keep[:: -(-len(keep) // CLICKABLE)]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "days",
            "x": days(dates[places]),
            "y": np.round(strategy.drawdown[places], 5),
            "yaxis": "y2",
            "marker": {"size": 1, "opacity": 0},
            "showlegend": False,
            "hoverinfo": "none",
        }
    ]


def _apart(falls: Sequence[tuple[np.datetime64, float]], span: np.timedelta64) -> list[int]:
    """Those whose numbers would not lie on the number of one before."""
    if not falls:
        return []
    near = 0.08 * max(abs(depth) for _, depth in falls)
    shown: list[int] = []
    for place, (trough, depth) in enumerate(falls):
        taken = (falls[other] for other in shown)
        if all(
            abs(trough - day) > 0.02 * span or abs(depth - other) > near for day, other in taken
        ):
            shown.append(place)
    return shown


def _marks(falls: Sequence[tuple[np.datetime64, float]], dates: Dates) -> list[dict[str, Any]]:
    """A number at the trough of each drawdown that has the room for one."""
    shown = _apart(falls, dates[-1] - dates[0])
    if not shown:
        return []
    numbers = [str(place + 1) for place in shown]
    return [
        {
            "type": "scatter",
            "mode": "markers+text",
            "name": "worst drawdowns",
            "x": [str(falls[place][0]) for place in shown],
            "y": [round(falls[place][1], 5) for place in shown],
            "yaxis": "y2",
            "text": numbers,
            "customdata": numbers,
            "textposition": "middle center",
            "textfont": {"size": 10, "color": LIGHT.page},
            "marker": {"size": 17, "color": LIGHT.loss, "line": {"width": 0}},
            "unselected": {"marker": {"opacity": 1.0}, "textfont": {"color": LIGHT.page}},
            "showlegend": False,
            "cliponaxis": False,
            "hoverinfo": "none",
        }
    ]


def _shaded_from(first: np.datetime64 | None, last: np.datetime64) -> dict[str, Any]:
    if first is None:
        return {}
    span = {"x0": str(first), "x1": str(last), "y0": 0, "y1": 1}
    shape = {
        "type": "rect",
        "xref": "x",
        "yref": "y domain",
        "layer": "below",
        "line": {"width": 0},
        "fillcolor": f"{LIGHT.unseen}18",
    }
    note = {
        "text": "out of sample",
        "x": str(first),
        "y": 1,
        "xref": "x",
        "yref": "y domain",
        "xanchor": "left",
        "yanchor": "top",
        "showarrow": False,
        "font": {"size": 11, "color": LIGHT.unseen},
    }
    return {"shapes": [span | shape], "annotations": [note]}
