"""The lake: what it holds, how it came, how good it is, and the prices of any symbol.

Its address holds the tab, the symbol and every filter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.parts.lakes import fingerprint
from stockstream.app.parts.places import market, place
from stockstream.app.parts.trouble import trouble
from stockstream.app.sections.data.changes import list_changes
from stockstream.app.sections.data.contents import contents
from stockstream.app.sections.data.cover import cover
from stockstream.app.sections.data.daily import daily, health_tab
from stockstream.app.sections.data.priced import priced
from stockstream.app.sections.data.rows import judged
from stockstream.errors import NoDataError, StockstreamError

if TYPE_CHECKING:
    from stockstream.app.form.market import Market
    from stockstream.app.place import Place

__all__ = ["data"]

TABS: Final = (
    *("Contents", "Prices", "Coverage", "Daily runs", "Health", "Set aside", "Findings"),
    "List changes",
)


def data() -> None:
    """The page."""
    st.title("Data", anchor=False)
    try:
        where = place()
        fingerprint(where.lake)
    except StockstreamError as error:
        trouble(error)
        st.info(
            "`stockstream demo` makes a lake to try things with, `stockstream import FILE` takes "
            "your own data, and the setting `lake` says where it is.",
            icon=":material/lightbulb:",
        )
        return
    for tab in st.tabs(TABS, key="tab", bind="query-params"):
        if tab.open:
            with tab, st.container(key="shown"):
                _show(str(st.session_state.get("tab", TABS[0])), where)


def _show(name: str, where: Place) -> None:
    try:
        _tab(name, where)
    except StockstreamError as error:
        trouble(error)


def _tab(name: str, where: Place) -> None:
    match name:
        case "Prices" | "Coverage":
            there = market(where)
            priced(where, there) if name == "Prices" else cover(where, there)
        case "Daily runs":
            daily(where)
        case "Health":
            health_tab(where)
        case "Set aside":
            judged(where, "quarantine")
        case "Findings":
            judged(where, "findings")
        case "List changes":
            list_changes(where)
        case _:
            contents(where, _market_if_any(where))


def _market_if_any(where: Place) -> Market | None:
    try:
        return market(where)
    except NoDataError:
        st.info(
            "The lake has no bars yet: `stockstream import FILE` or `stockstream fetch` brings "
            "some.",
            icon=":material/info:",
        )
    except StockstreamError as error:
        trouble(error)
    return None
