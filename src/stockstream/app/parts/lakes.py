"""What pages read of the lake, kept until one of its tables changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from stockstream.app.state import coverage, lake
from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["fingerprint", "kept"]

READERS: Final[Mapping[str, Callable[..., Any]]] = {
    "tables": lake.stored,
    "runs": lake.daily_runs,
    "rules": lake.by_rule,
    "changes": lake.changes,
    "coverage": coverage.coverage,
    "market": coverage.market_coverage,
}
"""What is kept, and who reads it."""


def kept(place: str, what: str, *arguments: Any) -> Any:
    """What a reader of :data:`READERS` gives; read anew when a table of the lake has changed.

    Args:
        place: address of the lake.
        what: name of the reader.
        arguments: of it, beside the lake.

    Raises:
        LakeError: it cannot be read.
    """
    return _kept(place, fingerprint(place), what, *arguments)


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def fingerprint(place: str) -> str:
    """Changes when a table does.

    Raises:
        LakeError: there is no lake.
    """
    return lake.fingerprint(Lake.open(place))


@st.cache_data(max_entries=48, show_spinner="reading the lake")
def _kept(place: str, version: str, what: str, *arguments: Any) -> Any:
    del version  # another one, another entry
    return READERS[what](Lake.open(place), *arguments)
