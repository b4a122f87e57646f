"""One click starts the run; further ones join it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.estimates import show_estimate
from stockstream.app.parts.following import begin, follow
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.app.sections.frame import done, section
from stockstream.app.tasks import read_progress

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["trigger"]


def trigger(folder: Path) -> str:
    """Show the section; returns the name of the run, or "" if there is none yet.

    Args:
        folder: of the request.

    Raises:
        DataError: how far the task is cannot be read.
    """
    found = read_progress(folder, "trigger")
    if found.state == "done":
        run = str(found.found.get("run", ""))
        if (folder.parents[1] / run).is_dir():
            with done(3, "Trigger", f"{run}, {found.words}"):
                st.write(f"{plain(run)} was started by {plain(folder.name)}.")
            return run
    with section(3, "Trigger", "one click starts the run; a second one joins it"):
        if found.state == "running":
            follow(folder, "trigger")
            return ""
        if found.state == "done":
            trouble(f"the run {found.found.get('run', '')} was deleted; it can be started again")
        show_estimate(folder)
        if found.state in {"failed", "lost"}:
            trouble(found.words)
        words = "Run again" if found.is_over else "Run"
        clicked = st.button(words, key="trigger", type="primary", icon=":material/play_arrow:")
        if clicked and begin(folder, "trigger"):
            st.rerun()
    return ""
