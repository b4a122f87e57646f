"""Tasks on a page: begun by a click, followed until they are over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.app.tasks import read_progress, start
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.tasks import Task

__all__ = ["begin", "follow"]

EVERY: Final = 1.0
"""Seconds between two looks."""


def begin(folder: Path, task: Task) -> bool:
    """Start a task, also if it is done; returns whether it runs, and says why if it does not.

    Args:
        folder: of the request or the run.
        task: which one.
    """
    try:
        start(folder, task, again=True)
    except StockstreamError as error:
        trouble(error)
        return False
    return True


def follow(folder: Path, task: Task) -> None:
    """Show how far a task is that runs; when it is over, the page is run again.

    Args:
        folder: of the request or the run.
        task: which one.
    """

    @st.fragment(run_every=EVERY)
    def show() -> None:
        try:
            now = read_progress(folder, task)
        except StockstreamError as error:
            trouble(error)
            return
        if now.state != "running":
            st.rerun()
        st.progress(now.share, text=plain(f"{now.words[:1].upper()}{now.words[1:]}"))

    show()
