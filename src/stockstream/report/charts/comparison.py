"""Several runs on one chart."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from stockstream.report.charts.drawing import days, figure, growth_layout
from stockstream.report.formats import plain_number
from stockstream.report.theme import RUNS, axis, base_layout, diverging
from stockstream.report.thinning import MAX_POINTS, thinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from stockstream.report.charts.drawing import Dates, Floats

__all__ = ["correlation_heat_map", "growth_chart"]


def growth_chart(curves: Sequence[tuple[str, Dates, Floats]]) -> go.Figure:
    """Growth of 100 in each run, each over its own days.

    Args:
        curves: name, sessions ``[T]`` and growth ``[T]`` of each; all begin at 100 together.
    """
    traces = []
    for place, (name, dates, growth) in enumerate(curves):
        keep = thinned([growth], MAX_POINTS // max(len(curves) // 2, 1))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": escape(name),
                "x": days(dates[keep]),
                "y": np.round(growth[keep], 2),
                "line": {
                    "color": RUNS[place % len(RUNS)],
                    "width": 1.8,
                    "dash": ("solid", "dash", "dot")[place // len(RUNS) % 3],
                },
                "hovertemplate": "%{y:,.1f}",
            }
        )
    log = all(float(growth.min()) > 0.0 for _, _, growth in curves)
    return figure(traces, growth_layout(440, "growth of 100", log=log))


def correlation_heat_map(names: Sequence[str], correlation: Floats) -> go.Figure:
    """Correlation of the returns of each run with those of each other.

    Args:
        names: ``[n]``.
        correlation: ``[n, n]``, NaN where two runs share too few sessions.
    """
    labels = [escape(name) for name in names]
    cells = {
        "type": "heatmap",
        "x": labels,
        "y": labels,
        "z": np.round(correlation, 3),
        "zmin": -1,
        "zmax": 1,
        "colorscale": diverging(),
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [[plain_number(value) for value in row] for row in correlation.tolist()],
        "texttemplate": "%{text}",
        "hoverongaps": False,
        "hovertemplate": "%{y} with %{x}: %{z:.2f}<extra></extra>",
    }
    return figure(
        [cells],
        base_layout(
            90 + 36 * max(len(labels), 2),
            xaxis=axis(type="category", showgrid=False, fixedrange=True),
            yaxis=axis(type="category", showgrid=False, fixedrange=True, autorange="reversed"),
        ),
    )
