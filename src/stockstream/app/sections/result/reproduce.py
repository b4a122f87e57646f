"""Reproduce: the command line, what the numbers are made of, and the page to keep."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.sheet import offer_page, show_facts
from stockstream.app.parts.text import plain
from stockstream.app.state.measured import kept_robustness
from stockstream.app.tasks.start import folder_of_run
from stockstream.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home
    from stockstream.report.robustness import Robustness

__all__ = ["reproduce"]


def reproduce(shown: ShownBacktest, found: Sequence[Home], where: Place) -> None:
    """Show the tab."""
    del found
    sheet = shown.sheet
    st.markdown("**The command line that makes it again**")
    st.code(sheet.command, language=None, wrap_lines=True)
    st.caption(plain(sheet.command_note))
    st.markdown(f"Of the kept run: `stockstream reproduce {shown.name}` compares every number.")
    offer_page(shown.name, partial(_page, shown, _robustness(shown, where)))
    st.markdown("**What it is made of**")
    show_facts(sheet.identity, "identity")
    st.caption(plain(f"Made by stockstream {sheet.code_version}, {sheet.engine} engine."))


def _robustness(shown: ShownBacktest, where: Place) -> Robustness | None:
    try:
        return kept_robustness(folder_of_run(where.runs, shown.name))
    except DataError:  # told on its own tab
        return None


def _page(shown: ShownBacktest, known: Robustness | None) -> bytes:
    from stockstream.report.tearsheet import render_tear_sheet

    return render_tear_sheet(shown.result, robustness=known).encode()
