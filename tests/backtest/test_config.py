"""Configurations: complete, checked, and the same text for the same settings."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from stockstream.backtest.config import BacktestConfig, Costs, Margin, MarketRules
from stockstream.errors import ConfigError

SLEEVE = {"strategy_class": "S", "weight": 0.5}


def make(**values: Any) -> BacktestConfig:
    given = {"strategy_class": "S", "start_date": "2022-01-01", "end_date": "2022-12-31"}
    return BacktestConfig(**{**given, **values})


def test_keywords_that_are_no_field_are_parameters() -> None:
    config = make(rebalance_period=5, parameters={"quantile": 0.2})
    assert config.parameters == {"quantile": 0.2, "rebalance_period": 5}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"initial_capital": -5.0}, r"initial_capital: .*greater than 0 \(got -5.0\)"),
        ({"initial_capital": float("nan")}, "initial_capital"),
        ({"initial_capital": float("inf")}, "initial_capital"),
        ({"end_date": "2021-12-31"}, "end date 2021-12-31 lies before start date 2022-01-01"),
        ({"start_date": "01/02/2022"}, r"start_date: .*got '01/02/2022'"),
        ({"universe": ("A", "B", "A")}, "symbols given twice: A"),
        ({"universe": ()}, "universe is empty"),
        ({"fill": "yesterday"}, "fill: .*'next_open'"),
        ({"costs": {"commission_bps": -1}}, "costs.commission_bps"),
        ({"costs": {"commision_bps": 1}}, "costs.commision_bps"),
        ({"costs": {"commission_tiers": ((5, 10),)}}, "the first must be 0"),
        ({"costs": {"commission_tiers": ((0, 10), (0, 5))}}, "each above the one before"),
        (
            {"costs": {"commission_bps": 5, "commission_tiers": ((0, 10),)}},
            "costs.commission_bps and commission_tiers both give a rate",
        ),
        ({"margin": {"leverage": 0.0}}, "margin.leverage"),
        ({"margin": {"leverage": 4.0}}, "maintenance=0.25 would cut .* below 0.25"),
        ({"market_rules": {"lot": 0}}, "market_rules.lot"),
        ({"market_rules": {"tick": "nyse"}}, "market_rules.tick"),
        ({"market_rules": {"max_volume_share": 2.0}}, "market_rules.max_volume_share"),
        ({"strategy_class": ""}, "either strategy_class or sleeves"),
        ({"sleeves": [SLEEVE]}, "either strategy_class or sleeves"),
        (
            {"strategy_class": "", "sleeves": [SLEEVE], "fast_period": 3},
            "parameters fast_period: with sleeves each sleeve has its own",
        ),
        ({"strategy_class": "", "sleeves": [SLEEVE, SLEEVE]}, "give each a name of its own"),
        (
            {"strategy_class": "", "sleeves": [SLEEVE, {**SLEEVE, "name": "B", "weight": 0.6}]},
            "add up to 1.1, more than the leverage of 1",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_words(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**values)


def test_the_parts_say_what_is_wrong_as_the_whole_does() -> None:
    with pytest.raises(ConfigError, match=r"commission_bps: .* \(got -1\)"):
        Costs(commission_bps=-1)
    with pytest.raises(ConfigError, match=r"leverage: .*greater than 0"):
        Margin(leverage=0.0)


def test_several_strategies_share_a_book() -> None:
    two = [SLEEVE, {**SLEEVE, "name": "other", "parameters": {"fast_period": 3}}]
    config = make(strategy_class="", sleeves=two)
    assert [sleeve.title for sleeve in config.sleeves] == ["S", "other"]
    assert BacktestConfig(**config.model_dump(mode="json")) == config


def test_the_australian_exchange() -> None:
    rules = MarketRules.asx(max_volume_share=0.1)
    assert (rules.lot, rules.minimum_parcel, rules.tick) == (1, 500.0, "asx")
    assert make(market_rules=rules).market_rules.max_volume_share == 0.1


def test_missing_fields_are_named() -> None:
    with pytest.raises(ConfigError, match="start_date: Field required; end_date: Field required"):
        BacktestConfig(strategy_class="S")


def test_equal_settings_have_equal_digests() -> None:
    config = make(costs=Costs(commission_bps=10), fast_period=3)
    same = make(fast_period=3, costs={"commission_bps": 10.0})
    assert config.digest == same.digest
    assert config.digest != config.changed(fractional=True).digest


def test_it_comes_back_from_json() -> None:
    costs = Costs(commission_tiers=((0, 20), (1000, 10)))
    config = make(universe=("A", "B"), param_grid={"fast_period": (1, 2)}, costs=costs)
    assert BacktestConfig(**config.model_dump(mode="json")) == config


def test_it_can_be_read_without_the_engine() -> None:
    code = (
        "import sys, stockstream.backtest.config as c\n"
        "print([m for m in ('numpy', 'polars', 'numba', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
