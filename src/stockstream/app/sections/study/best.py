"""The best points by a measure of belief, their map, and a backtest of any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.form.again import draft_of
from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.places import market
from stockstream.app.parts.sheet import show_table
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.app.parts.ways import go
from stockstream.app.request import Request
from stockstream.errors import StockstreamError
from stockstream.report.formats import count
from stockstream.report.reproduce import command_line

if TYPE_CHECKING:
    from stockstream.app.parts.kept import Seen, ShownStudy
    from stockstream.app.place import Place

__all__ = ["best"]


def best(shown: ShownStudy, seen: Seen, where: Place) -> None:
    """Show the tab."""
    sheet = seen.sheet
    if not sheet.best.table.rows:
        st.info("No point has a number for this measure.", icon=":material/info:")
        return
    show_table(sheet.best.table, "best", sheet.best_heading, "Rank")
    st.caption(f"The best {len(sheet.best.table.rows)} of {count(sheet.best.total)} points.")
    _again(shown, seen, where)
    left, right = st.columns(2, gap="medium")
    with left:
        if sheet.maps:
            st.markdown(f"**{plain(sheet.maps[0].label)}: medians of neighbours, star = best**")
            _figure(seen, sheet.maps[0].plateau, f"Neighbours of each point: {sheet.maps[0].label}")
            if sheet.maps_note:
                st.caption(plain(sheet.maps_note))
    with right:
        if "sharpes" in seen.figures:
            st.markdown("**All points, and what luck gives the best of them**")
            _figure(seen, "sharpes", "How many points have which Sharpe ratio")


def _figure(seen: Seen, name: str, alt: str) -> None:
    show_figure(seen.figures.get(name), f"best-{name}", alt)


def _again(shown: ShownStudy, seen: Seen, where: Place) -> None:
    """Hand a point in as a backtest of its own."""
    study, frame = shown.result.study, seen.findings.best
    points = [int(point) for point in frame["point"]]
    names = list(seen.findings.axes)

    def named(point: int) -> str:
        values = study.parameters(point)
        told = ", ".join(f"{name}={values[name]}" for name in names)
        return f"{points.index(point) + 1}: {told}"

    with st.container(horizontal=True, vertical_alignment="bottom", key="again"):
        point = st.selectbox("Point", points, format_func=named, key="point", width=380)
        pressed = st.button(
            "Backtest this point",
            key="backtest-point",
            type="primary",
            icon=":material/play_arrow:",
        )
    if not pressed or point is None:
        return
    config = study.config.changed(parameters=study.parameters(point), param_grid={})
    try:
        there = market(where)
        draft = draft_of(config, there)
        request = Request(draft, there.lake, there.version)
        request.keep(where.runs)
    except StockstreamError as error:
        trouble(error)
        st.code(command_line(config), language=None, wrap_lines=True)
        return
    go("backtest", {"request": request.name})
