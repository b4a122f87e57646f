"""One backtest: what it is made of, what it gave, and how far to believe it.

Its address says which (``?run=r-...``), and which part of the page is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.app.parts.kept import homes, shown_backtest
from stockstream.app.parts.named import show_named
from stockstream.app.parts.sheet import show_alarm, show_cards, show_head, show_tabs
from stockstream.app.sections.result.badges import badges
from stockstream.app.sections.result.compared import compared
from stockstream.app.sections.result.overview import overview
from stockstream.app.sections.result.parameters import parameters
from stockstream.app.sections.result.reproduce import reproduce
from stockstream.app.sections.result.robustness import robustness
from stockstream.app.sections.result.statistics import statistics
from stockstream.app.sections.result.trades import trades

if TYPE_CHECKING:
    from stockstream.app.place import Place

__all__ = ["result"]

TABS = {
    "Overview": overview,
    "Statistics": statistics,
    "Trades": trades,
    "Parameters": parameters,
    "Robustness": robustness,
    "Compare runs": compared,
    "Reproduce": reproduce,
}


def result() -> None:
    """The page."""
    show_named("result", _show)


def _show(where: Place, run: str) -> None:
    shown = shown_backtest(where.runs, run)
    sheet = shown.sheet
    found = homes(shown)
    show_head(
        sheet.title, shown.name, (sheet.subtitle,), sheet.identity, badges(shown, found, where)
    )
    show_alarm(sheet.alarm)
    show_cards(sheet.cards)
    show_tabs(TABS, shown, found, where)
