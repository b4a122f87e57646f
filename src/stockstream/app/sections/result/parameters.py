"""Parameters: what was set, and whether its neighbours do as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.plateau import show_plateau
from stockstream.app.parts.sheet import show_facts
from stockstream.app.parts.text import plain
from stockstream.app.parts.ways import link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home

__all__ = ["parameters"]


def parameters(shown: ShownBacktest, found: Sequence[Home], where: Place) -> None:
    """Show the tab."""
    left, right = st.columns((2, 3), gap="medium")
    with left:
        st.markdown("**Parameters of the strategy**")
        show_facts(shown.sheet.parameters, "parameters")
        if not shown.sheet.parameters:
            st.caption("It has none.")
    with right:
        if not found:
            st.info(
                "No study of these runs has this point in its grid. A sweep around it says whether "
                "it stands on a plateau or on a spike.",
                icon=":material/grid_on:",
            )
            link("backtest", "Plan a sweep", icon=":material/add:")
            return
        home = found[0]
        if len(found) > 1:
            names = {one.study: one for one in found}
            chosen = st.selectbox("Study", list(names), key="home", width=320)
            home = names[chosen]
        show_plateau(home, where, "parameters")
        st.caption(plain(f"It is point {home.point:,} of the study, which was cut: {home.split}."))
