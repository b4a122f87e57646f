"""Interpreted lists, compiled arrays and streaming give the same floats, bit for bit."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockstream.indicators import INDICATORS, apply, compute, stream
from stockstream.jit import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockstream.indicators import IndicatorSpec

    Bars: TypeAlias = dict[str, NDArray[np.float64]]
    MakeBars: TypeAlias = Callable[..., Bars]

PRICES = st.floats(-1e3, 1e9, width=32) | st.sampled_from([0.0, 1.0, 1.0, 1e-7])
MISSING = st.sampled_from([float("nan"), float("inf")])
SERIES = st.lists(PRICES | PRICES | PRICES | MISSING, max_size=60)


def _short(spec: IndicatorSpec) -> tuple[int | float, ...]:
    """Periods so short that a series of some dozen bars fills every window."""
    if len(spec.defaults) == 1:
        return (max(5, spec.minimums[0]),)
    values = zip(spec.defaults, spec.minimums, strict=True)
    return tuple(
        max(i, least) if isinstance(default, int) else default
        for i, (default, least) in enumerate(values, start=2)
    )


def _segments(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _interpreted(
    spec: IndicatorSpec,
    inputs: list[NDArray[np.float64]],
    offsets: NDArray[np.int64],
    params: tuple[int | float, ...],
) -> list[NDArray[np.float64]]:
    outputs = [[0.0] * len(inputs[0]) for _ in spec.outputs]
    lists = (column.tolist() for column in inputs)
    spec.array(*lists, offsets.tolist(), *params, [0.0] * spec.state_size(params), *outputs)
    return [np.array(output, np.float64) for output in outputs]


def _compiled(
    spec: IndicatorSpec,
    inputs: list[NDArray[np.float64]],
    offsets: NDArray[np.int64],
    params: tuple[int | float, ...],
) -> list[NDArray[np.float64]]:
    outputs = [np.empty(len(inputs[0])) for _ in spec.outputs]
    state = np.full(spec.state_size(params), 99.0)  # the kernel itself must start afresh
    compiled(spec.array)(*inputs, offsets, *params, state, *outputs)
    return outputs


def _streamed(
    spec: IndicatorSpec,
    inputs: list[NDArray[np.float64]],
    offsets: NDArray[np.int64],
    params: tuple[int | float, ...],
) -> list[NDArray[np.float64]]:
    rows: list[tuple[float, ...]] = []
    for start, end in pairwise(offsets.tolist()):
        fed = stream(spec.name, params)
        bars = zip(*(column[start:end].tolist() for column in inputs), strict=True)
        rows.extend(fed.update(*bar) for bar in bars)
    table = np.array(rows, np.float64).reshape(len(rows), len(spec.outputs))
    return [np.ascontiguousarray(column) for column in table.T]


def _same_bits(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    nan = np.isnan(a)
    return np.array_equal(nan, np.isnan(b)) and a[~nan].tobytes() == b[~nan].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", INDICATORS)
@given(series=st.lists(SERIES, min_size=1, max_size=3), seed=st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_all_three_forms_agree(name: str, series: Any, seed: int) -> None:
    spec = INDICATORS[name]
    params = _short(spec)
    offsets = _segments([len(one) for one in series])
    first = np.array([x for one in series for x in one], np.float64)
    shifts = np.random.default_rng(seed).normal(1.0, 0.1, (len(spec.inputs), len(first)))
    inputs = [np.ascontiguousarray(first * shift) for shift in shifts]
    interpreted = _interpreted(spec, inputs, offsets, params)
    fast = _compiled(spec, inputs, offsets, params)
    streamed = _streamed(spec, inputs, offsets, params)
    for one, two, three in zip(interpreted, fast, streamed, strict=True):
        assert _same_bits(one, two)
        assert _same_bits(one, three)


@pytest.mark.slow
@pytest.mark.parametrize("name", INDICATORS)
def test_default_parameters_on_long_series(name: str, make_bars: MakeBars) -> None:
    spec = INDICATORS[name]
    bars = make_bars("walk", 3000)
    inputs = [bars[field] for field in spec.inputs]
    offsets = np.array([0, 1000, 1000, 1013, 3000])
    interpreted = _interpreted(spec, inputs, offsets, spec.defaults)
    for one, two in zip(interpreted, _compiled(spec, inputs, offsets, spec.defaults), strict=True):
        assert _same_bits(one, two)


@pytest.mark.parametrize("mode", ["never", "always"])
@pytest.mark.parametrize("name", ["rsi", "stochastic"])
def test_compute_gives_the_same_either_way(
    name: str, mode: str, make_bars: MakeBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSTREAM_JIT", mode)
    spec = INDICATORS[name]
    bars = make_bars("walk", 400)
    inputs = [bars[field] for field in spec.inputs]
    offsets = np.array([0, 150, 400])
    for one, two in zip(
        compute(name, inputs, offsets),
        _interpreted(spec, inputs, offsets, spec.defaults),
        strict=True,
    ):
        assert _same_bits(one, two)


@pytest.mark.parametrize("name", INDICATORS)
def test_series_do_not_touch_each_other(name: str, make_bars: MakeBars) -> None:
    spec = INDICATORS[name]
    bars = make_bars("walk", 300)
    inputs = [bars[field] for field in spec.inputs]
    together = apply(spec, inputs, [0, 120, 300], spec.defaults)
    for start, end in ((0, 120), (120, 300)):
        alone = apply(
            spec, [column[start:end] for column in inputs], [0, end - start], spec.defaults
        )
        for one, two in zip(together, alone, strict=True):
            assert _same_bits(one[start:end], two)


@pytest.mark.parametrize("name", INDICATORS)
def test_a_bar_without_a_number_counts_as_absent(name: str, make_bars: MakeBars) -> None:
    spec = INDICATORS[name]
    bars = make_bars("walk", 200)
    inputs = [bars[field] for field in spec.inputs]
    holes = np.sort(np.random.default_rng(3).choice(200, 40, replace=False))
    kept = np.setdiff1d(np.arange(200), holes)
    for missing in (np.nan, np.inf, -np.inf):
        torn = [column.copy() for column in inputs]
        torn[-1][holes] = missing
        with_holes = apply(spec, torn, [0, 200], spec.defaults)
        without = apply(spec, [column[kept] for column in inputs], [0, len(kept)], spec.defaults)
        for one, two in zip(with_holes, without, strict=True):
            assert np.isnan(one[holes]).all()
            assert _same_bits(one[kept], two)
