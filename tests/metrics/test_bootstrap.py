"""The stationary bootstrap: its blocks, its intervals, its speed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stockstream.metrics import bootstrap
from stockstream.metrics.bootstrap import confidence, fan, mean_block_length, resampled
from stockstream.metrics.drawdown import max_drawdown, wealth
from stockstream.metrics.returns import annualised_return, sharpe, sortino, total_return

SERIES = np.random.default_rng(3).normal(0.0004, 0.01, 500)


def test_blocks_go_round_and_have_geometric_lengths() -> None:
    places = np.arange(50.0)
    drawn = np.concatenate(list(resampled(places, 20_000, 7.0, 1)))
    assert drawn.shape == (20_000, 50)
    # every place is as likely as every other, at every bar
    assert np.abs(np.bincount(drawn[:, 17].astype(int), minlength=50) / 400 - 1).max() < 0.25
    steps = np.diff(drawn, axis=1)
    breaks = (steps != 1) & (steps != -49)
    # one break in 49 of 50 block ends is seen: the next block may begin where this one ended
    assert breaks.mean() == pytest.approx(49 / 50 / 7, rel=0.01)
    assert (steps == -49).any()
    # a geometric length is as likely to end after 3 bars as after 13
    after = [breaks[:, bar].mean() for bar in (3, 13, 30)]
    assert after == pytest.approx([breaks.mean()] * 3, rel=0.05)


def test_blocks_of_one_bar_are_single_draws() -> None:
    drawn = np.concatenate(list(resampled(np.arange(100.0), 3_000, 1.0, 2)))
    assert (np.diff(drawn, axis=1) == 1).mean() == pytest.approx(0.01, abs=0.001)


def test_intervals_are_percentiles_of_the_measures() -> None:
    found = confidence(SERIES, resamples=400, mean_block=5, seed=9, risk_free=1e-5)
    drawn = np.concatenate(list(resampled(SERIES, 400, 5.0, 9)))
    measured = {
        "total_return": [total_return(row) for row in drawn],
        "annualised_return": [annualised_return(row) for row in drawn],
        "sharpe": [sharpe(row, 1e-5) for row in drawn],
        "sortino": [sortino(row, 1e-5) for row in drawn],
        "max_drawdown": [max_drawdown(wealth(row)) for row in drawn],
    }
    for name, values in measured.items():
        expected = np.quantile(values, (0.025, 0.975))
        # growth per year bends the straight line between two of the resamples a little
        assert getattr(found, name) == pytest.approx(tuple(expected), rel=2e-3), name
    assert found.loss == pytest.approx(np.mean(np.array(measured["total_return"]) < 0.0))


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    truth = 0.05 * math.sqrt(252)
    random = np.random.default_rng(8)
    held = 0
    for seed in range(200):
        low, high = confidence(
            random.normal(0.0005, 0.01, 500), resamples=300, level=0.9, seed=seed
        ).sharpe
        held += low <= truth <= high
    assert 0.84 <= held / 200 <= 0.96


def test_same_seed_same_intervals() -> None:
    once, again = (confidence(SERIES, resamples=50, seed=4) for _ in range(2))
    assert once == again
    assert once != confidence(SERIES, resamples=50, seed=5)


def test_chunks_change_nothing_but_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = confidence(SERIES, resamples=2_000)
    monkeypatch.setattr(bootstrap, "CHUNK", 1)
    single = confidence(SERIES, resamples=2_000)
    assert single.sharpe == pytest.approx(whole.sharpe, abs=0.15)


def test_the_automatic_length_is_that_of_the_theory() -> None:
    random, series = np.random.default_rng(1), np.zeros(100_000)
    for bar, shock in enumerate(random.normal(size=len(series) - 1), start=1):
        series[bar] = 0.5 * series[bar - 1] + shock
    # AR(1): G = 2 rho / (1 - rho)^2, g = (1 + rho) / (1 - rho), length = (G / g)^(2/3) T^(1/3)
    theory = (4.0 / 3.0) ** (2 / 3) * len(series) ** (1 / 3)
    assert bootstrap._automatic_length(series) == pytest.approx(theory, rel=0.1)


def test_wild_weeks_make_long_blocks() -> None:
    random = np.random.default_rng(2)
    calm = random.normal(0.0, 0.01, 2_000)
    wild = calm * np.exp(np.sin(np.arange(2_000) / 40.0))
    assert mean_block_length(calm) < 4.0
    assert mean_block_length(wild) > 10.0


@pytest.mark.parametrize(
    "series",
    [np.empty(0), np.array([0.01]), np.array([0.1, -1.2, 0.1]), np.array([0.1, np.nan, 0.1])],
    ids=["none", "one", "ruined", "gap"],
)
def test_what_cannot_be_drawn_has_no_interval(series: np.ndarray) -> None:
    found = confidence(series, resamples=20)
    assert all(math.isnan(bound) for bound in (*found.sharpe, *found.total_return, found.loss))


def test_flat_returns_have_a_growth_and_no_ratio() -> None:
    found = confidence(np.zeros(100), resamples=20)
    assert found.total_return == found.max_drawdown == (0.0, 0.0)
    assert math.isnan(found.sharpe.low)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"level": 95}, "level 95 is no probability"),
        ({"resamples": 0}, "0 resamples give no interval"),
        ({"mean_block": 0.5}, "shorter than a bar"),
    ],
)
def test_settings_that_make_no_sense(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        confidence(SERIES, **given)


def test_the_fan_is_the_quantiles_of_grown_resamples() -> None:
    at, quantiles = np.array([0, 9, 250, 499]), (0.05, 0.5, 0.95)
    found = fan(SERIES, at, quantiles, resamples=300, seed=4)
    drawn = np.concatenate(list(resampled(SERIES, 300, mean_block_length(SERIES), 4)))
    grown = np.cumprod(1.0 + drawn, axis=1)[:, at]
    np.testing.assert_allclose(found, np.quantile(grown, quantiles, axis=0), rtol=1e-12)
    assert found.shape == (3, 4)
    assert (np.diff(found, axis=0) > 0.0).all()
    width = found[2] - found[0]
    assert (np.diff(width) > 0.0).all()
    np.testing.assert_array_equal(found, fan(SERIES, at, quantiles, resamples=300, seed=4))
    assert (found != fan(SERIES, at, quantiles, resamples=300, seed=5)).any()


def test_the_fan_of_the_same_return_every_day_is_a_line() -> None:
    found = fan(np.full(20, 0.01), np.array([0, 1, 19]), (0.05, 0.95), resamples=50)
    np.testing.assert_allclose(found, [np.array([1.01, 1.01**2, 1.01**20])] * 2, rtol=1e-12)


@pytest.mark.parametrize("series", [[], [0.1], [0.1, -1.0, 0.1], [0.1, math.nan, 0.2]])
def test_there_is_no_fan_of_nothing(series: list[float]) -> None:
    assert np.isnan(fan(series, np.arange(len(series)), (0.1, 0.9))).all()
