"""What the lake holds: its tables, their versions, rows and days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from stockstream.app.discretion import discreet
from stockstream.app.parts.lakes import kept
from stockstream.app.parts.table import table
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.report.formats import DASH

if TYPE_CHECKING:
    from stockstream.app.form.market import Market
    from stockstream.app.place import Place
    from stockstream.app.state.lake import Stored

__all__ = ["contents"]


def contents(where: Place, there: Market | None) -> None:
    """Show the tab.

    Args:
        where: the lake is.
        there: what can be traded; None in a lake without bars, or one that cannot be read.

    Raises:
        LakeError: there is no lake.
    """
    tables: list[Stored] = kept(where.lake, "tables")
    _numbers(tables, there)
    rows = pl.DataFrame(
        [_row(one) for one in tables],
        schema={
            "table": pl.String,
            "version": pl.Int64,
            "rows": pl.Int64,
            "MB": pl.Float64,
            "files": pl.Int64,
            "first": pl.Date,
            "last": pl.Date,
            "changed": pl.Datetime(time_zone="UTC"),
            "what a row is": pl.String,
        },
        orient="row",
    )
    table(
        rows,
        "tables",
        "The tables of the lake with their versions, rows and days",
        {
            **{name: st.column_config.DateColumn(width=95) for name in ("first", "last")},
            "rows": st.column_config.NumberColumn(format="localized"),
            "MB": st.column_config.NumberColumn(format="%.2f"),
            "changed": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", timezone="UTC"),
        },
    )
    for one in tables:
        if one.trouble:
            trouble(f"{one.name}: {discreet(one.trouble)}")


def _numbers(tables: list[Stored], there: Market | None) -> None:
    rows = {one.name: one.rows for one in tables}
    size = sum(one.size for one in tables) / 1e6
    with st.container(key="numbers"), st.grid(5, min_column_width=150):
        st.metric("Symbols", f"{len(there.symbols):,}" if there else DASH, border=True)
        st.metric("Bars", f"{rows['bars']:,}", border=True)
        st.metric("First day", str(there.first) if there else DASH, border=True)
        st.metric("Last day", str(there.last) if there else DASH, border=True)
        st.metric("Size", f"{size:,.1f} MB", border=True)
    if there is not None:
        with st.container(horizontal=True, key="kind"):
            st.badge(plain(there.version), icon=":material/history:", color="gray")
            st.badge(plain(f"calendar {there.calendar}"), color="gray")
            if there.simulated:
                st.badge("simulated: the market is made up", color="orange")


def _row(one: Stored) -> dict[str, object]:
    return {
        "table": one.name,
        "version": one.version,
        "rows": None if one.trouble else one.rows,
        "MB": one.size / 1e6,
        "files": one.files,
        "first": one.first,
        "last": one.last,
        "changed": one.changed,
        "what a row is": one.meaning,
    }
