"""Measures of closed trades."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stockstream.metrics.trades import average_loss, average_win, profit_factor, win_rate

PNL = np.array([100.0, -50.0, 0.0, 20.0, -10.0])
RETURNS = np.array([0.10, -0.05, 0.0, 0.02, -0.01])


def test_trades() -> None:
    assert win_rate(PNL) == 0.4  # breaking even is no win
    assert profit_factor(PNL) == 2.0
    assert average_win(PNL, RETURNS) == pytest.approx(0.06)
    assert average_loss(PNL, RETURNS) == pytest.approx(-0.03)


def test_without_trades_nothing_can_be_said() -> None:
    none = np.empty(0)
    for value in (win_rate(none), profit_factor(none), average_win(none, none)):
        assert math.isnan(value)
    assert math.isnan(average_loss(none, none))


def test_without_losses_there_is_no_factor() -> None:
    assert math.isnan(profit_factor(PNL[:1]))
    assert math.isnan(average_loss(PNL[:1], RETURNS[:1]))
