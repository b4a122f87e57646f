"""One backtest: what it is made of, what it gave, and how far to believe it.

Its address says which (``?run=r-...``), and which part of the page is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.kept import homes, shown_backtest
from stockstream.app.parts.places import place
from stockstream.app.parts.sheet import show_alarm, show_cards, show_head, show_tabs
from stockstream.app.parts.ways import link, lost
from stockstream.app.sections.result.badges import badges
from stockstream.app.sections.result.compared import compared
from stockstream.app.sections.result.overview import overview
from stockstream.app.sections.result.parameters import parameters
from stockstream.app.sections.result.reproduce import reproduce
from stockstream.app.sections.result.robustness import robustness
from stockstream.app.sections.result.statistics import statistics
from stockstream.app.sections.result.trades import trades
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place

__all__ = ["result"]

TABS = {
    "Overview": overview,
    "Statistics": statistics,
    "Trades": trades,
    "Parameters": parameters,
    "Robustness": robustness,
    "Compare runs": compared,
    "Reproduce": reproduce,
}


def result() -> None:
    """The page."""
    run = st.query_params.get("run", "")
    if not run.startswith("r-"):
        _elsewhere(run)
        return
    try:
        where = place()
        _show(shown_backtest(where.runs, run), where)
    except StockstreamError as error:
        st.title("Result", anchor=False)
        lost(str(error))


def _elsewhere(run: str) -> None:
    st.title("Result", anchor=False)
    if run.startswith("s-"):
        st.info("This is the name of a study.", icon=":material/info:")
        link("study", f"Open the study {run}", {"run": run}, ":material/grid_on:")
    elif run:
        lost(f"{run[:40]!r} is no name of a backtest; one looks like r-0123456789ab")
    else:
        lost("the address names no backtest; it ends in ?run= and the name of one")


def _show(shown: ShownBacktest, where: Place) -> None:
    sheet = shown.sheet
    found = homes(shown)
    show_head(
        sheet.title, shown.name, (sheet.subtitle,), sheet.identity, badges(shown, found, where)
    )
    show_alarm(sheet.alarm)
    show_cards(sheet.cards)
    show_tabs(TABS, shown, found, where)
