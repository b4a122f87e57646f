"""The verdict in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.text import plain

if TYPE_CHECKING:
    from stockstream.report.study.view import StudySheet

__all__ = ["verdict"]

SHOWN = 4


def verdict(sheet: StudySheet) -> None:
    """Show it, the conclusion first."""
    first, *rest = sheet.verdict
    lines = "\n".join(f"- {plain(line)}" for line in rest[:SHOWN])
    said = f"**{plain(first)}**" + (f"\n\n{lines}" if lines else "")
    with st.container(key="verdict"):
        if sheet.tone == "good":
            st.success(said, icon=":material/verified:")
        elif sheet.tone == "caution":
            st.warning(said, icon=":material/balance:")
        else:
            st.error(said, icon=":material/casino:")
        if len(rest) > SHOWN:
            with st.expander(f"{len(rest) - SHOWN} more sentences"):
                st.markdown("\n".join(f"- {plain(line)}" for line in rest[SHOWN:]))
