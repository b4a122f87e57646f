"""Pages about one run, which their address names (``?run=``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import streamlit as st

from stockstream.app.parts.places import place
from stockstream.app.parts.ways import link, lost
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockstream.app.place import Place

__all__ = ["show_named"]


class Kind(NamedTuple):
    """What a page shows runs of.

    Attributes:
        what: the word for one.
        sign: its name begins with this.
        icon: of a link to one.
    """

    what: str
    sign: str
    icon: str


KINDS: Final[Mapping[str, Kind]] = {
    "result": Kind("backtest", "r-", ":material/monitoring:"),
    "study": Kind("study", "s-", ":material/grid_on:"),
}
"""By the address of their page."""


def show_named(page: str, show: Callable[[Place, str], None]) -> None:
    """Show the run that the address names, or say why there is none and where to go.

    Args:
        page: its address.
        show: shows a run of this kind by its name.
    """
    run = st.query_params.get("run", "")
    if not run.startswith(KINDS[page].sign):
        _title(page)
        _elsewhere(page, run)
        return
    try:
        show(place(), run)
    except StockstreamError as error:
        _title(page)
        lost(str(error))


def _title(page: str) -> None:
    st.title(page.title(), anchor=False)


def _elsewhere(page: str, run: str) -> None:
    own = KINDS[page]
    for other, kind in KINDS.items():
        if run.startswith(kind.sign):
            st.info(f"This is the name of a {kind.what}.", icon=":material/info:")
            link(other, f"Open the {kind.what} {run}", {"run": run}, kind.icon)
            return
    if run:
        lost(f"{run[:40]!r} is no name of a {own.what}; one looks like {own.sign}0123456789ab")
    else:
        lost(f"the address names no {own.what}; it ends in ?run= and the name of one")
