"""Who came to the list, left it, or changed the symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from stockstream.app.parts.lakes import kept
from stockstream.app.parts.table import table

if TYPE_CHECKING:
    from stockstream.app.place import Place

__all__ = ["list_changes"]

KINDS: Final = ("listed", "delisted", "renamed")


def list_changes(where: Place) -> None:
    """Show the tab.

    Raises:
        LakeError: the universe cannot be read.
    """
    found: pl.DataFrame = kept(where.lake, "changes")
    if found.is_empty():
        st.info(
            "This lake has no list of symbols; the daily run, `stockstream update`, brings one.",
            icon=":material/info:",
        )
        return
    counts = {kind: _of(found, kind).height for kind in KINDS}
    with st.grid(3, min_column_width=150):
        for kind, number in counts.items():
            st.metric(kind.capitalize(), f"{number:,}", border=True)
    with st.grid(2, min_column_width=220):
        kind = st.segmented_control(
            "Change",
            ["all", *KINDS],
            default="all",
            required=True,
            key="change",
            bind="query-params",
        )
        text = st.text_input(
            "Symbol or name",
            key="who",
            bind="query-params",
            placeholder="all, or a part of it",
            max_chars=60,
        )
    shown = found if kind == "all" else _of(found, str(kind))
    if wanted := (text or "").strip().lower():
        holds = (
            pl.col(name).fill_null("").str.to_lowercase().str.contains(wanted, literal=True)
            for name in ("symbol", "name", "change")
        )
        shown = shown.filter(pl.any_horizontal(*holds))
    table(shown, "changes", "Changes of the list, the newest first")


def _of(found: pl.DataFrame, kind: str) -> pl.DataFrame:
    return found.filter(pl.col("change").str.starts_with(kind))
