"""From what yfinance made of a chart to bars and actions."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from stockstream.errors import DataError, MalformedError
from stockstream.market.actions import ACTION_SCHEMA, conform_actions
from stockstream.market.bars import BAR_SCHEMA, PRICES
from stockstream.providers.ratios import whole_ratio
from stockstream.providers.singly import Piece

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.providers.yfinance.client import History

__all__ = ["NAME", "YFINANCE_SCHEMA", "read_history"]

NAME: Final = "yfinance"
YFINANCE_SCHEMA: Final = pl.Schema(
    {**BAR_SCHEMA, "is_final": pl.Boolean(), "utc_offset": pl.String()}
)
"""A bar, whether it is final, and the offset from UTC of the day that dated it."""

_COLUMNS: Final = {name: name.capitalize() for name in PRICES} | {"adjusted_close": "Adj Close"}


def read_history(history: History, symbol: str, start: dt.date, end: dt.date) -> Piece:
    """Bars and actions from ``start`` to ``end``, by the exchange's days.

    A bar is final if it has its four prices and its day is over. An impossible event is left out,
    and so is a dividend in another currency than the prices: yfinance passes it on as if it were
    in theirs.

    Raises:
        MalformedError: the chart is of another symbol or of other bars, or two splits of one day
            contradict each other.
    """
    _demand_daily(history.chart["meta"], symbol)
    inside = pl.col("date").is_between(start, end)
    left_out: list[str] = []
    return Piece(
        _bars(history, symbol).filter(inside),
        _actions(history, symbol, left_out).filter(inside),
        left_out,
    )


def _demand_daily(meta: Mapping[str, Any], symbol: str) -> None:
    if meta["symbol"].upper() != symbol.upper():
        raise MalformedError(f"Yahoo's chart is of another symbol, {meta['symbol']!r}")
    if meta["dataGranularity"] != "1d":
        raise MalformedError(f"Yahoo's chart has bars of {meta['dataGranularity']!r}, not '1d'")


def _bars(history: History, symbol: str) -> pl.DataFrame:
    rows, days = history.bars, history.bars.index
    columns = {name: rows[column].to_numpy() for name, column in _COLUMNS.items()}
    whole = pl.all_horizontal(pl.col(PRICES).is_not_null())
    return (
        pl.DataFrame(columns, nan_to_null=True)
        .with_columns(
            symbol=pl.lit(symbol),
            date=pl.Series([day.date() for day in days], dtype=pl.Date),
            volume=pl.Series(rows["Volume"].to_numpy()),
            provider=pl.lit(NAME),
            basis=pl.lit("split"),
            utc_offset=pl.Series([day.isoformat()[-6:] for day in days], dtype=pl.String),
        )
        .with_columns(is_final=whole & pl.col("date").ne_missing(_open_day(history.chart)))
        .select(pl.col(name).cast(dtype) for name, dtype in YFINANCE_SCHEMA.items())
    )


def _open_day(chart: Mapping[str, Any]) -> dt.date | None:
    """The day that was still traded when Yahoo answered, if the chart has it.

    Its row is stamped with the last trade, within the hours of the current session; every other one
    with the open of its day.
    """
    meta, last = chart["meta"], max(chart["timestamp"])
    session = meta["currentTradingPeriod"]["regular"]
    if session["start"] <= last == meta["regularMarketTime"] < session["end"]:
        return dt.datetime.fromtimestamp(last, ZoneInfo(meta["exchangeTimezoneName"])).date()
    return None


def _actions(history: History, symbol: str, left_out: list[str]) -> pl.DataFrame:
    cash = [*_dividends(history, left_out), *history.gains.items()]
    given = [(stamp.date(), "dividend", float(amount)) for stamp, amount in cash]
    given += [
        (stamp.date(), "split", whole_ratio(float(ratio)))
        for stamp, ratio in history.splits.items()
    ]
    rows = [(symbol, *event) for event in given if 0 < event[-1] < math.inf]
    left_out += [
        f"a {kind} of {value} on {day} is impossible; left out"
        for day, kind, value in given
        if not 0 < value < math.inf
    ]
    columns = {name: ACTION_SCHEMA[name] for name in ("symbol", "date", "kind", "value")}
    try:
        return conform_actions(pl.DataFrame(rows, columns, orient="row"), provider=NAME)
    except DataError as error:
        raise MalformedError(f"Yahoo's events: {error}") from error


def _dividends(history: History, left_out: list[str]) -> list[tuple[Any, Any]]:
    """Time and amount of each dividend in the currency of the prices."""
    given, currency = history.dividends, history.chart["meta"]["currency"]
    if "currency" not in getattr(given, "columns", ()):
        return list(given.items())
    rows = list(zip(given.index, given["Dividends"], given["currency"], strict=True))
    left_out += [
        f"the dividend of {stamp.date()} is in {other} and the prices are in {currency}; left out"
        for stamp, _, other in rows
        if other not in {"", currency}
    ]
    return [(stamp, amount) for stamp, amount, other in rows if other in {"", currency}]
