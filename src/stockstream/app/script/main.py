"""The script that Streamlit runs for every page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from stockstream.app.pages import pages
from stockstream.app.parts.connections import sidebar
from stockstream.app.parts.entrance import is_let_in
from stockstream.app.parts.figures import is_dark
from stockstream.report.page import table_styles
from stockstream.report.theme import DARK, LIGHT, css_variables

HERE = Path(__file__).parents[1]
ICON = HERE / "icon.svg"

st.set_page_config(page_title="stockstream", page_icon=str(ICON), layout="wide")
st.html(HERE / "page.css")
colours = css_variables(DARK if is_dark() else LIGHT)
st.html(f"<style>:root {{ {colours} }} .stHtml {{ {table_styles()} }}</style>")
if is_let_in():
    chosen = st.navigation(pages(), position="top")
    sidebar()
    chosen.run()
