"""Several backtests side by side: curves, metrics, and what differs in what went in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.kept import Figures, shown_backtest
from stockstream.app.parts.sheet import show_table
from stockstream.app.parts.trouble import doubt, trouble
from stockstream.app.parts.ways import link
from stockstream.app.state.results import choices, stamp_of
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.app.place import Place
    from stockstream.report.comparison import Comparison

__all__ = ["choose_runs", "show_compared"]

MOST: Final = 8
"""Runs side by side: more do not fit beside each other."""


def choose_runs(where: Place, key: str, label: str, without: str = "") -> list[str]:
    """Names of kept backtests, chosen from the newest; the address has them.

    Args:
        where: the place of the page.
        key: of the choice, also in the address.
        label: what is asked for.
        without: a run that is not to be chosen.
    """
    known = {one.name: one.label for one in choices(where.runs, "r") if one.name != without}
    if not known:
        st.info("There are no other backtests here yet.", icon=":material/info:")
        return []
    if key not in st.session_state:
        st.session_state[key] = [name for name in st.query_params.get_all(key) if name in known]
    chosen = st.multiselect(
        label,
        list(known),
        format_func=lambda name: f"{name} {known.get(name, '')}",
        key=key,
        max_selections=MOST,
        placeholder="names, strategies, parameters",
    )
    if chosen != st.query_params.get_all(key):
        st.query_params[key] = chosen
    return chosen


def show_compared(runs: Sequence[str], where: Place) -> None:
    """Show them beside each other."""
    try:
        stamps = tuple((run, stamp_of(where.runs, run)) for run in runs)
        found, figures = _compared(str(where.runs), stamps)
    except StockstreamError as error:
        trouble(error)
        return
    from stockstream.report.comparison import difference_table, metric_table

    for warning in found.warnings:
        doubt(warning)
    st.markdown("**Growth of 100**")
    show_figure(figures.get("growth"), "growth", "Growth of 100 in each run")
    st.markdown("**What differs in what went in**")
    table = difference_table(found)
    if table.rows:
        show_table(table, "differences")
    else:
        st.caption("Nothing: every setting is the same.")
    left, right = st.columns((3, 2), gap="medium")
    with left:
        st.markdown("**What came out**")
        show_table(metric_table(found), "metrics")
    with right:
        st.markdown("**Correlation of the returns**")
        show_figure(
            figures.get("correlation"),
            "correlation",
            "Correlation of the returns of each run with those of each other",
        )
    with st.container(horizontal=True, key="compared-links"):
        for run in runs:
            link("result", run, {"run": run}, ":material/monitoring:")


@st.cache_resource(max_entries=8, show_spinner=False)
def _compared(runs: str, stamps: tuple[tuple[str, str], ...]) -> tuple[Comparison, Figures]:
    from pathlib import Path

    from stockstream.report.comparison import compare, figures

    found = compare({run: shown_backtest(Path(runs), run).result for run, _ in stamps})
    return found, Figures(figures(found))
