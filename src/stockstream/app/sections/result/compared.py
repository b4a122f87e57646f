"""Compare runs: this one beside others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.app.sections.comparison import choose_runs, show_compared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home

__all__ = ["compared"]


def compared(shown: ShownBacktest, found: Sequence[Home], where: Place) -> None:
    """Show the tab."""
    del found
    others = choose_runs(where, "with", "Runs to hold beside it", without=shown.name)
    if others:
        show_compared((shown.name, *others), where)
