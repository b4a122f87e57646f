"""The whole workflow, field by field what the local study and its documents give."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.handlers.consolidation import consolidate_results, consolidate_ticker_results
from stockstream.aws.handlers.pieces import process_single_ticker, process_year
from stockstream.aws.handlers.splitting import date_range_splitter, process_tickers
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.result import json_ready
from stockstream.errors import ConfigError, NoDataError, StockstreamError, StrategyError
from stockstream.lake.store import Lake
from stockstream.study.plan import plan_study
from stockstream.study.validation.consolidation import consolidate, ticker_results, year_results
from stockstream.study.validation.documents import by_ticker_document, by_year_document
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Callable

PARAMS: dict[str, Any] = {"strategy_class": "MovingAverageCrossover", "fast_period": 5}
DAYS = {"start_date": "2018-01-01", "end_date": "2021-12-31"}
WITH_DAYS = {**PARAMS, **DAYS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of its own, because the pieces write beside it."""
    place = tmp_path_factory.mktemp("consolidation") / "lake"
    return Path(shutil.copytree(str(simulated_lake().location), place))


@pytest.fixture
def lake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(folder))
    return Lake.open(folder)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


def mapped(call: Callable[[Any], Any], kind: str, items: list[Any]) -> list[Any]:
    """What a Map gives whose Catch marks what failed."""
    answers = []
    for item in items:
        try:
            answers.append(call(item))
        except StockstreamError as error:
            caught = {"Error": type(error).__name__, "Cause": str(error)}
            answers.append({kind: item[kind], "error": caught})
    return answers


def by_year(first: int, last: int) -> dict[str, Any]:
    given = {"startYear": first, "endYear": last, "additionalParams": PARAMS}
    state = date_range_splitter(given)
    items = [{"year": year, "additionalParams": PARAMS} for year in state["years"]]
    state["yearResults"] = mapped(process_year, "year", items)
    answer: dict[str, Any] = through_json(state)
    return answer


def by_ticker(tickers: list[str]) -> dict[str, Any]:
    state = process_tickers({"tickers": tickers, "additionalParams": WITH_DAYS})
    state["tickerResults"] = mapped(process_single_ticker, "ticker", state["tickers"])
    answer: dict[str, Any] = through_json(state)
    return answer


def joined_here(lake: Lake, split: str, universe: tuple[str, ...] | None = None) -> Any:
    study = plan_study(BacktestConfig(**PARAMS, **DAYS, universe=universe), lake, split=split)
    [joined] = consolidate(study, lake, [0])
    return joined


def test_the_whole_output_by_year(lake: Lake) -> None:
    state = by_year(2018, 2021)
    state["finalResult"] = through_json(consolidate_results(state, None))
    joined = joined_here(lake, "year")
    summary = state["finalResult"]["summary"]
    assert summary.pop("joinedMetrics") == json_ready(joined.metrics.as_dict())
    assert summary.pop("failures") == joined.failures == {}
    assert state == by_year_document(2018, 2021, PARAMS, year_results(joined.parts))


def test_the_whole_output_by_ticker(lake: Lake) -> None:
    names = lake.symbols()[:5]
    state = by_ticker(names)
    state["finalResult"] = through_json(consolidate_ticker_results(state, None))
    joined = joined_here(lake, "ticker", tuple(names))
    summary = state["finalResult"]["summary"]
    assert summary.pop("joinedMetrics") == json_ready(joined.metrics.as_dict())
    assert summary.pop("failures") == joined.failures == {}
    assert state == by_ticker_document(names, WITH_DAYS, ticker_results(joined.parts))


def test_what_failed_is_in_the_failures_and_in_nothing_else(lake: Lake) -> None:
    state = by_year(2016, 2021)
    summary = consolidate_results(state)["summary"]
    years = [one["year"] for one in summary["yearlyResults"]]
    assert years == [2018, 2019, 2020, 2021]
    assert list(summary["failures"]) == ["2016", "2017"]
    assert summary["failures"]["2016"].startswith("no bar of")
    alone = by_year(2018, 2021)
    expected = consolidate_results(alone)["summary"]
    assert summary["averageMetrics"] == expected["averageMetrics"]
    assert summary["joinedMetrics"] == expected["joinedMetrics"]


@pytest.mark.parametrize(
    ("caught", "reason"),
    [
        ({"Error": "NoDataError", "Cause": "no bar\n of it"}, "no bar of it"),
        ({"Error": "ValueError", "Cause": "odd"}, "ValueError: odd"),
        ({"Error": "Sandbox.Timedout"}, "Sandbox.Timedout: no reason was given"),
        ("lost", "lost"),
    ],
)
def test_reasons(lake: Lake, caught: Any, reason: str) -> None:
    state = by_year(2020, 2021)
    state["yearResults"][0] = {"year": 2020, "error": caught}
    assert consolidate_results(state)["summary"]["failures"] == {"2020": reason}


def test_years_may_come_in_any_order(lake: Lake) -> None:
    state = by_year(2019, 2021)
    expected = consolidate_results(state)
    state["yearResults"].reverse()
    assert consolidate_results(state) == expected


def test_with_nothing_left_it_fails(lake: Lake) -> None:
    error = {"Error": "States.Timeout", "Cause": "it took too long"}
    state = by_year(2020, 2020)
    state["yearResults"] = [{"year": 2020, "error": error}]
    with pytest.raises(
        StrategyError, match=r"no year can run; the first, 2020: States.Timeout: it"
    ):
        consolidate_results(state)
    state = by_ticker(lake.symbols()[:1])
    state["tickerResults"] = [{"ticker": "BHP.AX", "error": error}]
    with pytest.raises(StrategyError, match=r"no ticker can run; the first, BHP.AX"):
        consolidate_ticker_results(state)


def test_a_state_without_results_is_refused(lake: Lake) -> None:
    given = date_range_splitter({"startYear": 2020, "endYear": 2021, "additionalParams": PARAMS})
    with pytest.raises(ConfigError, match="the state has no yearResults"):
        consolidate_results(given)
    state = by_ticker(lake.symbols()[:1])
    state["tickerResults"] *= 2
    with pytest.raises(ConfigError, match="is there twice"):
        consolidate_ticker_results(state)


def test_the_account_of_another_run_is_not_taken(lake: Lake) -> None:
    state = by_year(2020, 2021)
    state["yearResults"][0]["result"]["metrics"]["sharpe"] = 9.0
    with pytest.raises(NoDataError, match=r"the account of 2020 is not at .*start the workflow"):
        consolidate_results(state)
