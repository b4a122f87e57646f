"""A metric over two parameters."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from stockstream.report.charts.drawing import figure
from stockstream.report.formats import percent, plain_number
from stockstream.report.theme import PLATEAU, axis, base_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from stockstream.report.charts.drawing import Floats

__all__ = ["parameter_heat_map"]

LABELLED_CELLS = 200
"""Cells up to which a heat map has room for numbers."""

PARTED_CELLS = 600
"""Cells up to which lines between them do not drown the colours."""


def parameter_heat_map(
    x_name: str,
    x: Sequence[object],
    y_name: str,
    y: Sequence[object],
    values: Floats,
    *,
    metric: str,
    chosen: tuple[object, object] | None = None,
    fraction: bool = False,
) -> go.Figure:
    """A metric over two parameters: a good choice stands on a plateau, not on a spike.

    Args:
        x_name: parameter along the x axis.
        x: its values, in order.
        y_name: parameter along the y axis.
        y: its values, in order.
        values: the metric ``[len(y), len(x)]``, NaN where a point was not run.
        metric: its name.
        chosen: ``(x, y)`` to mark with a star.
        fraction: show values as percent.
    """
    star = None if chosen is None else (escape(str(chosen[0])), escape(str(chosen[1])))
    across, up = [escape(str(value)) for value in x], [escape(str(value)) for value in y]
    form = ".1%" if fraction else ".2f"
    gap = 1 if values.size <= PARTED_CELLS else 0
    cells = {
        "type": "heatmap",
        "x": across,
        "y": up,
        "z": values.astype(np.float32),  # halves the page; nobody sees more digits
        "colorscale": PLATEAU,
        "xgap": gap,
        "ygap": gap,
        "text": _labels(across, up, values, star, fraction=fraction),
        "texttemplate": "%{text}",
        "hoverongaps": False,
        "hovertemplate": (
            f"{escape(x_name)} %{{x}}, {escape(y_name)} %{{y}}<br>"
            f"{escape(metric)} %{{z:{form}}}<extra></extra>"
        ),
        "colorbar": {
            "title": {"text": escape(metric)},
            "thickness": 12,
            "outlinewidth": 0,
            "tickformat": form,
        },
    }
    mark = {
        "type": "scatter",
        "mode": "markers",
        "x": [] if star is None else [star[0]],
        "y": [] if star is None else [star[1]],
        "marker": {
            "symbol": "star",
            "size": 18,
            "color": "#ffffff",
            "line": {"width": 1.5, "color": "#000000"},
        },
        "hoverinfo": "skip",
    }
    return figure(
        [cells, mark],
        base_layout(
            380,
            xaxis=axis(type="category", showgrid=False, title=escape(x_name)),
            yaxis=axis(type="category", showgrid=False, title=escape(y_name)),
        ),
    )


def _labels(
    across: list[str],
    up: list[str],
    values: Floats,
    star: tuple[str, str] | None,
    *,
    fraction: bool,
) -> list[list[str]]:
    """What each cell says: nothing where it is too small, empty or covered by the star."""
    if values.size > LABELLED_CELLS:
        return [[""] * len(across) for _ in up]

    def label(x: str, y: str, value: float) -> str:
        if not math.isfinite(value) or (x, y) == star:
            return ""
        return percent(value) if fraction else plain_number(value)

    return [
        [label(x, y, value) for x, value in zip(across, row, strict=True)]
        for y, row in zip(up, values.tolist(), strict=True)
    ]
