"""Who earned it: profit by symbol."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from stockstream.report.charts.drawing import by_sign, figure
from stockstream.report.theme import LIGHT, axis, base_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from stockstream.report.charts.drawing import Floats

__all__ = ["contribution_chart"]

ROW = 24
"""Pixels for a bar."""


def contribution_chart(names: Sequence[str], contribution: Floats) -> go.Figure:
    """A bar for each name, the first at the top, in points of the total return.

    Args:
        names: ``[n]``.
        contribution: ``[n]``, profit over initial capital.
    """
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": np.round(contribution, 6),
        "y": [escape(name) for name in names],
        "marker": {"color": by_sign(contribution), "opacity": 0.85, "line": {"width": 0}},
        "hovertemplate": "%{y}: %{x:.2%}<extra></extra>",
    }
    return figure(
        [bars],
        base_layout(
            70 + ROW * max(len(names), 4),
            margin={"l": 8, "r": 12, "t": 8, "b": 8},
            bargap=0.3,
            xaxis=axis(
                tickformat="~%",
                nticks=6,
                zeroline=True,
                zerolinecolor=LIGHT.benchmark,
                zerolinewidth=1,
            ),
            yaxis=axis(type="category", autorange="reversed", showgrid=False, ticklabelstandoff=10),
        ),
    )
