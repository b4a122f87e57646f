"""Products in tiles are products."""

from __future__ import annotations

import numpy as np
import pytest

from stockstream.metrics.products import inner_products


@pytest.mark.parametrize(
    ("rows", "columns", "terms"),
    [(0, 3, 4), (3, 0, 4), (3, 4, 0), (1, 1, 1), (26, 5000, 16), (300, 700, 250), (2, 3, 300_000)],
)
def test_tiles_make_the_whole(rows: int, columns: int, terms: int) -> None:
    rng = np.random.default_rng(1)
    left, right = rng.normal(size=(rows, terms)), rng.normal(size=(columns, terms))
    np.testing.assert_allclose(inner_products(left, right), left @ right.T, atol=1e-9)
