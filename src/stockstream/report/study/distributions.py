"""How a number is spread: over points, over pieces, over the splits of a cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.report.charts.drawing import figure
from stockstream.report.formats import count, percent, plain_number
from stockstream.report.theme import LIGHT, axis, base_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from stockstream.report.charts.drawing import Floats

__all__ = ["Line", "histogram", "in_and_out_chart"]

HEIGHT = 320
FEWEST_BINS, MOST_BINS = 8, 60
OUTLYING = 6.0
"""Widths of the middle half beyond which a value shares the last bin."""

DOTS = 1_500
"""More than that would cover each other."""


@dataclass(frozen=True, slots=True)
class Line:
    """A value to mark across a histogram.

    Attributes:
        value: where.
        text: what it is.
        colour: from the theme.
        dash: plotly's.
    """

    value: float
    text: str
    colour: str
    dash: str = "solid"


def histogram(
    values: Floats,
    *,
    name: str,
    of: str,
    lines: Sequence[Line] = (),
    fraction: bool = False,
    by_sign: bool = False,
) -> go.Figure:
    """Bars that say how many values lie where; zero is an edge where signs have colours.

    Args:
        values: ``[n]``; those that are not finite are left out.
        name: of the number, along the axis.
        of: what is counted, such as ``points``.
        lines: values to mark; those that are not finite are left out.
        fraction: write values as percent.
        by_sign: bars at or below zero have the colour of a loss.
    """
    known = values[np.isfinite(values)]
    marks = [line for line in lines if np.isfinite(line.value)]
    edges = _edges(known, [line.value for line in marks])
    middle = (edges[0] + edges[-1]) / 2.0
    # the outer a line, the higher its text, which is written towards the middle
    marks.sort(key=lambda line: abs(line.value - middle))
    counts, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
    middles = (edges[1:] + edges[:-1]) / 2.0
    form = percent if fraction else plain_number
    spans = [f"{form(a)} to {form(b)}" for a, b in pairwise(edges.tolist())]
    colours = [LIGHT.loss if by_sign and value <= 0 else LIGHT.strategy for value in middles]
    bars = {
        "type": "bar",
        "x": np.round(middles, 6),
        "y": counts,
        "width": np.full(len(counts), edges[1] - edges[0]),
        "text": spans,
        "textposition": "none",
        "marker": {"color": colours, "opacity": 0.75, "line": {"width": 0}},
        "hovertemplate": f"%{{text}}: %{{y:,}} {escape(of)}<extra></extra>",
    }
    top = int(counts.max(initial=1))
    return figure(
        [bars, *(_mark(line, top, 1.0 + 0.09 * (i + 1)) for i, line in enumerate(marks))],
        base_layout(
            HEIGHT,
            bargap=0.06,
            xaxis=axis(
                showgrid=False,
                tickformat="~%" if fraction else "~g",
                nticks=9,
                title={"text": escape(name)},
                range=[float(edges[0]), float(edges[-1])],
            ),
            yaxis=axis(nticks=6, tickformat=",~d", title={"text": escape(of), "standoff": 8}),
            annotations=[
                _note(line, top, 1.0 + 0.09 * (i + 1), edges) for i, line in enumerate(marks)
            ],
        ),
    )


def in_and_out_chart(
    inside: Floats,
    outside: Floats,
    labels: Sequence[str],
    *,
    name: str,
    chosen: tuple[float, float] | None = None,
) -> go.Figure:
    """A number where parameters were chosen against the same number where they were not.

    Dots on the dashed line kept all of it, dots below lost some. A cloud without a slope says that
    being better inside meant nothing outside.

    Args:
        inside: ``[n]``, in sample.
        outside: ``[n]``, out of sample.
        labels: one for each dot.
        name: of the number.
        chosen: a dot to mark with a star.
    """
    kept = np.flatnonzero(np.isfinite(inside) & np.isfinite(outside))
    if len(kept) > DOTS:
        kept = np.sort(np.random.default_rng(0).choice(kept, DOTS, replace=False))
    x, y = inside[kept], outside[kept]
    low, high = (float(edge) for edge in (min(x.min(), y.min()), max(x.max(), y.max())))
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": x.astype(np.float32),
        "y": y.astype(np.float32),
        "text": [escape(labels[place]) for place in kept.tolist()],
        "marker": {
            "size": 6,
            "opacity": 0.5,
            "color": LIGHT.strategy,
            "line": {"width": 0},
        },
        "hovertemplate": "%{text}<br>in sample %{x:.2f}, out of sample %{y:.2f}<extra></extra>",
    }
    even = {
        "type": "scatter",
        "mode": "lines",
        "x": [low, high],
        "y": [low, high],
        "line": {"color": LIGHT.benchmark, "width": 1, "dash": "dash"},
        "hoverinfo": "skip",
    }
    return figure(
        [even, dots, *_star(chosen)],
        base_layout(
            HEIGHT,
            xaxis=axis(nticks=7, title={"text": escape(f"{name}, in sample")}),
            yaxis=axis(
                nticks=7,
                zeroline=True,
                zerolinecolor=LIGHT.benchmark,
                zerolinewidth=1,
                title={"text": escape(f"{name}, out of sample"), "standoff": 8},
            ),
        ),
    )


def _edges(known: Floats, marked: Sequence[float]) -> Floats:
    """Even bins that hold all but far outliers, and every mark; zero is an edge inside them."""
    if not len(known):
        return np.array([0.0, 1.0])
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    reach = OUTLYING * max(high - low, 1e-12)
    first = min(max(float(known.min()), middle - reach), *marked, float(middle))
    last = max(min(float(known.max()), middle + reach), *marked, float(middle))
    bins = int(np.clip(2.0 * len(known) ** (1 / 3), FEWEST_BINS, MOST_BINS))
    width = max((last - first) / bins, abs(first) * 1e-6, 1e-6)
    start, stop = np.floor(first / width), np.floor(last / width) + 1
    edges: Floats = np.arange(start, stop + 1) * width
    return edges


def _mark(line: Line, top: int, height: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [line.value, line.value],
        "y": [0, top * height],
        "line": {"color": line.colour, "width": 2, "dash": line.dash},
        "hoverinfo": "skip",
    }


def _note(line: Line, top: int, height: float, edges: Floats) -> dict[str, Any]:
    """What the line is, written to the side that has room."""
    late = line.value > (edges[0] + edges[-1]) / 2.0
    return {
        "text": escape(line.text),
        "x": line.value,
        "y": top * height,
        "xanchor": "right" if late else "left",
        "yanchor": "middle",
        "xshift": -6 if late else 6,
        "showarrow": False,
        "font": {"size": 12, "color": line.colour},
    }


def _star(chosen: tuple[float, float] | None) -> list[dict[str, Any]]:
    if chosen is None or not np.all(np.isfinite(chosen)):
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [chosen[0]],
            "y": [chosen[1]],
            "marker": {
                "symbol": "star",
                "size": 16,
                "color": LIGHT.second,
                "line": {"width": 1, "color": LIGHT.page},
            },
            "hovertemplate": f"chosen: {count(1)}<extra></extra>",
        }
    ]
