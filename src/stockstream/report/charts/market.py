"""The bars of one symbol, with indicators over and under them, and what happened to the company."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stockstream.report.charts.drawing import DAY_FORMAT, LEGEND_ABOVE, days, figure
from stockstream.report.theme import LIGHT, RUNS, axis, base_layout
from stockstream.report.thinning import thinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from stockstream.report.charts.drawing import Dates, Floats

__all__ = ["Bars", "Event", "Line", "market_chart"]

CANDLES: Final = 260
"""Bars up to which each is drawn as a candle; of more, a line of closes is clearer."""

PRICE_HEIGHT: Final = 330
PANEL_HEIGHT: Final = 110
GAP: Final = 16
"""Pixels between two panels."""

VOLUME: Final = "volume"
COLOURS: Final = RUNS[1:]
SIGNS: Final = {
    "split": ("diamond", LIGHT.fourth),
    "dividend": ("circle", LIGHT.unseen),
    "delisting": ("x", LIGHT.loss),
}
"""Kinds of events, and how each is marked."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Sessions ``[T]`` with the prices and the volume of each, all on one basis."""

    dates: Dates
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def taken(self, keep: NDArray[np.int64]) -> Bars:
        """Some of the sessions."""
        names = ("dates", "open", "high", "low", "close", "volume")
        return Bars(*(getattr(self, name)[keep] for name in names))


@dataclass(frozen=True, slots=True)
class Line:
    """A column of an indicator.

    Attributes:
        name: of the column.
        values: ``[T]``, NaN where it is not warmed up.
        panel: what its values are drawn under the prices with; empty: over the prices.
    """

    name: str
    values: Floats
    panel: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a day.

    Attributes:
        date: of it; a day without a bar stands at the bar before.
        kind: ``split``, ``dividend`` or ``delisting``.
        label: what hovering says.
    """

    date: np.datetime64
    kind: str
    label: str


def market_chart(
    symbol: str, bars: Bars, lines: Sequence[Line] = (), events: Sequence[Event] = ()
) -> go.Figure:
    """Prices on top, then the volume, then a panel for each group of indicators.

    Args:
        symbol: whose bars; ``T`` is 1 or more.
        bars: of it.
        lines: indicators, in the order of their panels.
        events: of its company.
    """
    candles = len(bars.dates) <= CANDLES
    keep = thinned([bars.close, *(line.values for line in lines)])
    shown = bars.taken(keep)
    panels = [VOLUME, *dict.fromkeys(line.panel for line in lines if line.panel)]
    traces = [_candles(symbol, shown) if candles else _closes(symbol, shown), _volume(shown)]
    for index, line in enumerate(lines):
        place = panels.index(line.panel) + 2 if line.panel else 1
        colour = COLOURS[index % len(COLOURS)]
        traces.append(_line(line, days(shown.dates), keep, colour, place))
    traces += _marks(events, bars)
    return figure(traces, _layout(panels))


def _layout(panels: Sequence[str]) -> dict[str, Any]:
    """Axes one under the other, as high in pixels as they should be."""
    heights = [PRICE_HEIGHT, *[PANEL_HEIGHT] * len(panels)]
    total = sum(heights) + GAP * len(panels)
    axes, top = {}, 1.0
    for index, (height, name) in enumerate(zip(heights, ["price", *panels], strict=True)):
        low = max(top - height / total, 0.0)
        number = "" if index == 0 else str(index + 1)
        axes[f"yaxis{number}"] = axis(
            domain=[low, top],
            title={"text": escape(name), "standoff": 8},
            nticks=None if index == 0 else 4,
            rangemode="tozero" if name == VOLUME else "normal",
            tickformat="~s" if name == VOLUME else "",
        )
        top = low - GAP / total
    return base_layout(
        total + 70,
        margin={"l": 8, "r": 12, "t": 44, "b": 8},
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="x unified",
        hoversubplots="axis",
        bargap=0.2,
        xaxis=axis(
            type="date",
            anchor=f"y{len(panels) + 1}",
            showgrid=False,
            hoverformat=DAY_FORMAT,
            rangeslider={"visible": False},
        ),
        **axes,
    )


def _candles(symbol: str, bars: Bars) -> dict[str, Any]:
    return {
        "type": "candlestick",
        "name": escape(symbol),
        "x": days(bars.dates),
        **{name: np.round(getattr(bars, name), 6) for name in ("open", "high", "low", "close")},
        "increasing": {"line": {"color": LIGHT.gain, "width": 1}, "fillcolor": LIGHT.gain},
        "decreasing": {"line": {"color": LIGHT.loss, "width": 1}, "fillcolor": LIGHT.loss},
    }


def _closes(symbol: str, bars: Bars) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escape(symbol),
        "x": days(bars.dates),
        "y": np.round(bars.close, 6),
        "line": {"color": LIGHT.strategy, "width": 1.6},
        "hovertemplate": "close %{y:,.3~f}",
    }


def _volume(bars: Bars) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": VOLUME,
        "x": days(bars.dates),
        "y": bars.volume,
        "yaxis": "y2",
        "showlegend": False,
        "marker": {"color": LIGHT.benchmark, "line": {"width": 0}},
        "hovertemplate": "%{y:,.3~s}",
    }


def _line(
    line: Line, sessions: list[str], keep: NDArray[np.int64], colour: str, place: int
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escape(line.name),
        "x": sessions,
        "y": np.round(line.values[keep], 6),
        "yaxis": "y" if place == 1 else f"y{place}",
        "line": {"color": colour, "width": 1.4},
        "hovertemplate": "%{y:,.4~f}",
    }


def _marks(events: Sequence[Event], bars: Bars) -> list[dict[str, Any]]:
    """Marks at the closes of their days, one trace for each kind."""
    seen = [one for one in events if bars.dates[0] <= one.date <= bars.dates[-1]]
    traces = []
    for kind, (shape, colour) in SIGNS.items():
        of_kind = [one for one in seen if one.kind == kind]
        if not of_kind:
            continue
        on = np.array([one.date for one in of_kind], dtype=bars.dates.dtype)
        rows = np.searchsorted(bars.dates, on, side="right") - 1
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": kind,
                "x": days(bars.dates[rows]),
                "y": np.round(bars.close[rows], 6),
                "text": [escape(one.label) for one in of_kind],
                "marker": {
                    "symbol": shape,
                    "size": 10,
                    "color": colour,
                    "line": {"width": 1, "color": LIGHT.page},
                },
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return traces
