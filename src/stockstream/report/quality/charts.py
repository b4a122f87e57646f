"""How many symbols have a bar: by session, and by week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stockstream.report.charts.drawing import DAY_FORMAT, LEGEND_ABOVE, days, figure
from stockstream.report.charts.months import MONTHS
from stockstream.report.formats import count, day
from stockstream.report.theme import LIGHT, axis, base_layout
from stockstream.report.thinning import thinned

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from stockstream.report.charts.drawing import Dates, Floats

    Words = NDArray[np.str_]

__all__ = ["coverage_chart", "coverage_map"]

WEEKS: Final = 53
MONTH_STARTS: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
SCALE: Final = [
    [0.0, LIGHT.scale_loss],
    [0.5, LIGHT.scale_loss_soft],
    [0.85, LIGHT.scale_middle],
    [1.0, LIGHT.scale_gain_soft],
]
"""Red is what lacks. Full weeks are pale: there is nothing to look at."""


def coverage_chart(dates: Dates, symbols: Floats, usual: Floats, states: Words) -> go.Figure:
    """Symbols with a bar by session, with the sessions that are short or missing marked.

    Args:
        dates: sessions ``[T]``.
        symbols: how many symbols have a bar ``[T]``.
        usual: how many usually have ``[T]``, NaN before it is known.
        states: ``ok``, ``short`` or ``missing`` ``[T]``.
    """
    keep = thinned([symbols, usual])
    sessions = days(dates[keep])
    shared = {"type": "scatter", "mode": "lines", "x": sessions}
    lines = [
        shared
        | {
            "name": "usual",
            "y": _gaps_as_none(usual[keep]),
            "line": {"color": LIGHT.benchmark, "width": 1.2},
            "hovertemplate": "%{y:,.0f}",
        },
        shared
        | {
            "name": "symbols with a bar",
            "y": symbols[keep],
            "line": {"color": LIGHT.strategy, "width": 1.6},
            "hovertemplate": "%{y:,.0f}",
        },
    ]
    marks = [
        _marks("short", "triangle-down", LIGHT.caution, dates, symbols, states == "short"),
        _marks("missing", "x", LIGHT.loss, dates, symbols, states == "missing"),
    ]
    return figure(
        [*lines, *(mark for mark in marks if mark["x"])],
        base_layout(
            300,
            margin={"l": 8, "r": 12, "t": 34, "b": 8},
            hovermode="x unified",
            showlegend=True,
            legend=LEGEND_ABOVE,
            xaxis=axis(type="date", showgrid=False, hoverformat=DAY_FORMAT),
            yaxis=axis(
                rangemode="tozero", tickformat=",", title={"text": "symbols", "standoff": 8}
            ),
        ),
    )


def coverage_map(dates: Dates, symbols: Floats, usual: Floats) -> go.Figure:
    """The worst session of each week, as a share of the usual: a row a year, a column a week.

    Args:
        dates: sessions ``[T]``.
        symbols: how many symbols have a bar ``[T]``.
        usual: how many usually have ``[T]``, NaN before it is known; such sessions count as full.
    """
    years, worst, said = _worst_by_week(dates, symbols, usual)
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": list(range(WEEKS)),
        "y": years,
        "z": np.round(worst, 4),
        "zmin": 0.0,
        "zmax": 1.0,
        "colorscale": SCALE,
        "showscale": False,
        "xgap": 1,
        "ygap": 2,
        "text": said,
        "hovertemplate": "worst of the week: %{text}<extra></extra>",
        "hoverongaps": False,
    }
    return figure(
        [trace],
        base_layout(
            56 + 22 * max(len(years), 2),
            margin={"l": 8, "r": 4, "t": 4, "b": 8},
            xaxis=axis(
                showgrid=False,
                fixedrange=True,
                tickangle=0,
                tickvals=[first / 7 for first in MONTH_STARTS],
                ticktext=list(MONTHS),
            ),
            yaxis=axis(showgrid=False, fixedrange=True, type="category", autorange="reversed"),
        ),
    )


def _worst_by_week(
    dates: Dates, symbols: Floats, usual: Floats
) -> tuple[list[str], Floats, NDArray[np.object_]]:
    """Years; share of the usual and what hovering says, ``[years, WEEKS]``."""
    share = np.minimum(np.where(np.isnan(usual), 1.0, symbols / np.where(usual > 0, usual, 1.0)), 1)
    year = dates.astype("datetime64[Y]")
    week = (dates - year.astype("datetime64[D]")).astype(np.int64) // 7
    years = np.unique(year)
    row = np.searchsorted(years, year)
    worst = np.full((len(years), WEEKS), np.nan)
    said = np.full(worst.shape, "", dtype=object)
    for i in np.argsort(-share, kind="stable").tolist():  # the worst of a week comes last
        worst[row[i], week[i]] = share[i]
        of = "" if np.isnan(usual[i]) else f" of usually {count(usual[i])}"
        said[row[i], week[i]] = f"{day(dates[i])}: {count(symbols[i])}{of} symbols"
    return [str(one) for one in years], worst, said


def _marks(
    name: str, shape: str, colour: str, dates: Dates, symbols: Floats, which: NDArray[np.bool_]
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": days(dates[which]),
        "y": symbols[which],
        "marker": {"symbol": shape, "size": 8, "color": colour},
        "hovertemplate": "%{y:,.0f}",
        "cliponaxis": False,
    }


def _gaps_as_none(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]
