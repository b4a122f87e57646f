"""What a run would take, here and elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from stockstream.app.parts.durations import in_words
from stockstream.app.parts.following import follow
from stockstream.app.parts.trouble import doubt
from stockstream.app.tasks import read_progress, start

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_estimated", "show_estimate"]


def is_estimated(folder: Path) -> bool:
    """Whether somebody has asked for it.

    Raises:
        DataError: it cannot be read.
    """
    return read_progress(folder, "estimate").state != "idle"


def show_estimate(folder: Path) -> None:
    """Show it; the first time it is found out, by running a little.

    Raises:
        DataError: it cannot be started or read.
    """
    found = read_progress(folder, "estimate")
    if found.state in {"idle", "lost"}:
        found = start(folder, "estimate")
    if found.state == "failed":
        doubt(found.words)
    elif found.state == "done":
        _table(found.found)
    else:
        st.caption("Estimating time and cost: a little of it is run.")
        follow(folder, "estimate")


def _table(found: dict[str, Any]) -> None:
    pieces = found["pieces"]
    product = f" x {_count(pieces, 'piece')}" if pieces > 1 else ""
    st.write(
        f"{_count(found['points'], 'combination')}{product} = "
        f"**{_count(found['trials'], 'trial')}** in {_count(found['chunks'], 'chunk')}, "
        f"{found['memory'] / 1e6:,.0f} MB of memory"
    )
    rows = [
        {
            "where": "this machine",
            "workers": found["workers"],
            "time": in_words(found["seconds"]),
            "cost": "nothing",
        }
    ]
    rows += [
        {
            "where": one["runner"],
            "workers": one["workers"],
            "time": in_words(one["seconds"]),
            "cost": "your machines",
        }
        for one in found["own"]
    ]
    rows += [
        {
            "where": f"{one['runner'].replace('_', ' ')}, {one['region']}",
            "workers": one["jobs"],
            "time": in_words(one["seconds"]),
            "cost": f"${one['dollars']:.4f}",
        }
        for one in found["costs"]
    ]
    st.dataframe(rows, hide_index=True, key="estimate")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
