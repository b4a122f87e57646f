"""The lake and the runs of the page, looked at again when the data have changed."""

from __future__ import annotations

import streamlit as st

from stockstream.app.form.market import Market
from stockstream.app.place import Place

__all__ = ["market", "place"]


def place() -> Place:
    """Where the lake and the runs are."""
    return Place.of_settings()


def market(where: Place) -> Market:
    """What the lake has.

    Raises:
        LakeError: there is none, or it cannot be read.
        NoDataError: it is empty.
    """
    return _market(where.lake, _version(where.lake))


@st.cache_data(ttl=5, show_spinner=False)
def _version(lake: str) -> str:
    from stockstream.lake.store import Lake

    return Lake.open(lake).version()


@st.cache_data(max_entries=4, show_spinner="reading the lake")
def _market(lake: str, version: str) -> Market:
    del version  # another one, another entry: a name with an underscore would not be looked at
    from stockstream.lake.store import Lake

    return Market.of(Lake.open(lake))
