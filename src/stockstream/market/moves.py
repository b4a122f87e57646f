"""How prices move from bar to bar: jumps, splits that the prices contradict, slips of the unit.

Frames of bars here have one more column, ``fresh``: whether the row is of the frame that is being
checked (true) or only gives it context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from stockstream.market.actions import at_bars
from stockstream.market.bars import KEY
from stockstream.market.findings import note

if TYPE_CHECKING:
    from stockstream.market.ticks import TickTable
    from stockstream.settings import QualitySettings

__all__ = ["jumps", "moves", "slipped", "unconfirmed_splits"]

HUNDRED: Final = 100.0
"""Cents for dollars, pence for pounds."""
NEWEST: Final = 9
"""Traded bars whose majority says which unit is the right one."""

_BEFORE, _CLOSE, _SPLIT = pl.col("before"), pl.col("close"), pl.col("split")


def moves(
    bars: pl.DataFrame, actions: pl.DataFrame, ticks: TickTable | None, thresholds: QualitySettings
) -> pl.DataFrame:
    """The bars whose close moved far, and those with a split.

    Args:
        bars: sound bars with ``fresh``, sorted by and unique on symbol and date.
        actions: the splits among them are used.
        ticks: price steps; None knows none.
        thresholds: from where on a move is far.

    Returns:
        symbol, date, open, close, basis and fresh of the bar; ``before``, the close of the bar
        before, and ``days`` since then; ``split``, new shares for one old share, else 1;
        ``after``, the close in shares of the bar before; ``few``, a few price steps in money; and
        whether the prices contradict the split, as ``unconfirmed``. Sorted by symbol and date.
    """
    same = pl.col("symbol") == pl.col("symbol").shift()
    splits = (
        at_bars(actions, bars, "split")
        .group_by("symbol", date="bar_date")
        .agg(split=pl.col("value").product())
    )
    wide = ~(_CLOSE / _BEFORE).is_between(thresholds.jump_below, thresholds.jump_above)
    after = pl.when(pl.col("basis") == "raw").then(_CLOSE * _SPLIT).otherwise(_CLOSE)
    tick = pl.lit(0.0) if ticks is None else ticks.size(pl.min_horizontal(_BEFORE, "after"))
    return (
        bars.lazy()
        .select(
            *(*KEY, "open", "close", "basis", "fresh"),
            before=pl.when(same).then(_CLOSE.shift()),
            days=pl.when(same).then(pl.col("date").diff().dt.total_days()),
        )
        .filter(wide | pl.col("symbol").is_in(splits["symbol"].implode()))
        .join(splits.lazy(), on=KEY, how="left")
        .filter(wide | _SPLIT.is_not_null(), _BEFORE.is_not_null())
        .with_columns(_SPLIT.fill_null(1.0))
        .with_columns(after=after)
        .with_columns(few=thresholds.few_ticks * tick + 1e-9)
        .with_columns(unconfirmed=_contradicted())
        .sort(KEY)
        .collect()
    )


def jumps(moved: pl.DataFrame, thresholds: QualitySettings) -> pl.DataFrame:
    """Findings: moves from bar to bar beyond the thresholds and a few ticks.

    They are measured in shares of the bar before, so that a known split explains its own move.

    Args:
        moved: what :func:`moves` found.
        thresholds: from where on a move is a jump.
    """
    after = pl.col("after")
    beyond = ~(after / _BEFORE).is_between(thresholds.jump_below, thresholds.jump_above)
    far = (after - _BEFORE).abs() > pl.col("few")
    found = moved.filter(beyond & far & ~pl.col("unconfirmed") & pl.col("fresh"))
    percent = ((after / _BEFORE - 1) * 100).round(1)
    shown = _BEFORE.round_sig_figs(6), _CLOSE.round_sig_figs(6)
    text = pl.format("{} -> {} ({} %) in {} day(s), split {}", *shown, percent, "days", _SPLIT)
    return note(found, "jump", text)


def unconfirmed_splits(moved: pl.DataFrame) -> pl.DataFrame:
    """Findings: splits that as-traded prices do not show, or that adjusted prices still show."""
    found = moved.filter("unconfirmed", "fresh")
    is_raw = pl.col("basis") == "raw"
    kind = pl.when(is_raw).then(pl.lit("as-traded")).otherwise(pl.lit("split-adjusted"))
    shown = _BEFORE.round_sig_figs(6), pl.col("open").round_sig_figs(6)
    text = pl.format("split {}, but {} prices went {} -> {}", _SPLIT, kind, *shown)
    return note(found, "unconfirmed_split", text)


def slipped(bars: pl.DataFrame, moved: pl.DataFrame, thresholds: QualitySettings) -> pl.Series:
    """Bars in another unit than their neighbours: a hundred times too high, or too low.

    The unit of most of the newest traded bars is the right one. A longer run in another unit is no
    slip: an unknown consolidation looks the same, and years of prices are not thrown away for it.

    Args:
        bars: sound bars with ``fresh``, sorted by and unique on symbol and date.
        moved: what :func:`moves` found in them.
        thresholds: how long a run of slips may be.

    Returns:
        Boolean, one for each row of ``bars``: whether it is fresh and slipped.
    """
    switches = moved.filter(_is_switch(thresholds)).select(
        *KEY, step=pl.when(_CLOSE > _BEFORE).then(1).otherwise(-1)
    )
    slips = np.zeros(len(bars), np.bool_)
    if switches.is_empty():
        return pl.Series(slips)
    unit = pl.col("step").fill_null(0).cum_sum().over("symbol")
    placed = (
        bars.select(*KEY, "fresh", traded=pl.col("volume").fill_null(0) > 0)
        .with_row_index("at")
        .filter(pl.col("symbol").is_in(switches["symbol"].implode()))
        .join(switches, on=KEY, how="left", maintain_order="left")
        .with_columns(unit=unit)
        .with_columns(run=pl.len().over("symbol", pl.col("unit").rle_id()))
    )
    wrong = placed.join(_right_units(placed), on=("symbol", "unit"), how="anti")
    slips[wrong.filter(pl.col("run") <= thresholds.slip_run, "fresh")["at"].to_numpy()] = True
    return pl.Series(slips)


def _is_switch(thresholds: QualitySettings) -> pl.Expr:
    """Whether a move is a factor of about a hundred, and no split and no price step explains it."""
    most = thresholds.jump_above

    def ordinary(ratio: pl.Expr) -> pl.Expr:
        return ratio.is_between(1 / most, most)

    ratio = _CLOSE / _BEFORE
    hundredfold = ordinary(ratio / HUNDRED) | ordinary(ratio * HUNDRED)
    return hundredfold & ~ordinary(ratio * _SPLIT) & ((_CLOSE - _BEFORE).abs() > pl.col("few"))


def _right_units(placed: pl.DataFrame) -> pl.DataFrame:
    """The unit of most of a symbol's newest traded bars, of two equal ones the older."""
    traded = pl.col("traded") | ~pl.col("traded").any().over("symbol")
    return (
        placed.filter(traded)
        .group_by("symbol", maintain_order=True)
        .tail(NEWEST)
        .group_by("symbol", "unit", maintain_order=True)
        .len()
        .sort("len", descending=True, maintain_order=True)
        .unique("symbol", keep="first", maintain_order=True)
        .select("symbol", "unit")
    )


def _contradicted() -> pl.Expr:
    """Whether the way over a split, from the close before to the open, says that there was none.

    As-traded prices should have moved by the split and stayed, split-adjusted prices should have
    stayed and moved by the split; each to within a third of the split, as logs.
    """
    expected = -_SPLIT.log()
    share = (pl.col("open") / _BEFORE).log() / expected
    stayed, went = share.is_between(-1 / 3, 1 / 3), share.is_between(2 / 3, 4 / 3)
    contradicted = pl.when(pl.col("basis") == "raw").then(stayed).otherwise(went)
    visible = (_BEFORE / _SPLIT - _BEFORE).abs() > pl.col("few")
    return ((_SPLIT != 1.0) & contradicted & visible).fill_null(value=False)
