"""The bars of one symbol, with indicators of the registry and the events of its company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from stockstream.errors import ConfigError, NoDataError, UnknownNameError
from stockstream.indicators.batch import add_indicators
from stockstream.indicators.named import indicator_named
from stockstream.indicators.registry import INDICATORS
from stockstream.plugins import plugin_names
from stockstream.report.charts import Bars, Event, Line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stockstream.lake.store import Lake
    from stockstream.market.adjust import Mode

__all__ = ["MOST", "Prices", "choices", "prices", "window"]

FIELDS: Final = ("open", "high", "low", "close", "volume")

MOST: Final = 8
"""Indicators of one chart."""

LONGEST: Final = 60
"""Characters of an indicator as it is typed."""

WHOLE: Final[Collection[str]] = frozenset(
    {
        *("sma", "ema", "wma", "rma", "dema", "tema", "t3", "trima", "hma", "zlema", "kama"),
        *("alma", "vwma", "vwap", "midpoint", "midprice", "highest", "lowest", "tsf", "psar"),
        *("ichimoku", "bollinger", "keltner", "donchian", "chandelier", "atr_stop"),
        *("median", "quantile"),
    }
)
"""Indicators whose values are prices, so that they are drawn over them."""

PARTS: Final[Mapping[str, str]] = {"linreg": "linreg_value", "supertrend": "supertrend_line"}
"""Indicators of which one column is a price, and how its name begins; the others are not drawn."""


class Prices(NamedTuple):
    """What a chart of a symbol is drawn from.

    Attributes:
        bars: of the sessions that are shown.
        lines: columns of the indicators over the same sessions.
        events: of all sessions.
    """

    bars: Bars
    lines: list[Line]
    events: list[Event]


def choices() -> list[str]:
    """Indicators that can be drawn: of the registry, and of plug-ins."""
    shipped = [name for name, spec in INDICATORS.items() if set(spec.inputs) <= set(FIELDS)]
    return [*shipped, *sorted(set(plugin_names("indicators")) - set(INDICATORS))]


def prices(
    lake: Lake, symbol: str, indicators: Sequence[str], sessions: int | None, mode: Mode
) -> Prices:
    """Read the bars of a symbol; indicators are made from all of them, so that they are warm.

    Args:
        lake: where they are.
        symbol: exact name.
        indicators: such as ``sma:50``; names of the registry and of plug-ins only.
        sessions: how many of the newest are shown; None for all.
        mode: what prices are adjusted for.

    Raises:
        LakeError: they cannot be read.
        NoDataError: the symbol has no bar.
        UnknownNameError: there is no such symbol or indicator.
        ConfigError: parameters that do not fit, or too many indicators.
    """
    if len(indicators) > MOST:
        raise ConfigError(f"{len(indicators)} indicators are too many for a chart: {MOST} at most")
    frame = lake.bars([symbol], adjust=mode)
    if frame.is_empty():
        raise NoDataError(f"{symbol} has no bars")
    plain = frame.select("symbol", "date", *FIELDS)
    lines = [line for text in indicators for line in _lines(plain, text)]
    start = 0 if sessions is None else max(len(frame) - sessions, 0)
    columns = [plain[name].cast(pl.Float64).to_numpy()[start:] for name in FIELDS]
    bars = Bars(plain["date"].to_numpy().astype("datetime64[D]")[start:], *columns)
    shown = [Line(one.name, one.values[start:], one.panel) for one in lines]
    return Prices(bars, shown, _events(lake, symbol))


def window(span: str) -> int | None:
    """Sessions of a span such as ``3y``; None for ``all``."""
    return {"6m": 126, "1y": 252, "3y": 756, "10y": 2520}.get(span)


def _lines(bars: pl.DataFrame, text: str) -> list[Line]:
    name = text.strip().partition(":")[0]
    if len(text) > LONGEST:
        raise ConfigError(f"{text[:LONGEST]!r}... is no indicator: one looks like sma:50")
    if name not in (known := choices()):  # no file: what is typed here must not be run
        raise UnknownNameError("indicator", name, known)
    found = add_indicators(bars, [indicator_named(text)])
    made = [column for column in found.columns if column not in bars.columns]
    if name in PARTS:
        made = [column for column in made if column.startswith(PARTS[name])]
    panel = "" if name in WHOLE or name in PARTS else name
    values = {column: found[column].cast(pl.Float64).to_numpy() for column in made}
    return [
        Line(column, np.where(np.isfinite(one), one, np.nan), panel)
        for column, one in values.items()
    ]


def _events(lake: Lake, symbol: str) -> list[Event]:
    return [
        Event(np.datetime64(day, "D"), kind, _label(kind, value))
        for day, kind, value in lake.actions([symbol]).select("date", "kind", "value").iter_rows()
    ]


def _label(kind: str, value: float | None) -> str:
    if value is None:
        return kind
    return f"{kind} of {value:g} for 1" if kind == "split" else f"{kind} of {value:g}"
