"""Candle patterns: the kernels equal TA-Lib exactly, and the group gives all that it has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl
import pytest
import talib

from stockstream.errors import ConfigError, DataError, UnknownNameError
from stockstream.indicators import INDICATORS, Candles, compute, get_indicator, shipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

TALIB = {
    "doji": "CDLDOJI",
    "dragonfly_doji": "CDLDRAGONFLYDOJI",
    "gravestone_doji": "CDLGRAVESTONEDOJI",
    "marubozu": "CDLMARUBOZU",
    "hammer": "CDLHAMMER",
    "hanging_man": "CDLHANGINGMAN",
    "inverted_hammer": "CDLINVERTEDHAMMER",
    "shooting_star": "CDLSHOOTINGSTAR",
    "engulfing": "CDLENGULFING",
    "harami": "CDLHARAMI",
    "piercing": "CDLPIERCING",
    "dark_cloud_cover": "CDLDARKCLOUDCOVER",
    "morning_star": "CDLMORNINGSTAR",
    "evening_star": "CDLEVENINGSTAR",
    "three_white_soldiers": "CDL3WHITESOLDIERS",
    "three_black_crows": "CDL3BLACKCROWS",
}
LENGTH = 25_000


def _market(tick: float, *, smooth: bool) -> list[Floats]:
    """Bars with bodies, gaps and shadows of all sizes: every pattern comes up, and many ties."""
    random = np.random.default_rng(12)
    body = np.round(random.normal(0.0, 4.0, LENGTH) * random.choice([0.05, 0.3, 1, 3], LENGTH))
    gap = np.round(random.normal(0.0, 2.0, LENGTH) * random.choice([0, 0, 0.5, 1, 3], LENGTH))
    above, below = (
        np.floor(random.exponential(3.0, LENGTH) * random.choice([0, 0, 0.2, 1, 3], LENGTH))
        for _ in range(2)
    )
    opening, close = np.empty(LENGTH), np.empty(LENGTH)
    price = 5000.0
    for t in range(LENGTH):
        opening[t] = price + gap[t]
        close[t] = opening[t] + body[t]
        price = np.round(close[t] - 0.02 * (close[t] - 5000.0))
    if smooth:
        opening += random.normal(0.0, 0.3, LENGTH)
        close += random.normal(0.0, 0.3, LENGTH)
    high, low = np.maximum(opening, close) + above, np.minimum(opening, close) - below
    return [x * tick if smooth else np.round(x * tick, 3) for x in (opening, high, low, close)]


@pytest.fixture(scope="module", params=[0.01, 0.1, 0.005, 1.0, "smooth"])
def bars(request: pytest.FixtureRequest) -> list[Floats]:
    smooth = request.param == "smooth"
    return _market(0.01 if smooth else request.param, smooth=smooth)


def test_every_kernel_has_its_pattern_in_talib() -> None:
    assert set(shipped.CANDLES) - shipped.FREE_FORM == set(TALIB)
    assert set(TALIB.values()) <= set(talib.get_function_groups()["Pattern Recognition"])


@pytest.mark.parametrize("name", TALIB)
def test_equals_talib_exactly(name: str, bars: list[Floats]) -> None:
    spec = INDICATORS[name]
    (found,) = compute(name, bars, [0, LENGTH])
    theirs = getattr(talib, TALIB[name])(*bars, *spec.defaults)
    head = spec.lookback(spec.defaults)
    assert np.isnan(found[:head]).all()
    assert not theirs[:head].any()
    assert np.count_nonzero(theirs) > 3
    shown = max(head, 2)  # its engulfing begins one bar later than it could
    np.testing.assert_array_equal(found[shown:], theirs[shown:])


@pytest.mark.parametrize("name", ["dark_cloud_cover", "morning_star", "evening_star"])
@pytest.mark.parametrize("penetration", [0.0, 0.7])
def test_penetration_is_that_of_talib(name: str, penetration: float, bars: list[Floats]) -> None:
    (found,) = compute(name, bars, [0, LENGTH], (penetration,))
    theirs = getattr(talib, TALIB[name])(*bars, penetration)
    np.testing.assert_array_equal(np.nan_to_num(found), theirs)


@pytest.fixture
def frame() -> pl.DataFrame:
    opening, high, low, close = (column[:600] for column in _market(0.01, smooth=False))
    prices = {"open": opening, "high": high, "low": low, "close": close}
    return pl.DataFrame({"symbol": ["A"] * 300 + ["B"] * 295 + ["C"] * 5, **prices})


def test_the_group_has_every_pattern_of_talib(frame: pl.DataFrame) -> None:
    made = get_indicator("candles")().calculate(frame)
    new = [name for name in made.columns if name not in frame.columns]
    known = talib.get_function_groups()["Pattern Recognition"]
    assert len(new) == len(known) >= 61
    assert made.select(frame.columns).equals(frame)
    assert all(made.schema[name] == pl.Float64 for name in new)
    columns = [frame[name].to_numpy()[300:595] for name in ("open", "high", "low", "close")]
    for name in known:
        found = made[f"cdl_{name[3:].lower()}"].to_numpy()[300:595]
        np.testing.assert_array_equal(np.nan_to_num(found), getattr(talib, name)(*columns))


def test_the_group_and_the_kernels_say_the_same(frame: pl.DataFrame) -> None:
    names = {name: f"cdl_{function[3:].lower()}" for name, function in TALIB.items()}
    made = Candles(tuple(names.values())).calculate(frame)
    for name, column in names.items():
        kernel = get_indicator(name)()
        (ours,) = kernel.calculate(frame).select(kernel.columns)  # type: ignore[attr-defined]
        shown = ~np.isnan(made[column].to_numpy())
        np.testing.assert_array_equal(made[column].to_numpy()[shown], ours.to_numpy()[shown])


def test_bars_it_cannot_judge_are_nan_and_gaps_count_as_absent(frame: pl.DataFrame) -> None:
    torn = frame.with_columns(
        pl.when(pl.int_range(600) % 50 == 7).then(None).otherwise(pl.col("low")).alias("low")
    )
    made = Candles(("cdl_doji", "cdl_morningstar")).calculate(torn)
    assert made["cdl_doji"].is_nan().sum() == 12 + 10 + 10 + 5
    assert made["cdl_morningstar"][595:].is_nan().all()
    kept = torn.filter(pl.col("low").is_not_null())
    again = Candles(("cdl_doji",)).calculate(kept)["cdl_doji"]
    rest = made.filter(pl.col("low").is_not_null())["cdl_doji"]
    assert again.equals(rest)


def test_an_empty_frame_gets_the_columns(frame: pl.DataFrame) -> None:
    assert Candles(("cdl_doji",)).calculate(frame.head(0)).columns[-1] == "cdl_doji"


def test_what_is_wrong_is_named(frame: pl.DataFrame) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'cdl_doji'"):
        Candles(("cdl_doij",)).calculate(frame)
    with pytest.raises(DataError, match="missing columns: low"):
        Candles().calculate(frame.drop("low"))


def test_without_talib_the_error_says_how_to_get_it(
    frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "talib", None)
    with pytest.raises(ConfigError, match=r"pip install 'stockstream\[talib\]'"):
        Candles().calculate(frame)
