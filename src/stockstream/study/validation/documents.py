"""The documents of split runs: what a parallel backtest by year or by ticker puts out.

Plain values in, plain values out, and only the standard library: whoever ran the parts may call it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["average_metrics", "by_ticker_document", "by_year_document"]


def average_metrics(metrics: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The mean of each metric over the parts in which it is defined; None where it is in none.

    Args:
        metrics: name -> number of each part; None and NaN are undefined.
    """
    names = dict.fromkeys(name for one in metrics for name in one)
    means: dict[str, float | None] = {}
    for name in names:
        numbers = [one[name] for one in metrics if one.get(name) is not None]
        known = [number for number in numbers if math.isfinite(number)]
        means[name] = math.fsum(known) / len(known) if known else None
    return means


def by_year_document(
    start_year: int,
    end_year: int,
    parameters: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The output of a backtest that was run year by year.

    Args:
        start_year: the first year that was asked for.
        end_year: the last one.
        parameters: ``additionalParams``, as they were given.
        results: for each year that ran ``{"year": 2000, "result": {"metrics": {...}, "statistics":
            {...}}}``; see :func:`stockstream.study.validation.consolidation.year_results`.
    """
    metrics = [one["result"].get("metrics", {}) for one in results]
    return {
        "startYear": start_year,
        "endYear": end_year,
        "additionalParams": dict(parameters),
        "years": list(range(start_year, end_year + 1)),
        "yearResults": [dict(one) for one in results],
        "finalResult": {
            "summary": {
                "averageMetrics": average_metrics(metrics),
                "yearlyResults": [dict(one) for one in results],
            }
        },
    }


def by_ticker_document(
    tickers: Sequence[str],
    parameters: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The output of a backtest that was run ticker by ticker.

    Args:
        tickers: as they were asked for.
        parameters: ``additionalParams``, as they were given.
        results: for each ticker that ran ``{"ticker": "BHP.AX", "result": {"return": 0.1,
            "volatility": 0.2, ...}}``; see ``consolidation.ticker_results``.
    """
    return {
        "tickers": [{"ticker": name, "additionalParams": dict(parameters)} for name in tickers],
        "additionalParams": dict(parameters),
        "tickerResults": [dict(one) for one in results],
        "finalResult": {
            "summary": {
                "averageMetrics": average_metrics([one["result"] for one in results]),
                "tickerResults": [dict(one) for one in results],
            }
        },
    }
