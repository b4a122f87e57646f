"""The sidebar: where the data are, and whether the services answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream import __version__
from stockstream.app.discretion import discreet, place_name
from stockstream.app.parts.entrance import way_out
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.app.place import Place
from stockstream.app.state.connections import (
    TITLES,
    Tested,
    given,
    last_test,
    reason,
    runners,
    test,
)
from stockstream.app.tasks.progress import Progress
from stockstream.errors import StockstreamError
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stockstream.app.tasks.progress import TaskState
    from stockstream.settings import Settings

__all__ = ["sidebar"]

EVERY: Final = 1.0

ICONS: Final[Mapping[TaskState, str]] = {
    "idle": ":gray[:material/radio_button_unchecked:]",
    "running": ":blue[:material/pending:]",
    "done": ":green[:material/check_circle:]",
    "failed": ":red[:material/error:]",
    "lost": ":orange[:material/help:]",
}
WORDS: Final[Mapping[TaskState, str]] = {
    "idle": "",
    "running": "asking ...",
    "done": "answers",
    "failed": "does not work",
    "lost": "the test ended without a word",
}


def sidebar() -> None:
    """Show it."""
    with st.sidebar:
        try:
            settings, where = load_settings(), Place.of_settings()
        except StockstreamError as error:
            trouble(error)
        else:
            with st.container(key="places", gap="xsmall"):
                st.markdown(f"**Lake** {plain(place_name(where.lake))}")
                st.markdown(f"**Runs** {plain(place_name(where.runs))}")
            _connections(where.runs)
            _check(settings)
            way_out(settings.app)
        st.caption(f"stockstream {__version__}")


def _connections(runs: Path) -> None:
    st.subheader("Connections", anchor=False)
    asking = any(_look(runs, kind).progress.state == "running" for kind in TITLES)

    @st.fragment(run_every=EVERY if asking else None)
    def show() -> None:
        found = {kind: _look(runs, kind) for kind in TITLES}
        for kind, last in found.items():
            _one(runs, kind, last)
        if asking != any(last.progress.state == "running" for last in found.values()):
            st.rerun()  # to begin to look again and again, or to end it

    with st.container(key="connections", gap="xsmall"):
        show()


def _look(runs: Path, kind: str) -> Tested:
    try:
        return last_test(runs, kind)
    except StockstreamError as error:
        return Tested(Progress("failed", str(error)), None)


def _one(runs: Path, kind: str, last: Tested) -> None:
    state = last.progress.state
    with st.container(key=f"connection-{kind}", gap=None):
        with st.container(
            horizontal=True,
            wrap=False,
            vertical_alignment="center",
            horizontal_alignment="distribute",
        ):
            st.markdown(f"{ICONS[state]} **{plain(TITLES[kind])}**")
            st.button(
                "Test",
                key=f"test-{kind}",
                type="tertiary",
                disabled=state == "running",
                help=plain(f"Ask {TITLES[kind]} now"),
                on_click=_test,
                args=(runs, kind),
            )
        words = [WORDS[state], "" if state == "running" else last.when]
        if any(words):
            st.caption(plain(", ".join(filter(None, words))))
        if state == "done":
            st.caption(plain(reason(last.progress)))
        elif state in {"failed", "lost"} and last.progress.words:
            trouble(reason(last.progress))


def _test(runs: Path, kind: str) -> None:
    try:
        test(runs, kind)
    except StockstreamError as error:
        st.toast(plain(discreet(str(error))), icon=":material/error:")


@st.fragment
def _check(settings: Settings) -> None:
    """What the settings name, once somebody looks: its table is heavier than most pages."""
    closed = st.expander(
        "Configuration", icon=":material/tune:", key="configuration", on_change="rerun"
    )
    if not closed.open:
        return
    with closed:
        st.caption("Which runners the settings name; a test says whether they answer.")
        for one in runners(settings):
            mark = ICONS["done" if one.is_named else "idle"]
            lacks = f": needs {one.missing}" if one.missing else ""
            st.markdown(f"{mark} {plain(one.name + lacks)}")
        st.caption("Settings by name. What they are set to is not shown.")
        rows = [
            {"setting": one.name, "set": one.is_set, "variable": one.variable, "for": one.runners}
            for one in given(settings)
        ]
        st.dataframe(rows, hide_index=True, key="settings")
