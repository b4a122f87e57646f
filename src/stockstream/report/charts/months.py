"""Returns by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockstream.report.charts.drawing import figure
from stockstream.report.formats import plain_number
from stockstream.report.theme import axis, base_layout, diverging

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from stockstream.report.charts.drawing import Floats

__all__ = ["monthly_heat_map"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def monthly_heat_map(years: Sequence[int], returns: Floats) -> go.Figure:
    """Return of each month: a row a year, a column a month; months without sessions stay empty.

    Args:
        years: one for each row.
        returns: fractions ``[len(years), 12]``, NaN where there was no session.
    """
    known = np.abs(returns[np.isfinite(returns)])
    # The strongest colour starts at the 95th percentile: one crash must not bleach all the rest.
    limit = max(float(np.quantile(known, 0.95)) if known.size else 0.0, 0.01)
    trace = {
        "type": "heatmap",
        "x": list(MONTHS),
        "y": [str(year) for year in years],
        "z": np.round(returns, 6),
        "zmin": -limit,
        "zmax": limit,
        "colorscale": diverging(),
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [[_cell(100.0 * value) for value in row] for row in returns],
        "texttemplate": "%{text}",
        "textfont": {"size": 12},
        "hovertemplate": "%{x} %{y}: %{z:.2%}<extra></extra>",
        "hoverongaps": False,
    }
    return figure(
        [trace],
        base_layout(
            56 + 36 * max(len(years), 2),
            margin={"l": 8, "r": 4, "t": 4, "b": 8},
            xaxis=axis(showgrid=False, fixedrange=True, type="category", tickangle=0),
            yaxis=axis(showgrid=False, fixedrange=True, type="category", autorange="reversed"),
        ),
    )


def _cell(value: float) -> str:
    return plain_number(value, 1) if np.isfinite(value) else ""
