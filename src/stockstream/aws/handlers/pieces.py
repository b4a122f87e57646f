"""One piece of a backtest: a year, or a ticker, as an ordinary backtest with fresh capital.

The numbers are those of the same piece of a local study, ``plan_study(config, lake, split="year")``
and ``split="ticker"``. A piece may run any number of times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from stockstream.aws.piece_accounts import keep_account
from stockstream.aws.requests import params_of, ticker_config, ticker_of, year_config, year_of
from stockstream.errors import StockstreamError
from stockstream.lake.store import Lake
from stockstream.settings import load_settings
from stockstream.study.plan import plan_study
from stockstream.study.validation.accounts import Account
from stockstream.study.validation.consolidation import (
    part_from,
    run_again,
    ticker_results,
    year_results,
)

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.backtest.config import BacktestConfig
    from stockstream.study.validation.consolidation import Part

__all__ = ["process_single_ticker", "process_year"]

Document: TypeAlias = dict[str, Any]


def process_year(event: Document, _context: object = None) -> Document:
    """``{"year", "additionalParams"}`` -> ``{"year", "result": {"metrics", "statistics"}}``.

    Raises:
        ConfigError: the input cannot be run; see :mod:`stockstream.aws.requests`.
        NoDataError: the lake has no bar in that year.
        StrategyError: the strategy failed.
    """
    params, lake = params_of(event), _lake()
    part, account = _run(year_config(year_of(event), params), lake, "year")
    [result] = year_results([part])
    keep_account(lake.location, params, result, account)
    return result


def process_single_ticker(event: Document, _context: object = None) -> Document:
    """``{"ticker", "additionalParams"}`` -> ``{"ticker", "result": {"return", ...}}``.

    Raises:
        ConfigError: the input cannot be run; see :mod:`stockstream.aws.requests`.
        NoDataError: the lake has no bar of it.
        StrategyError: the strategy failed.
    """
    params, lake = params_of(event), _lake()
    config = ticker_config([ticker_of(event)], params, lambda: _all_days(lake))
    part, account = _run(config, lake, "ticker")
    [result] = ticker_results([part])
    keep_account(lake.location, params, result, account)
    return result


def _lake() -> Lake:
    """The lake, as it is now: a warm process may be days old."""
    return Lake.open(load_settings().lake)


def _all_days(lake: Lake) -> tuple[dt.date, dt.date]:
    last, first = lake.last_session(), lake.info().first
    return first or last, last


def _run(config: BacktestConfig, lake: Lake, split: str) -> tuple[Part, Account]:
    study = plan_study(config, lake, split=split, blocks=1)
    [found] = run_again(study, lake, [0])
    if isinstance(found, StockstreamError):
        raise found
    part = part_from(study.pieces[0], found, described=split == "year")
    return part, Account.of(found)
