"""Rows of sorted files in one order."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.lake.order import in_key_order

FILES = st.lists(st.sets(st.tuples(st.sampled_from("ABCDE"), st.integers(0, 9))), max_size=5)


@given(FILES)
def test_rows_of_sorted_files_are_sorted(files: list[set[tuple[str, int]]]) -> None:
    schema = {"symbol": pl.String, "date": pl.Int64, "price": pl.Float64}
    parts = [
        pl.DataFrame(
            [(symbol, 10 * year + day, 1.5 * day) for symbol, day in sorted(file)],
            schema,
            orient="row",
        )
        for year, file in enumerate(files)
    ]
    rows = pl.concat([pl.DataFrame(schema=schema), *parts], rechunk=False).with_columns(
        nothing=pl.lit(None, pl.Float64), other=pl.col("price") + 1
    )
    assert_frame_equal(in_key_order(rows), rows.sort("symbol", "date"))
