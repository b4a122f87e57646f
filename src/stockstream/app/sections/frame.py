"""What the sections look like: a number, a title, and whether it is their turn."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["done", "section", "waiting"]


@contextmanager
def section(number: int, title: str, about: str = "") -> Iterator[None]:
    """The section whose turn it is."""
    with st.container(border=True, key=f"section-{title.lower()}"):
        st.subheader(f"{number}. {title}", anchor=False)
        if about:
            st.caption(plain(about))
        yield


@contextmanager
def done(number: int, title: str, what: str) -> Iterator[None]:
    """A section that is complete: closed, to be opened again."""
    label = f"{number}. {title}: {plain(what)}"
    with st.expander(label, icon=":material/check_circle:", key=f"section-{title.lower()}"):
        yield


def waiting(number: int, title: str) -> None:
    """A section whose turn has not come."""
    with st.container(border=True, key=f"section-{title.lower()}"):
        st.markdown(f":gray[{number}. {title}]")
