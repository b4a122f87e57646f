"""Links from page to page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PAGES", "go", "link", "lost", "page"]

PAGES: Final[dict[str, Mapping[str, Any]]] = {}
"""By their addresses, as ``stockstream.app.pages`` declares them: those link to each other."""


def page(name: str) -> Any:
    """A page by its address; within a run of the script, as Streamlit wants it."""
    return st.Page(**PAGES[name], url_path=name)


def link(
    name: str, label: str, query: Mapping[str, str] | None = None, icon: str | None = None
) -> None:
    """A link to a page.

    Args:
        name: its address.
        label: what it says, as plain text.
        query: what the address says.
        icon: before the label.
    """
    st.page_link(page(name), label=plain(label), icon=icon, query_params=dict(query or {}))


def go(name: str, query: Mapping[str, str]) -> None:
    """Go there at once."""
    st.switch_page(page(name), query_params=dict(query))


def lost(why: str) -> None:
    """Say what is wrong with the address, and where to go from here."""
    trouble(why)
    with st.container(horizontal=True, key="ways"):
        link("backtest", "Start a backtest", icon=":material/add:")
        link("compare", "Look at kept backtests", icon=":material/compare_arrows:")
