"""How far trades went against and for, before they ended."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from stockstream.report.charts.drawing import by_sign, figure
from stockstream.report.theme import LIGHT, axis, base_layout
from stockstream.report.thinning import thinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from stockstream.report.charts.drawing import Floats

__all__ = ["excursion_chart", "holding_chart"]

DOTS = 1_500
HEIGHT = 300


def excursion_chart(mae: Floats, mfe: Floats, returns: Floats, symbols: Sequence[str]) -> go.Figure:
    """Worst excursion of each closed trade against its best one (MAE and MFE, Sweeney 1996).

    Losers far to the top were winners once; winners far to the left were lucky to stay.

    Args:
        mae: ``[n]``, fractions of the entry price, zero or less.
        mfe: ``[n]``, zero or more.
        returns: ``[n]``, which colour the dots.
        symbols: one for each trade.
    """
    order = np.argsort(mae, kind="stable")
    shown = order[thinned([mfe[order]], DOTS)]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": np.round(mae[shown], 4),
        "y": np.round(mfe[shown], 4),
        "text": [f"{escape(symbols[i])}, {returns[i]:+.1%}" for i in shown.tolist()],
        "marker": {
            "size": 6,
            "opacity": 0.65,
            "color": by_sign(returns[shown]),
            "line": {"width": 0},
        },
        "hovertemplate": "%{text}<br>worst %{x:.1%}, best %{y:.1%}<extra></extra>",
    }
    return figure(
        [dots],
        base_layout(
            HEIGHT,
            xaxis=axis(tickformat="~%", nticks=6, title={"text": "worst excursion (MAE)"}),
            yaxis=axis(
                tickformat="~%",
                nticks=6,
                rangemode="tozero",
                title={"text": "best excursion (MFE)", "standoff": 8},
            ),
        ),
    )


def holding_chart(
    labels: Sequence[str], winners: NDArray[np.int64], losers: NDArray[np.int64]
) -> go.Figure:
    """How long closed trades were held, those that made money over those that did not.

    Args:
        labels: classes of sessions, ``[k]``.
        winners: trades that made money, ``[k]``.
        losers: the other ones, ``[k]``.
    """
    stacks = [
        {
            "type": "bar",
            "name": name,
            "x": list(labels),
            "y": counts,
            "marker": {"color": colour, "opacity": 0.85, "line": {"width": 0}},
            "hovertemplate": f"%{{y:,}} {name}<extra>%{{x}} sessions</extra>",
        }
        for name, counts, colour in (
            ("made money", winners, LIGHT.gain),
            ("did not", losers, LIGHT.loss),
        )
    ]
    return figure(
        stacks,
        base_layout(
            HEIGHT,
            barmode="stack",
            bargap=0.25,
            margin={"l": 8, "r": 8, "t": 34, "b": 8},
            showlegend=True,
            legend={
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "xanchor": "left",
                "yanchor": "bottom",
                "traceorder": "normal",
            },
            xaxis=axis(type="category", showgrid=False, title={"text": "sessions held"}),
            yaxis=axis(nticks=6, tickformat=",d", title={"text": "trades", "standoff": 8}),
        ),
    )
