"""Runs that pages show, read and drawn once for each state of their folder.

What is kept here is shared by all who look, and nobody changes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import streamlit as st

from stockstream.app.parts.figures import is_dark, painted
from stockstream.app.state.results import backtest_at, homes_of, stamp_of, study_at

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from stockstream.app.state.results import Home
    from stockstream.backtest.result import BacktestResult
    from stockstream.report.study.figures import Drawn
    from stockstream.report.study.findings import Findings
    from stockstream.report.study.view import StudySheet
    from stockstream.report.view import Sheet
    from stockstream.study.result import StudyResult

__all__ = [
    "Figures",
    "Seen",
    "ShownBacktest",
    "ShownStudy",
    "forget",
    "homes",
    "shown_backtest",
    "shown_study",
]

BACKTESTS: Final = 12
STUDIES: Final = 4
"""Kept in memory at most: some megabytes for each, a study of 100,000 points some hundred."""


class Figures:
    """Charts by name, painted once for the light and once for the dark.

    Args:
        made: in the light.
    """

    def __init__(self, made: dict[str, go.Figure]) -> None:
        self._made, self._dark = made, dict[str, Any]()

    def __contains__(self, name: str) -> bool:
        return name in self._made

    def get(self, name: str) -> go.Figure:
        """A chart in the colours of the page that asks."""
        if not is_dark():
            return self._made[name]
        if name not in self._dark:
            self._dark[name] = painted(self._made[name], dark=True)
        return self._dark[name]


@dataclass
class ShownBacktest:
    """A backtest with all that its page says.

    Attributes:
        name: of the run.
        runs: the folder of runs.
        result: as it was kept.
    """

    name: str
    runs: Path
    result: BacktestResult

    @cached_property
    def sheet(self) -> Sheet:
        """What the page says."""
        from stockstream.report.tearsheet import tear_sheet

        return tear_sheet(self.result)

    @cached_property
    def figures(self) -> Figures:
        """The charts of the tear sheet."""
        from stockstream.report.tearsheet import figures

        return Figures(figures(self.result))

    def equity(self, unseen: str) -> Figures:
        """The equity with its worst drawdowns marked, and days that no choice has seen shaded."""
        if unseen not in self._equity:
            from stockstream.report.tearsheet import equity_figure

            self._equity[unseen] = Figures({"equity": equity_figure(self.result, unseen or None)})
        return self._equity[unseen]

    @cached_property
    def _equity(self) -> dict[str, Figures]:
        return {}

    @cached_property
    def fan(self) -> Figures:
        """The run before its resamples; empty where there are none."""
        from stockstream.report.robustness import fan_of

        found = fan_of(self.result)
        return Figures({} if found is None else {"fan": found})


class Seen(NamedTuple):
    """What the page of a study says when points are ranked by one measure."""

    findings: Findings
    drawn: Drawn
    sheet: StudySheet
    figures: Figures


@dataclass
class ShownStudy:
    """A study with all that its page says.

    Attributes:
        name: of the run.
        result: with its trials.
    """

    name: str
    result: StudyResult
    _seen: dict[str, Seen] = field(default_factory=dict)
    _maps: dict[tuple[int, str, str], Figures | None] = field(default_factory=dict)

    def ranked(self, select: str) -> Seen:
        """What the page says when points are ranked by this."""
        if select not in self._seen:
            from stockstream.report.study.figures import draw
            from stockstream.report.study.gathering import gather
            from stockstream.report.study.page import study_sheet

            findings = gather(self.result, select)
            drawn = draw(findings)
            sheet = study_sheet(findings, drawn)
            self._seen[select] = Seen(findings, drawn, sheet, Figures(drawn.figures))
        return self._seen[select]

    def plateau(self, point: int, x: str, y: str) -> Figures | None:
        """The map of a pair of parameters through a point: medians of neighbours; None if empty."""
        key = point, x, y
        if key not in self._maps:
            from stockstream.report.study.plateau import plateau_map

            found = plateau_map(self.result, point, x, y)
            self._maps[key] = None if found is None else Figures({"plateau": found})
        return self._maps[key]


def shown_backtest(runs: Path, run: str) -> ShownBacktest:
    """A backtest.

    Raises:
        ConfigError: this is no name of a run.
        NoDataError: there is none of this name.
        DataError: it cannot be read.
    """
    return _backtest(str(runs), run, stamp_of(runs, run))


def shown_study(runs: Path, run: str) -> ShownStudy:
    """A study.

    Raises: as :func:`shown_backtest`.
    """
    return _study(str(runs), run, stamp_of(runs, run))


@st.cache_resource(max_entries=BACKTESTS, show_spinner=False)
def _backtest(runs: str, run: str, stamp: str) -> ShownBacktest:
    del stamp  # it only tells one state of the folder from another
    return ShownBacktest(run, Path(runs), backtest_at(Path(runs), run))


@st.cache_resource(max_entries=STUDIES, show_spinner=False)
def _study(runs: str, run: str, stamp: str) -> ShownStudy:
    del stamp
    return ShownStudy(run, study_at(Path(runs), run))


def forget() -> None:
    """Read everything again."""
    _backtest.clear()
    _study.clear()
    _homes.clear()


def homes(shown: ShownBacktest) -> list[Home]:
    """The studies of which a backtest is a point; looked for again after a minute."""
    return _homes(str(shown.runs), shown.name, stamp_of(shown.runs, shown.name))


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _homes(runs: str, run: str, stamp: str) -> list[Home]:
    return homes_of(_backtest(runs, run, stamp).result, Path(runs))
