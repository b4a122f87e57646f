"""Indicators of volatility and volume, and statistics, equal TA-Lib to 1e-9, NaN heads included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
import talib

from stockstream.indicators import INDICATORS, compute

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockstream.indicators.spec import Params

    Bars: TypeAlias = dict[str, NDArray[np.float64]]
    MakeBars: TypeAlias = Callable[..., Bars]

KINDS = (
    *("walk", "constant", "zero range", "huge", "small", "ticks", "still at the end", "calm"),
    *("collapse", "outlier", "rising"),
)


def _hl(b: Bars) -> tuple[Any, Any]:
    return b["high"], b["low"]


def _hlc(b: Bars) -> tuple[Any, Any, Any]:
    return b["high"], b["low"], b["close"]


def _hlcv(b: Bars) -> tuple[Any, Any, Any, Any]:
    return b["high"], b["low"], b["close"], b["volume"]


REFERENCE: dict[str, Callable[..., Any]] = {
    "true_range": lambda b: talib.TRANGE(*_hlc(b)),
    "natr": lambda b, n: talib.NATR(*_hlc(b), n),
    "adr": lambda b, n: talib.ADR(*_hl(b), n),
    "keltner": lambda b, n, atr, width: talib.KC(*_hlc(b), n, atr, width),
    "donchian": lambda b, n: talib.DONCHIAN(*_hl(b), n),
    "chaikin_volatility": lambda b, n, change: talib.CVI(*_hl(b), n, change),
    "mass_index": lambda b, n, total: talib.MASSI(*_hl(b), n, total),
    "rvi": lambda b, n, deviation: talib.RVI(b["close"], n, deviation),
    "variance": lambda b, n: talib.VAR(b["close"], n, 1.0),
    "ad": lambda b: talib.AD(*_hlcv(b)),
    "adosc": lambda b, fast, slow: talib.ADOSC(*_hlcv(b), fast, slow),
    "cmf": lambda b, n: talib.CMF(*_hlcv(b), n),
    "mfi": lambda b, n: talib.MFI(*_hlcv(b), n),
    "force_index": lambda b, n: talib.EFI(b["close"], b["volume"], n),
    "pvo": lambda b, fast, slow: talib.PVO(b["volume"], fast, slow, 1),
    "nvi": lambda b: talib.NVI(b["close"], b["volume"]),
    "pvi": lambda b: talib.PVI(b["close"], b["volume"]),
    "vpt": lambda b: talib.PVT(b["close"], b["volume"]),
    "relative_volume": lambda b, n: talib.RVOL(b["volume"], n),
    "rolling_sum": lambda b, n: talib.SUM(b["close"], n),
    "average_deviation": lambda b, n: talib.AVGDEV(b["close"], n),
    "percent_rank": lambda b, n: talib.PERCENTRANK(b["close"], n),
    "correlation": lambda b, n: talib.CORREL(b["x"], b["y"], n),
    "beta": lambda b, n: talib.BETA(b["y"], b["x"], n),
}

PARAMETERS: dict[str, tuple[tuple[int | float, ...], ...]] = {
    **dict.fromkeys(("true_range", "ad", "nvi", "pvi", "vpt"), ((),)),
    "keltner": ((20, 10, 2.0), (5, 14, 1.5), (10, 10, 3.0), (11, 10, 0.0), (2, 1, 1.0)),
    "chaikin_volatility": ((10, 10), (3, 2), (2, 20)),
    "mass_index": ((9, 25), (2, 2), (5, 3)),
    "rvi": ((14, 10), (2, 5), (5, 20)),
    "adosc": ((3, 10), (5, 20)),
    "pvo": ((12, 26), (2, 5)),
}
PERIODS: tuple[tuple[int | float, ...], ...] = ((2,), (14,), (20,), (50,))

DRIFTS = {
    "mfi": "collapse",  # money that left the window leaves its rounding in the sums
    "variance": "collapse",
    "correlation": "rising zero range",  # both series on one line, or nearly
    "beta": "ticks rising",  # two returns of the market that differ by 1e-13
}
"""Where TA-Lib's sums lose digits; tests/indicators/test_drift.py holds ours to an exact sum."""


def _cases() -> list[tuple[str, tuple[int | float, ...]]]:
    return [(name, params) for name in REFERENCE for params in PARAMETERS.get(name, PERIODS)]


def _outputs(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "params"), _cases())
def test_equals_talib(name: str, params: Params, kind: str, make_bars: MakeBars) -> None:
    bars = make_bars(kind, 700)
    ours = compute(name, [bars[field] for field in INDICATORS[name].inputs], [0, 700], params)
    theirs = _outputs(REFERENCE[name](bars, *params))
    allowed = 1e-6 if kind in DRIFTS.get(name, "") else 1e-9
    for mine, reference in zip(ours, theirs, strict=True):
        assert np.array_equal(np.isnan(mine), np.isnan(reference))
        unit = np.maximum(np.abs(reference), 1.0 if name == "mfi" else 1e-3)
        assert np.nanmax(np.abs(mine - reference) / unit) <= allowed


@pytest.mark.parametrize("length", [0, 1, 2, 9, 10, 13, 14, 15, 19, 20, 21, 22, 25, 26, 40, 41])
@pytest.mark.parametrize("name", REFERENCE)
def test_series_of_every_length_have_the_same_head(
    name: str, length: int, make_bars: MakeBars
) -> None:
    bars = make_bars("walk", length)
    params = INDICATORS[name].defaults
    ours = compute(name, [bars[field] for field in INDICATORS[name].inputs], [0, length], params)
    for mine, reference in zip(ours, _outputs(REFERENCE[name](bars, *params)), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("rvi", "close", 50.0),  # nothing rose, nothing fell
        ("correlation", "x", 0.0),
        ("beta", "x", 0.0),
    ],
)
def test_what_a_series_that_never_moves_gives_is_stated(
    name: str, field: str, expected: float
) -> None:
    spec = INDICATORS[name]
    assert field in spec.inputs
    still = [np.full(80, 12.5) for _ in spec.inputs]
    (found,) = compute(name, still, [0, 80])
    assert np.all(found[~np.isnan(found)] == expected)
    assert np.isfinite(found[-1])


def test_the_range_of_one_bar_is_in_percent_unlike_that_of_talib(make_bars: MakeBars) -> None:
    bars = make_bars("walk", 50)
    (percent,) = compute("natr", [bars["high"], bars["low"], bars["close"]], [0, 50], (1,))
    in_price = talib.NATR(*_hlc(bars), 1)
    np.testing.assert_allclose(percent, in_price / bars["close"] * 100.0, rtol=1e-12)
