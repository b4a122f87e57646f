"""Which symbols have bars, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st

from stockstream.app.parts.figures import chart
from stockstream.app.parts.lakes import kept
from stockstream.app.parts.text import plain
from stockstream.report.charts import presence_map
from stockstream.report.charts.coverage import ROWS
from stockstream.report.quality.charts import coverage_chart, coverage_map
from stockstream.settings import load_settings

if TYPE_CHECKING:
    import polars as pl

    from stockstream.app.form.market import Market
    from stockstream.app.place import Place
    from stockstream.app.state.coverage import Coverage, Every

__all__ = ["cover"]

BY_MONTH: Final = 250
"""Symbols up to which months are counted; of more, years."""


def cover(where: Place, there: Market) -> None:
    """Show the tab.

    Raises:
        LakeError: the bars cannot be read.
    """
    text, every = _asked(len(there.symbols))
    chosen = [one for one in there.symbols if text in one.lower()]
    st.markdown("**Share of the sessions with a bar, by symbol**")
    if not chosen:
        st.info(plain(f"No symbol of the lake has {text!r} in its name."), icon=":material/info:")
    else:
        _map(where, there, chosen, every)
    _market(where)


def _asked(symbols: int) -> tuple[str, Every]:
    with st.grid(2, min_column_width=220):
        text = st.text_input(
            "Symbols",
            key="symbols",
            bind="query-params",
            placeholder=f"all {symbols:,}, or a part of the name",
            max_chars=60,
        )
        every = st.segmented_control(
            "By",
            ["year", "month"],
            default="year" if symbols > BY_MONTH else "month",
            required=True,
            key="by",
            bind="query-params",
        )
    return (text or "").strip().lower(), "year" if every == "year" else "month"


def _map(where: Place, there: Market, chosen: list[str], every: Every) -> None:
    all_of_them = len(chosen) == len(there.symbols)
    if every == "month" and len(chosen) > BY_MONTH:
        st.caption(
            f"Months are shown for {BY_MONTH} symbols at most: type a part of a name. These are "
            "years."
        )
        every = "year"
    asked = None if all_of_them else tuple(chosen)
    found: Coverage = kept(where.lake, "coverage", every, asked)
    chart(
        presence_map(found.symbols, found.periods, found.share),
        key="presence",
        alt=f"Share of the sessions with a bar of {len(found.symbols)} symbols by {every}, from "
        f"{found.periods[0]} to {found.periods[-1]}",
    )
    together = ", neighbours in one row, which is their mean" if len(found.symbols) > ROWS else ""
    st.caption(
        f"{len(found.symbols):,} symbols in the order of their first bars{together}. Blank: before "
        "the first bar, and after the last."
    )


def _market(where: Place) -> None:
    by_day: pl.DataFrame = kept(where.lake, "market", load_settings().quality)
    dates = by_day["date"].to_numpy()
    symbols = by_day["symbols"].cast(float).to_numpy()
    usual = by_day["usual"].fill_null(float("nan")).to_numpy()
    states = np.where(by_day["short"].to_numpy(), "short", "ok")
    st.markdown("**Symbols with a bar, by session**")
    chart(
        coverage_chart(dates, symbols, usual, states),
        key="by-session",
        alt="How many symbols have a bar on each session, with the usual number",
    )
    st.markdown("**The worst session of each week, as a share of the usual**")
    chart(
        coverage_map(dates, symbols, usual),
        key="by-week",
        alt="The worst session of each week as a share of the usual: a row a year",
    )
