"""The best point piece by piece, why trials failed, and which engine ran them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.discretion import discreet
from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.sheet import show_table
from stockstream.app.parts.text import plain

if TYPE_CHECKING:
    from stockstream.app.parts.kept import Seen, ShownStudy
    from stockstream.app.place import Place

__all__ = ["pieces"]


def pieces(shown: ShownStudy, seen: Seen, where: Place) -> None:
    """Show the tab."""
    del shown, where
    sheet = seen.sheet
    if sheet.pieces is None:
        st.caption("The data were not cut: every trial ran over all symbols and days.")
    else:
        st.markdown(f"**{plain(sheet.pieces_heading)}**")
        if "pieces" in seen.figures:
            show_figure(
                seen.figures.get("pieces"),
                "pieces",
                "How the returns of the pieces of the best point are spread",
            )
        show_table(sheet.pieces.table, "pieces")
        left_out = sheet.pieces.total - len(sheet.pieces.table.rows)
        if left_out:
            st.caption(f"{left_out:,} pieces between the best and the worst are not shown.")
    st.markdown("**Trials that failed**")
    if sheet.failures is None:
        st.caption("None did.")
    else:
        # what a strategy says in its errors is its own affair, and may be anything
        told = tuple(replace(row, label=discreet(row.label)) for row in sheet.failures.rows)
        show_table(replace(sheet.failures, rows=told), "failures")
    st.markdown("**Engines**")
    show_table(sheet.paths, "paths")
