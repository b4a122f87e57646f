"""Which share of the sessions of each month or year each symbol has a bar of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from stockstream.app.state.lake import looking
from stockstream.market.coverage import symbols_by_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockstream.lake.store import Lake
    from stockstream.settings import QualitySettings

__all__ = ["Coverage", "Every", "coverage", "market_coverage"]

Every: TypeAlias = Literal["month", "year"]


class Coverage(NamedTuple):
    """Shares of sessions.

    Attributes:
        symbols: in the order of their first bars.
        periods: ``2024`` or ``2024-03``, in order.
        share: ``[len(symbols), len(periods)]``, NaN before the first bar and after the last.
    """

    symbols: list[str]
    periods: list[str]
    share: NDArray[np.float64]


def coverage(lake: Lake, every: Every, symbols: Sequence[str] | None = None) -> Coverage:
    """Count bars; a session is a day on which any symbol of the lake has one.

    Args:
        lake: where the bars are.
        every: how long a period is.
        symbols: exact names; all by default.

    Raises:
        LakeError: the bars cannot be read.
    """
    bars, date = lake.scan_bars(), pl.col("date")
    # counted in whole numbers: text would take most of the time
    number = date.dt.year().cast(pl.Int32) * 12 + (date.dt.month() - 1 if every == "month" else 0)
    wanted = bars if symbols is None else bars.filter(pl.col("symbol").is_in(list(symbols)))
    with looking():
        days = bars.select(date.unique()).select(number.alias("period")).collect()
        counted = wanted.group_by("symbol", number.alias("period")).len().collect()
    sessions = days.group_by("period").len().sort("period")
    numbers = sessions["period"].to_numpy()
    spans = counted.group_by("symbol").agg(first=pl.min("period"), last=pl.max("period"))
    names = spans.sort("first", "symbol")["symbol"]
    rows = counted.join(
        pl.DataFrame({"symbol": names, "row": np.arange(len(names))}), on="symbol", how="left"
    )
    return Coverage(
        names.to_list(),
        [_period(one, every) for one in numbers.tolist()],
        _shares(rows, numbers, sessions["len"].to_numpy(), len(names)),
    )


def market_coverage(lake: Lake, thresholds: QualitySettings) -> pl.DataFrame:
    """Symbols with a bar for each session, with the ``usual`` number and whether it is ``short``.

    Raises:
        LakeError: the bars cannot be read.
    """
    with looking():
        bars = lake.scan_bars().select("date", fresh=pl.lit(value=True)).collect()
    return symbols_by_day(bars, thresholds)


def _shares(
    rows: pl.DataFrame, numbers: NDArray[np.int32], sessions: NDArray[np.uint32], symbols: int
) -> NDArray[np.float64]:
    share = np.full((symbols, len(numbers)), np.nan)
    row, column = rows["row"].to_numpy(), np.searchsorted(numbers, rows["period"].to_numpy())
    there = np.zeros(share.shape)
    there[row, column] = rows["len"].to_numpy() / sessions[column]
    places = np.arange(len(numbers))
    first, last = np.full(symbols, len(numbers)), np.full(symbols, -1)
    np.minimum.at(first, row, column)
    np.maximum.at(last, row, column)
    held = (places >= first[:, None]) & (places <= last[:, None])
    share[held] = there[held]
    return share


def _period(number: int, every: Every) -> str:
    year, month = divmod(number, 12)
    return str(year) if every == "year" else f"{year}-{month + 1:02}"
