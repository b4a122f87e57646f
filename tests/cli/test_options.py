"""Options mean what the configuration means, under the same names and with the same defaults."""

from __future__ import annotations

import datetime as dt
import inspect
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.backtest.archive import load_result
from stockstream.backtest.config import BacktestConfig, Costs, Margin
from stockstream.cli.backtest import backtest
from stockstream.cli.options import lake_place, parse_assignments, runs_place, split_names
from stockstream.cli.sweep import sweep
from stockstream.errors import ConfigError
from stockstream.report.reproduce import command_line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


@pytest.mark.parametrize("command", [backtest, sweep])
def test_defaults_are_those_of_the_configuration(command: Any) -> None:
    offered = inspect.signature(command).parameters
    fields = {**BacktestConfig.model_fields, **Costs.model_fields, **Margin.model_fields}
    shared = set(offered) & set(fields) - {"start_date", "end_date"}
    assert shared >= {"fill", "size_at", "fractional", "initial_capital", *Costs.model_fields}
    for name in shared - {"commission_tiers"}:  # text here, pairs there
        assert offered[name].default == fields[name].default, name


def test_the_command_line_of_a_result_makes_it_again(
    stockstream: Stockstream, lake: Path, symbols: list[str], tmp_path: Path
) -> None:
    """Every option that a tear sheet writes is one that ``backtest`` reads, with its value."""
    config = BacktestConfig(
        strategy_class="RSIMeanReversion",
        start_date=dt.date(2020, 1, 1),
        end_date=dt.date(2021, 6, 30),
        initial_capital=50_000.5,
        universe=tuple(symbols),
        parameters={"period": 10, "oversold": 40.0, "overbought": 60.0},
        costs=Costs(
            commission_bps=10,
            commission_per_share=0.01,
            commission_minimum=5,
            slippage_bps=2.5,
            borrow_bps=30,
        ),
        fill="next_close",
        size_at="fill",
        fractional=True,
        periods_per_year=250,
        risk_free=0.02,
        seed=3,
    )
    words = shlex.split(command_line(config).replace("\\\n", " "))
    said = stockstream(*words[1:], "--lake", lake, "--runs", "runs", "--json")
    assert said.code == 0, said.err
    assert load_result(tmp_path / "runs" / said.document["run"]).config.digest == config.digest


def test_the_lake_and_the_runs_come_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKSTREAM__LAKE", "/market")
    monkeypatch.setenv("STOCKSTREAM__RUNS", "/results")
    assert (lake_place(None), runs_place(None)) == ("/market", "/results")
    assert (lake_place("mine"), runs_place("ours")) == ("mine", "ours")


@pytest.mark.parametrize(
    "place", ["s3://key:hush@bucket/x", "s3://hush@bucket", "https://host/lake?signature=hush"]
)
def test_the_address_of_a_lake_holds_no_secret(place: str) -> None:
    with pytest.raises(ConfigError, match="set AWS_ACCESS_KEY_ID") as caught:
        lake_place(place)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("place", ["s3://bucket/me@home", "data/me@home", "what?", "/a/b"])
def test_other_addresses_are_taken_as_they_are(place: str) -> None:
    assert lake_place(place) == place


def test_names_are_split_at_commas() -> None:
    assert split_names(None) is None
    assert split_names(" BHP, CBA ,") == ["BHP", "CBA"]
    with pytest.raises(ConfigError, match="names nothing"):
        split_names(" , ")


def test_assignments() -> None:
    assert parse_assignments(["a=1", "b = x=y"], "--param") == {"a": "1", "b": "x=y"}
    assert parse_assignments(None, "--param") == {}
    for text in ("a", "a=", "=1"):
        with pytest.raises(ConfigError, match="NAME=VALUE"):
            parse_assignments([text], "--param")
    with pytest.raises(ConfigError, match="twice"):
        parse_assignments(["a=1", "a=2"], "--param")
