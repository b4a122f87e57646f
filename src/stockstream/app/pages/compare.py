"""Backtests side by side; the address has their names (``?runs=r-...&runs=r-...``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.places import place
from stockstream.app.parts.trouble import trouble
from stockstream.app.parts.ways import link
from stockstream.app.sections.comparison import choose_runs, show_compared
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from stockstream.app.place import Place

__all__ = ["compare"]


def compare() -> None:
    """The page."""
    st.title("Compare", anchor=False)
    try:
        _choose(place())
    except StockstreamError as error:
        trouble(error)


def _choose(where: Place) -> None:
    chosen = choose_runs(where, "runs", "Backtests to hold beside each other")
    if len(chosen) == 1:
        st.caption("Choose one more.")
        link("result", f"Open {chosen[0]}", {"run": chosen[0]}, ":material/monitoring:")
    elif chosen:
        show_compared(chosen, where)
