"""The prices of any symbol, with indicators and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import streamlit as st

from stockstream.app.parts.figures import chart
from stockstream.app.parts.lakes import fingerprint
from stockstream.app.parts.table import table
from stockstream.app.parts.trouble import doubt, trouble
from stockstream.app.state.prices import MOST, choices, prices, window
from stockstream.errors import ConfigError
from stockstream.lake.store import Lake
from stockstream.report.charts import market_chart
from stockstream.report.formats import percent, price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.app.form.market import Market
    from stockstream.app.place import Place
    from stockstream.app.state.prices import Prices

__all__ = ["priced"]

SPANS: Final = ("6m", "1y", "3y", "10y", "all")
BASES: Final[Mapping[str, str]] = {
    "split": "adjusted for splits",
    "total_return": "adjusted for splits and dividends",
    "none": "as they came",
}
SYMBOL: Final = "symbol"


def priced(where: Place, there: Market) -> None:
    """Show the tab.

    Raises:
        LakeError: the bars cannot be read.
    """
    asked = st.query_params.get(SYMBOL, "")
    if asked and asked not in there.symbols:
        doubt(f"The lake has no symbol {asked[:60]!r}.")
    with st.grid(2, min_column_width=220):
        symbol = st.selectbox(
            "Symbol", there.symbols, key=SYMBOL, bind="query-params", filter_mode="contains"
        )
        mode = st.selectbox(
            "Prices",
            list(BASES),
            format_func=lambda name: BASES[name],
            key="adjust",
            bind="query-params",
        )
    indicators = st.multiselect(
        "Indicators",
        choices(),
        key="indicators",
        bind="query-params",
        accept_new_options=True,
        max_selections=MOST,
        placeholder="choose, or type with parameters, such as sma:50",
        help="Names of the registry; behind colons their parameters: macd:12:26:9",
    )
    span = st.segmented_control(
        "Days",
        SPANS,
        default="1y",
        required=True,
        key="span",
        bind="query-params",
        label_visibility="collapsed",
    )
    chosen = tuple(dict.fromkeys(indicators))
    try:
        found = _prices(where.lake, fingerprint(where.lake), symbol, chosen, str(span), mode)
    except ConfigError as error:  # of an indicator that was typed; the prices are there
        trouble(error)
        found = _prices(where.lake, fingerprint(where.lake), symbol, (), str(span), mode)
    _show(symbol, found)


def _show(symbol: str, found: Prices) -> None:
    bars = found.bars
    first, last = bars.close[0], bars.close[-1]
    with st.grid(4, min_column_width=150):
        change = percent(last / first - 1, signed=True)
        st.metric("Last close", price(last), change, border=True)
        st.metric("Highest", price(bars.high.max()), border=True)
        st.metric("Lowest", price(bars.low.min()), border=True)
        st.metric("Last day", str(bars.dates[-1]), border=True)
    chart(
        market_chart(symbol, bars, found.lines, found.events),
        key="prices",
        alt=f"Prices and volume of {symbol[:60]} from {bars.dates[0]} to {bars.dates[-1]}",
    )
    if not found.events:
        st.caption("No split, dividend or delisting of it is known.")
        return
    with st.expander(f"{len(found.events):,} events", icon=":material/event:", key="events"):
        rows = [
            {"day": one.date.item(), "event": one.kind, "what": one.label}
            for one in reversed(found.events)
        ]
        table(pl.DataFrame(rows), "event-rows", "Splits, dividends and delistings, newest first")


@st.cache_data(max_entries=32, show_spinner=False)
def _prices(
    place: str, version: str, symbol: str, indicators: tuple[str, ...], span: str, mode: Any
) -> Prices:
    del version  # another one, another entry
    return prices(Lake.open(place), symbol, indicators, window(span), mode)
