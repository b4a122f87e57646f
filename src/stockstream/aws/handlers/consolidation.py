"""The functions that join the pieces of a backtest again.

Averages of the measures are what such workflows have always put out, and are kept. Beside them
stands ``joinedMetrics``: the accounts of the pieces joined to one, years one after the other and
tickers side by side with equal parts of the capital, and measured as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from stockstream import errors
from stockstream.aws.piece_accounts import kept_account
from stockstream.aws.requests import params_of, ticker_config, year_config, years_of
from stockstream.backtest.result import json_ready
from stockstream.errors import ConfigError, StrategyError
from stockstream.lake.location import Location
from stockstream.settings import load_settings
from stockstream.study.validation.accounts import chained, side_by_side
from stockstream.study.validation.documents import by_ticker_document, by_year_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockstream.backtest.config import BacktestConfig
    from stockstream.study.validation.accounts import Account

__all__ = ["consolidate_results", "consolidate_ticker_results"]

Document: TypeAlias = dict[str, Any]

LONGEST_REASON = 300
"""Characters: reasons share the 256 KB of a state with the results."""


def consolidate_results(event: Document, _context: object = None) -> Document:
    """The whole state by year, with ``yearResults`` -> ``{"summary": {...}}``.

    The summary has ``averageMetrics``, ``yearlyResults``, ``joinedMetrics`` and ``failures``, which
    says why a year did not run; it is in nothing else.

    Raises:
        ConfigError: the state has no results, or one twice.
        NoDataError: the account of a year is not there.
        StrategyError: no year ran.
    """
    params, years = params_of(event), years_of(event)
    done, failures = _sorted_out(event, "year")
    done.sort(key=lambda one: one["year"])
    document = by_year_document(years[0], years[-1], params, done)
    joined = _joined(params, done, chained, year_config(years[0], params))
    return _summary(document, joined, failures)


def consolidate_ticker_results(event: Document, _context: object = None) -> Document:
    """The whole state by ticker, with ``tickerResults`` -> ``{"summary": {...}}``.

    The summary has ``averageMetrics``, ``tickerResults``, ``joinedMetrics`` and ``failures``, which
    says why a ticker did not run; it is in nothing else.

    Raises:
        ConfigError: the state has no results, or one twice.
        NoDataError: the account of a ticker is not there.
        StrategyError: no ticker ran.
    """
    params = params_of(event)
    done, failures = _sorted_out(event, "ticker")
    names = [one["ticker"] for one in done]
    document = by_ticker_document(names, params, done)
    joined = _joined(params, done, side_by_side, ticker_config(names, params))
    return _summary(document, joined, failures)


def _sorted_out(event: Document, kind: str) -> tuple[list[Document], dict[str, str]]:
    """The pieces that ran, and why the others did not."""
    entries = event.get(f"{kind}Results")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"the state has no {kind}Results: give what the Map put out")
    labels = [str(entry[kind]) for entry in entries]
    doubled = next((label for label in labels if labels.count(label) > 1), None)
    if doubled is not None:
        raise ConfigError(f"{kind} {doubled} is there twice: give each once, by its full name")
    done = [entry for entry in entries if "error" not in entry]
    failures = {str(entry[kind]): _reason(entry["error"]) for entry in entries if "error" in entry}
    if not done:
        first, why = next(iter(failures.items()))
        raise StrategyError(f"no {kind} can run; the first, {first}: {why}")
    return done, failures


def _reason(error: Any) -> str:
    """What a Catch has caught, in one line: our errors say it themselves, others need a name."""
    if not isinstance(error, dict):
        return str(error)[:LONGEST_REASON]
    kind, cause = str(error.get("Error", "")), str(error.get("Cause", ""))
    text = " ".join(cause.split()) or "no reason was given"
    ours = kind in errors.__all__
    named = "" if ours or not kind else f"{kind}: "
    return f"{named}{text}"[:LONGEST_REASON]


def _joined(
    params: Document,
    done: Sequence[Document],
    join: Callable[[Sequence[Account]], Account],
    config: BacktestConfig,
) -> Document:
    place = Location.of(load_settings().lake)
    accounts = [kept_account(place, params, piece) for piece in done]
    return json_ready(join(accounts).metrics(config).as_dict())


def _summary(document: Document, joined: Document, failures: dict[str, str]) -> Document:
    summary = document["finalResult"]["summary"]
    return {"summary": {**summary, "joinedMetrics": joined, "failures": failures}}
