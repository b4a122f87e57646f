"""The page as an ASGI application: ``uvicorn stockstream.app.asgi:app``.

``GET /api/health`` says whether the server can do its work: the lake can be read and the folder of
runs can be written. It names neither.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit.starlette import App

from stockstream import __version__
from stockstream.app.access import LOOPBACK_NAMES, demand_guarded, login_secrets
from stockstream.app.loopback import LoopbackOnly
from stockstream.app.options import set_options
from stockstream.app.place import Place
from stockstream.errors import StockstreamError
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

__all__ = ["app", "health", "make_app"]

SLOW: Final = (
    "pandas",  # of tables that can be sorted
    "plotly.graph_objects",
    "stockstream.app.pages",
    "stockstream.report.tearsheet",
    "stockstream.report.study.page",
    "stockstream.study.plan",
)
"""Imported when the server starts, so that the first page does not wait for them."""

_log = logging.getLogger("stockstream.app")


async def health(_: Request) -> JSONResponse:
    """Whether the lake can be read and the runs can be written; 503 if not."""
    lake, runs = await asyncio.to_thread(_look)
    whole = lake and runs
    words = {True: "ok", False: "not reachable"}
    return JSONResponse(
        {
            "status": "ok" if whole else "degraded",
            "version": __version__,
            "lake": words[lake],
            "runs": words[runs],
        },
        status_code=200 if whole else 503,
    )


def _look() -> tuple[bool, bool]:
    try:
        place = Place.of_settings()
        nearest = next(one for one in (place.runs, *place.runs.parents) if one.exists())
        runs = os.access(nearest, os.W_OK)
        place.open().version()
    except (StockstreamError, OSError):
        return False, os.access(Path.cwd(), os.W_OK)
    return True, runs


@asynccontextmanager
async def _lifespan(_: App) -> AsyncIterator[dict[str, Any]]:
    for name in SLOW:
        await asyncio.to_thread(import_module, name)
    # Streamlit collects garbage after every run of a page; what was imported is none, and to look
    # through it took three quarters of the time of a page that watches a run
    gc.collect()
    gc.freeze()
    yield {}


def _on_error(error: Exception) -> bool:
    """Write an error that nobody foresaw to the log; the page says that there was one."""
    _log.error("a page failed", exc_info=error)
    import streamlit as st

    st.error(
        "Something went wrong on this page that nobody had foreseen. Runs are not touched by it. "
        "Load the page again; who runs this server finds the reason in its log."
    )
    return True


def make_app() -> App:
    """The application, for the lake and the runs of the settings.

    Raises:
        ConfigError: others could use it without signing in, and nobody said that they may.
    """
    settings = load_settings().app
    demand_guarded(settings)
    anywhere = settings.public and not settings.hosts
    hosts = ["*"] if anywhere else [*LOOPBACK_NAMES, *settings.hosts]
    set_options({"server.allowedHosts": hosts})
    return App(
        Path(__file__).parent / "script" / "main.py",
        secrets=login_secrets(settings),
        middleware=[] if settings.public or settings.has_login else [Middleware(LoopbackOnly)],
        lifespan=_lifespan,
        routes=[Route("/api/health", health)],
        on_script_error=_on_error,
    )


app = make_app()
