"""The last runs of the daily pipeline, and what they had to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import streamlit as st

from stockstream.app.parts.lakes import kept
from stockstream.app.parts.table import table
from stockstream.app.state.lake import health
from stockstream.ingest.health import KINDS
from stockstream.lake.health import LEVELS

if TYPE_CHECKING:
    from stockstream.app.place import Place

__all__ = ["daily", "health_tab"]

MOST: Final = 500
"""Runs in the list: two years."""

EVERY_RUN: Final = "every run"
EVERY_LEVEL: Final = "every level"


def daily(where: Place) -> None:
    """Show the tab of the runs.

    Raises:
        LakeError: the health table cannot be read.
    """
    runs: pl.DataFrame = kept(where.lake, "runs")
    if runs.is_empty():
        st.info(
            "No daily run has written to this lake. `stockstream update` makes one, and "
            "`stockstream schedule` makes one every day.",
            icon=":material/info:",
        )
        return
    newest = runs.row(0, named=True)
    with st.grid(4, min_column_width=150):
        st.metric("Last session", str(newest["session"]), border=True)
        st.metric("It was", newest["state"][:40], border=True)
        st.metric("Symbols fetched", _of(newest["fetched"], newest["expected"]), border=True)
        st.metric("Bars added", _of(newest["bars added"]), border=True)
    table(runs.head(MOST), "daily-runs", "Daily runs, the newest first, with their counts")
    if len(runs) > MOST:
        st.caption(f"The newest {MOST} of {len(runs):,} runs.")


def health_tab(where: Place) -> None:
    """Show the tab of what runs had to say.

    Raises:
        LakeError: the health table cannot be read.
    """
    runs = kept(where.lake, "runs")["run"].to_list()
    with st.grid(2, min_column_width=220):
        run = st.selectbox("Run", [EVERY_RUN, *runs[:MOST]], key="run", bind="query-params")
        level = st.segmented_control(
            "Level",
            [EVERY_LEVEL, *reversed(LEVELS)],
            default=EVERY_LEVEL,
            required=True,
            key="level",
            bind="query-params",
        )
    rows = health(
        where.open(),
        run="" if run == EVERY_RUN else run,
        level="" if level == EVERY_LEVEL else str(level),
    )
    if rows.is_empty():
        st.success("Nothing was said.", icon=":material/check_circle:")
    else:
        counts = rows.group_by("level", "kind").agg(rows=pl.len(), times=pl.col("count").sum())
        meant = [KINDS.get(kind, "") for kind in counts["kind"]]
        summary = counts.with_columns(meaning=pl.Series(meant, dtype=pl.String))
        st.markdown("**By kind**")
        table(summary.sort("rows", "kind", descending=[True, False]), "kinds", "Rows by kind")
        st.markdown("**Row by row**")
        table(rows, "health", "What runs had to say, the newest first")


def _of(value: int | None, total: int | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if total is None else f"{value:,} of {total:,}"
