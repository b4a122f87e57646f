"""Reproduce: the command line, what the numbers are made of, and the page to keep."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.sheet import offer_page, show_facts
from stockstream.app.parts.text import plain

if TYPE_CHECKING:
    from stockstream.app.parts.kept import Seen, ShownStudy
    from stockstream.app.place import Place
    from stockstream.report.study.findings import Findings

__all__ = ["reproduce"]


def reproduce(shown: ShownStudy, seen: Seen, where: Place) -> None:
    """Show the tab."""
    del where
    sheet = seen.sheet
    st.markdown("**The command line that makes it again**")
    st.code(sheet.command, language=None, wrap_lines=True)
    st.caption(plain(sheet.command_note))
    offer_page(shown.name, partial(_page, seen.findings))
    st.markdown("**What it is made of**")
    show_facts(sheet.identity, "identity")
    st.caption(plain(f"Made by stockstream {sheet.code_version}."))


def _page(findings: Findings) -> bytes:
    from stockstream.report.study.page import render_study

    return render_study(findings).encode()
