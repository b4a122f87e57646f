"""Whether the prices of a file are as traded or already split-adjusted: the splits themselves tell.

Around a split of S new shares for one old share, as-traded prices fall to one S-th and
split-adjusted prices go on as if nothing had happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.errors import DataError
from stockstream.market.actions import at_bars
from stockstream.market.bars import KEY
from stockstream.market.frames import sort_rows

if TYPE_CHECKING:
    from stockstream.market.bars import Basis

__all__ = ["BasisVotes", "infer_basis"]

LOUD: Final = log(1.4)
"""Smaller splits (1.05, 0.955) drown in the day's own move and have no vote."""
DISSENT: Final = 0.1
"""Share of votes for the other basis that a source may have by its own mistakes."""


@dataclass(frozen=True)
class BasisVotes:
    """What the splits of a file say about its prices.

    Attributes:
        basis: ``"raw"`` or ``"split"``; ``"raw"`` where no split votes: the two are the same then.
        raw: splits at which prices jump by the split.
        split: splits at which prices do not move.
        unclear: splits that fit neither, are too small, or have no bar on one side.
    """

    basis: Basis
    raw: int
    split: int
    unclear: int


def infer_basis(bars: pl.DataFrame, actions: pl.DataFrame) -> BasisVotes:
    """Decide from the splits of a file on which basis its prices are.

    Each split compares the close before it with the open at its bar, the shortest way over it. It
    votes if the price moved like the split, or stayed, to within a third of the split (as logs).

    Args:
        bars: frame of :data:`~stockstream.market.bars.BAR_SCHEMA`, unchecked; what it says in
            ``basis`` is ignored, rows without sound prices are passed over.
        actions: frame of :data:`~stockstream.market.actions.ACTION_SCHEMA`.

    Raises:
        DataError: the votes contradict each other.
    """
    sound = pl.all_horizontal(pl.col("open", "close").is_between(0.0, float("inf"), closed="none"))
    priced = sort_rows(bars.filter(sound), KEY)
    splits = actions.filter(pl.col("kind") == "split")
    moves = (
        at_bars(splits, priced, "split")
        .group_by("symbol", date="bar_date")
        .agg(expected=-pl.col("value").product().log())
        .join(_moves(priced), on=KEY)
        .filter(pl.col("expected").abs() >= LOUD)
        .select(share=pl.col("move") / pl.col("expected"))
    )
    raw, split = moves.select(
        raw=pl.col("share").is_between(2 / 3, 4 / 3).sum(),
        split=pl.col("share").is_between(-1 / 3, 1 / 3).sum(),
    ).row(0)
    if min(raw, split) > DISSENT * (raw + split):
        raise DataError(
            f"the prices move with {raw} split(s), as traded, and ignore {split}, as if already "
            "adjusted; say which it is with --basis raw or --basis split, or correct the splits"
        )
    return BasisVotes("split" if split > raw else "raw", raw, split, len(splits) - raw - split)


def _moves(bars: pl.DataFrame) -> pl.DataFrame:
    """symbol, date and the log of open over the close before."""
    before = pl.when(pl.col("symbol") == pl.col("symbol").shift()).then(pl.col("close").shift())
    return bars.select(*KEY, move=(pl.col("open") / before).log()).drop_nulls()
