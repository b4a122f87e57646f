"""How far to trust a backtest: its own badges, and those of the study that it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.app.parts.belief import is_measured
from stockstream.app.parts.kept import shown_study
from stockstream.errors import StockstreamError
from stockstream.report.study.cards import belief_badges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home
    from stockstream.report.view import Badge

__all__ = ["badges"]


def badges(shown: ShownBacktest, found: Sequence[Home], where: Place) -> list[Badge]:
    """The most serious first."""
    own = list(shown.sheet.badges)
    if found:
        own += _of_study(found[0], where)
    gravity = {"bad": 0, "caution": 1, "good": 2}
    return sorted(own, key=lambda badge: gravity.get(badge.tone, 3))


def _of_study(home: Home, where: Place) -> list[Badge]:
    """PBO and deflated Sharpe ratio among all points, as far as somebody has measured them."""
    try:
        study = shown_study(where.runs, home.study)
        if not is_measured(study, where.runs):
            return []
        return belief_badges(study.result.significance(home.point))
    except StockstreamError:  # the study's trouble is told on its own page
        return []
