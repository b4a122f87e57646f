"""How far the points of a study can be believed: by a process where it takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.parts.following import follow
from stockstream.app.parts.trouble import trouble
from stockstream.app.state.measured import kept_belief
from stockstream.app.state.results import stamp_of
from stockstream.app.tasks import read_progress, start
from stockstream.app.tasks.start import folder_of_run

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.parts.kept import ShownStudy

__all__ = ["is_measured", "wait_for_belief"]

FEW: Final = 10_000
"""Points that the page judges itself, in some tenths of a second."""

TASK: Final = "belief"


def is_measured(study: ShownStudy, runs: Path) -> bool:
    """Whether points can be judged at once."""
    result = study.result
    if result.study.points <= FEW or result.measured() is not None:
        return True
    kept = kept_belief(folder_of_run(runs, study.name), stamp_of(runs, study.name))
    if kept is not None:
        result.measured(kept)
    return kept is not None


def wait_for_belief(study: ShownStudy, runs: Path) -> bool:
    """Whether points can be judged; until then somebody measures, and the page says so."""
    if is_measured(study, runs):
        return True
    folder = folder_of_run(runs, study.name)
    now = read_progress(folder, TASK)
    if now.state == "failed":
        trouble(now.words)
        if st.button("Measure again", key="believe"):
            start(folder, TASK, again=True)
            st.rerun()
        return False
    if now.state != "running":
        start(folder, TASK, again=True)
    st.info(
        f"Measuring how much of it is luck, among {study.result.study.points:,} points. "
        "It takes some seconds, once.",
        icon=":material/hourglass:",
    )
    follow(folder, TASK)
    return False
