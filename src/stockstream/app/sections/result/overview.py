"""Overview: equity, months beside the plateau, and how sure the headline numbers are."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from stockstream.app.parts.figures import shown as show_figure
from stockstream.app.parts.plateau import show_plateau
from stockstream.app.parts.sheet import show_flags, show_table
from stockstream.app.parts.text import plain
from stockstream.app.parts.trades import between, show_trades
from stockstream.report.view import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.app.parts.kept import ShownBacktest
    from stockstream.app.place import Place
    from stockstream.app.state.results import Home
    from stockstream.report.view import Row

__all__ = ["overview"]


def overview(shown: ShownBacktest, found: Sequence[Home], where: Place) -> None:
    """Show the tab."""
    _equity(shown, next((home for home in found if home.unseen), None))
    _months(shown, found, where)
    _doubt(shown)
    show_flags(shown.sheet.flags)


def _equity(shown: ShownBacktest, home: Home | None) -> None:
    unseen = "" if home is None else home.unseen
    name = shown.sheet.benchmark_name
    against = f" and {name}" if name else ""
    said = f"; out of sample from {unseen}" if unseen else ""
    show_figure(
        shown.equity(unseen).get("equity"),
        "equity",
        f"Equity of the strategy{against} on a log axis, the drawdown below{said}",
        on_select=partial(_picked, shown.sheet.drawdowns),
        selection_mode="points",
    )
    if home is not None:
        st.caption(
            plain(
                f"Shaded: days that study {home.study} held out ({home.split}); no choice by it "
                "has seen them."
            )
        )
    _fall(shown)


def _picked(rows: Sequence[Row]) -> None:
    """A click chooses the drawdown of its day; the deepest are known, of the others nothing is."""
    days = [
        str(point.get("x", ""))[:10] for point in st.session_state["equity"]["selection"]["points"]
    ]
    for number, row in enumerate(rows, start=1):
        if any(row.start <= day <= row.end for day in days):
            st.session_state["fall"] = str(number)
            return


def _fall(shown: ShownBacktest) -> None:
    """The trades in the drawdown that was chosen, in the chart or here."""
    rows = shown.sheet.drawdowns
    if not rows or not shown.sheet.trades.rows:
        return
    names = {str(number): _named(number, row) for number, row in enumerate(rows, start=1)}
    chosen = st.selectbox(
        "Trades in a drawdown",
        list(names),
        index=None,
        format_func=names.__getitem__,
        key="fall",
        placeholder="click one in the chart, or choose one here",
        width=460,
    )
    if chosen is None:
        return
    row = rows[int(chosen) - 1]
    first, last = (dt.date.fromisoformat(day) for day in (row.start, row.end))
    trades = between(shown.result.trades, first, last)
    st.caption(plain(f"{trades.height:,} trades were held between {first} and {last}."))
    show_trades(trades, "fall-trades")


def _named(number: int, row: Row) -> str:
    return f"{number}: {row.cells[0].text} to {row.cells[2].text}, {row.cells[3].text}"


def _months(shown: ShownBacktest, found: Sequence[Home], where: Place) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Monthly returns, %**")
        show_figure(
            shown.figures.get("months"),
            "months",
            "Return of each month, a row for each year",
        )
        if found:
            _years(shown)
    with right:
        if found:
            show_plateau(found[0], where, "overview")
        else:
            _years(shown)
            st.caption(
                "No study of these runs has this point in its grid: nothing says whether its "
                "neighbours do as well."
            )


def _years(shown: ShownBacktest) -> None:
    versus = ("Benchmark", "Difference") if shown.sheet.benchmark_name else ()
    st.markdown("**Yearly returns**")
    heads = ("Year", "Strategy", *versus, "Worst fall")
    show_table(Table(heads, tuple(shown.sheet.years)), "years")


def _doubt(shown: ShownBacktest) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**How sure are the numbers?**")
        show_table(shown.sheet.confidence, "confidence")
    with right:
        if shown.sheet.benchmark is not None:
            st.markdown("**Beside the benchmark**")
            show_table(shown.sheet.benchmark, "benchmark")
