"""All measures at once."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from stockstream.metrics import drawdown, returns
from stockstream.metrics.summary import DEFINITIONS, Metrics, summarise

EQUITY = np.array([1000.0, 1010.0, 990.0, 1030.0, 1000.0, 1050.0])
NONE = np.empty(0)


def _summary(**changes: Any) -> Metrics:
    given: dict[str, Any] = {
        "equity": EQUITY,
        "trade_pnl": np.array([30.0, -10.0, 20.0]),
        "trade_return": np.array([0.03, -0.01, 0.02]),
        "invested": np.array([0.0, 900.0, 900.0, 0.0, 500.0, 500.0]),
        "traded_value": 3000.0,
        "costs": 5.0,
        "initial_capital": 1000.0,
        "open_trades": 1,
    }
    return summarise(**{**given, **changes})


def test_each_measure_is_the_one_of_its_module() -> None:
    found = _summary()
    series = returns.simple_returns(EQUITY)
    assert found.total_return == pytest.approx(0.05)
    assert found.annualised_return == pytest.approx(1.05 ** (252 / 6) - 1.0)
    assert found.volatility == returns.volatility(series)
    assert found.sharpe == returns.sharpe(series)
    assert found.sortino == returns.sortino(series)
    assert found.max_drawdown == drawdown.max_drawdown(EQUITY) == 1000.0 / 1030.0 - 1.0
    assert found.max_drawdown_length == 2
    assert found.calmar == pytest.approx(found.annualised_return / -found.max_drawdown)
    assert found.win_rate == pytest.approx(2 / 3)
    assert found.profit_factor == 5.0
    assert found.average_win == pytest.approx(0.025)
    assert found.average_loss == -0.01
    assert found.exposure == pytest.approx(4 / 6)
    assert found.turnover == pytest.approx(3000.0 / EQUITY.mean() / (6 / 252))
    assert found.costs == 0.005
    assert (found.trades, found.open_trades) == (4, 1)


def test_periods_and_the_rate_of_cash() -> None:
    weekly = _summary(periods=52, risk_free=0.04)
    series = returns.simple_returns(EQUITY)
    assert weekly.sharpe == returns.sharpe(series, returns.per_bar(0.04, 52), 52)
    assert weekly.volatility == returns.volatility(series, 52)


def test_no_trades_and_flat_equity() -> None:
    found = _summary(
        equity=np.full(10, 1000.0),
        trade_pnl=NONE,
        trade_return=NONE,
        invested=np.zeros(10),
        traded_value=0.0,
        costs=0.0,
        open_trades=0,
    )
    undefined = {name for name, value in found.as_dict().items() if math.isnan(value)}
    assert undefined == {
        *("sharpe", "sortino", "calmar", "win_rate", "profit_factor"),
        *("average_win", "average_loss"),
    }
    assert found.total_return == found.volatility == found.exposure == found.turnover == 0.0


@pytest.mark.parametrize(
    "equity", [NONE, np.array([1000.0]), np.array([1000.0, -5.0, 3.0]), np.array([1000.0, 0.0])]
)
def test_nothing_is_ever_infinite(equity: Any) -> None:
    found = _summary(equity=equity, invested=np.zeros(len(equity)))
    assert not any(math.isinf(value) for value in found.as_dict().values())


def test_ruin_is_a_loss_of_everything() -> None:
    found = _summary(equity=np.array([1000.0, 400.0, -100.0]), invested=np.ones(3))
    assert found.annualised_return == -1.0
    assert found.max_drawdown == pytest.approx(-1.1)


def test_every_field_has_a_definition_of_one_line() -> None:
    assert [field.name for field in fields(Metrics)] == list(DEFINITIONS)
    assert all(text and "\n" not in text for text in DEFINITIONS.values())
    assert list(_summary().as_dict()) == list(DEFINITIONS)


def test_values_are_plain_numbers() -> None:
    assert {type(value) for value in _summary().as_dict().values()} == {float, int}


def test_the_room_needs_numpy_only() -> None:
    script = (
        "import sys, stockstream.metrics.summary, stockstream.metrics.significance,"
        " stockstream.metrics.periods;"
        "sys.exit(bool({'numba', 'polars', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
