"""Tables of text that others wrote: shown as it is, and safe to be opened by a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from stockstream.market.spreadsheet import escape_formulas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.market.spreadsheet import Frame

__all__ = ["table"]


def table(
    frame: Frame,
    key: str,
    alt: str,
    columns: Mapping[str, Any] | None = None,
    height: int | None = None,
) -> None:
    """Show a frame; its rows are sent to the browser when they are looked at.

    Args:
        frame: what is shown. Cells that a spreadsheet would run get an apostrophe in front: the
            browser can save a table as CSV.
        key: of the element.
        alt: what it shows, for those who do not see it.
        columns: Streamlit's configuration by column.
        height: pixels; by default as many as a few rows need.
    """
    kinds = frame.collect_schema()
    days = {name: st.column_config.DateColumn() for name in kinds if kinds[name] == pl.Date}
    st.dataframe(
        escape_formulas(frame),
        key=key,
        hide_index=True,
        lazy=True,
        placeholder="",
        alt=alt,
        column_config={**days, **(columns or {})},
        height="auto" if height is None else height,
    )
