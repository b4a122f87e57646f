"""Create, deploy, trigger, monitor: one page, whose sections open one after the other.

Its address holds the request and the run, so it can be loaded again and sent to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.places import market, place
from stockstream.app.parts.trouble import trouble
from stockstream.app.parts.ways import link
from stockstream.app.request import Request
from stockstream.app.sections.create import RUNNER_NAMES, address_of, create
from stockstream.app.sections.deploy import deploy
from stockstream.app.sections.frame import done, section, waiting
from stockstream.app.sections.monitor import monitor
from stockstream.app.sections.trigger import trigger
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from stockstream.app.place import Place

__all__ = ["workflow"]


def workflow() -> None:
    """The page."""
    st.title("Backtest", anchor=False)
    try:
        _sections(place())
    except StockstreamError as error:
        trouble(error)
        if st.query_params.get("request") or st.query_params.get("run"):
            with st.container(horizontal=True, key="ways"):
                link("backtest", "Start a backtest", icon=":material/add:")
                link("runs", "Look at kept runs", icon=":material/list:")


def _sections(where: Place) -> None:
    name, run = st.query_params.get("request", ""), st.query_params.get("run", "")
    if name:
        _requested(where, name)
    elif run:
        monitor(where, run)
    else:
        with section(1, "Create", "what is tried, on which data"):
            create(where, market(where))
        for number, title in enumerate(("Deploy", "Trigger", "Monitor"), 2):
            waiting(number, title)


def _requested(where: Place, name: str) -> None:
    request = Request.read(name, where.runs)
    folder = Request.place(name, where.runs)
    with done(1, "Create", request.draft.strategy):
        _asked(request, name)
    if not deploy(request, folder):
        waiting(3, "Trigger")
        waiting(4, "Monitor")
        return
    run = trigger(folder)
    if not run:
        waiting(4, "Monitor")
        return
    if st.query_params.get("run") != run:
        st.query_params["run"] = run
    monitor(where, run)


def _asked(request: Request, name: str) -> None:
    """What was asked for, with the way back to the form."""
    draft = request.draft
    given = [f"{name} = {text}" for name, text in draft.values.items() if text.strip()]
    days = " to ".join(filter(None, (draft.start_date, draft.end_date))) or "every day of the lake"
    lines = {
        "Strategy": draft.strategy,
        "Parameters": "; ".join(given) or "its defaults",
        "Symbols": draft.symbols or "every symbol of the lake",
        "Days": days,
        "Split": draft.split,
        "Costs": f"{draft.commission_bps} bps commission, {draft.slippage_bps} bps slippage",
        "Runner": RUNNER_NAMES.get(draft.runner, draft.runner),
        "Request": name,
    }
    rows = [{"": name, "what was asked for": text[:300]} for name, text in lines.items()]
    st.dataframe(rows, hide_index=True, key="asked")
    if st.button("Change it", key="change", icon=":material/edit:"):
        st.query_params.from_dict(address_of(request.draft))
        st.rerun()
