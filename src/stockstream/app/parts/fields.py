"""Fields of a form whose values are in the address, each with room for what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import streamlit as st

from stockstream.app.form import Draft

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streamlit.delta_generator import DeltaGenerator

__all__ = ["DEFAULTS", "Slots", "choice_field", "search_field", "text_field"]

Slots: TypeAlias = "dict[str, DeltaGenerator]"
"""Room below each field for what is wrong with it; known only when all of them are read."""

DEFAULTS: Final = Draft()


def search_field(label: str, names: Sequence[str], key: str) -> None:
    """A list to search; what is chosen is put behind what a field of text has."""
    search = f"search-{key}"

    def add() -> None:
        found = st.session_state[search]
        if found:
            text = st.session_state.get(key, "").strip().rstrip(",")
            st.session_state[key] = f"{text}, {found}" if text else found
            st.session_state[search] = None

    st.selectbox(
        label, names, index=None, key=search, placeholder=f"search {len(names):,}", on_change=add
    )


def choice_field(
    label: str, names: Mapping[str, str], slots: Slots, *, key: str, own: bool = False
) -> str:
    """A field to choose in; the address holds the plain name, whatever the label says.

    Args:
        label: of the field.
        names: what each choice means; blank where it says so itself.
        slots: room below the field is added to it.
        key: of the field, in the form and in the address.
        own: whether others can be typed.

    Returns:
        What the address says, also if there is no such choice.
    """
    asked = st.query_params.get(key, getattr(DEFAULTS, key))
    st.session_state[key] = asked if asked in names or (own and asked) else None

    def note() -> None:
        chosen = st.session_state[key]
        if chosen in {None, getattr(DEFAULTS, key)}:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = chosen

    with st.container(key=f"field-{key}", gap=None):
        st.selectbox(
            label,
            list(names),
            format_func=lambda name: names.get(name) or name,
            key=key,
            on_change=note,
            accept_new_options=own,
            index=None,
        )
        slots[key] = st.empty()
    return str(asked)


def text_field(label: str, slots: Slots, *, key: str, default: str = "", **options: Any) -> str:
    """A field of text that is checked while somebody types, with room below for what is wrong."""
    with st.container(key=f"field-{key}", gap=None):
        found = st.text_input(
            label,
            value=default,
            key=key,
            bind="query-params",
            live=True,
            max_chars=4_000,
            **options,
        )
        slots[key.removeprefix("p_")] = st.empty()
    return (found or "").strip()
