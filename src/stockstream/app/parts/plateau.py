"""Where a point stands among its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.kept import shown_study
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import doubt
from stockstream.app.parts.ways import link
from stockstream.errors import StockstreamError
from stockstream.report.study.plateau import pairs_of

if TYPE_CHECKING:
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home

__all__ = ["show_plateau"]


def show_plateau(home: Home, where: Place, key: str) -> None:
    """The map of the first pair of parameters, or of the one that is chosen.

    Args:
        home: the study, and the point in it.
        where: the place of the page.
        key: of the part of the page.
    """
    try:
        study = shown_study(where.runs, home.study)
        pairs = pairs_of(study.result)
        if not pairs:
            st.caption("The study has no two parameters with several values: there is no map.")
            return
        x, y = pairs[0] if len(pairs) == 1 else _chosen(pairs, key)
        st.markdown(f"**Parameter plateau: {plain(y)} x {plain(x)} (star = chosen)**")
        figures = study.plateau(home.point, x, y)
    except StockstreamError as error:
        doubt(error)
        return
    if figures is None:
        st.caption("No point of the study has neighbours with a Sharpe ratio.")
    else:
        show_figure(
            figures.get("plateau"),
            f"plateau-{key}",
            f"Median Sharpe ratio of the neighbours of each point over {x} and {y}; a star marks "
            "this backtest",
        )
    with st.container(horizontal=True, vertical_alignment="center", key=f"home-{key}"):
        st.caption("Colour: median Sharpe ratio of the points one step away.")
        link("study", f"Study {home.study}", {"run": home.study}, ":material/grid_on:")


def _chosen(pairs: list[tuple[str, str]], key: str) -> tuple[str, str]:
    return st.selectbox(
        "Parameters",
        pairs,
        format_func=lambda pair: f"{pair[1]} and {pair[0]}",
        key=f"pair-{key}",
        width=320,
    )
