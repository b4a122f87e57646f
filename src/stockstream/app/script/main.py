"""The script that Streamlit runs for every page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from stockstream.app.pages import pages
from stockstream.app.parts.connections import sidebar
from stockstream.app.parts.entrance import is_let_in
from stockstream.app.parts.figures import is_dark
from stockstream.report.theme import DARK

HERE = Path(__file__).parents[1]
ICON = HERE / "icon.svg"

st.set_page_config(page_title="stockstream", page_icon=str(ICON), layout="wide")
st.html(HERE / "page.css")
if is_dark():  # the blue behind white labels is no colour of text there
    st.html(f"<style>button[data-selected=true] p {{ color: {DARK.strategy}; }}</style>")
if is_let_in():
    chosen = st.navigation(pages(), position="top")
    sidebar()
    chosen.run()
