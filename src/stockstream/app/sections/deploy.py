"""What the runner needs before it is given the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.following import begin, follow
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.app.sections.frame import done, section
from stockstream.app.tasks import read_progress
from stockstream.runners.airflow.service import SWEEP

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.request import Request
    from stockstream.app.tasks import Progress

__all__ = ["deploy"]


def deploy(request: Request, folder: Path) -> bool:
    """Show the section; returns whether it is complete.

    Raises:
        DataError: how far the task is cannot be read.
    """
    if request.draft.runner == "local":
        with done(2, "Deploy", "this machine needs nothing"):
            st.write("Runs of this machine need nothing to be deployed.")
        return True
    found = read_progress(folder, "deploy")
    if found.state == "done":
        with done(2, "Deploy", found.words):
            _facts(found)
        return True
    with section(2, "Deploy", _about(request.draft.runner)):
        if found.state == "running":
            follow(folder, "deploy")
        else:
            _begin(folder, found)
    return False


def _about(runner: str) -> str:
    if runner == "airflow":
        return (
            "Uploads the loader and this configuration as data, waits until the Airflow has read "
            "both, and leaves the DAG paused."
        )
    return f"Asks whether {runner} is there and takes studies of this lake."


def _begin(folder: Path, found: Progress) -> None:
    if found.state in {"failed", "lost"}:
        trouble(found.words)
    words = "Deploy again" if found.is_over else "Deploy"
    if st.button(words, key="deploy", type="primary") and begin(folder, "deploy"):
        st.rerun()


def _facts(found: Progress) -> None:
    for dag, paused in found.found.get("dags", {}).items():
        st.write(f"{plain(dag)}: {'paused' if paused else 'active'}")
    if found.found.get("dag"):
        st.caption(
            f"The run goes to {plain(SWEEP)}, which the first one unpauses. "
            f"{plain(str(found.found['dag']))} is this configuration, to be scheduled there."
        )
