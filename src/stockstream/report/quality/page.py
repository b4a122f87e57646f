"""The page: its figures and its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockstream.report.page import render_page, write_page
from stockstream.report.quality.charts import coverage_chart, coverage_map
from stockstream.report.quality.view import quality_sheet

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go

    from stockstream.market.quality import Quality
    from stockstream.report.quality.view import Source

__all__ = ["render_quality", "write_quality"]


def write_quality(quality: Quality, source: Source, path: Path) -> Path:
    """Write the page; an older file at that path is replaced whole or not at all.

    The page holds everything it needs and asks no server for anything. The same data gives the same
    bytes.

    Args:
        quality: what is known against the data.
        source: whose data it is.
        path: where to; its folder is made if it is missing.

    Returns:
        ``path``.

    Raises:
        DataError: it cannot be written there.
    """
    return write_page(render_quality(quality, source), path, "the quality report")


def render_quality(quality: Quality, source: Source) -> str:
    """The page as text."""
    return render_page(
        "quality",
        title="Data quality",
        figures=figures(quality),
        sheet=quality_sheet(quality, source),
    )


def figures(quality: Quality) -> dict[str, go.Figure]:
    """The charts of the page by name; none without a session."""
    sessions = quality.sessions
    if sessions.is_empty():
        return {}
    dates = sessions["date"].to_numpy()
    symbols = sessions["symbols"].cast(float).to_numpy()
    usual = sessions["usual"].fill_null(float("nan")).to_numpy()
    states = np.array(sessions["state"].to_list())
    return {
        "coverage": coverage_chart(dates, symbols, usual, states),
        "weeks": coverage_map(dates, symbols, usual),
    }
