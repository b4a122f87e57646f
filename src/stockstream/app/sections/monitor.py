"""How far the run is, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.discretion import discreet
from stockstream.app.parts.belief import is_measured
from stockstream.app.parts.durations import in_words
from stockstream.app.parts.following import EVERY, begin, follow
from stockstream.app.parts.kept import shown_study
from stockstream.app.parts.sheet import show_table
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import doubt, trouble
from stockstream.app.parts.ways import link
from stockstream.app.sections.frame import section
from stockstream.app.state.runs import demand_run, log_tail, status_of
from stockstream.app.tasks import read_progress
from stockstream.app.tasks.start import folder_of_run
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.place import Place
    from stockstream.study.runs.run_status import FailedChunk, RunStatus

__all__ = ["monitor"]

WORDS: Final = {
    "running": "running",
    "done": "done",
    "partial": "done, but for chunks that were given up",
    "cancelled": "cancelled",
    "stopped": "stopped, nobody works on it",
    "unreachable": "out of reach, the service does not answer",
}
SHOWN: Final = 5
"""Chunks that were given up of which the page says why; the page of the study has all of them."""

SIGNS: Final = 600
"""Characters of why one was."""


def monitor(where: Place, run: str) -> None:
    """Show the section.

    Raises:
        ConfigError: this is no name of a run.
        NoDataError: there is none of this name.
        DataError: what is known of it cannot be read.
    """
    with section(4, "Monitor"):
        demand_run(where.runs, run)
        if run.startswith("r-"):
            st.success("The backtest is done.", icon=":material/check_circle:")
            link("result", "Look at the result", {"run": run}, ":material/monitoring:")
            return
        status = status_of(where.runs, run)
        if status.has_ended:
            _show(where, status)
            _ending(where, status)
        else:
            _watch(where, run)


def _watch(where: Place, run: str) -> None:
    @st.fragment(run_every=EVERY)
    def live() -> None:
        try:
            now = status_of(where.runs, run)
            if now.has_ended:
                st.rerun()
            _show(where, now)
            _steering(folder_of_run(where.runs, run))
        except StockstreamError as error:
            trouble(error)

    live()


def _steering(folder: Path) -> None:
    """What can be asked of a run that goes on."""
    if read_progress(folder, "watch").state == "failed":
        if st.button("Ask again", key="watch", icon=":material/refresh:"):
            begin(folder, "watch")
        return
    asked = read_progress(folder, "cancel")
    if asked.state == "failed":
        trouble(asked.words)
    busy = asked.state == "running"
    words = "Cancelling ..." if busy else "Cancel"
    if st.button(words, key="cancel", icon=":material/stop_circle:", disabled=busy):
        begin(folder, "cancel")


def _show(where: Place, status: RunStatus) -> None:
    share = status.done / status.total if status.total else 0.0
    st.progress(min(share, 1.0), text=plain(f"{status.run}: {WORDS[status.state]}"))
    with st.container(key="numbers"), st.grid(4, min_column_width=150):
        st.metric("Trials done", f"{status.done:,} of {status.total:,}")
        st.metric("Failed", f"{status.failed:,}")
        st.metric("Trials a second", _rate(status.rate))
        st.metric("Time left", _left(status))
    if status.error:
        doubt(status.error)
    _failures(status.failures)
    tail = discreet(log_tail(where.runs, status.run))
    if tail:
        with st.expander("Log", icon=":material/notes:", key="log"):
            st.code(tail, language=None, wrap_lines=True)


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _left(status: RunStatus) -> str:
    if status.has_ended:
        return "-"
    return "not known yet" if status.seconds_left is None else in_words(status.seconds_left)


def _failures(failures: tuple[FailedChunk, ...]) -> None:
    """Chunks that were given up: how many, and why the first ones were."""
    if not failures:
        return
    trials = sum(one.trials for one in failures)
    with st.container(key="failures"):
        st.error(
            f"{len(failures):,} chunks with {trials:,} trials were given up.",
            icon=":material/error:",
        )
        for one in failures[:SHOWN]:
            st.caption(plain(discreet(f"chunk {one.number}: {one.error[:SIGNS]}")))
        if len(failures) > SHOWN:
            st.caption(f"and {len(failures) - SHOWN:,} more")


def _ending(where: Place, status: RunStatus) -> None:
    folder = folder_of_run(where.runs, status.run)
    whole = status.done - status.failed
    if status.state == "done":
        failed = f", {status.failed:,} failed" if status.failed else ""
        st.success(f"{whole:,} trials have numbers{failed}.", icon=":material/check_circle:")
    if whole:
        _summary(where, status)
    if status.state != "done":
        _resuming(folder)


def _resuming(folder: Path) -> None:
    asked = read_progress(folder, "resume")
    if asked.state == "running":
        follow(folder, "resume")
        return
    if asked.state == "failed":
        trouble(asked.words)
    clicked = st.button("Resume", key="resume", type="primary", icon=":material/play_arrow:")
    if clicked and begin(folder, "resume"):
        st.rerun()


def _summary(where: Place, status: RunStatus) -> None:
    """The best point by what it can be believed, and the way to all of them."""
    try:
        study = shown_study(where.runs, status.run)
        if is_measured(study, where.runs):
            best = study.ranked("deflated_sharpe").sheet
            st.markdown("**The best point by how far it can be believed**")
            first = replace(best.best.table, rows=best.best.table.rows[:1])
            show_table(first, "best", "The best point", "Rank")
            st.caption(plain(best.verdict[0]))
    except StockstreamError as error:
        doubt(error)
    link("study", "Look at the study", {"run": status.run}, ":material/grid_on:")
