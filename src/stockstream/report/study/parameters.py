"""A metric along the parameters: slices with their spread, and parallel coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stockstream.report.charts.drawing import LEGEND_ABOVE, figure
from stockstream.report.formats import percent, plain_number
from stockstream.report.theme import LIGHT, axis, base_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from stockstream.report.charts.drawing import Floats
    from stockstream.study.steps import Steps
    from stockstream.study.surface import Lattice, Marginal

__all__ = ["MOST_LINES", "drawn_lines", "parallel_chart", "slice_chart"]

SLICE_HEIGHT = 260
PARALLEL_HEIGHT = 420

MOST_LINES = 400
"""Lines of parallel coordinates; more would cover each other."""

BEST_LINES = 60
"""Of these, the best ones are all drawn."""

MOST_LABELS = 5
"""Values written along an axis of parallel coordinates."""

STAR: Final = {
    "symbol": "star",
    "size": 15,
    "color": LIGHT.second,
    "line": {"width": 1, "color": LIGHT.page},
}


@dataclass(frozen=True, slots=True)
class Class:
    """Lines of one colour: those whose rank is below a share of all points."""

    share: float
    name: str
    colour: str
    width: float
    opacity: float


CLASSES = (
    Class(1.0, "lower half", LIGHT.benchmark, 0.8, 0.35),
    Class(0.5, "upper half", LIGHT.third, 0.9, 0.45),
    Class(0.1, "best tenth", LIGHT.strategy, 1.2, 0.7),
    Class(0.01, "best hundredth", LIGHT.fourth, 1.8, 0.9),
)
"""From the back to the front."""


def slice_chart(marginal: Marginal, *, metric: str, fraction: bool, chosen: int) -> go.Figure:
    """A metric along one parameter.

    The line goes through the chosen point. Behind it stand all points that share a value: the
    middle half as a band (a box for choices), the best and the worst as dots.

    Args:
        marginal: of the parameter.
        metric: its name as people read it.
        fraction: write values as percent.
        chosen: step of the chosen point; -1 for none.
    """
    steps = marginal.steps
    choice = steps.spacing == "choice"
    x: list[Any] = [escape(text) for text in steps.labels] if choice else list(steps.values)
    form = ".1%" if fraction else ".2f"
    traces = _boxes(x, marginal) if choice else _band(x, marginal, form)
    known = np.flatnonzero(np.isfinite(marginal.through))
    traces.append(
        {
            "type": "scatter",
            "mode": "markers" if choice else "lines+markers",
            "x": [x[place] for place in known.tolist()],
            "y": np.round(marginal.through[known], 5),
            "line": {"color": LIGHT.strategy, "width": 2},
            "marker": {"color": LIGHT.strategy, "size": 5 if len(known) < 30 else 3},
            "hovertemplate": f"through the chosen point: %{{y:{form}}}<extra></extra>",
        }
    )
    if chosen >= 0 and np.isfinite(marginal.through[chosen]):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [x[chosen]],
                "y": [round(float(marginal.through[chosen]), 5)],
                "marker": STAR,
                "hoverinfo": "skip",
            }
        )
    kind = {"choice": "category"}.get(steps.spacing, steps.spacing)
    return figure(
        traces,
        base_layout(
            SLICE_HEIGHT,
            hovermode="x unified",
            xaxis=axis(
                type=kind, showgrid=False, nticks=6, title=escape(steps.name), **_log_ticks(steps)
            ),
            yaxis=axis(
                nticks=6, tickformat="~%" if fraction else "~g", title={"text": escape(metric)}
            ),
        ),
    )


def _log_ticks(steps: Steps) -> dict[str, Any]:
    """On a log axis the values themselves, as far as there is room; plotly writes 2 and 5 alone."""
    if steps.spacing != "log":
        return {}
    places = _spread(len(steps), 4)
    return {
        "tickvals": [steps.values[place] for place in places],
        "ticktext": [steps.labels[place] for place in places],
        "tickangle": 0,
    }


def _band(x: Sequence[Any], marginal: Marginal, form: str) -> list[dict[str, Any]]:
    worst, low, middle, high, best = np.round(marginal.quantiles, 5).T
    grey = {"color": LIGHT.benchmark, "width": 0}
    shared = {"type": "scatter", "x": list(x), "connectgaps": False}
    return [
        shared | {"mode": "lines", "y": low, "line": grey, "hoverinfo": "skip"},
        shared
        | {
            "mode": "lines",
            "y": high,
            "line": grey,
            "fill": "tonexty",
            "fillcolor": f"{LIGHT.benchmark}38",
            "hoverinfo": "skip",
        },
        shared
        | {
            "mode": "lines",
            "y": middle,
            "line": {"color": LIGHT.benchmark, "width": 1.4, "dash": "dash"},
            "hovertemplate": f"median of all: %{{y:{form}}}<extra></extra>",
        },
        *(
            shared
            | {
                "mode": "markers",
                "y": edge,
                "marker": {"color": LIGHT.benchmark, "size": 3, "opacity": 0.7},
                "hovertemplate": f"{name} of all: %{{y:{form}}}<extra></extra>",
            }
            for name, edge in (("best", best), ("worst", worst))
        ),
    ]


def _boxes(x: Sequence[str], marginal: Marginal) -> list[dict[str, Any]]:
    held = np.flatnonzero(marginal.points > 0)
    worst, low, middle, high, best = np.round(marginal.quantiles[held], 5).T
    return [
        {
            "type": "box",
            "x": [x[place] for place in held.tolist()],
            "lowerfence": worst,
            "q1": low,
            "median": middle,
            "q3": high,
            "upperfence": best,
            "fillcolor": f"{LIGHT.benchmark}38",
            "line": {"color": LIGHT.benchmark, "width": 1.2},
            "whiskerwidth": 0.4,
            "hoverinfo": "y",
            "hoveron": "boxes",
        }
    ]


def drawn_lines(values: Floats, most: int = MOST_LINES) -> NDArray[np.int64]:
    """Which points to draw: the best ones, and an even share of all ranks below them.

    Args:
        values: ``[P]``, better being more; NaN is never drawn.
        most: lines.

    Returns:
        Points from the best to the worst.
    """
    order = np.argsort(-values, kind="stable")[: int(np.isfinite(values).sum())]
    if len(order) <= most:
        return order
    below = np.linspace(BEST_LINES, len(order) - 1, most - BEST_LINES).astype(np.int64)
    return order[np.concatenate((np.arange(BEST_LINES), below))]


def parallel_chart(
    lattice: Lattice, values: Floats, *, metric: str, fraction: bool, less: bool, chosen: int
) -> go.Figure:
    """A line for each point across the axes of its parameters, and the metric as the last axis.

    Args:
        lattice: of the points.
        values: the metric ``[P]``, NaN where a point has none.
        metric: its name as people read it.
        fraction: write values as percent.
        less: whether less is better.
        chosen: the point to draw on top; -1 for none.
    """
    better = -values if less else values
    points = drawn_lines(better)
    total = int(np.isfinite(values).sum())
    rank = np.searchsorted(np.sort(-better[np.isfinite(better)]), -better[points])
    heights = _heights(lattice, values, points)
    traces = []
    for place, kind in enumerate(CLASSES):
        inner = CLASSES[place + 1].share if place + 1 < len(CLASSES) else -1.0
        members = (rank < kind.share * total) & (rank >= inner * total)
        if members.any():
            traces.append(_lines(lattice, values, points[members], heights[members], kind))
    if chosen >= 0 and np.isfinite(values[chosen]):
        own = np.array([chosen])
        kind = Class(0.0, "chosen", LIGHT.second, 3.2, 1.0)
        traces.append(_lines(lattice, values, own, _heights(lattice, values, own, points), kind))
    for trace in traces:
        trace["hovertemplate"] = f"%{{text}}<br>{escape(metric)} %{{customdata:{_form(fraction)}}}"
    names = [*lattice.names, metric]
    return figure(
        traces,
        base_layout(
            PARALLEL_HEIGHT,
            margin={"l": 24, "r": 60, "t": 40, "b": 8},
            showlegend=True,
            legend=LEGEND_ABOVE | {"y": 1.04, "traceorder": "reversed"},
            hovermode="closest",
            xaxis=axis(
                showgrid=True,
                gridcolor=LIGHT.line,
                gridwidth=2,
                tickvals=list(range(len(names))),
                ticktext=[escape(_short(name)) for name in names],
                range=[-0.15, len(names) - 0.7],
                fixedrange=True,
            ),
            yaxis=axis(showgrid=False, showticklabels=False, range=[-0.04, 1.04], fixedrange=True),
            annotations=_scale(lattice, values[points], fraction=fraction),
        ),
    )


def _heights(
    lattice: Lattice,
    values: Floats,
    points: NDArray[np.int64],
    drawn: NDArray[np.int64] | None = None,
) -> Floats:
    """Where each line crosses each axis, from 0 to 1, ``[len(points), axes + 1]``."""
    low, high = _reach(values[points if drawn is None else drawn])
    sizes = np.array([max(len(one) - 1, 1) for one in lattice.axes], dtype=np.float64)
    crossings = np.where(lattice.places[points] < 0, np.nan, lattice.places[points] / sizes)
    last = (values[points] - low) / (high - low)
    return np.column_stack((crossings, np.clip(last, 0.0, 1.0)))


def _reach(values: Floats) -> tuple[float, float]:
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    if len(values):
        low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _lines(
    lattice: Lattice,
    values: Floats,
    points: NDArray[np.int64],
    heights: Floats,
    kind: Class,
) -> dict[str, Any]:
    """All lines of a class as one trace; a gap stands between two of them."""
    count, width = heights.shape
    x = np.tile(np.append(np.arange(width, dtype=np.float32), np.nan), count)
    y = np.column_stack((heights, np.full(count, np.nan))).ravel().astype(np.float32)
    texts = [
        text
        for place in lattice.places[points].tolist()
        for text in [*_values(lattice, place), "", ""]
    ]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": kind.name,
        "x": x,
        "y": y,
        "text": texts,
        "customdata": np.repeat(values[points], width + 1).astype(np.float32),
        "line": {"color": kind.colour, "width": kind.width},
        "opacity": kind.opacity,
        "connectgaps": False,
    }


def _values(lattice: Lattice, places: Sequence[int]) -> list[str]:
    return [
        escape(f"{one.name} {one.shown(place)}")
        for one, place in zip(lattice.axes, places, strict=True)
    ]


def _scale(lattice: Lattice, values: Floats, *, fraction: bool) -> list[dict[str, Any]]:
    """Some values written beside each axis."""
    notes = [
        _written(place, step / max(len(one) - 1, 1), _short(one.labels[step], 11))
        for place, one in enumerate(lattice.axes)
        for step in _spread(len(one), MOST_LABELS)
    ]
    low, high = _reach(values)
    form = percent if fraction else plain_number
    ends = [(share, form(low + share * (high - low))) for share in (0.0, 0.5, 1.0)]
    return notes + [_written(len(lattice.axes), share, text) for share, text in ends]


def _written(x: float, y: float, text: str) -> dict[str, Any]:
    return {
        "x": x,
        "y": y,
        "text": escape(text),
        "xanchor": "left",
        "xshift": 3,
        "yanchor": "middle",
        "showarrow": False,
        "bgcolor": LIGHT.page,
        "borderpad": 1,
        "opacity": 0.85,
        "font": {"size": 11, "color": LIGHT.ink},
    }


def _spread(size: int, most: int) -> list[int]:
    """Even places, both ends among them."""
    if size <= most:
        return list(range(size))
    return sorted({round(place * (size - 1) / (most - 1)) for place in range(most)})


def _short(text: str, most: int = 22) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def _form(fraction: bool) -> str:
    return ".1%" if fraction else ".2f"
