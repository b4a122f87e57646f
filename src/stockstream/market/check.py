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
from stockstream.market.bars import conform
from stockstream.market.findings import find, note
from stockstream.market.rules import drop_repeated, reject
from stockstream.market.ticks import TICKS

if TYPE_CHECKING:
    from stockstream.market.calendars import Calendar

__all__ = ["CheckedBars", "check_bars"]


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
    frame: pl.DataFrame, calendar: Calendar | None, actions: pl.DataFrame | None = None
) -> CheckedBars:
    """Check daily bars against the rules of :data:`stockstream.market.rules.RULES`.

    Args:
        frame: bars in :data:`~stockstream.market.bars.BAR_SCHEMA`, in any order.
        calendar: sessions and, by its name, price steps of the exchange; None asks neither.
        actions: frame of :data:`~stockstream.market.actions.ACTION_SCHEMA`; its splits explain
            jumps of as-traded prices.

    Raises:
        DataError: the frame is not of the schema.
    """
    ticks = None if calendar is None else TICKS.get(calendar.name)
    sound, rejected = reject(conform(frame), calendar, ticks)
    bars, older, repeats = drop_repeated(sound)
    findings = find(bars, calendar, ticks, empty_actions() if actions is None else actions)
    repeated = note(repeats, "repeated_row", pl.format("{} equal rows", "len"))
    return CheckedBars(
        bars.with_columns(pl.col("volume").fill_null(0)),
        pl.concat([rejected, older]),
        pl.concat([findings, repeated]).sort("date", "symbol", "rule", "detail"),
    )


def _count(frame: pl.DataFrame) -> dict[str, int]:
    counts = frame.group_by("rule").len().sort("len", "rule", descending=[True, False])
    return dict(counts.iter_rows())
