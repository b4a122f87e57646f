"""What the lake says about a merge, and about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.lake.descriptor import CalendarName

__all__ = ["LakeInfo", "LogLine", "MergeSummary"]


@dataclass(frozen=True)
class MergeSummary:
    """What a merge did.

    Attributes:
        added, updated, unchanged: bars.
        actions_added, actions_updated: corporate actions.
        quarantined, findings: rows that those tables did not have yet.
        before, after: data versions.
    """

    added: int
    updated: int
    unchanged: int
    actions_added: int
    actions_updated: int
    quarantined: int
    findings: int
    before: str
    after: str


@dataclass(frozen=True)
class LakeInfo:
    """What a lake holds.

    Attributes:
        address, version, calendar, simulated: which lake, and of what kind.
        symbols, bars, actions, quarantined, findings, universe, factors, health: rows.
        first, last: sessions of the first and the last bar, None in an empty lake.
        universe_since: day of the first list of symbols that is known.
        size: bytes of the tables at this version.
    """

    address: str
    version: str
    calendar: CalendarName
    simulated: bool
    symbols: int
    bars: int
    first: dt.date | None
    last: dt.date | None
    actions: int
    quarantined: int
    findings: int
    universe: int
    universe_since: dt.date | None
    factors: int
    health: int
    size: int


@dataclass(frozen=True)
class LogLine:
    """One commit of one table.

    Attributes:
        version: such as ``bars@3``.
        when: UTC.
        source: what was merged.
        data: the data version that it published, for commits of bars.
    """

    version: str
    when: dt.datetime
    source: str
    data: str | None = None
