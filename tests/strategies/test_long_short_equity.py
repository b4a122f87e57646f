"""LongShortEquityStrategy does what its page says."""

from __future__ import annotations

import polars as pl
import pytest

from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import prepare, run_backtest
from stockstream.errors import ConfigError, UnknownNameError
from stockstream.strategies.long_short_equity import LongShortEquityStrategy
from stockstream.strategy.signals import Weights
from stockstream.testing.market import panel_for, simulated_lake
from stockstream.testing.strategy_contract import StrategyContract


class TestContract(StrategyContract):
    strategy = LongShortEquityStrategy


class TestTwoFactors(StrategyContract):
    strategy = LongShortEquityStrategy
    parameters = {"factors": ("DebtToEquity", "NewsSentiment"), "rebalance_period": 7}  # noqa: RUF012


def config(**values: object) -> BacktestConfig:
    given = {"start_date": "2019-01-01", "end_date": "2021-12-31"}
    return BacktestConfig(**{"strategy_class": "LongShortEquityStrategy", **given, **values})


def test_defaults_are_those_of_the_mission() -> None:
    assert LongShortEquityStrategy().parameters == {
        "factors": ("-DebtToEquity",),
        "rebalance_period": 21,
        "take_profit_pct": 0.1,
        "stop_loss_pct": 0.05,
        "cooldown_period": 7,
        "quantile": 0.2,
    }


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("DebtToEquity", ("-DebtToEquity",)),
        ("debt_to_equity", ("-debt_to_equity",)),
        ("+DebtToEquity", ("+DebtToEquity",)),
        ("NewsSentiment", ("+NewsSentiment",)),
        ("- PE, ROE", ("-PE", "+ROE")),
        (["P/E", "-Beta"], ("-P/E", "-Beta")),
    ],
)
def test_the_sign_says_which_end_is_good(given: object, read: tuple[str, ...]) -> None:
    strategy = LongShortEquityStrategy(factors=given)
    assert strategy.factors == read
    assert strategy.parameters["factors"] == read
    assert LongShortEquityStrategy(factors=read).factors == read


@pytest.mark.parametrize(
    ("given", "message"),
    [("", "factors names none"), ("PE,-PE", "names PE twice"), ("PE,-", "a sign without a name")],
)
def test_factors_that_cannot_be_used(given: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LongShortEquityStrategy(factors=given)


def test_what_the_rules_say() -> None:
    plan = LongShortEquityStrategy(factors="PE,ROE", rebalance_period=7, quantile=0.3).plan()
    assert isinstance(plan, Weights)
    assert plan.every == 7
    assert plan.columns() == ("factor:PE", "factor:ROE")
    assert (plan.bracket.take_profit, plan.bracket.stop_loss) == (0.1, 0.05)
    opposite = LongShortEquityStrategy(factors="+PE,ROE", rebalance_period=7, quantile=0.3).plan()
    assert opposite.to_json() != plan.to_json()


def test_the_documented_configuration_runs() -> None:
    asked = config(
        factors=["DebtToEquity"],
        initial_capital=1_000_000.0,
        rebalance_period=1,
        take_profit_pct=10.0,
        stop_loss_pct=5.0,
        cooldown_period=5,
    )
    [manager], resolved = prepare(asked, simulated_lake())
    assert resolved.parameters["factors"] == ("-DebtToEquity",)
    assert resolved.parameters["take_profit_pct"] == 0.1
    assert manager.strategy.parameters == resolved.parameters
    result = run_backtest(asked, simulated_lake())
    assert set(result.fills["reason"]) >= {"order", "stop_loss", "take_profit"}


def test_low_debt_is_bought_and_high_debt_sold() -> None:
    lake = simulated_lake()
    quiet = {"take_profit_pct": 0, "stop_loss_pct": 0, "rebalance_period": 10_000}
    result = run_backtest(config(**quiet), lake)
    first = result.fills.filter(pl.col("date") == pl.col("date").min())
    day = result.dates[0].item()
    known = lake.factors(["DebtToEquity"], known_by=day)
    traded = lake.bars(start=day, end=day)["symbol"]
    newest = (
        known.filter(pl.col("symbol").is_in(traded.to_list()))
        .sort("date")
        .group_by("symbol")
        .last()
    )
    ordered = newest.sort("value")["symbol"].to_list()
    k = max(1, int(0.2 * len(ordered)))
    assert set(first.filter(pl.col("quantity") > 0)["symbol"]) == set(ordered[:k])
    assert set(first.filter(pl.col("quantity") < 0)["symbol"]) == set(ordered[-k:])


def test_a_factor_that_the_lake_lacks_is_named() -> None:
    with pytest.raises(UnknownNameError, match="DebtToEquity"):
        run_backtest(config(factors=["DebtToEqity"]), simulated_lake())


def test_the_panel_has_what_it_reads() -> None:
    panel = panel_for(LongShortEquityStrategy(), simulated_lake())
    assert set(panel.columns) == {"factor:DebtToEquity"}
