"""Robustness: resampled, with other costs, a bar late, and chosen anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.parts.figures import chart
from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.following import begin, follow
from stockstream.app.parts.sheet import show_table
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.app.state.measured import kept_robustness
from stockstream.app.tasks import read_progress
from stockstream.app.tasks.start import folder_of_run
from stockstream.errors import StockstreamError
from stockstream.report.robustness import FAN_NOTE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home
    from stockstream.report.robustness import Robustness

__all__ = ["robustness"]

TASK: Final = "robustness"


def robustness(shown: ShownBacktest, found: Sequence[Home], where: Place) -> None:
    """Show the tab."""
    _fan(shown)
    folder = folder_of_run(where.runs, shown.name)
    try:
        _measured(folder, found)
    except StockstreamError as error:
        trouble(error)
        _button(folder, "Measure again")


def _fan(shown: ShownBacktest) -> None:
    if "fan" not in shown.fan:
        return
    st.markdown("**What luck could have made of the same returns**")
    show_figure(
        shown.fan.get("fan"),
        "fan",
        "Equity of this run before the range of its resamples",
    )
    st.caption(plain(FAN_NOTE))


def _measured(folder: Path, found: Sequence[Home]) -> None:
    state = read_progress(folder, TASK)
    if state.state == "running":
        st.caption("Measuring goes on when this page is closed.")
        follow(folder, TASK)
        return
    if state.state in {"failed", "lost"}:
        trouble(state.words)
        _button(folder, "Measure again")
        return
    known = kept_robustness(folder) if state.state == "done" else None
    if known is None:
        walk = any(home.split.startswith(("walk_forward", "hold_out")) for home in found)
        more = " and walks forward through its study" if walk else ""
        st.info(
            "Measuring runs the backtest again with 0.5 to 3 times its costs and one bar late"
            f"{more}. It takes seconds to minutes and goes on when this page is closed.",
            icon=":material/science:",
        )
        _button(folder, "Measure")
        return
    _show(known)


def _button(folder: Path, label: str) -> None:
    clicked = st.button(label, key="measure", type="primary", icon=":material/science:")
    if clicked and begin(folder, TASK):
        st.rerun()


def _show(known: Robustness) -> None:
    left, right = st.columns((2, 3), gap="medium")
    with left:
        st.markdown("**Other costs, and a bar late**")
        if known.figure is not None:
            chart(known.figure, "costs", "Return a year at several multiples of the costs")
    with right:
        st.markdown("**The same in numbers**")
        show_table(known.table, "costs")
    if known.walk is not None:
        st.markdown(f"**Walk-forward of study {plain(known.walk.study)}**")
        chart(known.walk.figure, "walk", "Equity and drawdown of the joined test windows")
        show_table(known.walk.table, "walk")
        for flag in known.walk.flags:
            st.caption(plain(flag))
