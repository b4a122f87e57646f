"""What every chart is drawn with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stockstream.report.theme import LIGHT, axis, base_layout

if TYPE_CHECKING:
    import numpy as np
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Dates: TypeAlias = NDArray[np.datetime64]

__all__ = ["DAY_FORMAT", "LEGEND_ABOVE", "by_sign", "days", "figure", "growth_layout"]

DAY_FORMAT: Final = "%a %-d %b %Y"
LEGEND_ABOVE: Final = {
    "orientation": "h",
    "x": 0,
    "y": 1.02,
    "xanchor": "left",
    "yanchor": "bottom",
}


def figure(traces: list[dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    """A figure of traces and a layout, checked by plotly."""
    import plotly.graph_objects as go

    return go.Figure(data=traces, layout=layout)


def days(dates: Dates) -> list[str]:
    """Dates as plotly reads them on a date axis."""
    return [str(day) for day in dates.astype("datetime64[D]")]


def by_sign(values: NDArray[np.floating[Any]]) -> list[str]:
    """The colour of each value: a gain (zero included) or a loss."""
    return [LIGHT.gain if value >= 0 else LIGHT.loss for value in values.tolist()]


def growth_layout(height: int, what: str, *, log: bool) -> dict[str, Any]:
    """The layout of lines over days that begin at one value.

    Args:
        height: in pixels.
        what: the lines show, beside their axis.
        log: whether equal growth is to be equal height.
    """
    return base_layout(
        height,
        margin={"l": 8, "r": 12, "t": 34, "b": 8},
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="x unified",
        xaxis=axis(type="date", showgrid=False, hoverformat=DAY_FORMAT),
        yaxis=axis(
            type="log" if log else "linear",
            tickformat="~s",
            nticks=8,
            title={"text": what + " (log)" * log, "standoff": 8},
        ),
    )
