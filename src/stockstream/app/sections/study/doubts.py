"""Every test of the study with what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.sheet import show_definitions, show_flags
from stockstream.app.parts.text import plain

if TYPE_CHECKING:
    from stockstream.app.parts.kept import Seen, ShownStudy
    from stockstream.app.place import Place

__all__ = ["doubts"]


def doubts(shown: ShownStudy, seen: Seen, where: Place) -> None:
    """Show the tab."""
    del shown, where
    sheet = seen.sheet
    there = [
        (name, title, alt, note)
        for name, title, alt, note in (
            (
                "sharpes",
                "All points, and what luck gives the best of them",
                "How many points have which Sharpe ratio",
                "",
            ),
            (
                "logits",
                "The best of one half of the time, in the other half",
                "Ranks of the best point of each half in the other half",
                "Left of zero it was not above the middle of all points there.",
            ),
            (
                "outside",
                "In sample against out of sample",
                "Sharpe ratios in sample against those out of sample",
                sheet.outside,
            ),
        )
        if name in seen.figures
    ]
    with st.grid(2, min_column_width=320, key="doubt-charts"):
        for name, title, alt, note in there:
            with st.container():
                st.markdown(f"**{title}**")
                show_figure(seen.figures.get(name), f"doubt-{name}", alt)
                if note:
                    st.caption(plain(note))
    st.markdown("**The numbers behind the verdict**")
    show_definitions(sheet.doubts, "doubts")
    if sheet.notes:
        with st.expander("How they were made", icon=":material/science:"):
            st.markdown("\n".join(f"- {plain(note)}" for note in sheet.notes))
    show_flags(sheet.flags)
