"""What is wrong, on a page: the reason and what to do, without a secret or a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.discretion import discreet
from stockstream.app.parts.text import plain

if TYPE_CHECKING:
    from stockstream.errors import StockstreamError

__all__ = ["doubt", "trouble"]


def trouble(what: StockstreamError | str) -> None:
    """Something could not be done."""
    st.error(plain(discreet(str(what))), icon=":material/error:")


def doubt(what: StockstreamError | str) -> None:
    """Something was done, and there is reason to look twice."""
    st.warning(plain(discreet(str(what))), icon=":material/warning:")
