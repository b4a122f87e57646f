"""What the splitters take and give, and everything they refuse before anything starts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stockstream.aws.handlers.splitting import date_range_splitter, process_tickers, split_tickers
from stockstream.aws.requests import (
    STATE_BYTES,
    TICKER_BYTES,
    YEAR_BYTES,
    check_input,
    ticker_config,
    year_config,
)
from stockstream.errors import ConfigError, UnknownNameError
from stockstream.metrics.statistics import STATISTICS
from stockstream.metrics.summary import DEFINITIONS

PARAMS: dict[str, Any] = {"strategy": "MovingAverageCrossover", "fastPeriod": 5}
WORST = -1.2345678901234567e-05


def by_year(first: Any = 2000, last: Any = 2010, **params: Any) -> dict[str, Any]:
    return {"startYear": first, "endYear": last, "additionalParams": PARAMS | params}


def by_ticker(*tickers: Any, **params: Any) -> dict[str, Any]:
    return {"tickers": list(tickers), "additionalParams": PARAMS | params}


def test_years_are_written_out() -> None:
    document = by_year(2000, 2003)
    split = date_range_splitter(document, None)
    assert split == {**document, "years": [2000, 2001, 2002, 2003]}
    assert list(split) == ["startYear", "endYear", "additionalParams", "years"]
    assert date_range_splitter(by_year(2000, 2000))["years"] == [2000]


def test_tickers_are_items() -> None:
    document = by_ticker("BHP.AX", "CBA.AX")
    items = [{"ticker": name, "additionalParams": PARAMS} for name in ("BHP.AX", "CBA.AX")]
    assert split_tickers(document, None) == items
    assert process_tickers(document, None) == {"tickers": items, "additionalParams": PARAMS}


def test_a_function_refuses_what_another_one_splits() -> None:
    with pytest.raises(ConfigError, match="this function splits years, and the input asks for t"):
        date_range_splitter(by_ticker("BHP.AX"))
    with pytest.raises(ConfigError, match="this function splits tickers, and the input asks for y"):
        process_tickers(by_year())


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (by_year(), "years"),
        (by_year() | {"Comment": "by hand"}, "years"),
        (by_ticker("^AXJO", "BRK-B", "BHP.AX", "CBA.AX"), "tickers"),
        ({"run": "s-0123456789ab"}, "grid"),
        ({"config": {"strategy_class": "Momentum"}, "split": "year"}, "grid"),
    ],
)
def test_the_kind_of_an_input(document: dict[str, Any], kind: str) -> None:
    assert check_input(document) == kind


REFUSED: list[tuple[Any, str]] = [
    ([], "the input is []; give names and values"),
    ({}, "neither years, tickers nor a grid; give one of"),
    (by_year() | by_ticker("BHP.AX"), "both years and tickers"),
    ({"run": "s-0123456789ab", **by_year()}, "both years and grid"),
    (by_year(2010, 2000), "endYear 2000 lies before startYear 2010: swap them?"),
    (by_year("2000"), "startYear is '2000'; give a whole year from 1900 to 2100"),
    (by_year(True), "startYear is True"),
    (by_year(1899), "startYear is 1899"),
    (by_year(2000, 2101), "endYear is 2101"),
    ({"startYear": 2000, "additionalParams": PARAMS}, "endYear is missing"),
    (by_year(1900, 2100), "201 years are too many for one execution"),
    (by_ticker(), "tickers is []; give a list of symbols"),
    ({"tickers": "BHP.AX", "additionalParams": PARAMS}, "tickers is 'BHP.AX'; give a list"),
    (by_ticker("BHP.AX", "bhp.ax"), "ticker bhp.ax is given twice"),
    (by_ticker("BHP", "BHP.AX"), "tickers BHP and BHP.AX may be the same; give both in full"),
    (by_ticker("BHP.AX", "BHP"), "tickers BHP and BHP.AX may be the same; give both in full"),
    (by_ticker("BHP/../x"), "ticker 'BHP/../x' is no symbol"),
    (by_ticker(7), "ticker 7 is no symbol"),
    (by_ticker(""), "ticker '' is no symbol"),
    (by_ticker(*(f"T{i}" for i in range(250))), "250 tickers are too many for one execution"),
    ({"startYear": 2000, "endYear": 2001}, "additionalParams names no strategy: add strategy_"),
    (by_year() | {"additionalParams": [1]}, "additionalParams is [1]; give names and values"),
    (by_year(strategy_class="Momentum"), "additionalParams gives strategy_class twice"),
    (by_year(fast_period=7), "additionalParams gives fast_period twice (as 'fast_period' too)"),
    (by_year(parameters={"fastPeriod": 7}), "gives fast_period beside parameters and in them"),
    (by_year(parameters=7), "additionalParams.parameters is 7; give names and values"),
    (by_year(param_grid={"fast_period": [5, 10]}), "several values are a grid: start the workflow"),
    (by_year(paramGrid={"fast_period": [5, 10]}), "additionalParams has 'paramGrid', and several"),
    (by_year(sleeves=[]), "a book of several strategies runs as one backtest"),
    (by_year(start_date="2000-01-01"), "startYear and endYear say when; leave it out"),
    (by_year(warmup_start="1999-01-01"), "each year warms up on as many days before it"),
    (by_ticker("BHP.AX", symbols=["BHP.AX"]), "the tickers are the universe; leave it out"),
    (by_ticker("BHP.AX", start_date="2010-02-30"), "start_date"),
    (by_ticker("BHP.AX", startDate="2020-01-01", endDate="2010-01-01"), "end date 2010-01-01 lies"),
    (by_year(initial_capital=0), "initial_capital"),
    (by_year(fastPeriod=500), "fast_period"),
]


@pytest.mark.parametrize(("document", "message"), REFUSED)
def test_what_cannot_run_is_refused(document: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_input(document)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (by_year() | {"endyear": 2011}, "unknown name in the input 'endyear'; did you mean 'endY"),
        (by_year(strategy="Moment"), "unknown strategy 'Moment'; did you mean 'MomentumStrategy'?"),
        (by_year(initial_capita=5), "'initial_capita'; did you mean 'initial_capital'"),
        (by_year(fast_perod=5), "'fast_perod'; did you mean 'fast_period'"),
        (by_year(slow=5), "parameters of MovingAverageCrossover: fast_period, slow_period"),
    ],
)
def test_unknown_names_are_named(document: Any, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        check_input(document)
    assert message in str(caught.value)


def test_params_are_a_configuration() -> None:
    params = {
        "strategy": "moving_average_crossover",
        "initialCapital": 5_000,
        "symbols": "BHP.AX, CBA.AX",
        "parameters": {"fastPeriod": 5},
        "slow_period": 30,
        "costs": {"commission_bps": 10},
    }
    config = year_config(2003, params)
    assert (str(config.start_date), str(config.end_date)) == ("2003-01-01", "2003-12-31")
    assert config.universe == ("BHP.AX", "CBA.AX")
    assert (config.initial_capital, config.costs.commission_bps) == (5_000.0, 10.0)
    assert config.parameters == {"fast_period": 5, "slow_period": 30}


def test_days_of_a_ticker_are_asked_for_where_they_are_missing() -> None:
    whole = ticker_config(["BHP.AX"], PARAMS)
    assert (whole.start_date.year, whole.end_date.year) == (1900, 2100)
    days = {"startDate": "2019-01-01", "end_date": "2020-12-31"}

    def nobody() -> Any:
        raise AssertionError("the days are given")

    config = ticker_config(["BHP.AX"], PARAMS | days, nobody)
    assert (str(config.start_date), str(config.end_date)) == ("2019-01-01", "2020-12-31")
    assert config.universe == ("BHP.AX",)


def test_results_fit_into_a_state() -> None:
    """Each stands twice in the output: in the answers of the Map, and in the summary."""
    metrics = dict.fromkeys(DEFINITIONS, WORST)
    year = {"year": 2000, "result": {"metrics": metrics, "statistics": {}}}
    year["result"] = {"metrics": metrics, "statistics": dict.fromkeys(STATISTICS, WORST)}
    ticker = {"ticker": "A" * 32, "result": metrics}
    assert len(json.dumps(year)) <= YEAR_BYTES
    assert len(json.dumps(ticker)) <= TICKER_BYTES
    many = [f"T{i}.AX" for i in range(STATE_BYTES // (2 * TICKER_BYTES + 64 + 150))]
    assert check_input(by_ticker(*many)) == "tickers"
    output = process_tickers(by_ticker(*many))
    output["tickerResults"] = [ticker] * len(many)
    output["finalResult"] = {"summary": {"tickerResults": [ticker] * len(many)}}
    assert len(json.dumps(output)) < STATE_BYTES
    assert check_input(by_year(2000, 2000 + STATE_BYTES // (2 * YEAR_BYTES + 64) - 1)) == "years"
