"""One study: what was tried, what came out, and how far to believe it.

Its address says which (``?run=s-...``), what points are ranked by, and which part is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.belief import wait_for_belief
from stockstream.app.parts.kept import shown_study
from stockstream.app.parts.named import show_named
from stockstream.app.parts.sheet import show_alarm, show_cards, show_head, show_tabs
from stockstream.app.parts.text import plain
from stockstream.app.parts.ways import lost
from stockstream.app.sections.study.best import best
from stockstream.app.sections.study.doubts import doubts
from stockstream.app.sections.study.parameters import parameters
from stockstream.app.sections.study.pieces import pieces
from stockstream.app.sections.study.reproduce import reproduce
from stockstream.app.sections.study.verdict import verdict
from stockstream.study.selection import SELECTORS

if TYPE_CHECKING:
    from stockstream.app.place import Place

__all__ = ["study"]

TABS = {
    "Best points": best,
    "Parameters": parameters,
    "Doubts": doubts,
    "Pieces and failures": pieces,
    "Reproduce": reproduce,
}

FIRST = ("deflated_sharpe", "plateau", "pooled_sharpe", "worst_sharpe", "sharpe", "calmar")
"""Measures at the top of the list: those that are hardest to fool."""


def study() -> None:
    """The page."""
    show_named("study", _show)


def _show(where: Place, run: str) -> None:
    shown = shown_study(where.runs, run)
    if not any(shown.result.store.has(chunk) for chunk in shown.result.study.chunks):
        st.title("Study", anchor=False)
        lost(f"no trial of {shown.name} has run yet: come back when some have")
        return
    if not wait_for_belief(shown, where.runs):
        return
    names = [*FIRST, *(name for name in SELECTORS if name not in FIRST)]
    select = st.session_state.get("by") or st.query_params.get("by", FIRST[0])
    seen = shown.ranked(select if select in SELECTORS else FIRST[0])
    sheet = seen.sheet
    show_head(sheet.title, shown.name, (sheet.subtitle,), sheet.identity, sheet.badges)
    show_alarm(sheet.alarm)
    verdict(sheet)
    show_cards(sheet.cards)
    st.selectbox(
        "Points are ranked by",
        names,
        key="by",
        bind="query-params",
        format_func=lambda name: name.replace("_", " "),
        width=320,
        help=plain(SELECTORS[seen.findings.select].meaning),
    )
    show_tabs(TABS, shown, seen, where)
