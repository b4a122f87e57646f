"""Maps of pairs of parameters, slices of each, and all of them as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.sheet import show_facts
from stockstream.app.parts.text import plain

if TYPE_CHECKING:
    from stockstream.app.parts.kept import Seen, ShownStudy
    from stockstream.app.place import Place

__all__ = ["parameters"]


def parameters(shown: ShownStudy, seen: Seen, where: Place) -> None:
    """Show the tab."""
    del shown, where
    _maps(seen)
    _slices(seen)
    if "parallel" in seen.figures:
        st.markdown("**Every parameter of every point**")
        _figure(seen, "parallel", "A line for each point across the axes of its parameters")
        st.caption(plain(seen.sheet.lines_note))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**What was tried**")
        show_facts(seen.sheet.grid, "grid")
    with right:
        if seen.sheet.parameters:
            st.markdown("**What was held**")
            show_facts(seen.sheet.parameters, "held")


def _maps(seen: Seen) -> None:
    maps = seen.sheet.maps
    if not maps:
        st.info(
            "There are no two parameters with several values: there is no map.",
            icon=":material/info:",
        )
        return
    chosen = maps[0]
    if len(maps) > 1:
        labels = [one.label for one in maps]
        place = st.selectbox(
            "Parameters", range(len(maps)), format_func=labels.__getitem__, key="pair", width=320
        )
        chosen = maps[place]
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{plain(seen.sheet.metric)} of each point**")
        _figure(seen, chosen.surface, f"{seen.sheet.metric} over {chosen.label}")
    with right:
        st.markdown("**Median of its neighbours: a plateau holds, a spike falls**")
        _figure(seen, chosen.plateau, f"Median of the neighbours over {chosen.label}")
    if seen.sheet.maps_note:
        st.caption(plain(seen.sheet.maps_note))


def _slices(seen: Seen) -> None:
    if not seen.sheet.slices:
        return
    st.markdown("**Along each parameter**")
    with st.grid(3, min_column_width=300, key="slices"):
        for one in seen.sheet.slices:
            with st.container():
                _figure(seen, one.figure, f"{seen.sheet.metric} along {one.label}")
    st.caption(
        "The line goes through the best point; the band holds the middle half of all points."
    )


def _figure(seen: Seen, name: str, alt: str) -> None:
    show_figure(seen.figures.get(name), f"of-{name}", alt)
