"""What a run might have been: resamples of its returns, and other costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.report.charts.drawing import days, figure, growth_layout
from stockstream.report.theme import LIGHT, axis, base_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from stockstream.report.charts.drawing import Dates, Floats

__all__ = ["cost_chart", "fan_chart"]

HEIGHT = 340


def fan_chart(
    dates: Dates, equity: Floats, bands: Floats, names: tuple[str, str] = ("90%", "50%")
) -> go.Figure:
    """Equity before the fan of its resamples, on a log axis where nothing was lost.

    Args:
        dates: sessions ``[n]``.
        equity: of the run ``[n]``.
        bands: of the resamples, ``[5, n]``: outer and inner bound, median, inner and outer bound.
        names: of the outer and the inner band.
    """
    sessions = days(dates)
    lowest, low, middle, high, highest = np.round(bands, 2)
    log = bool(np.nanmin(bands) > 0.0 and equity.min() > 0.0)
    traces = [
        *_band(sessions, lowest, highest, f"{names[0]} of the resamples", "28", 3),
        *_band(sessions, low, high, f"{names[1]}", "50", 4),
        _line(sessions, middle, "median", LIGHT.benchmark, 1.2, "dash", 2),
        _line(sessions, np.round(equity, 2), "this run", LIGHT.strategy, 2, "solid", 1),
    ]
    return figure(traces, growth_layout(HEIGHT, "equity", log=log))


def cost_chart(factors: Sequence[float], returns: Floats, late: float | None = None) -> go.Figure:
    """Return a year over multiples of the costs.

    Args:
        factors: multiples, ascending.
        returns: a year, a fraction for each.
        late: of the run that acts a bar late; None where it is not known.
    """
    labels = [f"{factor:g}\N{MULTIPLICATION SIGN}" for factor in factors]
    values = [*returns.tolist(), *([] if late is None else [late])]
    names = [*labels, *([] if late is None else ["a bar late"])]
    now = [factor == 1.0 for factor in factors] + [False] * (late is not None)
    colours = [
        LIGHT.strategy if here else LIGHT.loss if value < 0.0 else LIGHT.benchmark
        for here, value in zip(now, values, strict=True)
    ]
    bars = {
        "type": "bar",
        "x": names,
        "y": np.round(values, 5),
        "text": [f"{value:.1%}" for value in values],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colours, "line": {"width": 0}},
        "hovertemplate": "%{x}: %{y:.2%} a year<extra></extra>",
    }
    return figure(
        [bars],
        base_layout(
            HEIGHT,
            margin={"l": 8, "r": 12, "t": 24, "b": 8},
            bargap=0.35,
            xaxis=axis(type="category", showgrid=False, fixedrange=True),
            yaxis=axis(
                tickformat="~%",
                nticks=6,
                fixedrange=True,
                zeroline=True,
                zerolinecolor=LIGHT.benchmark,
                zerolinewidth=1,
                title={"text": "return a year", "standoff": 8},
            ),
        ),
    )


def _band(
    sessions: list[str], low: Floats, high: Floats, name: str, opacity: str, rank: int
) -> list[dict[str, Any]]:
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": sessions,
        "line": {"color": LIGHT.benchmark, "width": 0},
        "hoverinfo": "skip",
        "legendgroup": name,
        "legendrank": rank,
    }
    fill = {"fill": "tonexty", "fillcolor": f"{LIGHT.benchmark}{opacity}"}
    return [edge | {"y": low, "showlegend": False}, edge | fill | {"y": high, "name": name}]


def _line(
    sessions: list[str], values: Floats, name: str, colour: str, width: float, dash: str, rank: int
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": sessions,
        "y": values,
        "line": {"color": colour, "width": width, "dash": dash},
        "hovertemplate": "%{y:,.0f}",
        "legendrank": rank,
    }
