"""Values of a report on a page: badges, cards, facts and tables, as the HTML page has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import streamlit as st

from stockstream.app.discretion import discreet
from stockstream.app.parts.text import plain
from stockstream.report.page import render_part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockstream.report.view import (
        Alarm,
        Badge,
        Card,
        Fact,
        MetricRow,
        Table,
        Tone,
    )

__all__ = [
    "offer_page",
    "show_alarm",
    "show_badges",
    "show_cards",
    "show_definitions",
    "show_facts",
    "show_flags",
    "show_head",
    "show_table",
    "show_tabs",
]

Colour: TypeAlias = Literal["green", "orange", "red", "gray"]

BADGES: Final[Mapping[Tone, tuple[Colour, str]]] = {
    "good": ("green", ":material/verified:"),
    "caution": ("orange", ":material/info:"),
    "bad": ("red", ":material/warning:"),
}
SHOWN_FLAGS: Final = 8


def show_head(
    title: str, run: str, lines: Sequence[str], facts: Sequence[Fact], badges: Sequence[Badge]
) -> None:
    """What the page is about, what its numbers are made of, and how far to trust them.

    Args:
        title: of the strategy.
        run: name of the run.
        lines: below the title.
        facts: what the numbers are made of.
        badges: reasons to trust them, and not to.
    """
    with st.container(key="identity", gap="xsmall"):
        st.title(f"{plain(title)} :gray[{plain(run)}]", anchor=False)
        show_badges(badges)
        strip = " | ".join(f"{fact.label.lower()} {fact.value}" for fact in facts)
        st.caption(plain(strip))
        for line in lines:
            st.markdown(plain(line))


def show_badges(badges: Sequence[Badge]) -> None:
    """Each with its reason behind it."""
    with st.container(horizontal=True, key="badges", gap="xsmall"):
        for badge in badges:
            colour, icon = BADGES.get(badge.tone, ("gray", ""))
            st.badge(plain(badge.text), color=colour, icon=icon or None, help=plain(badge.why))


def show_alarm(alarm: Alarm | None) -> None:
    """Why every number below means nothing, if so."""
    if alarm is None:
        return
    lines = "\n".join(f"- {plain(discreet(line))}" for line in alarm.lines)
    with st.container(key="alarm"):
        st.error(f"**{plain(alarm.title)}**\n\n{lines}", icon=":material/error:")


def show_cards(cards: Sequence[Card]) -> None:
    """The headline numbers, each beside its doubt."""
    with st.container(key="cards"), st.grid(len(cards), min_column_width=200):
        for card in cards:
            st.metric(
                plain(card.label),
                card.value,
                delta=plain(card.doubt) or None,
                delta_color="orange" if card.tone == "caution" else "gray",
                delta_arrow="off",
                delta_description=card.note or None,
                help=plain(card.why),
                border=True,
                height="stretch",
            )


def show_facts(facts: Sequence[Fact], key: str) -> None:
    """A row for each, with the long form below it."""
    if facts:
        _part("facts", key, facts)


def show_flags(flags: Sequence[str]) -> None:
    """What a reader must know; many of them below a fold."""
    if not flags:
        return
    lines = [f"- {plain(flag)}" for flag in flags]
    with st.container(key="flags"):
        st.warning(
            "**Flags raised by the run**\n\n" + "\n".join(lines[:SHOWN_FLAGS]),
            icon=":material/flag:",
        )
        if len(lines) > SHOWN_FLAGS:
            with st.expander(f"{len(lines) - SHOWN_FLAGS} more flags"):
                st.markdown("\n".join(lines[SHOWN_FLAGS:]))


def show_table(table: Table | None, key: str, alt: str = "", blank: str = "Measure") -> None:
    """A small table; rows begin with their label where there is a head for it."""
    if table is not None and table.rows:
        _part("small", key, table, alt, blank)


def show_definitions(rows: Sequence[MetricRow], key: str) -> None:
    """Numbers with what they mean."""
    if rows:
        _part("defined", key, rows)


def _part(name: str, key: str, *given: object) -> None:
    """A part of the tear sheet, which looks the same there."""
    with st.container(key=f"table-{key}"):
        st.html(render_part(name, *given))


def show_tabs(parts: Mapping[str, Callable[..., None]], *given: Any) -> None:
    """Tabs, of which only the open one is made; the address says which.

    Args:
        parts: what shows each tab, by its title.
        given: what each of them takes.
    """
    tabs = st.tabs(list(parts), key="tab", bind="query-params")
    for tab, part in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                part(*given)


def offer_page(run: str, page: Callable[[], bytes]) -> None:
    """The tear sheet of a run, made when somebody wants it."""
    st.download_button(
        "Download the tear sheet",
        data=page,
        file_name=f"{run}.html",
        mime="text/html",
        key="tear-sheet",
        on_click="ignore",
        type="primary",
        icon=":material/download:",
        help="One HTML page that holds everything it needs and asks no server for anything.",
    )
