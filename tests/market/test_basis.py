"""Raw or split-adjusted: the splits tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.errors import DataError
from stockstream.market.actions import from_columns
from stockstream.market.adjust import adjust
from stockstream.market.bars import conform
from stockstream.market.basis import BasisVotes, infer_basis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., pl.DataFrame]

TUESDAY = "2024-03-05"


def test_prices_that_move_with_the_split_are_as_traded(make_bars: Make, make_actions: Make) -> None:
    split = make_actions((TUESDAY, "split", 2.0))
    assert infer_basis(make_bars([10.0, 5.1]), split) == BasisVotes("raw", 1, 0, 0)
    assert infer_basis(make_bars([10.0, 10.4]), split) == BasisVotes("split", 0, 1, 0)
    assert infer_basis(make_bars([10.0, 7.0]), split) == BasisVotes("raw", 0, 0, 1)


def test_a_split_on_a_row_without_prices_votes_at_the_next_bar(
    make_bars: Make, make_actions: Make
) -> None:
    consolidation = make_actions((TUESDAY, "split", 0.1))
    assert infer_basis(make_bars([0.02, None, 0.21]), consolidation).raw == 1
    assert infer_basis(make_bars([0.2, float("nan"), 0.21]), consolidation).split == 1


def test_without_a_vote_the_two_are_the_same(make_bars: Make, make_actions: Make) -> None:
    assert infer_basis(make_bars([10.0, 9.0]), make_actions()) == BasisVotes("raw", 0, 0, 0)
    small = make_actions((TUESDAY, "split", 1.0145))
    assert infer_basis(make_bars([10.0, 9.9]), small) == BasisVotes("raw", 0, 0, 1)


def test_splits_that_contradict_each_other_ask_the_user(
    make_bars: Make, make_actions: Make
) -> None:
    bars = pl.concat([make_bars([10.0, 5.0], symbol="A"), make_bars([10.0, 10.0], symbol="B")])
    splits = pl.concat([make_actions((TUESDAY, "split", 2.0), symbol=name) for name in "AB"])
    message = r"move with 1 split\(s\), as traded, and ignore 1.*--basis raw or --basis split"
    with pytest.raises(DataError, match=message):
        infer_basis(bars, splits)


@pytest.mark.slow
@pytest.mark.shared
def test_american_prices_are_as_traded_until_adjusted(shared_data: Path) -> None:
    frame = pl.read_parquet(shared_data / "us_sp500_raw_actions_2010_2021.parquet")
    bars, actions = conform(frame, provider="av", basis="raw"), from_columns(frame, provider="av")
    assert infer_basis(bars, actions) == BasisVotes("raw", 66, 1, 6)
    assert infer_basis(adjust(bars, actions, "split"), actions) == BasisVotes("split", 0, 66, 7)
