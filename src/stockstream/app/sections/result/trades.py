"""Trades: every one of them, filtered, and what they were like."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.trades import ENDS, SIDES, filtered, show_trades, trades_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home

__all__ = ["trades"]

CHARTS = (
    ("trades", "", "Return of each closed trade by the day it ended, with their distribution"),
    (
        "excursions",
        "Excursions before the exit",
        "Worst excursion of each closed trade against its best one",
    ),
    (
        "holding",
        "Holding times",
        "How many closed trades were held for how many sessions",
    ),
)


def trades(shown: ShownBacktest, found: Sequence[Home], where: Place) -> None:
    """Show the tab."""
    del found, where
    whole = shown.result.trades
    if not whole.height:
        st.info("There were no trades.", icon=":material/info:")
        return
    text, kinds = _filter()
    chosen = filtered(whole, text, kinds)
    with st.container(horizontal=True, vertical_alignment="center", key="trades-said"):
        st.markdown(f"{chosen.height:,} of {whole.height:,} trades")
        st.download_button(
            "Download CSV",
            data=partial(trades_file, chosen),
            file_name=f"{shown.name}-trades.csv",
            mime="text/csv",
            key="trades-csv",
            on_click="ignore",
            icon=":material/download:",
        )
    show_trades(chosen, "trades-table")
    _charts(shown)


def _filter() -> tuple[str, list[str]]:
    with st.container(horizontal=True, vertical_alignment="bottom", key="trades-filter"):
        text = st.text_input(
            "Filter",
            key="trades-text",
            placeholder="symbol, reason or day",
            max_chars=80,
            width=280,
            live=True,
        )
        kinds = st.pills(
            "Only", [*SIDES, *ENDS], selection_mode="multi", key="trades-kinds", default=[]
        )
    return text or "", list(kinds or [])


def _charts(shown: ShownBacktest) -> None:
    there = [one for one in CHARTS if one[0] in shown.figures]
    if not there:
        return
    (name, _, alt), *small = there
    st.markdown("**Every closed trade**")
    show_figure(shown.figures.get(name), f"chart-{name}", alt)
    for column, (name, title, alt) in zip(st.columns(2, gap="medium"), small, strict=False):
        with column:
            st.markdown(f"**{title}**")
            show_figure(shown.figures.get(name), f"chart-{name}", alt)
