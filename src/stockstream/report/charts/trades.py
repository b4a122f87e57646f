"""The result of each trade."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.report.charts.drawing import by_sign, days, figure
from stockstream.report.formats import percent
from stockstream.report.theme import LIGHT, axis, base_layout
from stockstream.report.thinning import thinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from stockstream.report.charts.drawing import Dates, Floats

__all__ = ["trade_chart"]

DOTS = 2_500
"""More than that would cover each other."""


def trade_chart(
    closed: Dates, returns: Floats, bars: NDArray[np.int64], symbols: Sequence[str]
) -> go.Figure:
    """Each closed trade by the day it ended, and how often each result came about.

    Args:
        closed: session of the last exit ``[n]``, in any order.
        returns: fraction of the entry cost ``[n]``.
        bars: bars held ``[n]``.
        symbols: one for each trade.
    """
    order = np.argsort(closed, kind="stable")
    shown = order[thinned([returns[order]], DOTS)]
    held = [f"{escape(symbols[i])}, {bars[i]:,} bars" for i in shown.tolist()]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": days(closed[shown]),
        "y": np.round(returns[shown], 6),
        "text": held,
        "marker": {
            "size": 7,
            "opacity": 0.65,
            "color": by_sign(returns[shown]),
            "line": {"width": 0},
        },
        "hovertemplate": "%{text}<br>%{x|%-d %b %Y}: %{y:.2%}<extra></extra>",
    }
    return figure(
        [dots, _distribution(returns)],
        base_layout(
            300,
            bargap=0.08,
            margin={"l": 8, "r": 8, "t": 8, "b": 8},
            xaxis=axis(domain=[0.0, 0.80], type="date", showgrid=False),
            xaxis2=axis(domain=[0.83, 1.0], showgrid=False, showticklabels=False),
            yaxis=axis(
                tickformat="~%",
                zeroline=True,
                zerolinecolor=LIGHT.benchmark,
                zerolinewidth=1,
                title={"text": "return of a trade", "standoff": 8},
            ),
        ),
    )


def _distribution(returns: Floats) -> dict[str, Any]:
    """Bars along the shared y axis; zero is always an edge, so no bar mixes wins and losses."""
    width = _bin_width(float(np.ptp(np.append(returns, 0.0))), len(returns))
    bins = np.floor(returns / width).astype(np.int64)
    levels, counts = np.unique(bins, return_counts=True)
    middles = (levels + 0.5) * width
    edges = [f"{percent(k * width)} to {percent((k + 1) * width)}" for k in levels.tolist()]
    return {
        "type": "bar",
        "orientation": "h",
        "xaxis": "x2",
        "x": counts,
        "y": middles,
        "width": np.full(len(levels), width),
        "text": edges,
        "textposition": "none",
        "marker": {"color": by_sign(middles), "opacity": 0.75, "line": {"width": 0}},
        "hovertemplate": "%{text}: %{x:,} trades<extra></extra>",
    }


def _bin_width(spread: float, number: int) -> float:
    """1, 2 or 5 times a power of ten, for 6 to 30 bins: more of them for more values."""
    if spread <= 0:
        return 0.01
    wanted = spread / min(max(2.0 * math.sqrt(number), 6.0), 30.0)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next((step * power for step in (1.0, 2.0, 5.0) if step * power >= wanted), 10.0 * power)
