"""Every kept run, the newest first: open it, go on with it, stop it, delete it.

Its address holds the filter and the page of the list.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from stockstream.app.discretion import discreet
from stockstream.app.parts.places import place
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.app.parts.ways import go
from stockstream.app.state.kept import delete, details, kept_runs, steer
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stockstream.app.state.kept import Kept

__all__ = ["runs"]

ON_A_PAGE: Final = 15
EVERY: Final = 2.0
LONGEST: Final = 80
"""Characters of a strategy's name; the name of a file may be longer."""

COLOURS: Final[Mapping[str, Any]] = {
    "running": "blue",
    "done": "green",
    "partial": "orange",
    "cancelled": "orange",
    "stopped": "red",
    "unreachable": "orange",
    "unreadable": "red",
    "deleting": "gray",
}
KINDS: Final = ("all", "sweeps", "backtests")
ASKED: Final = "asked-to-delete"
"""The run of which the page asks whether it is to be deleted."""

PAGES: Final = {"sweep": "study", "backtest": "result"}
"""Addresses of the pages on which a run is opened."""


def runs() -> None:
    """The page."""
    st.title("Runs", anchor=False)
    try:
        folder = place().runs
        found = _asked(folder)
    except StockstreamError as error:
        trouble(error)
        return
    if not found:
        return
    pages = -(-len(found) // ON_A_PAGE)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key="page", bind="query-params")
    shown = found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    st.caption(f"{len(found):,} runs, the newest first")
    _list(folder, shown)
    asked = st.session_state.get(ASKED)
    for one in details(folder, [one for one in shown if one.run == asked]):
        _ask_to_delete(folder, one)


def _asked(folder: Path) -> list[Kept]:
    """The runs that the filter leaves; says so if there are none."""
    with st.grid(2, min_column_width=220):
        text = st.text_input(
            "Filter",
            key="filter",
            bind="query-params",
            placeholder="a part of the name, strategy or runner",
            max_chars=80,
            live=True,
        )
        kind = st.segmented_control(
            "Kind", KINDS, default="all", required=True, key="kind", bind="query-params"
        )
    wanted: Any = {"sweeps": "sweep", "backtests": "backtest"}.get(str(kind))
    found = kept_runs(folder, wanted, text or "")
    if not found:
        st.info(
            "No run is like this."
            if text or wanted
            else "No run is kept yet: the page Backtest starts one, and so does `stockstream "
            "backtest`.",
            icon=":material/info:",
        )
    return found


def _list(folder: Path, shown: list[Kept]) -> None:
    busy = _is_busy(details(folder, shown))

    @st.fragment(run_every=EVERY if busy else None)
    def rows() -> None:
        now = [one for one in shown if (folder / one.run).is_dir()]
        found = details(folder, now)
        if len(now) < len(shown) or busy != _is_busy(found):
            st.rerun()
        for one in found:
            _row(folder, one)

    rows()


def _is_busy(found: list[Kept]) -> bool:
    return any(one.state in {"running", "deleting"} for one in found)


def _row(folder: Path, one: Kept) -> None:
    with st.container(border=True, key=f"row-{one.run}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(one.strategy[:LONGEST] or one.kind)}**", width="content")
            st.badge(plain(one.state), color=COLOURS.get(one.state, "gray"))
            st.caption(plain(_about(one)), width="content")
        if one.trouble:
            st.caption(f":red[{plain(discreet(one.trouble)[:400])}]")
        with st.container(horizontal=True, gap="small"):
            _buttons(folder, one)


def _buttons(folder: Path, one: Kept) -> None:
    if st.button(
        "Open",
        key=f"open-{one.run}",
        icon=":material/open_in_new:",
        disabled=one.state in {"unreadable", "deleting"},
    ):
        go(PAGES[one.kind], {"run": one.run})
    if one.can_be_resumed:
        st.button(
            "Resume",
            key=f"resume-{one.run}",
            icon=":material/play_arrow:",
            on_click=_steer,
            args=(folder, one.run, "resume"),
        )
    if one.can_be_cancelled:
        st.button(
            "Cancel",
            key=f"cancel-{one.run}",
            icon=":material/stop_circle:",
            on_click=_steer,
            args=(folder, one.run, "cancel"),
        )
    if st.button(
        "Delete",
        key=f"delete-{one.run}",
        icon=":material/delete:",
        type="tertiary",
        disabled=one.state == "deleting",
    ):
        st.session_state[ASKED] = one.run
        st.rerun()  # the question is asked beside the rows, which are drawn again and again


def _forget_question() -> None:
    st.session_state.pop(ASKED, None)


@st.dialog("Delete this run?", icon=":material/delete:", on_dismiss=_forget_question)
def _ask_to_delete(folder: Path, one: Kept) -> None:
    st.markdown(f"{plain(one.run)}: {plain(_about(one))}")
    st.write("All that it gave is gone for good. A sweep that is running is stopped first.")
    with st.container(horizontal=True):
        if st.button("Delete", key="delete-for-good", type="primary"):
            try:
                delete(folder, one.run)
            except StockstreamError as error:
                trouble(error)
                return
            _forget_question()
            st.rerun()
        if st.button("Keep it", key="keep"):
            _forget_question()
            st.rerun()


def _steer(folder: Path, run: str, how: Any) -> None:
    try:
        steer(folder, run, how)
    except StockstreamError as error:
        st.toast(plain(discreet(str(error))), icon=":material/error:")


def _about(one: Kept) -> str:
    when = dt.datetime.fromtimestamp(one.created, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    failed = f", {one.failed:,} failed" if one.failed else ""
    trials = "" if one.kind == "backtest" else f", {one.done:,} of {one.trials:,} trials{failed}"
    return f"{one.run}{trials}, {when}, {one.runner}"
