"""The check of daily bars: what is wrong is set aside, what is odd is noted, nothing is lost.

Every row that goes in comes out once: among the bars, or in quarantine under the name of the rule
that it broke, or, if it only repeats another row, counted in a finding. The check sees bars only.
Events that came with them are frames of their own (:mod:`stockstream.market.actions`) and keep
their effect when the row they came on is rejected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from stockstream.market.actions import empty_actions
from stockstream.market.bars import KEY, conform
from stockstream.market.coverage import (
    gaps,
    missing_sessions,
    short_sessions,
    symbols_by_day,
    unknown_sessions,
)
from stockstream.market.dividends import odd_dividends
from stockstream.market.findings import FINDING_SCHEMA, note
from stockstream.market.moves import jumps, moves, slipped, unconfirmed_splits
from stockstream.market.rules import drop_repeated, reject, set_aside
from stockstream.market.ticks import TICKS
from stockstream.market.values import adjusted_above_close, stale_runs, volumes
from stockstream.settings import QualitySettings

if TYPE_CHECKING:
    from stockstream.market.calendars import Calendar

__all__ = ["CheckedBars", "check_bars", "find"]


@dataclass(frozen=True, eq=False)
class CheckedBars:
    """Bars after their check.

    Attributes:
        bars: frame of :data:`~stockstream.market.bars.BAR_SCHEMA`, sorted by and unique on symbol
            and date; prices finite and positive, volumes not null.
        quarantine: frame of :data:`~stockstream.market.rules.QUARANTINE_SCHEMA`.
        findings: frame of :data:`~stockstream.market.findings.FINDING_SCHEMA`.
    """

    bars: pl.DataFrame
    quarantine: pl.DataFrame
    findings: pl.DataFrame

    @property
    def rejected(self) -> dict[str, int]:
        """Rows in quarantine by rule, most frequent first."""
        return _count(self.quarantine)

    @property
    def noted(self) -> dict[str, int]:
        """Findings by rule, most frequent first."""
        return _count(self.findings)


def check_bars(
    frame: pl.DataFrame,
    calendar: Calendar | None,
    actions: pl.DataFrame | None = None,
    *,
    thresholds: QualitySettings | None = None,
    history: pl.DataFrame | None = None,
) -> CheckedBars:
    """Check daily bars against the rules of :data:`stockstream.market.rules.RULES`.

    Args:
        frame: bars in :data:`~stockstream.market.bars.BAR_SCHEMA`, in any order.
        calendar: sessions and, by its name, price steps of the exchange; None asks neither.
        actions: frame of :data:`~stockstream.market.actions.ACTION_SCHEMA`; its splits explain
            moves of the prices.
        thresholds: from where on something is odd; None takes the defaults of the settings.
        history: sound bars that are known already, such as those of the two months before in the
            lake. The check of a few days needs them to see what is usual. They are neither judged
            nor part of the answer, and where both have a bar the frame's counts.

    Raises:
        DataError: a frame is not of its schema.
    """
    thresholds = thresholds or QualitySettings()
    actions = empty_actions() if actions is None else actions
    ticks = None if calendar is None else TICKS.get(calendar.name)
    sound, rejected = reject(conform(frame), calendar, ticks)
    bars, older, repeats = drop_repeated(sound)
    around = _with_history(bars, history)
    quarantine = [rejected, older]
    slips = slipped(around, moves(around, actions, ticks, thresholds), thresholds)
    if slips.any():
        quarantine.append(set_aside(around.filter(slips).drop("fresh"), pl.lit("hundredfold")))
        around = around.filter(~slips)
        bars = around.filter("fresh").drop("fresh")
    repeated = note(repeats, "repeated_row", pl.format("{} equal rows", "len"))
    findings = find(around, calendar, actions, thresholds)
    return CheckedBars(
        bars.with_columns(pl.col("volume").fill_null(0)),
        pl.concat(quarantine),
        pl.concat([findings, repeated]).sort("date", "symbol", "rule", "detail"),
    )


def find(
    bars: pl.DataFrame,
    calendar: Calendar | None,
    actions: pl.DataFrame,
    thresholds: QualitySettings,
) -> pl.DataFrame:
    """What is odd about bars, in :data:`~stockstream.market.findings.FINDING_SCHEMA`.

    Args:
        bars: sound bars, sorted by and unique on symbol and date, with ``fresh``: whether the row
            is asked about (true) or only gives context.
        calendar: sessions and price steps, or None.
        actions: splits among them explain moves, delistings explain ends.
        thresholds: from where on something is odd.
    """
    if not bars["fresh"].any():
        return FINDING_SCHEMA.to_frame()
    ticks = None if calendar is None else TICKS.get(calendar.name)
    by_day = symbols_by_day(bars, thresholds)
    moved = moves(bars, actions, ticks, thresholds)
    pieces = [
        volumes(bars),
        adjusted_above_close(bars),
        stale_runs(bars, ticks, thresholds),
        jumps(moved, thresholds),
        unconfirmed_splits(moved),
        odd_dividends(bars, actions),
        short_sessions(by_day),
        gaps(bars, by_day, actions, thresholds),
    ]
    if calendar is not None:
        pieces += [missing_sessions(by_day, calendar), unknown_sessions(by_day, calendar)]
    return pl.concat(pieces)


def _with_history(bars: pl.DataFrame, history: pl.DataFrame | None) -> pl.DataFrame:
    fresh = bars.with_columns(fresh=pl.lit(value=True))
    if history is None:
        return fresh
    known = conform(history).join(bars, on=KEY, how="anti")
    return pl.concat([fresh, known.with_columns(fresh=pl.lit(value=False))]).sort(KEY)


def _count(frame: pl.DataFrame) -> dict[str, int]:
    counts = frame.group_by("rule").len().sort("len", "rule", descending=[True, False])
    return dict(counts.iter_rows())
