"""Prices of one symbol with the fills on them."""

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

    from stockstream.report.charts.drawing import Dates, Floats

__all__ = ["Marks", "price_chart"]


@dataclass(frozen=True, slots=True)
class Marks:
    """Fills to mark on a price chart.

    Attributes:
        dates: sessions ``[n]``.
        prices: price per share ``[n]``.
        labels: what hovering says, one for each mark.
    """

    dates: Dates
    prices: Floats
    labels: Sequence[str]


def price_chart(
    symbol: str, dates: Dates, close: Floats, entries: Marks, exits: Marks
) -> go.Figure:
    """The closes of one symbol with the fills on it.

    Args:
        symbol: whose prices.
        dates: sessions ``[T]``.
        close: price per share ``[T]``, on the same basis as the marks.
        entries: fills that opened or added.
        exits: fills that closed or cut.
    """
    keep = thinned([close])
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": escape(symbol),
        "x": days(dates[keep]),
        "y": np.round(close[keep], 6),
        "line": {"color": LIGHT.benchmark, "width": 1.4},
        "hovertemplate": "close %{y:,.3~f}<extra></extra>",
    }
    return figure(
        [
            line,
            _marks("entry", entries, "triangle-up", LIGHT.gain),
            _marks("exit", exits, "triangle-down", LIGHT.loss),
        ],
        base_layout(
            380,
            margin={"l": 8, "r": 12, "t": 34, "b": 8},
            showlegend=True,
            legend=LEGEND_ABOVE,
            xaxis=axis(type="date", showgrid=False, hoverformat=DAY_FORMAT),
            yaxis=axis(title={"text": "price", "standoff": 8}),
        ),
    )


def _marks(name: str, marks: Marks, shape: str, colour: str) -> dict[str, Any]:
    keep = thinned([marks.prices]) if len(marks.prices) else np.array([], dtype=np.int64)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": days(marks.dates[keep]),
        "y": np.round(marks.prices[keep], 6),
        "text": [escape(marks.labels[i]) for i in keep.tolist()],
        "marker": {
            "symbol": shape,
            "size": 11,
            "color": colour,
            "line": {"width": 1, "color": LIGHT.page},
        },
        "hovertemplate": "%{text}<br>%{x|%-d %b %Y} at %{y:,.3~f}<extra></extra>",
    }
