"""Rows that were set aside, and rows that were kept and are odd: by rule, then one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.parts.lakes import kept
from stockstream.app.parts.table import table
from stockstream.app.parts.text import plain
from stockstream.app.state.lake import rows_of

if TYPE_CHECKING:
    import polars as pl

    from stockstream.app.place import Place

__all__ = ["ABOUT", "judged"]

EVERY_RULE: Final = "every rule"

ABOUT: Final = {
    "quarantine": (
        "Rows that broke a rule. They are kept here as they came, and no backtest reads them."
    ),
    "findings": "What is odd about rows that were kept, and that a reader should know of.",
}
NOTHING: Final = {
    "quarantine": "No row was set aside.",
    "findings": "Nothing odd was found.",
}
COLUMNS: Final = {
    "quarantine": (
        *("symbol", "date", "rule", "detail", "open", "high", "low", "close", "volume"),
        *("source", "ingested"),
    ),
    "findings": ("symbol", "date", "rule", "severity", "detail", "source", "ingested"),
}


def judged(where: Place, name: str) -> None:
    """Show the tab of a table.

    Args:
        where: the lake is.
        name: ``quarantine`` or ``findings``.

    Raises:
        LakeError: the table cannot be read.
    """
    rules: pl.DataFrame = kept(where.lake, "rules", name)
    st.caption(plain(ABOUT[name]))
    if rules.is_empty():
        st.success(NOTHING[name], icon=":material/check_circle:")
        return
    table(rules, f"{name}-rules", f"Rows of {name} by rule, with what each rule means")
    with st.grid(2, min_column_width=220):
        known = rules["rule"].unique(maintain_order=True).to_list()
        rule = st.selectbox(
            "Rule",
            [EVERY_RULE, *known],
            key=f"{name}-rule",
            bind="query-params",
        )
        symbol = st.text_input(
            "Symbol",
            key=f"{name}-symbol",
            bind="query-params",
            placeholder="all, or a part of the name",
            max_chars=60,
        )
    rows = rows_of(where.open(), name, "" if rule == EVERY_RULE else rule, (symbol or "").strip())
    table(rows.select(COLUMNS[name]), f"{name}-rows", f"Rows of {name}, the newest first")
