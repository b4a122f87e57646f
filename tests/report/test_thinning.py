from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.report.thinning import MAX_POINTS, thinned


def test_short_lines_are_kept_whole() -> None:
    assert thinned([np.arange(5.0)]).tolist() == [0, 1, 2, 3, 4]


def test_no_line_at_all_keeps_nothing() -> None:
    assert thinned([np.array([])]).tolist() == []


def test_extremes_and_ends_survive() -> None:
    rng = np.random.default_rng(1)
    wave, other = rng.normal(size=50_000).cumsum(), rng.normal(size=50_000).cumsum()
    keep = thinned([wave, other])
    assert len(keep) <= MAX_POINTS
    assert {0, 49_999} <= set(keep.tolist())
    for line in (wave, other):
        assert line[keep].max() == line.max()
        assert line[keep].min() == line.min()


@given(
    total=st.integers(1, 400),
    most=st.integers(6, 60),
    holes=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**16),
)
def test_never_too_many_always_increasing(total: int, most: int, holes: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    line = np.where(rng.random(total) < holes, np.nan, rng.normal(size=total))
    keep = thinned([line, -line], most)
    assert 0 < len(keep) <= max(most, 1) or total <= most
    assert (np.diff(keep) > 0).all()
    if np.isfinite(line).any():
        assert np.nanmax(line[keep]) == pytest.approx(np.nanmax(line), abs=0)
