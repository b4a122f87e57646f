"""Which symbols have bars, and when."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stockstream.report.charts.drawing import figure
from stockstream.report.theme import LIGHT, axis, base_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from stockstream.report.charts.drawing import Floats

__all__ = ["ROWS", "presence_map"]

ROWS: Final = 200
"""Rows of the map; where there are more symbols, neighbours share one."""

LABELLED: Final = 45
"""Rows up to which each has its name beside it."""

LONGEST: Final = 24
"""Characters of a name beside the map; hovering shows more."""

SCALE: Final = [
    [0.0, LIGHT.scale_loss],
    [0.5, LIGHT.scale_loss_soft],
    [0.85, LIGHT.scale_gain_soft],
    [1.0, LIGHT.scale_gain],
]
"""Red is what lacks, blue is what is there, and blank is before the first and after the last."""


def presence_map(symbols: Sequence[str], periods: Sequence[str], share: Floats) -> go.Figure:
    """Share of the sessions with a bar: a row for each symbol, a column for each month or year.

    Args:
        symbols: one for each row, from top to bottom.
        periods: such as ``2024`` or ``2024-03``, one for each column.
        share: fractions ``[len(symbols), len(periods)]``, NaN before the first bar of a symbol and
            after its last.
    """
    names, share = _in_bands(symbols, share)
    rows = len(names)
    labelled = rows <= LABELLED
    trace = {
        "type": "heatmap",
        "x": list(periods),
        "y": list(range(rows)),
        "z": np.round(share, 3).astype(np.float32),
        "zmin": 0.0,
        "zmax": 1.0,
        "colorscale": SCALE,
        "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0, "ticklen": 3},
        "xgap": 1,
        "ygap": 1 if rows <= 2 * LABELLED else 0,
        "customdata": [[escape(name)] * len(periods) for name in names],
        "hovertemplate": "%{customdata}<br>%{x}: %{z:.0%} of the sessions<extra></extra>",
        "hoverongaps": False,
    }
    return figure(
        [trace],
        base_layout(
            max(60 + (18 if labelled else 3) * rows, 200),
            margin={"l": 8, "r": 4, "t": 4, "b": 8},
            xaxis=axis(showgrid=False, fixedrange=True, type="category", **_year_labels(periods)),
            yaxis=axis(
                showgrid=False,
                fixedrange=True,
                autorange="reversed",
                showticklabels=labelled,
                tickvals=list(range(rows)),
                ticktext=[escape(_short(name)) for name in names],
            ),
        ),
    )


def _year_labels(periods: Sequence[str]) -> dict[str, Any]:
    """Months are labelled by the year that begins with them."""
    begins = [one for one in periods if one.endswith("-01")]
    return {"tickvals": begins, "ticktext": [one[:4] for one in begins]} if begins else {}


def _in_bands(symbols: Sequence[str], share: Floats) -> tuple[list[str], Floats]:
    """One row for some neighbours each, with their mean, so that all of them fit."""
    size = -(-len(symbols) // ROWS)
    if size <= 1:
        return list(symbols), share
    names, rows = [], []
    for first in range(0, len(symbols), size):
        part = share[first : first + size]
        known = np.isfinite(part)
        total = np.where(known, part, 0.0).sum(axis=0)
        rows.append(np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan))
        inside = symbols[first : first + size]
        names.append(f"{_short(inside[0])} to {_short(inside[-1])}, {len(inside)} symbols")
    return names, np.array(rows)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\u2026"
