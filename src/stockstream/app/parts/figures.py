"""Charts of the report, in the colours of the page."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go
import streamlit as st

from stockstream.report.theme import dark_twins

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["chart", "is_dark", "painted", "shown"]

CONFIG: Final[Mapping[str, Any]] = {"displaylogo": False, "responsive": True, "scrollZoom": False}


_COLOUR: Final = re.compile(r'"(#[0-9a-f]{6})((?:[0-9a-f]{2})?)"')
"""A colour of the theme, which may let others through."""


def chart(figure: go.Figure, key: str, alt: str) -> None:
    """Show a figure.

    Args:
        figure: of the report.
        key: of the element; one for each chart of a page.
        alt: what it shows, for those who do not see it.
    """
    shown(painted(figure, dark=is_dark()), key, alt)


def shown(figure: go.Figure, key: str, alt: str, **options: Any) -> Any:
    """Show a figure that has the colours of the page; see :func:`chart`."""
    return st.plotly_chart(figure, key=key, theme=None, config=dict(CONFIG), alt=alt, **options)


def is_dark() -> bool:
    """Whether the browser shows the page in the dark."""
    return bool(st.context.theme.type == "dark")


def painted(figure: go.Figure, *, dark: bool) -> go.Figure:
    """A figure in the light or the dark colours of the theme."""
    if not dark:
        return figure
    twins = dark_twins()

    def twin(found: re.Match[str]) -> str:
        return f'"{twins.get(found[1], found[1])}{found[2]}"'

    return go.Figure(json.loads(_COLOUR.sub(twin, str(figure.to_json()))))
