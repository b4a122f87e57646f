"""A piece in the cloud is the piece of the local study, to the bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockstream.aws.handlers.pieces import process_single_ticker, process_year
from stockstream.aws.piece_accounts import kept_account
from stockstream.aws.requests import year_config
from stockstream.backtest.config import BacktestConfig
from stockstream.errors import ConfigError, NoDataError, UnknownNameError
from stockstream.ingest.fetch import fetch
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider
from stockstream.study.plan import plan_study
from stockstream.study.validation.consolidation import consolidate, ticker_results, year_results
from stockstream.testing.market import FIRST, LAST, simulated_lake

if TYPE_CHECKING:
    from collections.abc import Callable

PARAMS: dict[str, Any] = {
    "strategy": "MovingAverageCrossover",
    "fast_period": 5,
    "slow_period": 20,
    "costs": {"commission_bps": 10},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of its own, because the pieces write beside it."""
    return Path(
        shutil.copytree(str(simulated_lake().location), tmp_path_factory.mktemp("pieces") / "lake")
    )


@pytest.fixture
def lake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(folder))
    return Lake.open(folder)


def files(lake: Lake) -> dict[str, bytes]:
    return {file.name: lake.location.read(file.name) for file in lake.location.files("runs")}


def through_json(answer: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(answer, allow_nan=False))
    return values


def local(lake: Lake, split: str, **settings: Any) -> Any:
    days = {"start_date": "2019-01-01", "end_date": "2021-12-31"}
    config = BacktestConfig(**{"strategy_class": PARAMS["strategy"], **days, **settings})
    study = plan_study(config, lake, split=split)
    [joined] = consolidate(study, lake, [0])
    return joined


@pytest.mark.parametrize(
    "params",
    [
        {"strategy": "MovingAverageCrossover", "fast_period": 5, "slow_period": 20},
        {"strategy": "RSIMeanReversion", "symbols": ["ABY.AX", "CAC.AX"]},
        {"strategy": "MeanReversionStrategy", "fill": "next_close"},
        {"strategy": "MomentumStrategy", "risk_free": 0.03},
        {"strategy": "LongShortEquityStrategy", "costs": {"commission_bps": 10}},
    ],
    ids=lambda params: str(params["strategy"]),
)
def test_each_year_is_that_of_the_local_study(lake: Lake, params: dict[str, Any]) -> None:
    if "symbols" in params:
        params = {**params, "symbols": lake.symbols()[2:4]}
    answers = [
        through_json(process_year({"year": year, "additionalParams": params}, None))
        for year in (2019, 2020, 2021)
    ]
    settings = {"symbols": "universe"}
    given = {settings.get(name, name): v for name, v in params.items() if name != "strategy"}
    joined = local(lake, "year", strategy_class=params["strategy"], **given)
    assert answers == through_json({"all": year_results(joined.parts)})["all"]
    assert any(answer["result"]["metrics"]["trades"] > 0 for answer in answers)


def test_each_ticker_is_that_of_the_local_study(lake: Lake) -> None:
    params = {**PARAMS, "start_date": "2019-01-01", "end_date": "2021-12-31"}
    joined = local(lake, "ticker", fast_period=5, slow_period=20, costs=PARAMS["costs"])
    labels = [str(part.label) for part in joined.parts]
    answers = [
        process_single_ticker({"ticker": name, "additionalParams": params}, None) for name in labels
    ]
    assert answers == ticker_results(joined.parts)


def test_a_ticker_without_days_runs_on_all_of_the_lake(lake: Lake) -> None:
    name = lake.symbols()[0]
    answer = process_single_ticker({"ticker": name.removesuffix(".AX"), "additionalParams": PARAMS})
    first = lake.info().first
    days = {"start_date": str(first), "end_date": str(lake.last_session())}
    given = {"ticker": name, "additionalParams": {**PARAMS, **days}}
    assert answer == process_single_ticker(given)
    assert answer["ticker"] == name


def test_a_piece_that_is_delivered_again_changes_nothing(lake: Lake) -> None:
    event = {"year": 2020, "additionalParams": PARAMS}
    answer = process_year(event)
    before = files(lake)
    assert process_year(event) == answer
    assert files(lake) == before
    account = kept_account(lake.location, PARAMS, through_json(answer))
    metrics = account.metrics(year_config(2020, PARAMS)).as_dict()
    assert metrics["sharpe"] == answer["result"]["metrics"]["sharpe"]
    assert metrics["trades"] == answer["result"]["metrics"]["trades"] > 0
    assert account.dates.dtype == np.dtype("datetime64[D]")


def test_numbers_may_be_written_otherwise_on_the_way(lake: Lake) -> None:
    """Step Functions writes values anew: 5.0 as 5, and names in another order."""
    answer = process_year({"year": 2020, "additionalParams": PARAMS})
    metrics = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in reversed(answer["result"]["metrics"].items())
    }
    result = {"metrics": metrics, "statistics": answer["result"]["statistics"]}
    params = {**PARAMS, "costs": {"commission_bps": 10.0}, "fast_period": 5.0}
    account = kept_account(lake.location, params, {"year": 2020, "result": result})
    assert account.capital == 100_000.0


def test_other_data_give_another_account(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piece that runs after a correction never changes what an earlier result stands on."""
    place = Path(shutil.copytree(str(lake.location), tmp_path / "lake"))
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(place))
    event = {"year": 2020, "additionalParams": PARAMS}
    before = process_year(event)
    own = Lake.open(place)
    name = own.symbols()[0]
    year = own.bars([name]).filter(pl.col("date").dt.year() == 2020)
    own.merge(year.with_columns(open=pl.col("close")), source="a correction")
    after = process_year(event)
    assert after != before
    one, other = (kept_account(own.location, PARAMS, answer) for answer in (before, after))
    assert one.equity[-1] != other.equity[-1]
    assert one.equity[-1] / one.capital - 1.0 == before["result"]["metrics"]["total_return"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: process_year({"additionalParams": PARAMS}), "year is missing"),
        (
            lambda: process_single_ticker({"additionalParams": PARAMS}),
            "ticker missing is no symbol",
        ),
        (lambda: process_year({"year": 2020}), "additionalParams names no strategy"),
    ],
)
def test_a_bad_event_is_refused(lake: Lake, call: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()


def test_what_the_lake_lacks(lake: Lake) -> None:
    with pytest.raises(NoDataError, match=r"no bar of .* from 1990-01-01 to 1990-12-31"):
        process_year({"year": 1990, "additionalParams": PARAMS})
    with pytest.raises(UnknownNameError, match="unknown symbol 'NOPE'"):
        process_single_ticker({"ticker": "NOPE", "additionalParams": PARAMS})
    alone = {"strategy": "LongShortEquityStrategy"}
    with pytest.raises(ConfigError, match="holds symbols against each other"):
        process_single_ticker({"ticker": lake.symbols()[0], "additionalParams": alone})


@pytest.mark.slow
def test_pieces_in_a_bucket(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = bucket.removeprefix("s3://").partition("/")[0]
    url = f"s3://{name}"
    fetch(SimulatedProvider(companies=3, seed=2), (), FIRST, LAST, url)
    monkeypatch.setenv("S3_BUCKET_NAME", name)
    answer = process_year({"year": 2020, "additionalParams": PARAMS})
    [file] = Location.of(url).files("runs")
    assert file.name.startswith("runs/w-")
    assert "/pieces/2020-" in file.name
    config = year_config(2020, PARAMS)
    account = kept_account(Location.of(url), PARAMS, answer)
    assert account.metrics(config).as_dict()["sharpe"] == answer["result"]["metrics"]["sharpe"]
    lake = Lake.open(url)
    [joined] = consolidate(plan_study(config, lake, split="year"), lake, [0])
    assert [answer] == year_results(joined.parts)
