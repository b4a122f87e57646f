"""What the values of single bars, and of bars that repeat each other, say against them.

Frames of bars here have one more column, ``fresh``: whether the row is of the frame that is being
checked (true) or only gives it context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from stockstream.market.findings import note
from stockstream.market.rules import NOISE

if TYPE_CHECKING:
    from stockstream.market.ticks import TickTable
    from stockstream.settings import QualitySettings

__all__ = ["adjusted_above_close", "stale_runs", "volumes"]

COARSE: Final = 40
"""Price steps below which one step is so much that a price often stands still for weeks."""


def volumes(bars: pl.DataFrame) -> pl.DataFrame:
    """Findings: volumes that are zero or missing."""
    zero, missing = pl.col("volume") == 0, pl.col("volume").is_null()
    odd = bars.filter((zero | missing) & pl.col("fresh"))
    return pl.concat(
        [
            note(odd.filter(zero), "zero_volume", pl.lit("nothing traded")),
            note(odd.filter(missing), "missing_volume", pl.lit("kept as 0")),
        ]
    )


def adjusted_above_close(bars: pl.DataFrame) -> pl.DataFrame:
    """Findings: one for each symbol with adjusted closes above the close, dated on the first.

    Only on basis ``split``: as-traded prices from before a consolidation are below adjusted ones.
    """
    above = pl.col("adjusted_close") > pl.col("close") * (1 + NOISE)
    found = (
        bars.filter(above & (pl.col("basis") == "split") & pl.col("fresh"))
        .group_by("symbol", maintain_order=True)
        .agg(
            pl.col("date").first(),
            until=pl.col("date").last(),
            bars=pl.len(),
            most=(pl.col("adjusted_close") / pl.col("close")).max().round(4),
        )
    )
    text = pl.format("on {} bar(s) until {}, up to {} times the close", "bars", "until", "most")
    return note(found, "adjusted_above_close", text)


def stale_runs(
    bars: pl.DataFrame, ticks: TickTable | None, thresholds: QualitySettings
) -> pl.DataFrame:
    """Findings: runs of bars with one and the same close, dated on the first bar.

    A price of a few ticks stands still by itself and is none.
    """
    stands = (pl.col("symbol") == pl.col("symbol").shift()) & (
        pl.col("close") == pl.col("close").shift()
    )
    starts = np.flatnonzero(~bars.select(stands.fill_null(value=False)).to_series().to_numpy())
    lengths = np.diff(starts, append=len(bars))
    long = lengths >= thresholds.stale_run
    starts, lengths = starts[long], lengths[long]
    trades = np.cumsum(bars["volume"].fill_null(0).to_numpy() > 0)
    tick = pl.lit(0.0) if ticks is None else ticks.size(pl.col("close"))
    found = (
        bars[starts]
        .with_columns(
            length=pl.Series(lengths),
            until=bars["date"].gather(starts + lengths - 1),
            traded=pl.Series(trades[starts + lengths - 1] - trades[starts])
            + (pl.col("volume").fill_null(0) > 0),
            fresh=bars["fresh"].gather(starts + thresholds.stale_run - 1),
        )
        .filter(pl.col("fresh") & (pl.col("close") >= COARSE * tick))
    )
    text = pl.format(
        "{} on {} bars until {}, {} of them traded", "close", "length", "until", "traded"
    )
    return note(found, "stale_run", text)
