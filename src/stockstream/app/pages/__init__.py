"""The pages by their addresses."""

from __future__ import annotations

from typing import Any

from stockstream.app.pages.compare import compare
from stockstream.app.pages.data import data
from stockstream.app.pages.result import result
from stockstream.app.pages.runs import runs
from stockstream.app.pages.study import study
from stockstream.app.pages.workflow import workflow
from stockstream.app.parts.ways import PAGES, page

__all__ = ["pages"]

PAGES.update(
    {
        "backtest": {"page": workflow, "title": "Backtest", "default": True},
        "result": {"page": result, "title": "Result", "visibility": "hidden"},
        "study": {"page": study, "title": "Study", "visibility": "hidden"},
        "runs": {"page": runs, "title": "Runs"},
        "compare": {"page": compare, "title": "Compare"},
        "data": {"page": data, "title": "Data"},
    }
)


def pages() -> list[Any]:
    """The pages in the order of the navigation; one that is hidden is reached by links."""
    return [page(name) for name in PAGES]
