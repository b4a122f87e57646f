"""How risk went over time: the Sharpe ratio of the last half year, and how much was invested."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.report.charts.drawing import DAY_FORMAT, LEGEND_ABOVE, days, figure
from stockstream.report.theme import LIGHT, axis, base_layout
from stockstream.report.thinning import thinned

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from stockstream.report.charts.drawing import Dates, Floats

__all__ = ["exposure_chart", "rolling_chart"]

POINTS = 1_200
"""Half a page wide: more points than that are narrower than a pixel."""

HEIGHT = 250


def rolling_chart(
    dates: Dates, sharpe: Floats, benchmark: Floats | None = None, *, name: str = "Benchmark"
) -> go.Figure:
    """Rolling Sharpe ratio, over that of the benchmark.

    Args:
        dates: sessions ``[T]``.
        sharpe: ``[T]``, NaN until there are enough returns.
        benchmark: the same of the benchmark.
        name: of the benchmark.
    """
    lines = [sharpe] if benchmark is None else [sharpe, benchmark]
    keep = thinned(lines, POINTS)
    sessions = days(dates[keep])
    traces = [
        _line(sessions, line[keep], label, colour, width, 2)
        for line, label, colour, width in (
            *(() if benchmark is None else ((benchmark, name, LIGHT.benchmark, 1.2),)),
            (sharpe, "Strategy", LIGHT.strategy, 1.6),
        )
    ]
    for rank, trace in enumerate(reversed(traces), start=1):
        trace["legendrank"] = rank
    return figure(traces, _layout("~r", zero=True))


def exposure_chart(dates: Dates, gross: Floats, net: Floats) -> go.Figure:
    """Share of equity invested: gross as an area, net as a line where it differs.

    Args:
        dates: sessions ``[T]``.
        gross: sum of the absolute position values over equity ``[T]``.
        net: long less short over equity ``[T]``.
    """
    keep = thinned([gross, net], POINTS)
    sessions = days(dates[keep])
    area = _line(sessions, gross[keep], "Gross", LIGHT.benchmark, 1, 4)
    area |= {"fill": "tozeroy", "fillcolor": f"{LIGHT.benchmark}30"}
    traces = [area]
    if not np.allclose(gross, net, atol=1e-9, equal_nan=True):
        traces.append(_line(sessions, net[keep], "Net", LIGHT.strategy, 1.4, 4))
    for trace in traces:
        trace["hovertemplate"] = "%{y:.0%}"
    return figure(traces, _layout(".0%", zero=bool((net < 0.0).any())))


def _line(
    sessions: list[str], values: Floats, name: str, colour: str, width: float, digits: int
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escape(name),
        "x": sessions,
        "y": np.round(values, digits),
        "line": {"color": colour, "width": width},
        "hovertemplate": "%{y:.2f}",
    }


def _layout(form: str, *, zero: bool) -> dict[str, Any]:
    return base_layout(
        HEIGHT,
        margin={"l": 8, "r": 12, "t": 34, "b": 8},
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="x unified",
        xaxis=axis(type="date", showgrid=False, hoverformat=DAY_FORMAT),
        yaxis=axis(
            tickformat=form,
            nticks=6,
            rangemode="normal" if zero else "tozero",
            zeroline=True,
            zerolinecolor=LIGHT.benchmark,
            zerolinewidth=1,
        ),
    )
