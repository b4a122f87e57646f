"""Statistics: risk over time, where the profit came from, drawdowns, and every metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.sheet import show_definitions, show_table
from stockstream.app.parts.text import plain
from stockstream.report.view import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home

__all__ = ["statistics"]

FALLS: Final = (
    *("Peak", "Trough", "Recovered", "Depth", "Sessions down", "Sessions back", "In all"),
)


def statistics(shown: ShownBacktest, found: Sequence[Home], where: Place) -> None:
    """Show the tab."""
    del found, where
    _over_time(shown)
    _contribution(shown)
    _falls(shown)
    _metrics(shown)


def _over_time(shown: ShownBacktest) -> None:
    there = [
        (name, title, alt)
        for name, title, alt in (
            (
                "rolling",
                "Sharpe of the last half year",
                "Sharpe ratio of the last 126 sessions, of the strategy and its benchmark",
            ),
            (
                "exposure",
                "Exposure, share of equity",
                "Gross and net value of positions as a share of equity",
            ),
        )
        if name in shown.figures
    ]
    if not there:
        return
    for column, (name, title, alt) in zip(st.columns(len(there), gap="medium"), there, strict=True):
        with column:
            st.markdown(f"**{title}**")
            show_figure(shown.figures.get(name), name, alt)


def _contribution(shown: ShownBacktest) -> None:
    if shown.sheet.contribution is None:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Contribution to the total return**")
        show_figure(
            shown.figures.get("contribution"),
            "contribution",
            "What each symbol added to the total return",
        )
        if shown.sheet.contributors:
            st.caption(plain(shown.sheet.contributors))
    with right:
        st.markdown("**Profit by year**")
        show_table(shown.sheet.contribution, "contribution")
        if shown.sheet.strategies is not None:
            st.markdown("**Profit by strategy**")
            show_table(shown.sheet.strategies, "strategies")


def _falls(shown: ShownBacktest) -> None:
    if not shown.sheet.drawdowns:
        return
    st.markdown("**Worst drawdowns**")
    show_table(Table(FALLS, tuple(shown.sheet.drawdowns)), "drawdowns")


def _metrics(shown: ShownBacktest) -> None:
    with st.expander("Metrics and their definitions", icon=":material/functions:"):
        show_definitions(shown.sheet.metrics, "metrics")
        for place, group in enumerate(shown.sheet.statistics):
            st.markdown(f"**{plain(group.title)}**")
            show_definitions(group.rows, f"statistics-{place}")
